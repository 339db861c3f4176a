from __future__ import annotations

import random

from search_spaces import Choice, Repeat, Space
from search_spaces.cells import Conv, Head, Skip, Stem
from search_spaces.decide import crossover, mutate, replay

SPACE = Space(
    "small", Stem(Choice(4, 8)), Repeat(Choice(Conv(kernel=Choice(3, 5)), Skip()), Choice(0, 1, 2, 3)), Head()
)


def test_sampling_reaches_every_architecture() -> None:
    rng = random.Random(0)
    assert (
        len({tuple(SPACE.sample(rng).decisions.items()) for _ in range(5_000)}) == SPACE.size() == 2 * (1 + 3 + 9 + 27)
    )


def test_a_mutation_changes_one_decision_and_what_depends_on_it() -> None:
    rng = random.Random(0)
    for _ in range(50):
        parent = SPACE.sample(rng)
        child = SPACE.resolve(mutate(parent.decisions, rng))
        changed = [
            path for path in parent.decisions if child.decisions.get(path, -1) not in (parent.decisions[path], -1)
        ]
        assert len(changed) == 1


def test_a_crossover_takes_every_place_from_a_parent_that_has_it() -> None:
    rng = random.Random(0)
    for _ in range(50):
        first, second = SPACE.sample(rng).decisions, SPACE.sample(rng).decisions
        child = SPACE.resolve(crossover(first, second, rng)).decisions
        for path, index in child.items():
            known = [parent[path] for parent in (first, second) if path in parent]
            assert not known or index in known


def test_replay_fills_in_what_is_missing_when_told_how() -> None:
    filled = SPACE.resolve(replay({"1.times": 1}, otherwise=lambda path, options: 0))
    assert dict(filled.decisions) == {"0.width": 0, "1.times": 1, "1[0]": 0, "1[0]:0.kernel": 0}
    assert [filled.path(number) for number in range(3)] == ["0", "1[0]:0", "2"]
