"""Draws that break a rule, repaired.

Rejection alone needs 1/p draws where a share p obeys. The walk from the closest draw redraws one decision at a time and
keeps what is no farther from the rules, so tight rules cost tens of steps. Under tight rules the samples are therefore
not uniform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from search_spaces.architecture import Architecture
from search_spaces.errors import RuleError, SpaceError
from search_spaces.profile import profile
from search_spaces.rules import Rule
from search_spaces.task import Task

DRAWS = 10
STEPS = 200
ROUNDS = 10
DOES_NOT_BUILD = 1_000.0  # farther from valid than any broken rule

T = TypeVar("T")


class Repair(Generic[T]):
    """One search for a candidate that obeys, with what its error tells: the closest miss, and why others failed.

    Args:
        what: candidates are called, in the plural.
        rules: that it is to obey. task: for which it is to build; None for any.
        parts: of a candidate: its architecture, and its recipe or None.
        vary: a candidate with one decision redrawn.
    """

    def __init__(
        self,
        what: str,
        rules: Sequence[Rule],
        task: Task | None,
        parts: Callable[[T], tuple[Architecture, Any]],
        vary: Callable[[T], T],
    ) -> None:
        self.what, self.rules, self.task, self.parts, self.vary = what, rules, task, parts, vary
        self.tried = 0
        self.broken: Counter[str] = Counter()
        self.unbuilt: Counter[str] = Counter()
        self.closest: tuple[float, T] | None = None

    def found(self, draw: Callable[[], T]) -> T:
        """The first candidate on the way from `draw()` that obeys the rules and, given a task, builds.

        Raises:
            RuleError: none was found.
        """
        for _ in range(ROUNDS):
            found = self._drawn(draw) or self._walk()
            if found is not None:
                return found
        raise RuleError(self._failure())

    def _drawn(self, draw: Callable[[], T]) -> T | None:
        """The first of a few draws that obeys. Else `start` is the closest of them."""
        self.start: tuple[float, T] | None = None
        for _ in range(DRAWS):
            candidate = draw()
            distance = self._judge(candidate)
            if distance == 0:
                return candidate
            if self.start is None or distance < self.start[0]:
                self.start = (distance, candidate)
        return None

    def _walk(self) -> T | None:
        """From the closest draw, one redrawn decision at a time, to one that obeys; never farther from the rules."""
        if self.start is None:
            return None
        distance, here = self.start
        for _ in range(STEPS):
            there = self.vary(here)
            further = self._judge(there)
            if further == 0:
                return there
            if further <= distance:
                distance, here = further, there
        return None

    def _judge(self, candidate: T) -> float:
        """Sum of the distances to all rules. Counts what is broken."""
        self.tried += 1
        architecture, recipe = self.parts(candidate)
        try:
            if self.task is not None:
                profile(architecture, self.task)
        except SpaceError as error:
            self.unbuilt[str(error)] += 1
            return DOES_NOT_BUILD
        total = 0.0
        for rule in self.rules:
            distance = rule.distance(architecture, self.task, recipe)
            total += distance
            if distance > 0:
                self.broken[repr(rule)] += 1
        if total > 0 and (self.closest is None or total < self.closest[0]):
            self.closest = (total, candidate)
        return total

    def _failure(self) -> str:
        """The error's text when nothing was found."""
        tried = f"None of {self.tried:,} {self.what}"
        if not self.broken:
            problem, times = self.unbuilt.most_common(1)[0]
            return f"{tried} builds for this task. The reason, {times:,} times: {problem}"
        rule, times = self.broken.most_common(1)[0]
        text = f"{tried} obeys its rules. "
        text += f"Broken most, {times:,} times: `{rule}`. "
        if self.closest is not None:
            architecture, recipe = self.parts(self.closest[1])
            broken = [rule for rule in self.rules if rule.distance(architecture, self.task, recipe) > 0]
            text += f"The closest miss: {'; '.join(one.explain(architecture, self.task, recipe) for one in broken)}. "
        return text + "Loosen that rule, or add smaller options to the space."
