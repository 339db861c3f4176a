"""Regularized (aging) evolution: mutate the winner of a tournament among the youngest (https://arxiv.org/abs/1802.01548)."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas.records.joint_space import JointSpace
from nas.records.pareto import ranks
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial
from nas.strategies.history import History, Observation
from nas.strategies.novelty import novel
from nas.strategies.random_search import drawn

CROSSOVERS = 0.25
EVOLUTION = "evolution"


@dataclass(frozen=True)
class Population:
    """Those that may become parents."""

    members: Sequence[Observation]

    @functools.cached_property
    def places(self) -> Sequence[int]:
        """Of each, from 0 for the best, see `ranks`."""
        return ranks(self.members)

    def winner(self, rng: random.Random, tournament: int) -> Proposal:
        """The best of so many that are drawn."""
        indices = rng.sample(range(len(self.members)), min(tournament, len(self.members)))
        if self.members[0].costs:
            return self.members[min(indices, key=lambda index: self.places[index])].proposal
        return self.members[min(indices, key=lambda index: (-self.members[index].score, index))].proposal

    def child(self, space: JointSpace, rng: random.Random, tournament: int) -> Proposal:
        """One to three mutations of a tournament's winner, or now and then a cross of two winners."""
        parent = self.winner(rng, tournament)
        if rng.random() < CROSSOVERS:
            found = space.mutate(space.crossover(parent, self.winner(rng, tournament), rng), rng)
        else:
            found = space.mutate(parent, rng, changes=rng.choice((1, 1, 2, 3)))
        return replace(found, source=EVOLUTION)


class Evolution:
    """Random for the first `initial` trials, then children of tournament winners.

    Args:
        population: how many of the last finished ones are alive.
        tournament: how many of those are drawn; the best of them is the parent.
        initial: random candidates to begin with.
    """

    def __init__(self, seed: int = 0, *, population: int = 32, tournament: int = 8, initial: int = 12) -> None:
        self.seed = seed
        self.population = population
        self.tournament = tournament
        self.initial = initial
        self._history: History | None = None

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """See `Strategy`."""
        self._history = history = History.of(problem, trials, self._history)
        alive = Population(history.observations(latest=self.population))
        if number < self.initial or len(alive.members) < 2:
            return novel(history, self.seed, number, lambda rng: drawn(problem, rng))
        return novel(history, self.seed, number, lambda rng: alive.child(problem.space, rng, self.tournament))
