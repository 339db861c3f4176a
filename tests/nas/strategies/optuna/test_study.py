"""A search as a study in an Optuna storage."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED, Trial
from nas.strategies.optuna.study import copy_study
from search_spaces import SPACES, Task

SPACE = JointSpace(SPACES["cnn"](), TrainingConfig(), Task((1, 8, 8), 4))
STATES = [
    (COMPLETED, (0.2, 0.5)),
    (STOPPED, (0.1,)),
    (FAILED, ()),
    (STOPPED, (math.nan,)),
    (RUNNING, (0.3,)),
    (REQUEUED, ()),
]


def trials_of(count: int = len(STATES)) -> list[Trial]:
    proposals = [SPACE.sample(random.Random(seed)) for seed in range(count)]
    return [
        Trial(
            number, one.decisions, one.fingerprint, 2, 0, state, scores, seconds=2.5, parameters=7 + number,
            source="random", error="broken" if state == FAILED else "", began=10.0 * number,
        )
        for number, (one, (state, scores)) in enumerate(zip(proposals, STATES, strict=False))
    ]  # fmt: skip


@pytest.mark.parametrize("objectives", [("score",), ("score", "parameters")], ids="+".join)
def test_a_copy_says_what_came_of_each_trial(tmp_path: Path, objectives: tuple[str, ...]) -> None:
    url = f"sqlite:///{tmp_path / 'optuna.db'}"
    trials = trials_of()
    copy_study(url, "mine", Problem(SPACE, objectives=objectives), trials)
    study = optuna.load_study(study_name="mine", storage=url)
    assert study.metric_names == list(objectives)
    there = study.get_trials()
    assert [one.params for one in there] == [trial.decisions for trial in trials]
    state = TrialState
    assert [one.state for one in there] == [
        state.COMPLETE, state.PRUNED, state.FAIL, state.FAIL, state.RUNNING, state.WAITING,
    ]  # fmt: skip
    assert there[0].values == [0.5, 7.0][: len(objectives)]
    assert there[0].duration is not None
    assert there[0].duration.total_seconds() == 2.5
    assert there[2].user_attrs["error"] == "broken"
    assert there[0].user_attrs["scores"] == [0.2, 0.5]
    if len(objectives) == 1:
        assert there[0].intermediate_values == {1: 0.2, 2: 0.5}
        assert study.best_trial.number == 0


def test_a_search_that_has_gone_on_replaces_its_copy_and_nothing_else(tmp_path: Path) -> None:
    url, problem, trials = f"sqlite:///{tmp_path / 'optuna.db'}", Problem(SPACE), trials_of()
    copy_study(url, "mine", problem, trials[:3])
    copy_study(url, "mine", problem, trials)
    copy_study(url, "mine", problem, trials)
    assert len(optuna.load_study(study_name="mine", storage=url).trials) == len(trials)
    other = [replace(trial, decisions=trials[-1].decisions) for trial in trials]
    optuna.create_study(study_name="theirs", storage=url)
    for name in ("mine", "theirs"):
        with pytest.raises(InputError, match="another study"):
            copy_study(url, name, problem, other)
    assert len(optuna.load_study(study_name="mine", storage=url).trials) == len(trials)
