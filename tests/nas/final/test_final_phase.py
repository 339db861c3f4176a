"""What is left of the budget for the final, and what a final leaves in the journal whatever becomes of it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from nas.config.budget import Budget
from nas.driver.clock import Clock
from nas.driver.time_account import FINAL
from nas.final.final import _seconds_of_gpus

HUNDRED = Budget(gpu_seconds=100.0)


def driver(budget: Budget, used: float, final: float = 0.0) -> SimpleNamespace:
    """A search whose trainings held GPUs for `used` seconds, and an earlier final its one GPU for `final`."""
    journal = SimpleNamespace(spent={FINAL: final}, totals=SimpleNamespace(gpu_seconds=used))
    return SimpleNamespace(journal=journal, clock=Clock(budget, lambda: 0.0))


def test_gpus_that_are_held_at_once_use_the_budget_up_faster() -> None:
    assert _seconds_of_gpus(driver(HUNDRED, 60.0), 1.0, 10.0) == pytest.approx(30.0)
    assert _seconds_of_gpus(driver(HUNDRED, 60.0), 4.0, 5.0) == pytest.approx(5.0)
    assert _seconds_of_gpus(driver(HUNDRED, 60.0), 4.0, 11.0) < 0


def test_an_earlier_final_has_used_its_part() -> None:
    assert _seconds_of_gpus(driver(HUNDRED, 60.0, final=25.0), 1.0, 0.0) == pytest.approx(15.0)


def test_on_cpus_and_without_such_a_budget_there_is_no_limit() -> None:
    assert _seconds_of_gpus(driver(HUNDRED, 60.0), 0.0, 10.0) == math.inf
    assert _seconds_of_gpus(driver(Budget(seconds=600.0), 60.0), 2.0, 10.0) == math.inf
