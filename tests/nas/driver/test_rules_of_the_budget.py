"""The stopping rule, the cost model, the clock and the closing statement."""

from __future__ import annotations

import math

import pytest

from nas.config.budget import Budget
from nas.driver.clock import Clock
from nas.driver.cost_model import CostModel
from nas.driver.successive_halving import NeverStop, SuccessiveHalving
from nas.driver.time_account import account, statement, utilisation
from nas.records.trial import COMPLETED, FAILED, STOPPED, Trial


def test_one_third_goes_on_at_each_rung() -> None:
    rule = SuccessiveHalving(epochs=9)
    assert sorted(rule.rungs) == [1, 3]
    went_on = [score for score in range(300) if not rule.is_weak(1, (score * 37) % 300)]
    assert 80 <= len(went_on) <= 130


def test_between_rungs_only_broken_scores_stop() -> None:
    rule = SuccessiveHalving(epochs=9)
    for _ in range(5):
        rule.is_weak(1, 0.9)
    assert not rule.is_weak(2, 0.0)
    assert rule.is_weak(2, math.nan)
    assert rule.is_weak(1, math.nan)
    assert rule.is_weak(1, 0.1)


def test_a_rule_rebuilt_from_rows_decides_alike() -> None:
    scores = [(0.1 * (n % 7), 0.2 * (n % 5), 0.3) for n in range(12)]
    one, other = SuccessiveHalving(epochs=9), SuccessiveHalving(epochs=9)
    for row in scores:
        for epoch, score in enumerate(row, 1):
            one.is_weak(epoch, score)
    other.take_up(Trial(n, {}, "", 9, 0, scores=row) for n, row in enumerate(scores))
    assert one.rungs == other.rungs


def test_never_stop_never_stops() -> None:
    rule = NeverStop()
    assert not any(rule.is_weak(epoch, -epoch) for epoch in range(1, 50))


def test_cost_is_a_line_in_the_work() -> None:
    model = CostModel()
    assert model.seconds_per_epoch(1000) is None
    for macs in (1e6, 2e6, 4e6, 8e6):
        model.learn(int(macs), 0.1 + macs * 1e-7)
    assert model.seconds_per_epoch(3_000_000) == pytest.approx(0.4, rel=0.01)


@pytest.mark.parametrize("measured", [[(1e6, 1.0), (2e6, 0.5), (4e6, 0.2)], [(0, 0.1)] * 4, [(1e6, 5.0)] * 3])
def test_cost_is_never_negative(measured: list[tuple[float, float]]) -> None:
    model = CostModel()
    for macs, seconds in measured:
        model.learn(int(macs), seconds)
    assert all(model.seconds_per_epoch(macs) > 0 for macs in (0, 10**6, 10**9))  # type: ignore[operator]


def test_the_final_has_its_reserve() -> None:
    clock = Clock(Budget(seconds=1000), lambda: 100.0, 0.25)
    assert (clock.left(), clock.left_for_search()) == (900, 650)
    assert Clock(Budget(seconds=12), lambda: 0.0, 0.25).reserve() == pytest.approx(9.6)  # never more than four fifths
    assert Clock(Budget(seconds=30), lambda: 0.0, 0.25).reserve() == 10  # never too little to be of use
    assert Clock(Budget(seconds=300), lambda: 0.0, 0.0).reserve() == 3  # to end the workers
    assert math.isinf(Clock(Budget(trials=3), lambda: 1e9).left_for_search())


def test_every_second_is_accounted_for() -> None:
    spent = {"start-up": 10.0, "search": 100.0, "slot-seconds": 200.0, "prediction": 5.0, "final": 30.0, "export": 4.0}
    parts = account(spent, {COMPLETED: 90.0, STOPPED: 60.0, FAILED: 20.0}, elapsed=150.0)
    assert sum(parts.values()) == pytest.approx(150)
    assert parts["trained to the end"] == 45
    assert parts["failed"] == 10
    assert parts["prediction"] == 5
    assert parts["idle"] == 10
    assert utilisation(parts) == pytest.approx(0.85)
    text = statement(parts, Budget(seconds=160), 150.0)
    assert "2m30s of 2m40s" in text
    assert "85 %" in text
