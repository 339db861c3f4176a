"""Random search: every candidate drawn afresh. The baseline that any other strategy must beat (https://arxiv.org/abs/1902.07638)."""

from __future__ import annotations

import random

import optuna
from optuna.trial import FrozenTrial

from nas.records.joint_space import Proposal
from nas.strategies.optuna.planned import PlannedSampler


class RandomSearch(PlannedSampler):
    """Each decision by a fair die."""

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Proposal:
        self.source = "random"
        return self.joint.sample(rng)
