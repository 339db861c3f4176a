"""Regularized (aging) evolution: mutate the winner of a tournament among the youngest (https://arxiv.org/abs/1802.01548)."""

from __future__ import annotations

import random
from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial

from nas.records.joint_space import JointSpace, Proposal
from nas.records.pareto import ranks
from nas.strategies.history import Observation
from nas.strategies.optuna.planned import PlannedSampler

CROSSOVERS = 0.25


class Evolution(PlannedSampler):
    """Random until `initial` trainings have finished, then children of tournament winners.

    Args:
        population: how many of the last finished ones are alive.
        tournament: how many of those are drawn; the best of them is the parent.
        initial: random candidates to begin with.
    """

    def __init__(
        self,
        joint: JointSpace,
        seed: int = 0,
        objectives: Sequence[str] = ("score",),
        *,
        population: int = 32,
        tournament: int = 8,
        initial: int = 12,
    ) -> None:
        super().__init__(joint, seed, objectives)
        self.population = population
        self.tournament = tournament
        self.initial = initial

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Proposal:
        alive = self.history.observations(latest=self.population)
        if trial.number < self.initial or len(alive) < 2:
            self.source = "random"
            return self.joint.sample(rng)
        self.source = "evolution"
        return child(self.joint, alive, rng, self.tournament)


def child(joint: JointSpace, alive: Sequence[Observation], rng: random.Random, tournament: int) -> Proposal:
    """One to three mutations of a tournament's winner, or now and then a cross of two winners."""
    place = ranks(alive)

    def winner() -> Proposal:
        drawn = rng.sample(range(len(alive)), min(tournament, len(alive)))
        return alive[min(drawn, key=lambda index: place[index])].proposal

    parent = winner()
    if rng.random() < CROSSOVERS:
        return joint.mutate(joint.crossover(parent, winner(), rng), rng)
    return joint.mutate(parent, rng, changes=rng.choice((1, 1, 2, 3)))
