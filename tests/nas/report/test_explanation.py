"""Explanations of searches with a known structure: what matters is named, what does not is not, and pay is kept."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nas
from nas.errors import InputError
from nas.records.trial import COMPLETED, RUNNING, Trial
from nas.report.explanation import PAID, Explanation, explained, paid_for
from nas.report.explanation_text import explanation_document, explanation_text
from nas.setup.stored_search import StoredSearch, stored_search
from nas.steering import paid_neighbours
from nas.steering.paid_neighbours import pay
from search_spaces import Choice, Repeat, Space
from search_spaces.cells import Conv, Head, Stem
from search_spaces.profile import profile

WIDTHS = (4, 8, 16)
BLOCK = Conv(Choice(*WIDTHS), kernel=Choice(1, 3))
SPACE = Space("known", Stem(Choice(4, 6, 8)), Repeat(BLOCK, Choice(1, 2)), Head())


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    targets = np.arange(160) % 4
    return rng.normal(size=(160, 1, 6, 6)).astype(np.float32) + targets[:, None, None, None], targets


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, data: Any) -> Path:
    folder = tmp_path_factory.mktemp("explained") / "s"
    nas.search(
        data, space=SPACE, budget="9 trials", epochs=1, executor="local", tracking_uri="", final=False, seed=1,
        strategy="random", known="off", directory=folder,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def real(directory: Path) -> StoredSearch:
    return stored_search(directory)


def made(real: StoredSearch, scores: Any, most: int = 40) -> StoredSearch:
    """A search with so many different trials, each with the score that `scores(values)` says."""
    assert real.space is not None
    trials: dict[str, Trial] = {}
    rng = random.Random(0)
    for _ in itertools.repeat(None, 400):
        proposal = real.space.sample(rng)
        if proposal.fingerprint in trials or len(trials) == most:
            continue
        size = profile(proposal.architecture, real.task)
        trials[proposal.fingerprint] = Trial(
            len(trials), proposal.decisions, proposal.fingerprint, 1, 0, COMPLETED, (scores(proposal.decisions),),
            parameters=size.parameters, macs=size.macs, source="random", finished=len(trials) + 1,
            architecture=proposal.architecture, recipe=proposal.recipe,
        )  # fmt: skip
    return dataclasses.replace(real, trials=tuple(trials.values()))


@pytest.fixture(scope="module")
def by_stem(real: StoredSearch) -> StoredSearch:
    """A search in which the stem's width alone matters: a tenth more with each of its options."""
    rng = np.random.default_rng(0)
    return made(real, lambda decisions: 0.5 + 0.1 * decisions["0.width"] + float(rng.normal(0, 0.005)))


@pytest.fixture(scope="module")
def found(by_stem: StoredSearch) -> Explanation:
    return explained(by_stem)


def test_the_decision_that_matters_comes_first_with_its_size_and_sign(found: Explanation) -> None:
    first, *others = found.effects
    assert found.ranks and first.path == "0.width" and first.option == "8"
    far = next(one for one in first.alternatives if one.option == "4")
    assert -0.25 < far.difference < -0.12 and far.high < -0.05
    assert all(effect.size < 0.06 for effect in others)
    assert all(one.low <= one.difference <= one.high for effect in found.effects for one in effect.alternatives)


def test_what_changes_nothing_is_free_and_smaller_and_what_matters_is_not(found: Explanation) -> None:
    assert found.free and "0.width" not in {path for path, _ in found.free}
    for _, one in found.free:
        assert one.parameters <= 0 and one.macs <= 0 and min(one.parameters, one.macs) < 0
        assert one.low >= -found.margin and one.trials >= 3
    assert 0 < found.margin < 0.03


def test_what_nobody_tried_is_not_free(real: StoredSearch) -> None:
    """An option without a training of its own has a narrow interval too: the predictor knows nothing else."""
    some = made(real, lambda decisions: 0.5 + 0.1 * decisions["0.width"])
    path, option = next((path, one) for path, one in explained(some).free)
    index = option.proposal.decisions[path]
    kept = [one for one in some.trials if one.decisions.get(path) != index]
    without = dataclasses.replace(
        some, trials=tuple(dataclasses.replace(one, number=number) for number, one in enumerate(kept))
    )
    found = explained(without)
    assert (path, option.option) not in [(path, one.option) for path, one in found.free]
    said = " ".join(str(part) for part in explanation_text(found))
    assert ("it is not known" in said) == bool(found.unknown)


def test_neighbours_differ_in_one_decision_and_what_it_opens(by_stem: StoredSearch, found: Explanation) -> None:
    winner = by_stem.trial(found.winner).decisions
    for effect in found.effects:
        for one in effect.alternatives:
            taken = one.proposal.decisions
            changed = {path for path in winner.keys() & taken.keys() if winner[path] != taken[path]}
            assert changed == {effect.path}
            assert all(taken[path] == 0 for path in taken.keys() - winner.keys())


