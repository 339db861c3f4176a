"""What the predictor of a search sees, and the order that it proposes."""

from __future__ import annotations

import math
import random

import numpy as np

from nas.joint import JointSpace, Proposal
from nas.strategies.history import Observation
from nas.strategies.ranking import Ranking
from nas.training.config import TrainingConfig
from search_spaces import SPACES, Choice, Task

TASK = Task((1, 8, 8), 4)
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)


def observed(joint: JointSpace, worth: object, count: int) -> list[Observation]:
    rng = random.Random(0)
    found = [joint.sample(rng) for _ in range(count)]
    return [Observation(i, one, worth(one), (), True, (worth(one),)) for i, one in enumerate(found)]  # type: ignore[operator]


def test_a_recipe_that_decides_alone_is_learned_and_proposed() -> None:
    joint = JointSpace(SPACES["cnn"](), TrainingConfig(learning_rate=Choice(*RATES), warmup=Choice(0.0, 0.1)), TASK)
    noise = np.random.default_rng(0)

    def worth(one: Proposal) -> float:
        return -abs(math.log(one.training.learning_rate / 0.003)) + 0.01 * noise.normal()

    fit = Ranking(joint, ("score",), seed=0).learn(observed(joint, worth, 30))
    assert fit.evidence is not None
    assert fit.evidence.tau > 0.6
    assert fit.share > 0.5
    assert {one.training.learning_rate for one in fit.ranked[:10]} == {0.003}


def test_the_recipe_stands_beside_the_architecture_only_where_it_is_searched() -> None:
    closed = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    ranking = Ranking(closed, ("score",), seed=0)
    proposal = closed.sample(random.Random(0))
    assert ranking.features_of(proposal) is proposal.architecture
    assert not ranking._extra
