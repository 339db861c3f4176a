"""kill -9 of the driver at any moment, then `nas.resume`: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

import pytest
from drivers import Drivers

from nas.errors import InputError
from nas.journal import journal as journals
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED

pytestmark = pytest.mark.faults
TRIALS = 16
SETTINGS = {"budget": f"{TRIALS} trials", "strategy": "evolution"}
ENDED = (COMPLETED, STOPPED, FAILED)


def rows(drivers):
    try:
        return journals.read(drivers.directory).trials
    except InputError:  # the journal does not exist yet
        return ()


def wait_for_trials(drivers, alive, count: int) -> None:
    while sum(row.state in ENDED for row in rows(drivers)) < count:
        assert alive(), "the driver ended before it was killed"
        time.sleep(0.01)


def said_of(found):
    return [(row.decisions, row.state, row.scores, row.seed) for row in found]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    drivers = Drivers(tmp_path_factory.mktemp("whole"))
    drivers.fork(**SETTINGS).join()
    return rows(drivers)


@pytest.mark.parametrize("kill", range(5))
def test_a_resumed_search_is_the_uninterrupted_one(drivers, injected, uninterrupted, kill: int) -> None:
    rng = random.Random(kill)
    driver = drivers.fork(**SETTINGS)
    wait_for_trials(drivers, driver.is_alive, rng.randrange(1, TRIALS - 4))
    time.sleep(rng.random() * 0.1)
    driver.kill()
    driver.join()
    kept = {row.number: row for row in rows(drivers) if row.state in ENDED}
    assert len(kept) < TRIALS
    drivers.fork("resume").join()
    resumed = rows(drivers)
    ended = Counter(number for number, _ in drivers.events("ended"))
    injected(
        "kill -9 of the driver at a random moment, in process, then resume",
        outcome="decisions, states and scores of the uninterrupted search",
        lost=sum(resumed[number] != row for number, row in kept.items()),
        repeated=sum(count - 1 for count in ended.values()),
    )
    assert said_of(resumed) == said_of(uninterrupted)
    for number, row in kept.items():
        assert resumed[number] == row  # not touched again, its seconds included
    assert all(count == 1 for count in ended.values())


def test_ray_kill_of_the_whole_process_group_loses_and_repeats_nothing(drivers, injected) -> None:
    driver = drivers.start(executor="ray", budget="16 trials", strategy="random")
    wait_for_trials(drivers, lambda: driver.poll() is None, 5)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    before = {row.number: row for row in rows(drivers)}
    assert any(row.state in ENDED for row in before.values())
    time.sleep(1.0)
    result = drivers.run("resume")
    assert result["trials"] == 16
    after = rows(drivers)
    done = [number for number, row in before.items() if row.state in ENDED]
    injected(
        "kill -9 of the driver's process group, on Ray, then resume",
        outcome=f"{len(done)} trainings kept, the others taken up",
        lost=sum(after[number] != before[number] for number in done),
        repeated=sum(after[number].attempts - before[number].attempts for number in done),
    )
    assert all(row.state in ENDED for row in after)
    assert len({row.fingerprint for row in after}) == 16
    for number, row in before.items():
        if row.state in ENDED:
            assert after[number] == row
        else:
            assert row.state in (RUNNING, REQUEUED)
            assert after[number].decisions == row.decisions


def test_a_second_driver_is_refused(drivers, injected) -> None:
    driver = drivers.fork(budget="1h", strategy="random")
    wait_for_trials(drivers, driver.is_alive, 1)
    with pytest.raises(InputError, match=f"another process.*{driver.pid}"):
        journals.Journal.open(drivers.directory)
    assert driver.is_alive()
    driver.kill()
    driver.join()
    injected("a second driver on the directory", outcome="refused, with the first one's process id")
