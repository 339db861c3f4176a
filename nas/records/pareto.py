"""Order among candidates with several objectives: by non-dominated front, within one the lonely first, as in NSGA-II
(https://doi.org/10.1109/4235.996017): a front is kept wide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol


class Judged(Protocol):
    """A score, the higher the better, and costs, the lower the better."""

    @property
    def score(self) -> float: ...
    @property
    def costs(self) -> tuple[float, ...]: ...


def dominates(a: Judged, b: Judged) -> bool:
    """Whether `a` is nowhere worse than `b` and somewhere better."""
    no_worse = a.score >= b.score and all(x <= y for x, y in zip(a.costs, b.costs, strict=True))
    return no_worse and (a.score > b.score or any(x < y for x, y in zip(a.costs, b.costs, strict=True)))


def front(judged: Sequence[Judged]) -> list[int]:
    """Indices of those that no other dominates, best score first."""
    order = sorted(range(len(judged)), key=lambda i: -judged[i].score)
    found: list[int] = []
    for index in order:
        if not any(dominates(judged[other], judged[index]) for other in found):
            found.append(index)
    return found


def ranks(judged: Sequence[Judged]) -> list[int]:
    """Place of each, from 0: first the front, then the front of the rest, and so on."""
    left = list(range(len(judged)))
    place = [0] * len(judged)
    done = 0
    while left:
        if not judged[left[0]].costs:
            best = sorted(range(len(left)), key=lambda i: -judged[left[i]].score)
        else:
            best = front([judged[index] for index in left])
            alone = crowding([judged[left[position]] for position in best])
            best = [best[i] for i in sorted(range(len(best)), key=lambda i: -alone[i])]
        for position in best:
            place[left[position]] = done
            done += 1
        taken = set(best)
        left = [index for position, index in enumerate(left) if position not in taken]
    return place


def crowding(judged: Sequence[Judged]) -> list[float]:
    """Of each, how far its neighbours of one front are apart, summed over objectives as shares of their range.

    Infinite at both ends of an objective.
    """
    found = [0.0] * len(judged)
    points = [(one.score, *one.costs) for one in judged]
    for values in zip(*points, strict=True):
        order = sorted(range(len(values)), key=lambda i: values[i])
        span = (values[order[-1]] - values[order[0]]) or 1.0
        found[order[0]] = found[order[-1]] = math.inf
        for before, index, after in zip(order, order[1:], order[2:], strict=False):
            found[index] += (values[after] - values[before]) / span
    return found
