"""Who comes into the final."""

from __future__ import annotations

import random

from nas.config.recipe import TrainingConfig
from nas.driver.promotion import PROMOTED
from nas.final.entrants import entrants, selection
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


def test_a_known_design_takes_the_last_place() -> None:
    ranked = [trial(number, number, 0.9 - number / 100) for number in range(4)]
    known = trial(9, 9, 0.5, source=f"{KNOWN} resnet")
    assert entrants([*ranked, known], lambda one: 100.0) == [*ranked[:2], known]


def test_of_known_designs_the_one_that_the_space_names_first_comes_in() -> None:
    wide, small = trial(0, 0, 0.5, source=f"{KNOWN} wide"), trial(1, 1, 0.6, source=f"{KNOWN} small")
    others = [trial(number, number, 0.9 - number / 100) for number in range(2, 5)]
    assert entrants([*others, small, wide], lambda one: 100.0) == [*others[:2], wide]
    assert entrants([*others, small, wide], lambda one: 3.0 if one is wide else 100.0) == [*others[:2], small]
    assert entrants([wide, small, *others], lambda one: 100.0) == [small, others[0], wide]


def test_where_only_one_can_be_trained_it_is_the_known_design() -> None:
    best, known = trial(0, 0, 0.9), trial(1, 1, 0.5, source=f"{KNOWN} resnet")
    assert selection([best, known], 1.0, 1, 9, lambda one: 10.0)[0] == [known]
    assert selection([best, trial(2, 2, 0.8)], 1.0, 1, 9, lambda one: 10.0)[0] == [best]
    assert selection([best, known], 1000.0, 1, 9, lambda one: 10.0)[0] == [best, known]
