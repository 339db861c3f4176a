"""What a strategy sees of the trials so far: scores at full training, in the order of finishing, each trial once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, FAILED, RUNNING, STOPPED, Trial
from nas.strategies.history import History
from search_spaces import SPACES, Task

JOINT = JointSpace(SPACES["cnn"](), TrainingConfig(), Task((1, 8, 8), 4))
TOLD = [
    (COMPLETED, (0.2, 0.5)),
    (COMPLETED, (0.3, 0.6)),
    (STOPPED, (0.1,)),
    (FAILED, ()),
    (STOPPED, (float("nan"),)),
    (COMPLETED, (0.4, 0.7)),
]


def trial(number: int, state: str, scores: tuple[float, ...], finished: int) -> Trial:
    proposal = JOINT.sample(random.Random(number))
    return Trial(
        number, proposal.decisions, proposal.fingerprint, 2, 0, state, scores, parameters=number, finished=finished
    )


@pytest.mark.parametrize("objectives", [("score",), ("score", "parameters")], ids="+".join)
def test_a_stopped_training_counts_as_what_complete_ones_say_of_its_end(objectives: tuple[str, ...]) -> None:
    trials = [trial(number, *told, finished=number + 1) for number, told in enumerate(TOLD)]
    seen = History.of(Problem(JOINT, objectives=objectives), trials).observations()
    assert [one.number for one in seen] == [0, 1, 2, 5]  # what failed or has no number teaches nothing
    assert [one.score for one in seen] == pytest.approx([0.5, 0.6, 0.4, 0.7])
    assert [one.curve for one in seen] == [(0.2, 0.5), (0.3, 0.6), (0.1,), (0.4, 0.7)]
    assert [one.complete for one in seen] == [True, True, False, True]
    assert [one.costs for one in seen] == [(one.number,)[: len(objectives) - 1] for one in seen]


def test_trainings_stand_in_the_order_of_finishing_and_unfinished_ones_are_seen() -> None:
    problem = Problem(JOINT)
    trials = [trial(0, RUNNING, (0.5,), 0), trial(1, COMPLETED, (0.1, 0.2), 2), trial(2, COMPLETED, (0.3, 0.4), 1)]
    history = History.of(problem, trials)
    assert [one.number for one in history.observations()] == [2, 1]
    assert history.seen == {one.fingerprint for one in trials}
    later = [trial(0, COMPLETED, (0.5, 0.6), 3), *trials[1:], trial(3, RUNNING, (), 0)]
    assert History.of(problem, later, history) is history
    assert [one.number for one in history.observations()] == [2, 1, 0]
    assert [one.number for one in history.observations(first=1)] == [2]
    assert [one.number for one in history.observations(latest=1)] == [0]


def test_trials_that_do_not_go_on_from_the_known_ones_are_read_anew() -> None:
    problem = Problem(JOINT)
    trials = [trial(number, *told, finished=number + 1) for number, told in enumerate(TOLD)]
    history = History.of(problem, trials)
    other = [replace(one, fingerprint=f"other {one.number}") for one in trials]
    assert History.of(problem, trials, history) is history
    assert History.of(Problem(JOINT), trials, history) is not history
    assert History.of(problem, trials[:2], history).seen == {one.fingerprint for one in trials[:2]}
    assert History.of(problem, other, history).seen == {f"other {number}" for number in range(6)}


def test_what_failed_with_a_decision_is_counted_once() -> None:
    trials = [trial(number, FAILED, (), number + 1) for number in range(3)]
    trials += [trial(number, COMPLETED, (1.0,), number + 1) for number in range(3, 20)]
    problem, step_by_step = Problem(JOINT), None
    for count in range(21):
        step_by_step = History.of(problem, trials[:count], step_by_step)
    assert step_by_step is not None
    at_once = History.of(problem, trials).feasibility
    risks = [step_by_step.feasibility.risk(one.decisions) for one in trials]
    assert risks == [at_once.risk(one.decisions) for one in trials]
    assert max(risks) > 0
