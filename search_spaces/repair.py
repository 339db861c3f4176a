"""From draws that may break rules to an architecture that obeys them.

Plain rejection needs 1/p draws where a share p obeys; the walk from the closest draw redraws one decision at a time and
keeps what is no farther from the rules, so tight rules cost tens of steps. Under tight rules the samples are therefore
not uniform.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from search_spaces import decide as deciders
from search_spaces.architecture import Architecture
from search_spaces.errors import RuleError, SpaceError
from search_spaces.rules import Rule, judged

if TYPE_CHECKING:
    from search_spaces.space import Space
    from search_spaces.task import Task

DRAWS = 10
STEPS = 200
ROUNDS = 10
DOES_NOT_BUILD = 1_000.0


def first_valid(space: Space, draw: Callable[[], Architecture], rng: random.Random, task: Task | None) -> Architecture:
    """The first architecture on the way from `draw()` that obeys the space's rules and, given a task, builds.

    Raises:
        RuleError: none was found; says how many were tried, which rule broke most, and the closest miss.
    """
    rules = judged(space.rules, task)
    if not rules and task is None:
        return draw()
    search = _Repair(space, rules, task)
    for _ in range(ROUNDS):
        found = search.draw(draw) or search.walk(rng)
        if found is not None:
            return found
    raise RuleError(search.failure())


class _Repair:
    """One repair: the closest miss so far; how often each rule was broken, and each reason not to build was met."""

    def __init__(self, space: Space, rules: list[Rule], task: Task | None) -> None:
        self.space, self.rules, self.task = space, rules, task
        self.tried = 0
        self.broken: Counter[str] = Counter()
        self.unbuilt: Counter[str] = Counter()
        self.closest: tuple[float, Architecture] | None = None

    def draw(self, draw: Callable[[], Architecture]) -> Architecture | None:
        """A draw that obeys, out of a few."""
        self.start: tuple[float, Architecture] | None = None
        for _ in range(DRAWS):
            architecture = draw()
            distance = self.judge(architecture)
            if distance == 0:
                return architecture
            if self.start is None or distance < self.start[0]:
                self.start = (distance, architecture)
        return None

    def walk(self, rng: random.Random) -> Architecture | None:
        """Downhill from the best of the last draws, one redrawn decision at a time."""
        if self.start is None:
            return None
        distance, here = self.start
        for _ in range(STEPS):
            there = self.space.resolve(deciders.mutate(here.decisions, rng))
            further = self.judge(there)
            if further == 0:
                return there
            if further <= distance:
                distance, here = further, there
        return None

    def judge(self, architecture: Architecture) -> float:
        """Distance to all rules; what is broken is counted."""
        self.tried += 1
        if self.task is not None and (problem := _build_problem(architecture, self.task)):
            self.unbuilt[problem] += 1
            return DOES_NOT_BUILD
        total = 0.0
        for rule in self.rules:
            distance = rule.distance(architecture, self.task)
            total += distance
            if distance > 0:
                self.broken[repr(rule)] += 1
        if total > 0 and (self.closest is None or total < self.closest[0]):
            self.closest = (total, architecture)
        return total

    def failure(self) -> str:
        """What to say when nothing was found."""
        tried = f"None of {self.tried:,} architectures of space {self.space.name!r}"
        if not self.broken:
            problem, times = self.unbuilt.most_common(1)[0]
            return f"{tried} builds for this task. The reason, {times:,} times: {problem}"
        rule, times = self.broken.most_common(1)[0]
        text = f"{tried} obeys its rules. "
        text += f"Broken most, {times:,} times: `{rule}`. "
        if self.closest is not None:
            broken = [rule for rule in self.rules if rule.distance(self.closest[1], self.task) > 0]
            text += f"The closest miss: {'; '.join(rule.explain(self.closest[1], self.task) for rule in broken)}. "
        return text + "Loosen that rule, or add smaller options to the space."


def _build_problem(architecture: Architecture, task: Task) -> str:
    """Why the architecture cannot be built, or nothing."""
    from search_spaces.profile import profile

    try:
        profile(architecture, task)
    except SpaceError as error:
        return str(error)
    return ""
