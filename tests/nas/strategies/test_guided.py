"""The guided strategy: when its predictor is fitted, and how it says what it found."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from nas.config.earlier_search import EarlierSearch
from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, Trial
from nas.strategies.guided import Guided, fitted_at
from nas.strategies.strategy import Settings
from search_spaces import SPACES, Task

PROBLEM = Problem(JointSpace(SPACES["cnn"](), TrainingConfig(), Task((1, 8, 8), 4)))


def played(strategy: Guided, count: int, trials: list[Trial]) -> list[tuple[int, int]]:
    """Goes on until there are `count` trials; the number of each proposal that carries evidence, and its trainings."""
    judged = []
    for number in range(len(trials), count):
        proposal = strategy.propose(PROBLEM, trials, number)
        if proposal.evidence is not None:
            judged.append((number, proposal.evidence.trainings))
        score = sum(proposal.decisions.values()) + random.Random(number).random()
        trial = Trial(number, proposal.decisions, proposal.fingerprint, 1, 0, COMPLETED, (score,), finished=number + 1)
        trials.append(replace(trial, source=proposal.source, attributes=proposal.attributes))
    return judged


@pytest.mark.parametrize("lag", [0, 3])
def test_the_first_proposal_under_a_new_fit_carries_its_evidence(lag: int) -> None:
    trials: list[Trial] = []
    judged = played(Guided(Settings(lag=lag)), 24, trials)
    assert judged == [(10 + lag, 10), (15 + lag, 15), (20 + lag, 20)]
    kept = trials[: 17 + lag]
    assert not played(Guided(Settings(lag=lag)), 18 + lag, kept[:])  # a journal that holds it is not told twice
    assert played(Guided(Settings(lag=lag)), 24, kept) == [(20 + lag, 20)]
    assert [trial.decisions for trial in kept] == [trial.decisions for trial in trials]


def test_a_fit_follows_every_fifth_training_and_later_every_quarter_more() -> None:
    counts = {0: 0, 9: 0, 10: 10, 14: 10, 15: 15, 24: 20, 25: 25, 30: 25, 31: 31, 38: 38}
    assert {count: fitted_at(count, 10) for count in counts} == counts
    assert fitted_at(100_000, 10) >= 80_000


def test_earlier_searches_choose_some_of_the_first_trials_and_none_later() -> None:
    found = [PROBLEM.space.sample(random.Random(seed)).decisions for seed in range(40)]
    earlier = EarlierSearch("there", "other", tuple(found), tuple(float(sum(one.values())) for one in found))
    trials: list[Trial] = []
    played(Guided(Settings(earlier=(earlier,))), 14, trials)
    sources = [trial.source for trial in trials]
    assert {"earlier", "random"} == set(sources[:10])
    assert "earlier" not in sources[10:]


def test_a_pretrained_predictor_chooses_most_of_the_first_trials_and_none_later() -> None:
    trials: list[Trial] = []
    played(Guided(Settings(predictor="pretrained")), 16, trials)
    sources = [trial.source for trial in trials]
    assert {"pretrained", "random"} == set(sources[:10])
    assert sources[:10].count("pretrained") >= 5
    assert "pretrained" not in sources[10:]
    again = trials[:6]
    played(Guided(Settings(predictor="pretrained")), 16, again)
    assert [trial.decisions for trial in again] == [trial.decisions for trial in trials]
