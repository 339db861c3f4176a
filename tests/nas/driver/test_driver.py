"""The driver's decisions, asked and told by hand: GPU time, retries, what fits the time left, what is kept."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.config.budget import Budget
from nas.config.recipe import TrainingConfig
from nas.driver.clock import Clock
from nas.driver.cost_model import CostModel
from nas.driver.driver import NO_ROOM, Driver
from nas.driver.events import Observer
from nas.driver.successive_halving import NeverStop
from nas.errors import SearchFailed
from nas.journal.journal import Header, Journal
from nas.records.job import LATER, TOO_SLOW, EpochReport, Job, TrialEnd
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, FAILED, GPUS, REQUEUED, RUNNING
from nas.strategies import STRATEGIES
from nas.strategies.strategy import Settings
from search_spaces import Choice, Space, Task
from search_spaces.cells import Conv, Head, Stem

TASK = Task((1, 8, 8), 10)
HEADER = Header("{}", "small", "made up", "", "{}")
OOM = TrialEnd("oom", "too large", seconds=1.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.create(tmp_path / "s", HEADER) as found:
        yield found


class Said(Observer):
    """Keeps what a person would have been told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def message(self, text: str) -> None:
        self.texts.append(text)


def driver(journal: Journal, budget: str = "100 trials", share: float = 0.0, **settings: object) -> Driver:
    space = Space("small", Stem(Choice(4, 8, 12, 64)), Conv(Choice(4, 8, 12, 16, 64), kernel=Choice(1, 3, 5)), Head())
    problem = Problem(JointSpace(space, TrainingConfig(), TASK))
    clock = Clock(Budget.parse(budget), journal.elapsed, 0.0)
    strategy = STRATEGIES["random"](Settings(seed=0))
    options = {"epochs": 1, "seed": 0, "share": lambda proposal: share, **settings}
    made = Driver(problem, journal, strategy, NeverStop(), clock, Said(), **options)  # type: ignore[arg-type]
    made.capacity(2)
    return made


def report(seconds: float, score: float = 0.5, epoch: int = 1) -> EpochReport:
    return EpochReport(epoch, score, 1.0, 1.0, seconds, 0.1, 1.0, 0.0)


def taken(made: Driver) -> Job:
    job = made.next()
    assert isinstance(job, Job)
    return job


def test_gpu_time_is_charged_by_the_share_that_a_training_held(journal: Journal) -> None:
    made = driver(journal, "1 gpu-minutes", share=0.25)
    for _ in range(4):
        job = taken(made)
        assert job.gpus == 0.25
        made.epoch_ended(job.number, report(seconds=59.0))
        made.trial_ended(job.number, TrialEnd())
    assert journal.totals.gpu_seconds == pytest.approx(59.0)
    assert made.next() is None  # a quarter of 59 seconds more would be too much
    assert made.ended == "budget"


def test_what_ran_out_of_memory_on_its_share_gets_a_whole_gpu_alone(journal: Journal) -> None:
    made = driver(journal, share=0.125)
    first, second = taken(made), taken(made)
    made.trial_ended(first.number, OOM)
    assert journal.trials[first.number].state == REQUEUED
    assert made.next() is LATER
    made.trial_ended(second.number, TrialEnd("error", "bad"))
    again = taken(made)
    assert (again.number, again.alone, again.gpus) == (first.number, True, 1.0)
    assert made.next() is LATER
    made.trial_ended(again.number, OOM)
    assert journal.trials[first.number].state == FAILED
    assert journal.trials[first.number].attributes[GPUS] == 1.0


def test_where_no_machine_can_hold_a_training_nobody_comes_into_the_final(journal: Journal) -> None:
    made = driver(journal)
    taken(made)
    with made.search_phase():
        made.capacity(0, "no node has it.")
    assert made.observer.texts == ["Waiting: no node has it."]  # type: ignore[attr-defined]
    assert made.contenders() == []
    assert "no node has it." in made.why_nothing()


