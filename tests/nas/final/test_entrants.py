"""Who comes into the final."""

from __future__ import annotations

import random

import pytest

from nas.config.recipe import TrainingConfig
from nas.driver.promotion import PROMOTED
from nas.final.entrants import entrants, selection
from nas.final.schedule import in_rounds
from nas.records.joint_space import JointSpace
from nas.records.trial import COMPLETED, STOPPED, Trial
from nas.strategies.strategy import KNOWN
from search_spaces import SPACES, Task

SPACE = JointSpace(SPACES["mlp"](), TrainingConfig(), Task((1, 8, 8), 10))


def trial(number: int, drawn: int, score: float, *, source: str = "random", state: str = COMPLETED) -> Trial:
    one = SPACE.sample(random.Random(drawn))
    return Trial(
        number, one.decisions, one.fingerprint, source=source, epochs=1, seed=0, state=state, scores=(score,),
        seconds=1.0, parameters=1, macs=1.0, activation_bytes=1, architecture=one.architecture, recipe=one.recipe,
    )  # fmt: skip


def test_a_network_that_was_trained_twice_comes_once() -> None:
    promoted, short = trial(3, 0, 0.9, source=PROMOTED), trial(0, 0, 0.8, state=STOPPED)
    others = [trial(number, number, 0.7 - number / 100, state=STOPPED) for number in (1, 2)]
    assert entrants([promoted, short, *others], lambda one: 100.0) == [promoted, *others]


def test_the_known_design_that_the_space_names_first_takes_the_second_place() -> None:
    wide, small = trial(0, 0, 0.5, source=f"{KNOWN} wide"), trial(1, 1, 0.6, source=f"{KNOWN} small")
    others = [trial(number, number, 0.9 - number / 100) for number in range(2, 6)]
    first = [others[0], wide, others[1]]
    assert entrants([*others, small, wide], lambda one: 100.0) == [*first, small, *others[2:]]
    assert entrants([*others, small, wide], lambda one: 3.0 if one is wide else 100.0)[:3] == [
        others[0], small, others[1],
    ]  # fmt: skip
    assert entrants([wide, small, *others], lambda one: 100.0)[:2] == [small, wide]
    assert len(entrants([trial(number, number, 0.9) for number in range(30)], lambda one: 100.0)) == 10


def test_where_only_one_can_be_trained_it_is_the_known_design() -> None:
    best, known = trial(0, 0, 0.9), trial(1, 1, 0.5, source=f"{KNOWN} resnet")
    assert selection([best, known], 1.0, 1, 9, lambda one: 10.0)[0] == [known]
    assert selection([best, trial(2, 2, 0.8)], 1.0, 1, 9, lambda one: 10.0)[0] == [best]
    assert selection([best, known], 1000.0, 1, 9, lambda one: 10.0)[0] == [best, known]


@pytest.mark.parametrize("seconds", [10.0, 30.0, 60.0, 100.0, 200.0, 400.0])
@pytest.mark.parametrize("slots", [1, 2, 4])
def test_more_are_compared_only_where_nobody_is_trained_for_less(seconds: float, slots: int) -> None:
    rng = random.Random(int(seconds) + slots)
    chosen = [trial(number, number, 0.9) for number in range(8)]
    cost = {one.number: rng.choice([0.2, 1.0, 8.0]) for one in chosen}
    few, plan = selection(chosen, seconds, slots, 9, lambda one: cost[one.number])
    assert few[0] is chosen[0] and plan.top == len(few) and plan.epochs <= 9
    if len(few) > 1:
        assert plan.epochs * in_rounds([cost[one.number] for one in few], slots) <= seconds
    if len(few) > 3:
        assert plan.epochs == 9
