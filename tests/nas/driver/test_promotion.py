"""Short trainings for all, whole ones for those that are expected to end best."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.config.recipe import TrainingConfig
from nas.driver.promotion import PROMOTED, Promotion
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, FAILED, RUNNING, STOPPED, Trial
from nas.strategies.strategy import Settings
from search_spaces import SPACES, Task

PROBLEM = Problem(JointSpace(SPACES["cnn"](), TrainingConfig(), Task((1, 8, 8), 4)))


def short(number: int, score: float, state: str = STOPPED) -> Trial:
    one = PROBLEM.space.sample(random.Random(number))
    scores = (score,) if state == STOPPED else ()
    return Trial(number, one.decisions, one.fingerprint, 9, 0, state, scores, finished=number + 1, source="random")


def promoted(promotion: Promotion, trials: list[Trial]) -> Trial | None:
    """As a driver writes it down."""
    proposal = promotion.propose(PROBLEM, trials)
    if proposal is None:
        return None
    return Trial(
        len(trials), proposal.decisions, proposal.fingerprint, 9, 0, RUNNING, source=proposal.source,
        attributes=proposal.attributes,
    )  # fmt: skip


@pytest.mark.parametrize("settings", [None, Settings(predictor="ridge")], ids=["score", "predictor"])
def test_after_every_so_many_one_goes_on_and_never_twice(settings: Settings | None) -> None:
    promotion = Promotion(rung=1, factor=4, settings=settings)
    trials: list[Trial] = []
    begun, shorts = [], 0
    while shorts < 24:
        chosen = promoted(promotion, trials)
        if chosen is not None:
            begun.append((shorts, chosen.attributes[PROMOTED]))
            trials.append(replace(chosen, state=COMPLETED, scores=(0.1, 0.2), finished=len(trials) + 1))
            continue
        trials.append(short(len(trials), random.Random(len(trials)).random()))
        shorts += 1
    assert [count for count, _ in begun] == [8, 12, 16, 20]
    assert len({number for _, number in begun}) == 4
    assert all(trials[number].state == STOPPED for _, number in begun)
    for number, trial in enumerate(trials):  # another process says the same
        found = promoted(Promotion(rung=1, factor=4, settings=settings), trials[:number])
        assert (found is not None) == (trial.source == PROMOTED)
        if found is not None:
            assert found.attributes == trial.attributes


def test_the_best_at_the_rung_goes_on_and_what_failed_or_runs_counts_for_nothing() -> None:
    trials = [short(number, number / 10) for number in range(7)]
    trials += [short(7, 0.0, FAILED), short(8, 0.0, RUNNING)]
    promotion = Promotion(factor=4)
    assert promotion.propose(PROBLEM, trials) is None
    trials.append(short(9, 0.05))
    chosen = promotion.propose(PROBLEM, trials)
    assert chosen is not None
    assert chosen.decisions == trials[6].decisions
    assert (chosen.source, chosen.attributes) == (PROMOTED, {PROMOTED: 6})
    running = promoted(promotion, trials)
    assert running is not None
    assert promotion.propose(PROBLEM, [*trials, running]) is None  # while it is in training


def test_all_stop_at_the_rung_and_sooner_without_a_score() -> None:
    promotion = Promotion(rung=3)
    assert [promotion.is_weak(epoch, 1.0) for epoch in (1, 2, 3)] == [False, False, True]
    assert promotion.is_weak(1, float("nan"))
