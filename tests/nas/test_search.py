from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import nas
from nas.driver.events import SearchStarted, Status
from nas.driver.promotion import PROMOTED
from nas.errors import InputError
from nas.journal import journal as journals
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, STATES, STOPPED
from nas.setup.stored_search import stored_search
from nas.strategies.optuna.study import copy_study
from search_spaces import Choice, Repeat, Space, SpaceError
from search_spaces.cells import CELLS

Conv, Head, Stem = CELLS["Conv"], CELLS["Head"], CELLS["Stem"]
QUICK: dict[str, Any] = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 3, "budget": "8 trials"}


def small() -> Space:
    return Space("small", Stem(4), Repeat(Conv(Choice(4, 8), kernel=Choice(1, 3)), Choice(1, 2)), Head())


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    targets = np.arange(200) % 4
    inputs = rng.normal(size=(200, 1, 8, 8)).astype(np.float32) + targets[:, None, None, None]
    return inputs, targets


class Recorder(nas.Observer):
    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    def search_started(self, started: SearchStarted) -> None:
        self.events.append(("search_started", started))

    def status(self, status: Status) -> None:
        self.events.append(("status", status))

    def trial_ended(self, trial: nas.Trial) -> None:
        self.events.append(("trial_ended", trial))

    def search_ended(self, outcome: Any) -> None:
        self.events.append(("search_ended", outcome))

    def told(self, event: str) -> list[Any]:
        return [what for name, what in self.events if name == event]


class Broken(nas.Observer):
    def trial_ended(self, candidate: nas.Trial) -> None:
        raise RuntimeError("an observer's own fault")


def test_a_search_keeps_what_it_did(tmp_path: Path, data: Any) -> None:
    recorder = Recorder()
    result = nas.search(data, small(), directory=tmp_path / "s", observers=[Broken(), recorder], **QUICK)
    assert [c.number for c in result.candidates] == list(range(8))
    assert {c.state for c in result.candidates} <= {COMPLETED, STOPPED}
    assert len({c.architecture.fingerprint for c in result.candidates}) == 8
    assert result.best.score == max(c.score for c in result.candidates if c.state == COMPLETED)
    assert result.ended == "budget"
    assert len(result.trials) == 8
    (started,), statuses = recorder.told("search_started"), recorder.told("status")
    assert (started.directory, started.space.name, started.resumed) == (tmp_path / "s", "small", False)
    assert all(set(status.counts) == set(STATES) for status in statuses)
    assert all(status.time_left is None for status in statuses)
    assert statuses[-1].best == result.best
    assert recorder.told("trial_ended") == sorted(result.candidates, key=lambda one: one.finished)
    assert recorder.events[-1] == ("search_ended", result)
    assert math.isclose(sum(result.spent.values()), journals.read(tmp_path / "s").elapsed, rel_tol=0.2)
    assert "Where" in result.statement


def test_a_resume_with_more_budget_goes_on(tmp_path: Path, data: Any) -> None:
    first = nas.search(data, small(), directory=tmp_path / "s", strategy="evolution", **{**QUICK, "budget": "5 trials"})
    again = nas.resume(tmp_path / "s", data=data, space=small(), budget="9 trials")
    assert again.candidates[:5] == first.candidates
    assert len(again.candidates) == 9
    whole = nas.search(data, small(), directory=tmp_path / "w", strategy="evolution", **{**QUICK, "budget": "9 trials"})
    assert [c.decisions for c in whole.candidates] == [c.decisions for c in again.candidates]


@pytest.mark.parametrize("strategy", ["guided", "random"])
def test_promotion_trains_few_whole_and_is_resumed(tmp_path: Path, data: Any, strategy: str) -> None:
    asked = {**QUICK, "strategy": strategy, "promote": 3, "known": "off"}
    wide = Space(
        "wide", Stem(Choice(2, 4, 6)), Repeat(Conv(Choice(4, 6, 8), kernel=Choice(1, 3)), Choice(1, 2)), Head()
    )
    nas.search(data, wide, directory=tmp_path / "s", **{**asked, "budget": "9 trials"})
    again = nas.resume(tmp_path / "s", data=data, space=wide, budget="16 trials")
    promoted = [one for one in again.candidates if one.source == PROMOTED]
    assert len(promoted) == 3  # after 6, 9 and 12 short ones
    assert [one for one in again.candidates if one.state == COMPLETED] == promoted
    assert all(len(one.scores) == (3 if one in promoted else 1) for one in again.candidates)
    whole = nas.search(data, wide, directory=tmp_path / "w", **{**asked, "budget": "16 trials"})
    assert [one.decisions for one in whole.candidates] == [one.decisions for one in again.candidates]


def test_a_small_space_is_searched_whole(tmp_path: Path, data: Any) -> None:
    space = Space("tiny", Stem(Choice(4, 8)), Conv(Choice(4, 8)), Head())
    result = nas.search(data, space, directory=tmp_path / "s", **{**QUICK, "budget": "50 trials"})
    assert result.ended == "exhausted"
    assert len(result.candidates) == 4


