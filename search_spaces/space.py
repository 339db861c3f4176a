"""A search space: cells with values left open, and rules that every sample obeys.

A draw that breaks a rule is repaired, see `search_spaces.repair`.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search_spaces import decide as deciders
from search_spaces.architecture import Architecture
from search_spaces.dsl import Decide, compiled
from search_spaces.errors import SpaceError
from search_spaces.known import Known, decisions_for
from search_spaces.narrow import Allowed, Within
from search_spaces.repair import Repair
from search_spaces.rules import Rule, broken, judged
from search_spaces.task import Task
from search_spaces.tree import count, in_a_row


@dataclass(frozen=True, init=False)
class Space:
    """Candidate networks: cells in the order in which data flows, with values left open.

    Rules about the cells (`forbid`, `require`) hold for every architecture that is sampled. Rules about the profile
    (`max_parameters`, …) depend on the input, so they hold where a `task` is given.

    Args:
        name: a word; it stands in the journal and in exported files.
        cells: cells, expressions and tuples of them.
        rules: what every architecture must obey: rules, or one rule.
        known: designs of the field that it holds. They are no part of what the space is: two spaces that differ in
            them only are equal.

    Raises:
        SpaceError: no cells, something else than rules, two designs of one name, or tied nodes that contradict each
            other.
    """

    name: str
    cells: tuple[Any, ...]
    rules: tuple[Rule, ...] = ()
    designs: tuple[Known, ...] = field(default=(), compare=False, repr=False)

    def __init__(self, name: str, *cells: Any, rules: Rule | Sequence[Rule] = (), known: Sequence[Known] = ()) -> None:
        if not cells:
            raise SpaceError(f"Space {name!r} holds no cells. Write e.g. Space({name!r}, Stem(16), Conv(32), Head()).")
        rules = (rules,) if isinstance(rules, Rule) else tuple(rules)
        strange = [rule for rule in rules if not isinstance(rule, Rule)]
        if strange:
            raise SpaceError(
                f"`rules` of space {name!r} must be a list of rules, got {strange[0]!r}. "
                "Write e.g. rules=[max_parameters(100_000)], and require(…) or forbid(…) around a function or a cell."
            )
        for cell in cells:
            if isinstance(cell, type):
                raise SpaceError(f"Space {name!r} holds the class {cell.__name__}. Write a cell: {cell.__name__}().")
        names = [design.name for design in known]
        if len(set(names)) < len(names):
            twice = next(one for one in names if names.count(one) > 1)
            raise SpaceError(f"Space {name!r} knows two designs called {twice!r}. Give one of them another name.")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "designs", tuple(known))
        count(cells)  # raises on tied nodes that hold themselves or contradict each other

    @functools.cached_property
    def _resolve(self) -> Callable[[Decide], Any]:
        return compiled(self.cells)

    def __getstate__(self) -> dict[str, Any]:
        return {"name": self.name, "cells": self.cells, "rules": self.rules, "designs": self.designs}

    @functools.cached_property
    def known(self) -> Mapping[str, Architecture]:
        """The known designs as architectures of this space, by name; rules are not applied.

        Raises:
            SpaceError: no decisions lead to a design.
        """
        return {design.name: self._find(design) for design in self.designs}

    def _find(self, design: Known) -> Architecture:
        try:
            return self.replay(decisions_for(self.cells, design.cells))
        except SpaceError as error:
            raise SpaceError(
                f"Space {self.name!r} does not hold the design {design.name!r}: {error}. Correct the design, or add "
                "what it needs as further options."
            ) from None

    def size(self) -> int:
        """Number of decision sequences, exactly; rules are not applied."""
        return count(self.cells)

    def resolve(self, decide: Decide) -> Architecture:
        """The architecture that `decide(path, options) -> index` leads to; rules are not applied."""
        decisions: dict[str, int] = {}
        resolved = self._resolve(deciders.recording(decide, decisions))
        return Architecture.known_closed(self.name, tuple(in_a_row(resolved)), decisions, self.cells)

    @functools.cached_property
    def within(self) -> Within | None:
        """What its draws are narrowed to, see `search_spaces.narrow`."""
        return next((rule for rule in self.rules if isinstance(rule, Within)), None)

    @property
    def allowed(self) -> Allowed:
        """The options that are left where it is narrowed, by path."""
        return self.within.allowed if self.within is not None else {}

    def drawn(self, decide: Decide, rng: random.Random) -> Architecture:
        """As `resolve`, but within what the space is narrowed to."""
        return self.resolve(deciders.within(decide, self.allowed, rng))

    def replay(self, decisions: Mapping[str, int]) -> Architecture:
        """The architecture of these decisions; rules are not applied.

        Raises:
            SpaceError: a decision is missing, out of range, or stands for a place that does not exist.
        """
        architecture = self.resolve(deciders.replay(decisions))
        strange = sorted(set(decisions) - set(architecture.decisions))
        if strange:
            raise SpaceError(f"Space {self.name!r} has no place `{strange[0]}` under these decisions. Leave it out.")
        return architecture

    def sample(self, rng: random.Random, task: Task | None = None) -> Architecture:
        """A random architecture that obeys the rules and, given a task, builds for it.

        Raises:
            RuleError: none was found; says how many were tried, which rule broke most, and the closest miss.
        """
        return self._valid(lambda: self.drawn(deciders.at_random(rng), rng), rng, task)

    def mutate(self, a: Architecture, rng: random.Random, task: Task | None = None) -> Architecture:
        """`a` with one decision redrawn, and what depends on it; obeys the rules."""
        return self._valid(lambda: self.drawn(deciders.mutate(a.decisions, rng), rng), rng, task)

    def crossover(self, a: Architecture, b: Architecture, rng: random.Random, task: Task | None = None) -> Architecture:
        """Each decision as in `a` or as in `b`; obeys the rules."""
        return self._valid(lambda: self.drawn(deciders.crossover(a.decisions, b.decisions, rng), rng), rng, task)

    def enumerate(self) -> Iterator[Architecture]:
        """Every architecture of the space, one per decision sequence; rules are not applied."""
        return deciders.enumerate_all(self.resolve)

    def obeys(self, architecture: Architecture, task: Task | None = None) -> bool:
        """Whether no rule is broken; profile rules count only with a task."""
        return broken(self.rules, architecture, task) is None

    def _valid(self, draw: Callable[[], Architecture], rng: random.Random, task: Task | None) -> Architecture:
        """The first architecture on the way from `draw()` that obeys the rules and, given a task, builds."""
        rules = judged(self.rules, task)
        if not rules and task is None:
            return draw()

        def vary(one: Architecture) -> Architecture:
            return self.drawn(deciders.mutate(one.decisions, rng), rng)

        return Repair(f"architectures of space {self.name!r}", rules, task, lambda one: (one, None), vary).found(draw)
