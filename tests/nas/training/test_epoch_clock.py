"""A training looks at the clock inside an epoch: one that would end too late is left after its first steps."""

from __future__ import annotations

import math
import random
import time

import pytest

from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.execution import full_training
from nas.execution.full_training import Failed, FullTraining, Trained, train_in_full
from nas.execution.worker import Failure, Work
from nas.records.job import TOO_SLOW, EpochReport, Job
from nas.records.joint_space import JointSpace
from nas.training.epoch_clock import FIRST, GRACE, SPARE, EpochClock, TooSlow
from search_spaces import Choice, Space
from search_spaces.cells import MLP, Flatten, Head

SPACE = Space("small", Flatten(), MLP(Choice(8, 16)), Head())
SMALL_STEPS = TrainingConfig(batch_size=8)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def left_after(steps: int, each: float, first: float, left: float) -> tuple[int, float] | None:
    """After which step an epoch is left, and how long it should have taken; None for one that runs to its end."""
    now = 1000.0
    clock = EpochClock(steps, 0.0, now + left, lambda: now)
    for done in range(1, steps + 1):
        now += first if done == 1 else each
        try:
            clock.step_ended(done)
        except TooSlow as error:
            return done, error.seconds
    return None


def test_generated_epochs_are_left_early_exactly_where_they_end_too_late() -> None:
    rng = random.Random(0)
    for _ in range(500):
        steps, each = rng.randint(FIRST, 300), 10 ** rng.uniform(-3, 1.5)
        first = each * rng.uniform(1, 20)
        whole = first + (steps - 1) * each
        left = whole * rng.choice((0.2, 0.5, 0.8, 1.3, 2.0))
        found = left_after(steps, each, first, left)
        assert (found is not None) == (whole > max(SPARE * left, left + GRACE))
        if found is not None:
            assert found[1] == pytest.approx(whole) and found[0] in (2, FIRST)


def test_two_long_steps_are_enough_to_know_and_no_deadline_is_none() -> None:
    assert left_after(100, 3.0, 3.0, 60.0) == (2, pytest.approx(300.0))
    assert left_after(100, 0.01, 50.0, 60.0) is None  # a device that has to start
    assert left_after(100, 3.0, 3.0, math.inf) is None


def test_a_worker_says_what_an_epoch_would_have_taken(digits: Dataset) -> None:
    joint = JointSpace(SPACE, SMALL_STEPS, digits.task)
    job = Job(0, {"1.width": 0}, 3, 7, time.time() - 10 * GRACE, 60.0, "")
    found = Work(job, joint, digits.search).epoch()
    assert isinstance(found, Failure)
    assert found.kind == TOO_SLOW and found.epoch_seconds > 0 and found.seconds > 0
    assert "one epoch takes about" in found.error and "0 s were left" in found.error


def test_the_final_leaves_a_training_without_an_epoch_and_keeps_what_one_has_reached(
    digits: Dataset, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def job(**settings: object) -> FullTraining:
        weights = str(tmp_path / "weights.pt")
        architecture = SPACE.replay({"1.width": 0})
        values = {"number": 0, "turn": 0, "epochs": 3, "seed": 1, "weights": weights, **settings}
        return FullTraining(architecture=architecture, recipe=SMALL_STEPS, **values)  # type: ignore[arg-type]

    late = time.time() - 100
    (end,) = train_in_full(job(deadline=late), digits.search, lambda: False)
    assert isinstance(end, Failed) and "one epoch takes about" in end.error
    first, *_ = train_in_full(job(deadline=time.time(), cut=False), digits.search, lambda: True)
    assert isinstance(first, EpochReport)  # there is nothing else, so it may end late
    monkeypatch.setattr(full_training, "SPARE", -1e9)  # as if the next epoch would have fitted, by the one before
    monkeypatch.setattr(full_training, "LATE", 1e6)
    first, end = train_in_full(job(deadline=late, cut=False), digits.search, lambda: False)
    assert isinstance(end, Trained) and len(end.scores) == 1
