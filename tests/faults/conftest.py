"""Drivers for every test of this folder, and what it reports for the table in results/reliability."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drivers import Drivers


@pytest.fixture
def drivers(tmp_path: Path) -> Iterator[Drivers]:
    found = Drivers(tmp_path)
    yield found
    for driver in found.started:
        if driver.poll() is None:
            os.killpg(driver.pid, 9)
        driver.wait()
    for forked in found.forked:
        forked.kill()
        forked.join()


@pytest.fixture
def injected(record_property) -> Callable[..., None]:
    """Notes what was done to a search: `injected(fault, times, lost=…, repeated=…, outcome=…)`, for junit's file.

    Lost and repeated are numbers of trainings, None where they are not counted.
    """

    def note(fault: str, times: int = 1, *, outcome: str, lost: int | None = None, repeated: int | None = None) -> None:
        for name, value in {
            "fault": fault,
            "injected": times,
            "outcome": outcome,
            "lost": lost,
            "repeated": repeated,
        }.items():
            record_property(name, value)

    return note
