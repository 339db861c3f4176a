"""The order in which points add to a volume, against exact volumes, and the order within a front."""

from __future__ import annotations

import numpy as np
import pytest
from moocore import hypervolume

from nas.records.pareto import crowding, ranks
from nas.strategies.hypervolume import by_improvement


class Point:
    def __init__(self, score: float, *costs: float) -> None:
        self.score, self.costs = score, costs


def test_the_order_is_that_of_the_exact_greedy_choice() -> None:
    rng = np.random.default_rng(0)
    drawn, known = rng.random((30, 2)), rng.random((8, 2)) + 0.3
    reference = np.vstack([drawn, known]).max(0)
    order = by_improvement(drawn, known, rng)
    chosen = known
    for index in order[:3]:
        added = [hypervolume(np.vstack([chosen, point]), ref=reference) for point in drawn]
        assert added[index] == pytest.approx(max(added), abs=0.004)
        chosen = np.vstack([chosen, drawn[index]])
    assert hypervolume(drawn[order], ref=reference) >= 0.99 * hypervolume(drawn, ref=reference) - 0.01


def test_nothing_to_add_is_an_empty_order() -> None:
    assert by_improvement(np.array([[1.0, 1.0]]), np.array([[0.0, 0.0]]), np.random.default_rng(0)) == []


def test_ends_of_a_front_come_first_and_the_crowded_last() -> None:
    front = [Point(1.0, 1.0), Point(2.0, 2.0), Point(2.1, 2.1), Point(2.2, 2.2), Point(9.0, 9.0)]
    alone = crowding(front)
    assert alone[0] == alone[4] == float("inf")
    assert alone[3] > alone[1] > alone[2]
    place = ranks([*front, Point(0.5, 1.0)])
    assert {place[0], place[4]} == {0, 1}
    assert place[2] == 4
    assert place[5] == 5
    assert ranks([Point(1.0), Point(3.0), Point(2.0)]) == [2, 0, 1]
