"""The final's trainings on Ray's workers: the same scores as in this process; a bad one costs its own place only."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from spaces import faulty

from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.execution.executor import FullTrainings
from nas.execution.local import in_this_process
from nas.execution.ray.full import OnWorkers
from nas.final.final import run_final
from nas.final.schedule import FinalConfig, Schedule
from nas.records.trial import COMPLETED, Trial
from search_spaces.profile import profile

pytestmark = pytest.mark.faults
KINDS = ("none", "raise", "nan", "hang", "segfault", "hoard")  # as `faulty` has them


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    import ray
    import spaces

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.cloudpickle.register_pickle_by_value(spaces)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def candidate(kind: str, dataset: Dataset, number: int) -> Trial:
    architecture = list(faulty().enumerate())[KINDS.index(kind)]
    return Trial(
        number, architecture.decisions, architecture.fingerprint, epochs=1, seed=number, scores=(0.5,),
        state=COMPLETED, seconds=0.2, parameters=profile(architecture, dataset.task).parameters,
        architecture=architecture, recipe=TrainingConfig(),
    )  # fmt: skip


def workers(memory: float = 0.0) -> FullTrainings:
    """Two at once."""
    there = OnWorkers(2, 1, 0, memory)
    return FullTrainings(2, there)


def test_workers_train_the_same_and_bad_ones_give_way(cluster: None, digits: Dataset, tmp_path: Path) -> None:
    good, others = candidate("none", digits, 0), ["segfault", "raise", "none", "hoard"]
    line = [good, *(candidate(kind, digits, number) for number, kind in enumerate(others, start=1))]
    plan, heard = FinalConfig(top=5, epochs=2), []
    there = run_final(
        digits, line, None, tmp_path / "there", plan, workers(memory=0.5),
        on_epoch=lambda one, report: heard.append((one.number, report.epoch)),
    )  # fmt: skip
    here = run_final(
        digits,
        [good, line[3]],
        None,
        tmp_path / "here",
        plan,
        in_this_process(1),
    )
    assert {one.trial.number: one.scores for one in there.finalists} == {
        one.trial.number: one.scores for one in here.finalists
    }
    assert sorted(heard) == [(0, 1), (0, 2), (3, 1), (3, 2)]
    assert there.winner.test_score == here.winner.test_score


def test_one_that_hangs_is_ended(cluster: None, digits: Dataset, tmp_path: Path) -> None:
    ends = time.monotonic() + 12
    line = [candidate("hang", digits, 0), candidate("none", digits, 1)]
    result = run_final(
        digits, line, None, tmp_path, FinalConfig(top=2, epochs=2), workers(),
        seconds_left=lambda: ends - time.monotonic(),
    )  # fmt: skip
    assert [one.trial.number for one in result.finalists] == [1]


def test_stopped_is_heard_by_workers(cluster: None, digits: Dataset, tmp_path: Path) -> None:
    result = run_final(
        digits, [candidate("none", digits, 0)], None, tmp_path, FinalConfig(epochs=100_000),
        workers(), stopped=lambda: True,
    )  # fmt: skip
    assert result.winner.epochs < 1000


def test_time_is_shared_by_rounds(digits: Dataset, tmp_path: Path) -> None:
    line = [candidate("none", digits, number) for number in range(4)]
    left = 4.0

    def plan(slots: int) -> list[int]:
        schedule = Schedule(
            line, None, FinalConfig(top=4, epochs=99), folder=tmp_path, slots=slots, seconds_left=lambda: left
        )
        return [job.epochs for job in iter(schedule.next, None)]

    assert plan(1)[0] == 5 and plan(2)[0] == 10 and plan(4) == [20] * 4
    assert math.isinf(Schedule(line, None, FinalConfig(), folder=tmp_path, slots=2).next().deadline)  # type: ignore[union-attr]
