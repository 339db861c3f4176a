"""The budget's end is the search's end: within 5 % or 10 seconds, whichever is more, also when a training hangs."""

from __future__ import annotations

import os
import signal
import time

import pytest

from nas.errors import InputError
from nas.journal import journal as journals
from nas.records.trial import COMPLETED, STOPPED

pytestmark = pytest.mark.faults


def allowed(seconds: float) -> float:
    return seconds + max(0.05 * seconds, 10.0)


def rows(drivers):
    try:
        return journals.read(drivers.directory).trials
    except InputError:
        return ()


@pytest.mark.parametrize(
    "seconds", [20, pytest.param(60, marks=pytest.mark.slow), pytest.param(180, marks=pytest.mark.slow)]
)  # in process, on Ray, on Ray
def test_a_search_with_its_final_ends_on_time(drivers, injected, seconds: int) -> None:
    result = drivers.run(budget=f"{seconds}s", final=True, epochs=4)
    assert result["ended"] == "budget"
    took = journals.read(drivers.directory).elapsed
    injected(f"time limit of {seconds} s, final and export in it", outcome=f"ended after {took:.1f} s")
    assert took <= allowed(seconds)
    assert any(row.state in (COMPLETED, STOPPED) for row in rows(drivers))
    assert (drivers.directory / "export" / "model.py").exists()


@pytest.mark.parametrize(
    ("seconds", "executor"),
    [(10, "local"), (20, "ray"), pytest.param(60, "ray", marks=pytest.mark.slow)],
)
def test_a_hung_training_does_not_hold_the_search_up(drivers, injected, seconds: int, executor: str) -> None:
    driver = drivers.start(space="hanging", budget=f"{seconds}s", executor=executor)
    driver.communicate(timeout=200)
    record = journals.read(drivers.directory)
    where = "in process" if executor == "local" else "on Ray"
    injected(f"every training hangs, time limit of {seconds} s, {where}", outcome=f"ended after {record.elapsed:.1f} s")
    assert record.elapsed <= allowed(seconds)
    assert all(not row.scores for row in record.trials)


@pytest.mark.parametrize(("sent", "executor"), [(signal.SIGINT, "local"), (signal.SIGTERM, "ray")])
def test_asked_once_it_finishes_cleanly(drivers, injected, sent, executor: str) -> None:
    driver = drivers.start(budget="1h", final=True, epochs=2, executor=executor)
    while driver.poll() is None and sum(row.state in (COMPLETED, STOPPED) for row in rows(drivers)) < 2:
        time.sleep(0.05)
    os.kill(driver.pid, sent)
    output, errors = driver.communicate(timeout=200)
    assert driver.returncode == 0, errors
    assert '"ended": "interrupted"' in output
    assert (drivers.directory / "export" / "model.py").exists()
    injected(f"{sent.name} once", outcome="final and export of the best so far")


def test_ctrl_c_twice_stops_now_and_can_be_resumed(drivers, injected) -> None:
    driver = drivers.start(space="slow", budget="3 trials", epochs=1)
    while driver.poll() is None and len(drivers.events("started")) < 2:  # the first is handed out while Ray starts
        time.sleep(0.05)
    os.kill(driver.pid, signal.SIGINT)
    time.sleep(1.5)
    os.kill(driver.pid, signal.SIGINT)
    driver.communicate(timeout=100)
    assert driver.returncode != 0
    drivers.run("resume", space="slow")
    assert all(row.state in (COMPLETED, STOPPED) for row in rows(drivers))
    assert len(rows(drivers)) == 3
    injected("SIGINT twice", outcome="ended at once, resumed to the end")
