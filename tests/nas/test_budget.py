from __future__ import annotations

import pytest

from nas.config.budget import Budget, duration
from nas.errors import InputError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("10m", Budget(seconds=600)),
        ("2h", Budget(seconds=7200)),
        ("1.5 hours", Budget(seconds=5400)),
        ("90s", Budget(seconds=90)),
        ("200 trials", Budget(trials=200)),
        ("4 gpu-hours", Budget(gpu_seconds=14400)),
        ("10m, 200 trials", Budget(seconds=600, trials=200)),
        ("2h,500 trainings,4 gpu-hours", Budget(seconds=7200, trials=500, gpu_seconds=14400)),
    ],
)
def test_a_budget_reads_as_written(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize(
    "text", ["10 bananas", "0m", "m", "", "-5m", "10", "1.5 trials", "5m, 6m", "inf m", "5m,", "1e3m"]
)
def test_anything_else_is_refused_and_shows_how(text: str) -> None:
    with pytest.raises(InputError, match="Budget"):
        Budget.parse(text)


def test_durations_are_short() -> None:
    assert [duration(s) for s in (0.25, 45, 60, 605, 7200)] == ["0.25s", "45s", "1m", "10m5s", "2h"]
