"""Early stopping: who is weak, and who goes on for being small."""

from __future__ import annotations

import math

from nas.driver.successive_halving import SuccessiveHalving, beaten
from nas.records.trial import Trial


def row(number: int, scores: tuple[float, ...], parameters: int = 10, macs: int = 10) -> Trial:
    return Trial(number, {}, str(number), 9, 0, scores=scores, parameters=parameters, macs=macs)


def test_a_rung_lets_the_best_third_pass() -> None:
    halving = SuccessiveHalving(9)
    assert [halving.is_weak(1, score) for score in (0.5, 0.6, 0.7, 0.6, 0.8)] == [False, False, False, True, False]
    assert halving.is_weak(2, math.nan)
    assert not halving.is_weak(2, 0.0)


def test_only_what_costs_no_more_beats() -> None:
    small = row(0, (0.3, 0.4), parameters=5)
    large = row(1, (0.9, 0.9), parameters=20)
    assert not beaten(small, [small, large], ["parameters"])
    assert beaten(small, [small, row(2, (0.1, 0.4), parameters=5)], ["parameters"])
    assert not beaten(small, [row(3, (0.9,), parameters=1)], ["parameters"])  # has not come as far
    assert not beaten(small, [row(4, (0.9, 0.9), parameters=1, macs=11)], ["parameters", "macs"])
    assert beaten(row(5, (math.nan,), parameters=1), [], ["parameters"])
