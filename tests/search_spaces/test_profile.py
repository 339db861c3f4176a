from __future__ import annotations

import pytest

from search_spaces import Architecture, SpaceError, Task
from search_spaces.cells import Conv, Downsample, Head, Recurrent, Stem, Transformer
from search_spaces.cells.facts import facts
from search_spaces.profile import profile


def test_a_profile_is_the_sum_of_its_cells() -> None:
    found = profile(Architecture("any", (Stem(8), Downsample(16), Head()), {}), Task((1, 8, 8), 10))
    assert found.shapes == ((1, 8, 8), (8, 8, 8), (16, 4, 4), (10,))
    assert found.parameters == sum(cell.parameters for cell in found.cells) == (72 + 16) + (8 * 16 * 9 + 32) + 170
    assert found.macs == 72 * 64 + 8 * 16 * 9 * 16 + 160


def test_a_cell_that_cannot_take_its_input_is_named_with_shape_and_fix() -> None:
    architecture = Architecture("any", (Stem(8), Downsample(), Conv(16, kernel=7, same=False)), {})
    with pytest.raises(
        SpaceError, match=r"Cell 2, Conv\(width=16.*\(8, 4, 4\).*`kernel` must fit.*7 for 4x4.*same=True"
    ):
        profile(architecture, Task((1, 8, 8), 10))


def test_heads_that_do_not_divide_the_width() -> None:
    with pytest.raises(
        SpaceError, match=r"`heads` must divide the width, got 3 heads for 16 channels. Use one of 1, 2, 4"
    ):
        profile(Architecture("any", (Transformer(16, heads=3),), {}), Task((1, 8, 8), 10))


def test_facts_of_a_long_series_follow_from_two_short_ones() -> None:
    class Whole(Recurrent):
        steps_alike = False

    for kind in ("lstm", "gru"):
        short = facts(Recurrent(6, kind, True, 2), (5, 30))
        assert short == facts(Whole(6, kind, True, 2), (5, 30))
