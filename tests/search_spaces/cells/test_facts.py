from __future__ import annotations

import pytest

from search_spaces.cells import Recurrent, Transformer
from search_spaces.cells.facts import facts


def test_multiply_adds_of_attention() -> None:
    width, length, ratio = 8, 10, 2
    linear = length * (3 * width**2 + width**2 + 2 * ratio * width**2)
    assert facts(Transformer(width, heads=2, mlp_ratio=ratio), (width, length)).macs == linear + 2 * length**2 * width


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3)])
def test_multiply_adds_of_recurrent_cells(kind: str, gates: int) -> None:
    assert facts(Recurrent(6, kind), (5, 10)).macs == 10 * gates * 6 * (5 + 6)
