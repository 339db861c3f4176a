"""The deciders: functions `(path, options) -> index` that close an open tree (see `search_spaces.dsl.resolve`).

A mutation forgets some decisions and redraws them. A crossover mixes two mappings of decisions. Neither knows what it
decides about (the idea is NePS's, https://github.com/automl/neps).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from search_spaces.dsl import Decide
from search_spaces.errors import SpaceError

Decisions = Mapping[str, int]


def at_random(rng: random.Random) -> Decide:
    """Every option equally likely."""
    draw = rng.random  # twice as fast as `randrange`, and even to within 2**-50
    return lambda path, options: int(draw() * len(options))


def recording(decide: Decide, into: dict[str, int]) -> Decide:
    """Decides as `decide` does, and writes every decision into the mapping `into`."""

    def record(path: str, options: tuple[Any, ...]) -> int:
        into[path] = index = decide(path, options)
        return index

    return record


def replay(decisions: Decisions, otherwise: Decide | None = None) -> Decide:
    """The decisions of a mapping; places it does not mention are left to `otherwise`.

    Raises:
        SpaceError: a place without a decision when there is no `otherwise`, or an index out of range.
    """

    def look_up(path: str, options: tuple[Any, ...]) -> int:
        index = decisions.get(path)
        if index is None:
            if otherwise is None:
                raise SpaceError(f"No decision for `{path}`, which has {len(options)} options: {_listed(options)}.")
            return otherwise(path, options)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(options):
            if otherwise is not None:
                return otherwise(path, options)
            raise SpaceError(
                f"Decision {index!r} for `{path}` must be 0 to {len(options) - 1}; the options are {_listed(options)}."
            )
        return index

    return look_up


def within(decide: Decide, allowed: Mapping[str, Sequence[int]], rng: random.Random) -> Decide:
    """Decides as `decide` does where that is allowed, else by chance among what is; unnamed paths are free."""

    def choose(path: str, options: tuple[Any, ...]) -> int:
        index, some = decide(path, options), allowed.get(path)
        return index if some is None or index in some else rng.choice(some)

    return choose if allowed else decide


def mutate(decisions: Decisions, rng: random.Random, changes: int = 1) -> Decide:
    """The same decisions, but `changes` of them redrawn to another option. New places are decided at random."""
    places = rng.sample(sorted(decisions), k=min(changes, len(decisions)))
    forgotten = frozenset(places)
    fresh = at_random(rng)
    known = replay(decisions, otherwise=fresh)

    def redraw(path: str, options: tuple[Any, ...]) -> int:
        if path not in forgotten or len(options) == 1:
            return known(path, options)
        index = rng.randrange(len(options) - 1)
        return index + (index >= decisions[path])

    return redraw


def crossover(first: Decisions, second: Decisions, rng: random.Random) -> Decide:
    """Each place as in one parent, by a fair coin where both have it. Places that neither has are decided at random."""
    fresh = at_random(rng)
    parents = (replay(first, otherwise=fresh), replay(second, otherwise=fresh))

    def mix(path: str, options: tuple[Any, ...]) -> int:
        holders = [parent for parent, known in zip(parents, (first, second), strict=True) if path in known]
        return rng.choice(holders or [fresh])(path, options)

    return mix


def enumerate_all(run: Callable[[Decide], Any]) -> Iterator[Any]:
    """`run(decide)` for every decision sequence there is, in lexical order of the indices."""
    prefix: list[int] = []
    while True:
        sizes: list[int] = []

        def step(path: str, options: tuple[Any, ...], sizes: list[int] = sizes) -> int:
            place = len(sizes)
            sizes.append(len(options))
            if place == len(prefix):
                prefix.append(0)
            return prefix[place]

        yield run(step)
        while prefix and prefix[-1] + 1 == sizes[len(prefix) - 1]:
            prefix.pop()
        if not prefix:
            return
        prefix[-1] += 1


def _listed(options: tuple[Any, ...]) -> str:
    return ", ".join(f"{index}: {option!r}" for index, option in enumerate(options))
