"""Schedules of the learning rate: its share of the peak, by the share of the planned steps that is done."""

from __future__ import annotations

import math
from collections.abc import Callable

Shape = Callable[[float], float]


def _cosine(done: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * done))


def _triangular(done: float) -> float:
    return 1.0 - done


def _constant(done: float) -> float:
    return 1.0


def _stable(done: float) -> float:
    """Constant, then linearly down over the last fifth (warmup-stable-decay, https://arxiv.org/abs/2404.06395)."""
    return min(1.0, (1.0 - done) / 0.2)


SCHEDULES: dict[str, Shape] = {
    "cosine": _cosine,  # https://arxiv.org/abs/1608.03983
    "triangular": _triangular,
    "constant": _constant,
    "stable": _stable,
}


def factor(schedule: str, warmup: float, done: float) -> float:
    """Share of the peak learning rate, 0 to 1: a linear warm-up, then the schedule.

    Args:
        schedule: name in `SCHEDULES`.
        warmup: share of the planned steps that the warm-up takes, 0 to 1.
        done: share of the planned steps that is done; above 1 the rate stays where the schedule ends.
    """
    done = min(max(done, 0.0), 1.0)
    if done < warmup:
        return done / warmup
    return SCHEDULES[schedule]((done - warmup) / (1.0 - warmup) if warmup < 1.0 else 1.0)
