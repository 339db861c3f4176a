"""The final: who is trained, for how long, what is opened, and what it leaves behind."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.data.dataset import SealedTest, Split
from nas.errors import InputError, SearchFailed
from nas.execution.local import in_this_process
from nas.export import export_winner
from nas.export.ensemble import export_ensemble
from nas.export.load import load as load_export
from nas.final.final import run_final
from nas.final.schedule import FinalConfig
from nas.records.trial import COMPLETED, Trial
from nas.training.inference import outputs
from nas.training.loop import begin
from nas.training.score import score
from search_spaces import SPACES
from search_spaces.network import build
from search_spaces.profile import profile


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def candidate(number: int, dataset: Dataset, value: float = 0.9, **recipe: object) -> Trial:
    architecture = SPACES["mlp"]().sample(random.Random(number), dataset.task)
    return Trial(
        number, architecture.decisions, architecture.fingerprint, epochs=1, seed=number, scores=(value,),
        state=COMPLETED, seconds=0.2, parameters=profile(architecture, dataset.task).parameters,
        architecture=architecture, recipe=TrainingConfig(**recipe),
    )  # fmt: skip


class Opened(SealedTest):
    """Counts how often it is opened."""

    times = 0

    def open(self) -> Split:
        self.times += 1
        return super().open()


def test_the_winner_is_chosen_by_validation_and_tested_once_beside_the_baseline(
    digits: Dataset, tmp_path: Path
) -> None:
    sealed = Opened(digits.test.open())
    dataset = Dataset(digits.name, digits.task, digits.search, sealed, digits.classes, digits.fingerprint)
    candidates = [candidate(number, digits) for number in range(4)]
    seen: list[tuple[int, int]] = []
    result = run_final(
        dataset, candidates, candidates[3], tmp_path, FinalConfig(top=2, epochs=2, least_epochs=1), in_this_process(1),
        on_epoch=lambda one, report: seen.append((one.number, report.epoch)),
    )  # fmt: skip
    assert sealed.times == 1
    assert {one.trial.number for one in result.finalists} == {0, 1}
    assert result.winner.validation_score == max(one.validation_score for one in result.finalists)
    assert sorted(seen) == [(number, epoch) for number in (0, 1, 3) for epoch in (1, 2)]
    assert result.winner.test_score is not None and result.first_random is not None
    assert result.first_random.trial.number == 3 and result.first_random.test_score is not None
    assert [one.test_score for one in result.finalists[1:]] == [None]


def test_what_it_leaves_is_enough_for_an_export(digits: Dataset, tmp_path: Path) -> None:
    first = candidate(0, digits)
    search = tmp_path / "search"
    result = run_final(
        digits, [first], first, search / "final", FinalConfig(top=1, epochs=2, least_epochs=1), in_this_process(1)
    )
    assert result.first_random is not None and result.first_random.test_score == result.winner.test_score
    out = export_winner(search, tmp_path / "model")
    test = digits.test.open()
    found = score(digits.task, outputs(load_export(out), test.inputs), test.targets)
    assert found == pytest.approx(result.winner.test_score)
    record = json.loads((search / "final" / "final.json").read_text())
    assert record["finalists"][0]["test_score"] == result.winner.test_score
    assert not list((search / "final").glob("*.part"))


def test_no_time_still_trains_the_best(digits: Dataset, tmp_path: Path) -> None:
    candidates = [candidate(number, digits) for number in range(3)]
    result = run_final(
        digits,
        candidates,
        candidates[2],
        tmp_path,
        FinalConfig(epochs=3, least_epochs=1),
        in_this_process(1),
        seconds_left=lambda: 0.0,
    )
    assert [one.trial.number for one in result.finalists] == [0]
    assert result.finalists[0].epochs == 1


def test_a_finalist_that_diverges_gives_way(digits: Dataset, tmp_path: Path) -> None:
    wild = candidate(0, digits, optimizer="sgd", learning_rate=100.0, clip=0.0, warmup=0.0)
    result = run_final(
        digits, [wild, candidate(1, digits)], None, tmp_path, FinalConfig(epochs=1, least_epochs=1), in_this_process(1)
    )
    assert result.winner.trial.number == 1
    assert result.first_random is None
    with pytest.raises(SearchFailed, match="Not one"):
        run_final(digits, [wild], None, tmp_path / "again", FinalConfig(epochs=1, least_epochs=1), in_this_process(1))


def test_a_finalist_that_fails_gives_way(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(architecture: object, *args: object, seed: int, **kwargs: object) -> object:
        if seed == 0:
            raise RuntimeError("out of luck")
        return begin(architecture, *args, seed=seed, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("nas.execution.full_training.begin", failing)
    both = [candidate(number, digits) for number in range(2)]
    result = run_final(digits, both, both[0], tmp_path, FinalConfig(epochs=1, least_epochs=1), in_this_process(1))
    assert result.winner.trial.number == 1 and result.first_random is None


def test_stopped_ends_after_an_epoch_of_the_best(digits: Dataset, tmp_path: Path) -> None:
    both = [candidate(number, digits) for number in range(2)]
    result = run_final(digits, both, both[1], tmp_path, FinalConfig(epochs=9), in_this_process(1), stopped=lambda: True)
    assert [(one.trial.number, one.epochs) for one in result.finalists] == [(0, 1)]


def test_weights_are_a_state_dict_of_the_whole_network(digits: Dataset, tmp_path: Path) -> None:
    import torch

    one = candidate(0, digits)
    result = run_final(digits, [one], None, tmp_path, FinalConfig(top=1, epochs=1, least_epochs=1), in_this_process(1))
    state = torch.load(result.winner.weights, weights_only=True)
    expected = build(one.architecture, digits.task).state_dict()
    assert {name.removeprefix("1.") for name in state if name.startswith("1.")} == set(expected)


def test_an_ensemble_of_finalists_is_one_verified_module(digits: Dataset, tmp_path: Path) -> None:
    candidates = [candidate(number, digits) for number in range(2)]
    run_final(
        digits, candidates, None, tmp_path / "final", FinalConfig(top=2, epochs=1, least_epochs=1), in_this_process(1)
    )
    out = export_ensemble(tmp_path, tmp_path / "model", 2, digits)
    inputs = digits.test.open().inputs[:8]
    found = outputs(load_export(out), inputs)
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(8), abs=1e-5)
    assert "| trial 0 |" in (out / "card.md").read_text() and "| trial 1 |" in (out / "card.md").read_text()
    with pytest.raises(InputError, match="from 2 to 2 members"):
        export_ensemble(tmp_path, tmp_path / "another", 9, digits)


def test_export_before_the_final_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no search"):
        export_winner(tmp_path / "none", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def series() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 5)).astype(np.float32)
    yield x
    yield (x @ rng.normal(size=(5, 1)) * 1000 + 5000).astype(np.float32)


def test_a_regression_is_judged_and_exported_in_its_own_scale(tmp_path: Path) -> None:
    x, y = series()
    dataset = load((x, y), kind="regression")
    one = candidate(0, dataset)
    result = run_final(
        dataset, [one], one, tmp_path / "final", FinalConfig(top=1, epochs=20, least_epochs=1), in_this_process(1)
    )
    out = export_winner(tmp_path, tmp_path / "model")
    test = dataset.test.open()
    predicted = outputs(load_export(out), test.inputs)
    assert abs(predicted.mean() - 5000) < 1500
    assert score(dataset.task, predicted, test.targets) == pytest.approx(result.winner.test_score, abs=1e-4)
