"""What a strategy is: a function of the problem, the trials so far and the number of the trial to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nas.config.earlier_search import EarlierSearch
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial

GIVEN = "given"  # source of what `Settings.start_from` names
KNOWN = "known "  # and of known designs, with their names behind it


class Exhausted(Exception):
    """Every candidate that obeys the rules has been tried, or none was found in a long row of tries."""


class Strategy(Protocol):
    """Equal arguments give equal proposals, from a new instance and in another process as well.

    What follows from the arguments may be kept between calls. An instance is for one search and one thread.
    """

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """What trial `number` is to train; something that no trial has, and that obeys the rules.

        Args:
            trials: all of the search so far, in order of number, `trials[i].number == i`; unfinished ones count as
                tried. Between calls it may grow, and unfinished trials may change.
            number: of the trial to come; all randomness follows from the seed and this number.

        Raises:
            Exhausted: there is nothing new to try.
        """
        ...


@dataclass(frozen=True)
class Settings:
    """What a strategy is made with. Each takes what concerns it.

    Args:
        seed: of all randomness, at least 0.
        start_from: decisions of the first trials.
        designs: then decisions of known designs, by name.
        predictor: a name in `predictors.PREDICTORS`, for `guided`.
        earlier: searches of the same space that `guided` learns from.
        lag: trainings that finish between the beginning of a predictor's fit and its first use, see `Guided`.
    """

    seed: int = 0
    start_from: tuple[Mapping[str, int], ...] = ()
    designs: Mapping[str, Mapping[str, int]] = field(default_factory=dict, hash=False)
    predictor: str = "auto"
    earlier: tuple[EarlierSearch, ...] = ()
    lag: int = 0
