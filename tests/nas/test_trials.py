"""The driver's decisions, asked and told by hand: GPU time, a retry alone, and what no machine can hold."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nas.config.budget import Budget
from nas.config.recipe import TrainingConfig
from nas.driver.clock import Clock
from nas.driver.driver import Trials
from nas.driver.events import Observer
from nas.driver.successive_halving import NeverStop
from nas.journal.journal import Header, Journal
from nas.records.job import LATER, Job
from nas.records.joint_space import JointSpace
from nas.records.row import GPUS
from nas.records.trial import FAILED, REQUEUED
from nas.strategies import STRATEGIES
from nas.strategies.optuna.study import Study
from nas.training.loop import EpochReport
from search_spaces import Choice, Space, Task
from search_spaces.cells import Conv, Head, Stem

TASK = Task((1, 8, 8), 10)


@pytest.fixture
def journal(tmp_path: Path):
    with Journal.create(tmp_path / "s", Header("{}", "small", "made up", "", "{}")) as found:
        yield found


def driver(journal: Journal, budget: str = "100 trials", share: float = 0.0) -> Trials:
    space = Space("small", Stem(Choice(4, 8, 12)), Conv(Choice(4, 8, 12, 16)), Head())
    joint = JointSpace(space, TrainingConfig(), TASK)
    clock = Clock(Budget.parse(budget), journal.elapsed, 0.0)
    study = Study(joint, STRATEGIES["random"](joint, seed=0))
    trials = Trials(journal, study, NeverStop(), clock, Observer(), epochs=1, seed=0, share=lambda proposal: share)
    trials.slots = 2
    return trials


def report(seconds: float) -> EpochReport:
    return EpochReport(1, 0.5, 1.0, 1.0, seconds, 0.1, 1.0, 0.0)


def taken(trials: Trials) -> Job:
    job = trials.next()
    assert isinstance(job, Job)
    return job


def test_gpu_time_is_charged_by_the_share_that_a_training_held(journal: Journal) -> None:
    trials = driver(journal, "1 gpu-minutes", share=0.25)
    for _ in range(4):
        job = taken(trials)
        assert job.gpus == 0.25
        trials.keep_going(job.number, report(seconds=59.0))
        trials.trial_ended(job.number)
    assert journal.tally.gpu_seconds == pytest.approx(59.0)
    assert trials.next() is None  # a quarter of 59 seconds more would be too much
    assert trials.ended == "budget"


def test_what_ran_out_of_memory_on_its_share_gets_a_whole_gpu_alone(journal: Journal) -> None:
    trials = driver(journal, share=0.125)
    first, second = taken(trials), taken(trials)
    trials.trial_ended(first.number, "oom", "too large", seconds=1.0)
    assert journal.row(first.number).state == REQUEUED
    assert trials.next() is LATER
    trials.trial_ended(second.number, "error", "bad")
    again = taken(trials)
    assert (again.number, again.alone, again.gpus) == (first.number, True, 1.0)
    assert trials.next() is LATER
    trials.trial_ended(again.number, "oom", "too large", seconds=1.0)
    assert journal.row(first.number).state == FAILED
    assert journal.row(first.number).attributes[GPUS] == 1.0


def test_where_no_machine_can_hold_a_training_nobody_comes_into_the_final(journal: Journal) -> None:
    trials = driver(journal)
    taken(trials)
    with trials.search_phase():
        trials.lacking = "no node has it."
    assert trials.contenders() == []
    assert "no node has it." in trials.why_nothing()


def test_a_diverged_score_is_a_failure_though_nobody_said_so(journal: Journal) -> None:
    trials = driver(journal)
    job = taken(trials)
    assert not trials.keep_going(job.number, EpochReport(1, math.nan, 1.0, 1.0, 1.0, 0.1, 1.0, 0.0))
    trials.trial_ended(job.number)
    assert journal.row(job.number).failure == "diverged"
