from __future__ import annotations

import doctest
import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces import Choice, Repeat, Tied, resolve, tree
from search_spaces.cells import Conv, Pool
from search_spaces.decide import at_random, enumerate_all, recording, replay
from search_spaces.tree import cell_paths, cells_within, count, is_open, places, walk

MOST = 300  # decision sequences of a generated tree, so that all can be looked at


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any = 0


def tied(node: Any) -> Tied:
    """Equal nodes under one name, different ones under different names."""
    return Tied("t" + repr(node).encode().hex(), node)


def larger(nodes: st.SearchStrategy) -> st.SearchStrategy:
    some = st.lists(nodes, min_size=1, max_size=3, unique=True)
    numbers = st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True).map(lambda found: Choice(*found))
    return st.one_of(
        some.map(lambda options: Choice(*options)),
        st.lists(nodes, max_size=3).map(tuple),
        st.builds(Pair, nodes, nodes),
        st.builds(Repeat, nodes, st.integers(1, 2) | numbers, tied=st.booleans()),
        st.builds(Repeat, nodes, st.just(Choice(0, 1))),
        nodes.map(tied),
    )


TREES = st.recursive(st.integers(0, 3) | st.sampled_from(["a", "b"]), larger, max_leaves=8).filter(
    lambda node: count(node) <= MOST
)


def everything(node: Any) -> list[tuple[dict[str, int], Any]]:
    """Every (decisions, what they lead to) of a tree."""

    def run(decide: Any) -> tuple[dict[str, int], Any]:
        decisions: dict[str, int] = {}
        return decisions, resolve(node, recording(decide, decisions))

    return list(enumerate_all(run))


def test_doctests() -> None:
    assert doctest.testmod(tree).failed == 0


@given(TREES)
@settings(max_examples=300, deadline=None)
def test_the_number_of_decision_sequences_is_what_enumeration_finds(node: Any) -> None:
    found = [tuple(decisions.items()) for decisions, _ in everything(node)]
    assert count(node) == len(found) == len(set(found))


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_places_are_where_decisions_are_taken(node: Any) -> None:
    known = dict(places(node))
    met: dict[str, tuple[Any, ...]] = {}

    def note(decide: Any) -> Any:
        def ask(path: str, options: tuple[Any, ...]) -> int:
            met[path] = options
            return decide(path, options)

        return resolve(node, ask)

    list(enumerate_all(note))
    assert met == known


@given(TREES, st.integers(0, 10))
@settings(max_examples=200, deadline=None)
def test_decisions_replay_to_the_same_and_leave_nothing_open(node: Any, seed: int) -> None:
    decisions: dict[str, int] = {}
    made = resolve(node, recording(at_random(random.Random(seed)), decisions))
    assert resolve(node, replay(decisions)) == made
    assert not is_open(made)
    assert is_open(node) or made is node


@given(st.lists(TREES, max_size=3).map(tuple).filter(lambda node: count(node) <= MOST))
@settings(max_examples=200, deadline=None)
def test_every_cell_of_a_resolved_tree_has_its_path(node: tuple[Any, ...]) -> None:
    for decisions, made in everything(node):
        paths = cell_paths(node, decisions)
        assert len(paths) == len(flat(made))
        assert set(paths) <= {path for path, _ in walk(node)}


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_cells_within_are_those_that_resolving_can_reach(node: Any) -> None:
    reached = any(list(cells_within(made)) for _, made in everything(node))
    assert bool(list(cells_within(node))) == reached


def flat(node: Any) -> list[Any]:
    return [inner for part in node for inner in flat(part)] if isinstance(node, tuple) else [node]


@pytest.mark.parametrize(
    ("node", "size"),
    [
        (Conv(), 1),
        (Choice(1, 2, 3), 3),
        (Choice(Conv(Choice(1, 2)), Pool()), 3),
        (Repeat(Choice(1, 2), 3), 8),
        (Repeat(Choice(1, 2), 3, tied=True), 2),
        (Repeat(Choice(1, 2), Choice(0, 1, 2)), 1 + 2 + 4),
        (Repeat(Choice(1, 2), Choice(0, 1, 2), tied=True), 1 + 2 + 2),
        ((Tied("a", Choice(1, 2)), Tied("a", Choice(1, 2))), 2),
        (Choice(Tied("a", Choice(1, 2)), (Tied("a", Choice(1, 2)), Choice(3, 4))), 2 + 4),
        (Repeat(Tied("a", Choice(1, 2)), Choice(0, 1)), 1 + 2),
        ((Tied("b", (Tied("a", Choice(1, 2)), Choice(1, 2))), Tied("a", Choice(1, 2))), 4),
    ],
    ids=repr,
)
def test_sizes_worked_out_by_hand(node: Any, size: int) -> None:
    assert count(node) == len(everything(node)) == size
