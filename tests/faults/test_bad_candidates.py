"""Candidates that raise, diverge, hang, crash and hoard, in one search: each is typed and charged, none ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from nas.errors import InputError
from nas.journal import journal as journals
from nas.records.trial import COMPLETED, FAILED, STOPPED

pytestmark = pytest.mark.faults
KINDS = ("none", "raise", "nan", "hang", "segfault", "hoard")
EXPECTED = {"raise": "error", "nan": "diverged", "hang": "timeout", "segfault": "lost", "hoard": "oom"}


def rows(drivers):
    try:
        return journals.read(drivers.directory).trials
    except InputError:
        return ()


def test_every_kind_of_bad_candidate_is_typed_and_charged(drivers, injected) -> None:
    result = drivers.run(space="faulty", budget="40 trials", patience=2, memory_per_trial=0.3, strategy="random")
    assert result["ended"] == "exhausted"
    found = {KINDS[next(v for path, v in row.decisions.items() if path.endswith("kind"))]: row for row in rows(drivers)}
    assert set(found) == set(KINDS)
    assert found["none"].state in (COMPLETED, STOPPED)
    assert {kind: found[kind].failure for kind in EXPECTED} == EXPECTED
    assert {found[kind].state for kind in EXPECTED} == {FAILED}
    assert found["segfault"].attempts == 2  # once more, since a worker may be lost by bad luck
    assert found["hang"].attempts == 1
    assert found["hang"].seconds > 1
    assert "always raises" in found["raise"].error
    assert "spaces.py" in found["raise"].error
    kinds = ", ".join(f"{kind}: `{found[kind].failure}`" for kind in EXPECTED)
    injected("a candidate that raises, is NaN, hangs, crashes, hoards", len(EXPECTED), outcome=kinds)


def test_a_killed_worker_costs_no_trial(drivers, injected) -> None:
    driver = drivers.start(budget="10 trials", strategy="random", epochs=12)
    killed = 0
    while driver.poll() is None and not killed:
        for pid in workers_of(driver.pid):
            if any(row.scores for row in rows(drivers)):
                os.kill(pid, signal.SIGKILL)
                killed += 1
                break
        time.sleep(0.05)
    driver.communicate(timeout=300)
    assert killed == 1
    found = rows(drivers)
    injected(
        "kill -9 of a worker",
        outcome="its training taken up by another",
        lost=10 - sum(row.state in (COMPLETED, STOPPED) for row in found),
        repeated=sum(len(row.scores) > row.epochs for row in found),
    )
    assert [row.state for row in rows(drivers) if row.state not in (COMPLETED, STOPPED)] == []
    assert len(rows(drivers)) == 10
    assert max(row.attempts for row in rows(drivers)) <= 2


def workers_of(driver: int) -> list[int]:
    """Ids of the processes below `driver` that train."""
    listed = subprocess.run(["ps", "-eo", "pid,sid,args"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 2) for line in listed.splitlines()[1:]]
    return [int(pid) for pid, sid, args in lines if "ray::" in args and "Worker" in args and below(int(pid), driver)]


def below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            with open(f"/proc/{pid}/stat") as file:
                pid = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False


def test_the_same_failure_in_a_row_ends_the_search_and_says_why(drivers, injected) -> None:
    driver = drivers.fork(space="raising", budget="60 trials", strategy="random")
    driver.join(120)
    failed = rows(drivers)
    assert {row.failure for row in failed} == {"error"}
    assert len(failed) == 8
    (_, message), *_ = drivers.events("message")
    assert "8 trainings in a row" in message
    assert "always raises" in message
    injected("every candidate raises", len(failed), outcome="ended after 8 in a row, with the reason")
