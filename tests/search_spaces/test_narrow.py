"""What is banned and pinned: every draw obeys, whatever the space, and what cannot be is refused."""

from __future__ import annotations

import random

import pytest

from search_spaces import SPACES, Choice, Repeat, Space, SpaceError, Task
from search_spaces.cells import Conv, Downsample, Head, Residual, Stem, Transformer
from search_spaces.decide import at_random, replay
from search_spaces.dsl import Tied
from search_spaces.narrow import kind, narrowed
from search_spaces.tree import cells_within, places

TASK = Task((3, 16, 16), 10)


def small() -> Space:
    width = Tied("width", Choice(8, 16, 32))
    block = Choice(Conv(width, kernel=Choice(1, 3, 7)), (Transformer(8), Conv(8, kernel=7)), Residual(width, kernel=3))
    return Space("small", Stem(Choice(8, 16, 32)), Repeat(block, Choice(1, 2, 3)), Downsample(), Head())


def within(space: Space, ban: tuple[str, ...] = (), pin: tuple[str, ...] = ()) -> Space:
    rule = narrowed({"": space.cells}, ban, pin)
    return Space(space.name, *space.cells, rules=[*space.rules, rule])


@pytest.mark.parametrize("name", ["hybrid", "darts", "nasbench101", "nasbench_macro", "residual"])
def test_a_banned_cell_is_nowhere_in_a_draw_a_mutation_or_a_cross(name: str) -> None:
    space = SPACES[name]()
    rng = random.Random(0)
    for cell in sorted({kind(cell) for cell in cells_within(space.cells)}):
        try:
            left = within(space, (cell.lower(),))
        except SpaceError as error:
            assert "No network of this space is left" in str(error)
            assert all(cell in map(kind, cells_within(space.sample(rng, TASK).cells)) for _ in range(5))
            continue
        one = left.sample(rng, TASK)
        for _ in range(5):
            one = left.mutate(left.crossover(one, left.sample(rng, TASK), rng, TASK), rng, TASK)
            assert cell not in map(kind, cells_within(one.cells))
            assert left.obeys(one, TASK)
            assert space.replay(one.decisions).cells == one.cells  # decisions mean what they meant


def test_generated_pins_and_bans_of_values_hold_and_add_up() -> None:
    space, rng = small(), random.Random(1)
    known = [(path, options) for path, options in places(space.cells) if all(isinstance(one, int) for one in options)]
    for _ in range(60):
        path, options = rng.choice(known)
        value = rng.choice(options)
        pinned, banned = within(space, pin=(f"{path}={value}",)), within(space, ban=(f"{path}={value}",))
        for _ in range(10):
            one, other = pinned.sample(rng, TASK), banned.sample(rng, TASK)
            assert options[one.decisions.get(path, options.index(value))] == value
            assert path not in other.decisions or options[other.decisions[path]] != value
        free = space.resolve(at_random(rng))
        taken = free.decisions.get(path)
        assert pinned.obeys(free, TASK) == (taken is None or options[taken] == value)
        with pytest.raises(SpaceError):
            both = within(space, ban=(f"{path}={value}",), pin=(f"{path}={value}",))
            assert path in {place for place, _ in places(space.cells)} - set(both.allowed)  # it may be avoided
            raise SpaceError("avoided")


def test_an_option_that_cannot_be_closed_without_a_banned_value_is_out_as_a_whole() -> None:
    left = within(small(), ban=("transformer",))
    assert left.allowed["1[0]"] == (0, 2)
    deeper = Space("deeper", Stem(8), Choice(Conv(8), Repeat(Choice(Transformer(8), Transformer(16)), 2)), Head())
    assert within(deeper, ("Transformer",)).allowed["1"] == (0,)
    some = Space("some", Stem(8), Repeat(Transformer(8), Choice(0, 1, 2)), Head())
    assert within(some, ("Transformer",)).allowed == {"1.times": (0,)}


def test_names_of_places() -> None:
    space = small()
    assert within(space, pin=("stem.width=32",)).allowed == {"0.width": (2,)}
    assert within(space, pin=("@width=8,16",)).allowed == {"@width": (0, 1)}
    assert set(within(space, pin=("conv.kernel=3",)).allowed) == {"1[0]:0.kernel", "1[1]:0.kernel", "1[2]:0.kernel"}
    assert within(space, pin=("times=2",)).allowed == {"1.times": (1,)}
    assert within(space, pin=("1[0]=Residual",)).allowed == {"1[0]": (2,)}
    recipe = narrowed({"": space.cells, "training": (Choice(1, 2),)}, pin=["training.0=2"])
    assert recipe.allowed == {"training.0": (1,)}
    assert not recipe.permits({"training.0": 0})
    assert within(space, pin=("1[0]:0.kernel=7",)).sample(random.Random(0)).decisions.get("1[0]:0.kernel", 2) == 2
    assert space.resolve(replay({}, otherwise=at_random(random.Random(0)))) is not None


WRONG = {
    "an unknown cell": ({"ban": ("Transfomer",)}, "no cell of this space. Its cells: Conv"),
    "an unknown place": ({"pin": ("stem.depth=3",)}, "no such place open"),
    "a value that is no option": ({"pin": ("stem.width=64",)}, "its options are 8, 16, 32"),
    "a banned value that is no option": ({"ban": ("stem.width=64",)}, "They have: 16, 32, 8"),
    "no value": ({"pin": ("stem.width",)}, "must be a place and a value"),
    "everything": ({"ban": ("stem.width=8,16,32",)}, "No network of this space is left"),
    "both at once": ({"ban": ("stem.width=8",), "pin": ("stem.width=8",)}, "is left by ban stem.width=8; pin stem"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused(case: str) -> None:
    asked, expected = WRONG[case]
    with pytest.raises(SpaceError, match=expected):
        within(small(), **asked)