@pytest.mark.parametrize("strategy", ["random", "tpe", "nsga2"])
def test_what_does_not_build_for_the_data_is_never_tried(tmp_path: Path, data: Any, strategy: str) -> None:
    kernels = Conv(4, kernel=Choice(3, 5, 9, 11), same=False)
    space = Space("partly", Stem(4), kernels, Head())
    result = nas.search(data, space, directory=tmp_path / "s", strategy=strategy, **{**QUICK, "epochs": 1})
    assert {one.decisions["1.kernel"] for one in result.candidates} == {0, 1}
    too_large = space.replay({"1.kernel": 2})
    with pytest.raises(InputError, match="cannot be built for this data"):
        nas.search(data, space, directory=tmp_path / "t", start_from=[too_large], **QUICK)
    assert not (tmp_path / "t").exists()


def test_several_objectives_give_a_front(tmp_path: Path, data: Any) -> None:
    result = nas.search(
        data, small(), directory=tmp_path / "s", objectives=("score", "parameters"), strategy="nsga2", **QUICK
    )
    front = result.pareto
    assert front
    assert [c.parameters for c in front] == sorted((c.parameters for c in front), reverse=True)


def test_the_recipe_can_be_searched_along(tmp_path: Path, data: Any) -> None:
    recipe = nas.TrainingConfig(learning_rate=Choice(0.001, 0.01))
    result = nas.search(data, small(), directory=tmp_path / "s", training=recipe, **QUICK)
    assert {c.recipe.learning_rate for c in result.candidates} == {0.001, 0.01}
    again = nas.resume(tmp_path / "s", data=data, space=small())
    assert [c.recipe for c in again.candidates] == [c.recipe for c in result.candidates]


def test_optuna_gets_a_copy(tmp_path: Path, data: Any) -> None:
    nas.search(data, "mlp", directory=tmp_path / "s", **{**QUICK, "budget": "4 trials"})
    url = f"sqlite:///{tmp_path / 'optuna.db'}"
    stored = stored_search(tmp_path / "s")
    assert stored.space is not None
    copy_study(url, "mine", Problem(stored.space, objectives=stored.config.objectives), stored.trials)
    study = optuna.load_study(study_name="mine", storage=url)
    assert len(study.trials) == 4
    assert study.best_value == pytest.approx(journals.read(tmp_path / "s").trials[study.best_trial.number].score)


BAD = [
    ({"strategy": "evolutoin"}, "Did you mean 'evolution'"),
    ({"predictor": "oracle"}, "Known: "),
    ({"budget": "10 bananas"}, "bananas"),
    ({"budget": "0m"}, "0m"),
    ({"seed": -1}, "seed"),
    ({"epochs": 0}, "epochs"),
    ({"objectives": ("parameters",)}, "objectives"),
    ({"limits": {"weight": 3}}, "limit"),
    ({"limits": {"parameters": -3}}, "parameters"),
    ({"cpus_per_trial": 0.5}, "cpus_per_trial"),
    ({"gpus_per_trial": 1.5}, "gpus_per_trial"),
    ({"cpus_per_trial": 100_000}, "this machine has"),
    ({"gpus_per_trial": 1000}, "on this machine"),
    ({"budget": "2 gpu-hours"}, "finds no GPU"),
    ({"executor": "rey"}, "Did you mean 'ray'"),
    ({"colour": "red"}, "colour"),
    ({"patience": 0}, "patience"),
    ({"training": {"learning_rate": -1.0}}, "`training` must be"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda value: str(value)[:30])
def test_bad_input_is_named_and_nothing_is_written(tmp_path: Path, data: Any, change: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        nas.search(data, small(), directory=tmp_path / "s", **{**QUICK, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_limit_that_nothing_obeys_says_so(tmp_path: Path, data: Any) -> None:
    with pytest.raises(SpaceError, match="parameters"):
        nas.search(data, small(), directory=tmp_path / "s", limits={"parameters": 3}, **QUICK)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_directory_is_refused(tmp_path: Path, data: Any) -> None:
    nas.search(data, small(), directory=tmp_path / "s", **{**QUICK, "budget": "2 trials"})
    before = (tmp_path / "s" / journals.FILE).read_bytes()
    with pytest.raises(InputError, match="nas resume"):
        nas.search(data, small(), directory=tmp_path / "s", **QUICK)
    assert (tmp_path / "s" / journals.FILE).read_bytes() == before


def test_a_resume_needs_the_same_data_and_space(tmp_path: Path, data: Any) -> None:
    nas.search(data, small(), directory=tmp_path / "s", **{**QUICK, "budget": "2 trials"})
    inputs, targets = data
    with pytest.raises(InputError, match="data"):
        nas.resume(tmp_path / "s", space=small())
    with pytest.raises(InputError, match="fingerprint"):
        nas.resume(tmp_path / "s", data=(inputs + 1, targets), space=small())
    with pytest.raises(InputError, match="space"):
        nas.resume(tmp_path / "s", data=data, space=Space("small", Stem(8), Head()))
    with pytest.raises(InputError, match="no search"):
        nas.resume(tmp_path / "nowhere")
