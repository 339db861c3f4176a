"""What Tune says and what the driver makes of it, without starting Ray."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from nas.driver.driver import TimeLeft
from nas.execution.ray.cluster import knock
from nas.execution.ray.tune import Bridge, Callback
from nas.records.job import Job, TrialEnd


class Told:
    """In place of a driver: notes how trainings ended."""

    def __init__(self, over: bool = False, left: float = 100.0) -> None:
        self.ended: list[tuple[str, str]] = []
        self.lacking: list[str] = []
        self.left = TimeLeft(left, over)

    def capacity(self, slots: int, lacking: str = "") -> TimeLeft:
        self.lacking.append(lacking)
        return self.left

    def next(self) -> Job:
        return job(gpus=0.25)

    def trial_ended(self, number: int, end: TrialEnd) -> None:
        self.ended.append((end.failure, end.error))


def job(gpus: float = 0.0) -> Job:
    return Job(0, {}, epochs=1, seed=0, deadline=0.0, patience=60.0, checkpoint="", gpus=gpus)


def bridge(trials: Told, slots=lambda gpus: 2) -> Bridge:
    return Bridge(trials, slots, [])


def test_a_worker_that_cannot_be_set_up_is_an_error_with_its_reason(tmp_path) -> None:
    trials = Told()
    found = bridge(trials)
    found.suggest("one")
    path = tmp_path / "error.txt"
    path.write_text(
        "The actor died because of an error raised in its creation task, ray::Worker\nKeyError: no such cell\n"
    )
    Callback(found).on_trial_error(1, [], SimpleNamespace(trial_id="one", error_file=str(path)))
    assert trials.ended == [("error", "a worker could not be set up: KeyError: no such cell")]


def test_one_more_than_fits_is_kept_ready_by_what_each_holds_in_the_mean() -> None:
    found = bridge(Told(), slots=lambda gpus: int(1 / gpus) if gpus else 1)
    handed_out = [found.suggest(str(number)) is not None for number in range(7)]
    assert handed_out == [True] * 5 + [False] * 2  # four fit, the fifth is ready for the first that ends


def test_tune_ends_where_what_is_out_never_began_or_is_late() -> None:
    going, waiting, late = Told(), Told(over=True), Told(over=True, left=-60.0)
    for trials, begun, expected in (
        (going, False, False),
        (waiting, True, False),
        (waiting, False, True),
        (late, True, True),
    ):
        found = bridge(trials)
        found.suggest("one")
        if begun:
            found.started("one")
        assert found.at_an_end() is expected
    assert late.ended  # and is charged


def test_no_room_is_told_to_the_driver_with_its_reason_and_forgotten_when_there_is_some() -> None:
    trials, room = Told(), [0]
    found = bridge(trials, slots=lambda gpus: room[0])
    found.suggest("one")
    assert "no node" in trials.lacking[-1]
    room[0] = 1
    found.suggest("more")
    assert trials.lacking[-1] == ""


def test_a_port_where_nothing_listens_is_known_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        knock(f"127.0.0.1:{server.getsockname()[1]}")
        free = server.getsockname()[1]
    with pytest.raises(OSError, match=r"[Rr]efused"):
        knock(f"127.0.0.1:{free}")
    knock("auto")
    knock("ray://somewhere:10001")
