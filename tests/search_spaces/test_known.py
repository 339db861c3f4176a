"""Known designs: found in any shape of space, no part of its identity, and refused with a reason where absent."""

from __future__ import annotations

import pickle
import random

import pytest

from search_spaces import Choice, Known, Repeat, Space, SpaceError, Tied
from search_spaces.cells import Conv, Graph, Head, Node, Pool, Skip, Stem
from search_spaces.known import decisions_for

URL = "https://example.org/paper"
WIDTH = Choice(8, 16)
SHARED = Tied("a", Choice(Conv(WIDTH), Pool()))
NODES = (Node((Choice(Conv(), Skip()),), (0,)), Node((Skip(), Conv(WIDTH)), Choice((0, 1), (1, 0))))
SPACES = {
    "choices": Space("s", Stem(WIDTH), Choice(Conv(kernel=Choice(3, 5)), (Skip(), Conv(WIDTH)), Pool()), Head()),
    "repeats": Space("s", Repeat(Choice(Conv(WIDTH), Pool()), Choice(0, 1, 3)), Repeat(Conv(WIDTH), 2), Head()),
    "tied repeat": Space("s", Stem(), Repeat((Conv(WIDTH), Choice(Skip(), Pool())), Choice(1, 2), tied=True), Head()),
    "tied": Space("s", SHARED, Stem(Tied("w", WIDTH)), SHARED, Conv(Tied("w", WIDTH))),
    "inside cells": Space("s", Graph(NODES), Head()),
}


@pytest.mark.parametrize("name", SPACES)
def test_decisions_are_found_for_whatever_a_space_yields(name: str) -> None:
    space, rng = SPACES[name], random.Random(0)
    for _ in range(50):
        architecture = space.sample(rng)
        found = decisions_for(space.cells, architecture.cells)
        assert space.replay(found).cells == architecture.cells


def test_designs_are_architectures_of_the_space() -> None:
    space = Space(
        "s", Stem(WIDTH), Repeat(Conv(), Choice(0, 1, 2)), known=[Known("two", URL, Stem(16), Conv(), Conv())]
    )
    assert dict(space.known["two"].decisions) == {"0.width": 1, "1.times": 2}
    assert pickle.loads(pickle.dumps(space)).known == space.known


def test_designs_are_no_part_of_what_a_space_is() -> None:
    plain, knowing = (Space("s", Stem(WIDTH), known=known) for known in ([], [Known("a", URL, Stem(8))]))
    assert plain == knowing
    assert hash(plain) == hash(knowing)
    assert repr(plain) == repr(knowing)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ((Stem(32), Conv()), r"no decisions lead to its cell 0, Stem\(width=32"),
        ((Stem(8), Conv(), Pool()), r"no decisions lead to its cell 2, Pool"),
        ((Stem(8), Conv(), Conv(), Conv()), r"no decisions lead to its cell 3, Conv"),
        ((Stem(8),), r"no decisions end after its last cell, Stem"),
    ],
)
def test_what_a_space_does_not_hold_is_named(cells: tuple, message: str) -> None:
    space = Space("s", Stem(WIDTH), Repeat(Conv(), Choice(1, 2)), known=[Known("a", URL, *cells)])
    with pytest.raises(SpaceError, match=f"Space 's' does not hold the design 'a': {message}"):
        _ = space.known


def test_names_and_sources_are_checked() -> None:
    with pytest.raises(SpaceError, match="`name` of a `Known` must be a plain word"):
        Known("res net", URL)
    with pytest.raises(SpaceError, match="must be a URL"):
        Known("a", "a paper")
    with pytest.raises(SpaceError, match="knows two designs called 'a'"):
        Space("s", Stem(), known=[Known("a", URL, Stem()), Known("a", URL, Stem())])
