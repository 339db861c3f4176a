from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.config.budget import GPU_SECONDS, SECONDS, TRIALS, Budget, duration
from nas.errors import InputError

AMOUNTS = st.floats(1e-9, 1e12) | st.integers(1, 10**9) | st.floats(1e-300, 1e300)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("10m", Budget(seconds=600)),
        ("2h", Budget(seconds=7200)),
        ("1h30m0.5s", Budget(seconds=5400.5)),
        ("1.5 hours", Budget(seconds=5400)),
        ("1.1 hours", Budget(seconds=3960)),
        ("90s", Budget(seconds=90)),
        ("200 trials", Budget(trials=200)),
        ("1 training", Budget(trials=1)),
        ("4 gpu-hours", Budget(gpu_seconds=14400)),
        ("90 gpu-seconds", Budget(gpu_seconds=90)),
        ("10m, 200 trials", Budget(seconds=600, trials=200)),
        ("2h,500 trainings,4 gpu-hours", Budget(seconds=7200, trials=500, gpu_seconds=14400)),
    ],
)
def test_a_text_is_read_as_a_person_means_it(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize(
    "text",
    ["10m", "2h30m", "0.25s", "1h0.5s", "1 trial", "200 trials", "1 gpu-hour", "1.5 gpu-hours", "20 gpu-minutes",
     "7 gpu-seconds", "10m, 200 trials, 4 gpu-hours"],
)  # fmt: skip
def test_what_is_written_is_what_a_person_would_write(text: str) -> None:
    assert str(Budget.parse(text)) == text


@given(st.none() | AMOUNTS, st.none() | st.integers(1, 10**12), st.none() | AMOUNTS)
def test_every_budget_is_read_back_equal(seconds: float | None, trials: int | None, gpu: float | None) -> None:
    if seconds is None and trials is None and gpu is None:
        return
    budget = Budget(seconds, trials, gpu)
    assert Budget.parse(str(budget)) == budget
    assert Budget.parse(budget) is budget


@given(
    st.decimals(Decimal("0.01"), Decimal(10_000), places=2),
    st.sampled_from([*SECONDS, *GPU_SECONDS]),
    st.sampled_from(["", " ", "  "]),
)
def test_every_unit_counts(amount: Decimal, unit: str, gap: str) -> None:
    budget = Budget.parse(f"{amount}{gap}{unit}")
    seconds = float(amount * {**SECONDS, **GPU_SECONDS}[unit])
    assert budget == (Budget(gpu_seconds=seconds) if unit in GPU_SECONDS else Budget(seconds=seconds))


WORDS = st.text(st.characters(categories=["L", "P", "Zs"]), max_size=12)


@given(WORDS.filter(lambda word: word.strip().lower() not in {*SECONDS, *GPU_SECONDS, *TRIALS}))
def test_any_other_unit_is_refused(unit: str) -> None:
    with pytest.raises(InputError, match=r"(?s)Budget.*Write"):
        Budget.parse(f"10 {unit}")


@pytest.mark.parametrize(
    "text",
    ["10 bananas", "0m", "m", "", "-5m", "10", "1.5 trials", "0 trials", "5m, 6m", "inf m", "5m,", "1e3m", "nan h",
     "9" * 400 + "h", "9" * 5000, "9" * 5000 + " trials"],
)  # fmt: skip
def test_anything_else_is_refused_and_shows_how(text: str) -> None:
    with pytest.raises(InputError, match=r"Budget.*Write"):
        Budget.parse(text)


@pytest.mark.parametrize(
    ("limits", "shown"),
    [
        ({}, "none"),
        ({"seconds": 0}, "0"),
        ({"seconds": -1.5}, "-1.5"),
        ({"seconds": math.nan}, "nan"),
        ({"seconds": math.inf}, "inf"),
        ({"seconds": "10m"}, "'10m'"),
        ({"gpu_seconds": True}, "True"),
        ({"trials": 0}, "0"),
        ({"trials": 1.5}, "1.5"),
    ],
)
def test_a_budget_is_checked_when_it_is_made(limits: dict, shown: str) -> None:
    with pytest.raises(InputError, match=rf"must .*got {shown}.* Write `10m`"):
        Budget(**limits)


def test_durations_are_short() -> None:
    assert [duration(s) for s in (0.25, 45, 60, 605, 7200)] == ["0.25s", "45s", "1m", "10m5s", "2h"]