def test_without_a_time_limit_the_wait_for_a_machine_has_an_end(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = driver(journal)
    assert not made.capacity(0, "no node has it.").over
    monkeypatch.setattr("nas.driver.driver.NO_ROOM", -1.0)
    assert NO_ROOM > 0
    assert made.capacity(0, "no node has it.").over
    assert made.ended == "no room"


def test_a_diverged_score_is_a_failure_though_nobody_said_so(journal: Journal) -> None:
    made = driver(journal)
    job = taken(made)
    assert not made.epoch_ended(job.number, report(1.0, math.nan))
    made.trial_ended(job.number, TrialEnd())
    assert journal.trials[job.number].failure == "diverged"


def test_proposals_that_are_too_large_do_not_end_the_search_while_small_ones_fit(tmp_path: Path) -> None:
    """After four that did not fit, a search of five minutes ended after three."""
    now = 0.0
    with Journal.create(tmp_path / "s", HEADER) as journal:
        made = driver(journal, "300s")
        made.clock = Clock(Budget(seconds=300.0), lambda: now, 0.0)
        trained = 0
        for _ in range(500):
            job = made.next()
            if job is None:
                break
            assert isinstance(job, Job)
            macs = journal.trials[job.number].macs
            seconds = macs / 20_000  # the largest takes 2000 times as long as the smallest
            now += seconds
            made.epoch_ended(job.number, report(seconds))
            made.trial_ended(job.number, TrialEnd())
            trained += 1
        parked = [trial for trial in journal.trials if trial.state == REQUEUED]
        smallest = min(trial.macs for trial in journal.trials)
        assert len(parked) > 4
        assert trained == len(journal) - len(parked)
        assert made.clock.left_for_search() < 3 * smallest / 20_000 or made.ended == "exhausted"


def test_what_the_final_does_not_need_of_its_share_belongs_to_the_search(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        made = driver(journal)
        made.clock = Clock(Budget(seconds=1000.0), lambda: 100.0, 0.25)
        assert made.capacity(2).seconds == 890  # a final without a network is worth nothing
        job = taken(made)
        made.epoch_ended(job.number, report(seconds=0.5))
        made.trial_ended(job.number, TrialEnd())
        assert (
            made.capacity(2).seconds > 800
        )  # four full trainings of three epochs and one of a hundred, half a second each
        slow = taken(made)
        made.epoch_ended(slow.number, report(seconds=500.0, score=0.9))
        made.trial_ended(slow.number, TrialEnd())
        assert made.capacity(2).seconds == 650  # never more than its share


def test_only_the_weights_of_the_best_are_kept(journal: Journal, tmp_path: Path) -> None:
    storage = tmp_path / "weights"
    storage.mkdir()
    made = driver(journal, storage=str(storage))
    for score, best in ((0.5, 0), (0.4, 0), (0.9, 2), (0.8, 2)):
        job = taken(made)
        Path(job.weights).write_text("weights")
        made.epoch_ended(job.number, report(1.0, score))
        made.trial_ended(job.number, TrialEnd())
        assert [path.name for path in storage.iterdir()] == [f"{best}-weights.pt"]
    assert taken(made).best == 0.9


def test_a_training_that_had_finished_an_epoch_when_it_was_killed_may_come_into_the_final(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        made = driver(journal, epochs=3)
        job = taken(made)
        made.epoch_ended(job.number, report(1.0, 0.7))
    with Journal.open(tmp_path / "s") as journal:
        assert journal.trials[0].state == RUNNING
        journal.requeue()
        again = driver(journal, epochs=3)
        assert [trial.number for trial in again.contenders()] == [0]


def test_eight_failures_of_one_kind_in_a_row_end_the_search(journal: Journal) -> None:
    made = driver(journal)
    for _count in itertools.count(1):
        job = made.next()
        if job is None:
            break
        made.trial_ended(job.number, TrialEnd("error", "always"))  # type: ignore[union-attr]
    assert (_count, made.ended) == (9, "failures")
    assert "always" in made.observer.texts[-1]  # type: ignore[attr-defined]


def test_a_lost_worker_is_forgiven_once(journal: Journal) -> None:
    made = driver(journal)
    job = taken(made)
    made.trial_ended(job.number, TrialEnd("lost", "killed"))
    assert taken(made).number == job.number
    made.trial_ended(job.number, TrialEnd("lost", "killed"))
    assert journal.trials[job.number].state == FAILED
    assert taken(made).number == job.number + 1


def test_status_counts_by_state(journal: Journal) -> None:
    made = driver(journal)
    job = taken(made)
    assert made.status().counts[RUNNING] == 1
    made.epoch_ended(job.number, report(1.0))
    made.trial_ended(job.number, TrialEnd())
    status = made.status()
    assert (status.counts[RUNNING], status.counts[COMPLETED], status.slots) == (0, 1, 2)
    assert status.best is not None
    assert status.time_left is None


def test_what_has_no_time_for_an_epoch_waits_and_smaller_ones_are_tried(tmp_path: Path) -> None:
    now = 0.0
    with Journal.create(tmp_path / "s", HEADER) as journal:
        made = driver(journal, "60s", epochs=4)
        made.clock = Clock(Budget(seconds=60.0), lambda: now, 0.0)
        begun = []
        while isinstance(job := made.next(), Job):
            trial = journal.trials[job.number]
            begun.append(trial.macs)
            if trial.macs > 20_000:  # 90 s for an epoch, which three steps tell
                now += 1.0
                each = 90.0 * trial.macs / 20_000
                made.trial_ended(job.number, TrialEnd(TOO_SLOW, "one epoch takes 90 s", 1.0, each))
                assert journal.trials[job.number].state == REQUEUED
                continue
            now += 5.0
            made.epoch_ended(job.number, report(5.0))
            made.trial_ended(job.number, TrialEnd())
        assert min(begun) < 20_000 < max(begun)
        slow = [macs for macs in begun if macs > 20_000]
        assert slow == sorted(slow, reverse=True)  # what is larger than one that was too slow is not begun
        assert made.contenders()[0].macs < 20_000
        assert "smaller networks are tried" in made.observer.texts[0]  # type: ignore[attr-defined]


def test_where_no_candidate_has_time_for_an_epoch_it_says_so_with_the_numbers(journal: Journal) -> None:
    made = driver(journal, "60s")
    for _ in range(100):
        job = made.next()
        if job is None:
            break
        assert isinstance(job, Job)
        seconds = 90.0 * (1 + journal.trials[job.number].macs / 1e6)
        made.trial_ended(job.number, TrialEnd(TOO_SLOW, "one epoch takes 90 s", 0.0, seconds))
    assert made.ended == "budget" and not made.journal.totals.best
    assert made.contenders()[0].macs == min(trial.macs for trial in journal.trials)  # with the final's time it may
    assert re.search(
        r"fastest of \d+ that were begun, .* takes about 1m3\ds for one, and the budget is 1m", made.why_nothing()
    )
    failed = SearchFailed("the final failed: it did not end in time")
    assert str(made.why_no_winner(failed)) == made.why_nothing()
    made._too_slow.clear()
    assert made.why_no_winner(failed) is failed  # for another reason


def test_one_measured_epoch_bounds_what_others_take() -> None:
    costs = CostModel()
    assert costs.seconds_per_epoch(1e6) is None
    costs.learn(1_000_000, 10.0)
    assert costs.seconds_per_epoch(2e6) == 10.0 and costs.seconds_per_epoch(5e5) == 5.0