def test_the_same_search_and_seed_say_the_same(by_stem: StoredSearch, found: Explanation) -> None:
    assert explained(by_stem) == found


def test_lineage_names_the_nearest_earlier_trials(by_stem: StoredSearch) -> None:
    lineage = explained(by_stem, 30).lineage
    distances = [len(one.differences) for one in lineage.nearest]
    assert (
        lineage.source == "random" and distances == sorted(distances) and all(one.trial < 40 for one in lineage.nearest)
    )
    assert explained(by_stem, 0).lineage.nearest == ()


def test_options_that_hardly_any_training_had_are_missing_evidence(real: StoredSearch) -> None:
    some = made(real, lambda decisions: 0.5 + 0.1 * decisions["0.width"])
    kept = [one for one in some.trials if one.decisions["0.width"] > 0]
    renumbered = tuple(dataclasses.replace(one, number=number) for number, one in enumerate(kept))
    missing = explained(dataclasses.replace(some, trials=renumbered)).missing
    assert ("0.width", "4", 0) in [(one.path, one.option, one.trials) for one in missing]


def test_a_predictor_that_does_not_rank_is_marked_as_worth_nothing(real: StoredSearch) -> None:
    rng = np.random.default_rng(1)
    noise = explained(made(real, lambda decisions: float(rng.normal(0.5, 0.1)), most=16))
    assert not noise.ranks and "worth nothing" in noise.standing
    assert any("not known" in str(part) for part in explanation_text(noise))


@pytest.mark.parametrize(("most", "scores"), [(7, lambda one: 0.5 + 0.1 * one["0.width"]), (20, lambda one: 0.5)])
def test_too_little_to_learn_from_is_said(real: StoredSearch, most: int, scores: Any) -> None:
    few = explained(made(real, scores, most))
    assert few.why_not and few.effects == () and few.free == () and few.evidence is None
    assert json.loads(json.dumps(explanation_document(few)))["why_not"] == few.why_not


def test_trials_that_cannot_be_explained_are_refused(real: StoredSearch) -> None:
    running = dataclasses.replace(real.trials[0], number=0, state=RUNNING, scores=())
    with pytest.raises(InputError, match="nothing to explain"):
        explained(dataclasses.replace(real, trials=(running,)))
    with pytest.raises(InputError, match="never trained"):
        explained(dataclasses.replace(real, trials=(running,)), 0)
    with pytest.raises(InputError, match="no trial 99"):
        explained(real, 99)
    with pytest.raises(InputError, match="has changed"):
        explained(dataclasses.replace(real, space=None, missing="the space has changed"))


def test_what_is_paid_is_kept_once_and_shown_beside_its_claim(
    directory: Path, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = nas.open(directory)
    assert opened.stored is not None
    found = opened.explain()
    with pytest.raises(InputError, match="arrays"):
        pay(directory, opened.stored, found, 60)
    other = (data[0] + 1, data[1])
    with pytest.raises(InputError):
        pay(directory, opened.stored, found, 60, other)
    assert not (directory / PAID).exists()
    assert pay(directory, opened.stored, found, 1e-6, data) == ()

    def interrupt(paid: Any) -> None:
        if len(paid_for(directory)) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pay(directory, opened.stored, found, 60, data, interrupt)
    first = paid_for(directory)
    assert len(first) == 3 and first[0].path == "" and first[0].seed != first[1].seed
    claims = sorted((abs(one.difference) for effect in found.effects for one in effect.alternatives), reverse=True)
    assert [abs(one.claimed) for one in first[1:]] == claims[:2]
    winner = opened.stored.trial(found.winner)
    assert all(one.difference == pytest.approx(one.score - winner.score) for one in first)
    every = pay(directory, opened.stored, found, 60, data)
    assert every[:3] == first and len(every) == len(claims) + 1
    monkeypatch.setattr(paid_neighbours, "_trained", lambda *_: pytest.fail("it was paid for already"))
    assert pay(directory, opened.stored, found, 60, data) == every
    shown = explanation_document(found, every)["paid"]
    assert [one["within"] for one in shown[1:]] == [one.low <= one.difference <= one.high for one in every[1:]]
    (directory / PAID).write_text("{")
    with pytest.raises(InputError, match="Remove it"):
        paid_for(directory)
    (directory / PAID).unlink()


def test_the_winner_trained_again_with_its_seed_scores_as_before(directory: Path, data: Any) -> None:
    """Else a difference would be one of how it was trained."""
    stored = stored_search(directory)
    found = explained(stored)
    winner = stored.trial(found.winner)
    dataset = paid_neighbours.opened_data(data, stored.config)
    score, error = paid_neighbours._trained(winner.proposal, winner, dataset, winner.seed, "cpu", float("inf"))
    assert not error and score == pytest.approx(winner.score, abs=1e-6)
