"""What a winner is worth: its score with an interval, and how it compares with what would have been taken instead."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BETTER, WORSE, NOT_DISTINGUISHABLE, TOO_FEW = "better", "worse", "not distinguishable", "too few examples"


@dataclass(frozen=True)
class Estimate:
    """A score on test examples with its 95 % interval.

    Args:
        value, low, high: of the task's metric, higher is better. examples: how many were scored.
        is_error: whether they are errors with a minus, which are shown without it.
    """

    value: float
    low: float
    high: float
    examples: int
    is_error: bool = False

    def __str__(self) -> str:
        if self.is_error:
            return f"{-self.value:.3f} (95 % interval {-self.high:.3f} to {-self.low:.3f})"
        return f"{self.value:.3f} (95 % interval {self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Verdict:
    """The winner against one rival.

    Args:
        kind: `better`, `worse`, `not distinguishable`, or `too few examples` for less than 50 of them.
        difference, low, high: winner's score minus the rival's, and its 95 % interval.
        p_value: of a difference at least as large between two equally good models; below .05 for `better` and `worse`.
        sentence: all of it in plain words.
    """

    kind: str
    rival: str
    winner_score: Estimate
    rival_score: Estimate
    difference: float
    low: float
    high: float
    p_value: float
    sentence: str

    @property
    def half_width(self) -> float:
        """Half of the interval of the difference."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Standing:
    """The winner's score and what it is worth.

    Args:
        baseline: against the baseline with the best validation score. first: against the first random candidate.
        baselines: how many the best one was chosen from.
    """

    winner: Estimate
    metric: str
    baseline: Verdict | None
    first: Verdict | None
    baselines: int = 0

    @property
    def headline(self) -> str:
        """The first line of a result."""
        score_words = f"{self.metric} {self.winner} on {self.winner.examples:,} test examples"
        if self.baseline is not None:
            chosen = f" (the best of {self.baselines} on the validation split)" if self.baselines > 1 else ""
            return f"{score_words}; {self.baseline.sentence}{chosen}"
        if self.first is not None:
            return f"{score_words}; {self.first.sentence}; no baseline was trained"
        return f"{score_words}; nothing was trained to compare it with"

    def to_data(self) -> dict[str, Any]:
        """As JSON data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Standing:
        """What `to_data` wrote."""
        verdicts = {name: _verdict(data[name]) for name in ("baseline", "first")}
        return cls(**{**data, **verdicts, "winner": Estimate(**data["winner"])})


def _verdict(data: Mapping[str, Any] | None) -> Verdict | None:
    if data is None:
        return None
    scores = {name: Estimate(**data[name]) for name in ("winner_score", "rival_score")}
    return Verdict(**{**data, **scores})
