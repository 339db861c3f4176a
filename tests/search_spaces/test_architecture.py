from __future__ import annotations

import pickle
import random

import pytest

from search_spaces import Architecture, Choice, Repeat, Space, SpaceError
from search_spaces.cells import Conv, Head, Skip, Stem

SPACE = Space(
    "small", Stem(Choice(4, 8)), Repeat(Choice(Conv(kernel=Choice(3, 5)), Skip()), Choice(0, 1, 2, 3)), Head()
)


def test_spaces_and_architectures_survive_pickling() -> None:
    architecture = SPACE.sample(random.Random(0))
    space = pickle.loads(pickle.dumps(SPACE))
    assert space == SPACE
    assert space.sample(random.Random(0)) == pickle.loads(pickle.dumps(architecture)) == architecture


def test_fingerprints_leave_out_what_computes_nothing_and_how_numbers_are_written() -> None:
    def fingerprint(*cells: object) -> str:
        return Architecture("any", cells, {}).fingerprint

    assert fingerprint(Conv(8), Skip(), Head()) == fingerprint(Conv(8), Head())
    assert fingerprint(Head(dropout=0)) == fingerprint(Head(dropout=0.0))
    assert fingerprint(Conv(8), Conv(16)) != fingerprint(Conv(16), Conv(8))


def test_json_is_read_with_the_cells_that_are_known_or_with_those_handed_in() -> None:
    text = SPACE.sample(random.Random(0)).to_json()
    cells = {"Stem": Stem, "Conv": Conv, "Skip": Skip, "Head": Head}
    assert Architecture.from_json(text) == Architecture.from_json(text, cells)
    with pytest.raises(SpaceError, match=r"unknown cell 'Stem'. Known cells: Conv"):
        Architecture.from_json(text, {"Conv": Conv})
