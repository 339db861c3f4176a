"""From finished trainings to an order of new candidates, and how far it is trusted.

A function of the trainings, of what was seen, of the seed and of earlier searches: a search that is rebuilt from its
journal ranks the same candidates in the same order.
"""

from __future__ import annotations

import functools
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nas.joint import RECIPE, JointSpace, Proposal
from nas.past import Past
from nas.strategies.evolution import child
from nas.strategies.history import Observation
from nas.strategies.pareto import ranks
from nas.strategies.planned import costs
from search_spaces.architecture import Architecture
from search_spaces.places import places

if TYPE_CHECKING:
    from predictors.features import Block
    from predictors.predictor import Predictor
    from predictors.probation import Evidence

log = logging.getLogger("nas")
POOL, PARENTS = 1000, 10
DRAWS, MODELS = 100, 20  # candidates for one that earlier searches choose, and how many of their best those vary


@dataclass(frozen=True)
class Fit:
    """What the predictor said after so many trainings: how far it is trusted, and new candidates, the best first."""

    trainings: int
    share: float = 0.0
    ranked: tuple[Proposal, ...] = ()
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Guess:
    """A pool member as the predictor sees it."""

    score: float
    costs: tuple[float, ...]


@dataclass(frozen=True)
class Ranking:
    """Ranks candidates of `joint`.

    Args:
        objectives: `score` first, then names of profile fields that are to be small.
        seed: of all randomness.
        predictor: a name in `predictors.PREDICTORS`.
        pasts: earlier searches of the space; what they say is a feature, and orders the first draws.
    """

    joint: JointSpace
    objectives: tuple[str, ...]
    seed: int
    predictor: str = "auto"
    pasts: tuple[Past, ...] = ()

    def learn(self, observations: Sequence[Observation]) -> Fit:
        """Fits, judges and ranks what is not among the observed.

        A predictor that fails is not trusted, and the search goes on without it.
        """
        trainings = len(observations)
        try:
            architectures = [self.features_of(one.proposal) for one in observations]
            predictor = self._make().fit(architectures, np.array([one.score for one in observations]))
            evidence = self._assess(observations, architectures, predictor)
            ranked = self._rank(observations, predictor) if evidence.share > 0 else ()
            return Fit(trainings, evidence.share, ranked, evidence)
        except Exception as error:
            log.warning("The predictor %r failed after %d trainings: %r", self.predictor, trainings, error)
            return Fit(trainings)

    def chosen_by_the_past(self, rng: random.Random) -> Proposal:
        """Of some draws and variations of the past's best the one that earlier searches expect most of."""
        drawn = []
        for turn in range(DRAWS):
            if turn % 2 == 0:
                drawn.append(self.joint.sample(rng))
            else:
                drawn.append(self.joint.mutate(rng.choice(self._models), rng, changes=rng.choice((1, 1, 2))))
        drawn = [one for one in drawn if self.joint.obeys(one)] or [self.joint.sample(rng)]
        opinion = self._extra["history"]([self.features_of(one) for one in drawn]).mean(1)
        return drawn[int(opinion.argmax())]

    def features_of(self, proposal: Proposal) -> Architecture:
        """The architecture, its decisions with those of the recipe: what predictors learn from."""
        architecture = proposal.architecture
        if len(proposal.decisions) == len(architecture.decisions):
            return architecture
        return Architecture.known_closed(architecture.space, architecture.cells, proposal.decisions, None)

    def _assess(
        self, observations: Sequence[Observation], architectures: Sequence[Architecture], predictor: Predictor
    ) -> Evidence:
        from predictors import probation
        from search_spaces.profile import profile

        profiles = [profile(architecture, self.joint.task) for architecture in architectures]
        rivals = {
            "parameters": np.array([one.parameters for one in profiles], dtype=float),
            "macs": np.array([one.macs for one in profiles], dtype=float),
        }
        scores = np.array([one.score for one in observations])
        rng = np.random.default_rng([self.seed, len(observations)])
        return probation.assess(self._make, architectures, scores, rivals, rng, fitted=predictor)

    def _rank(self, observations: Sequence[Observation], predictor: Predictor) -> tuple[Proposal, ...]:
        from predictors import acquisition

        pool = self._pool(observations)
        prediction = predictor.predict([self.features_of(proposal) for proposal in pool])
        rng = np.random.default_rng([self.seed, len(observations), 1])
        if len(self.objectives) == 1:
            order = acquisition.rank(prediction, rng, method="ucb")
            return tuple(pool[index] for index in order)
        draws = rng.normal(prediction.mean, prediction.std)
        prices = [costs(proposal, self.joint, self.objectives) for proposal in pool]
        place = ranks([Guess(float(draw), price) for draw, price in zip(draws, prices, strict=True)])
        return tuple(pool[index] for index in np.argsort(place))

    def _pool(self, observations: Sequence[Observation]) -> list[Proposal]:
        """New candidates, each once: mutations and crosses of the best, fresh draws, and the past's best."""
        rng = random.Random(f"{self.seed}/pool/{len(observations)}")
        seen = {one.proposal.fingerprint for one in observations}
        place = ranks(observations)
        parents = [one for rank, one in sorted(zip(place, observations, strict=True), key=lambda p: p[0])][:PARENTS]
        pool: dict[str, Proposal] = {}
        for turn in range(POOL):
            drawn = self.joint.sample(rng) if turn % 2 == 0 else child(self.joint, parents, rng, tournament=3)
            if drawn.fingerprint not in seen and self.joint.obeys(drawn):
                pool.setdefault(drawn.fingerprint, drawn)
        for known in self._models:
            drawn = self.joint.complete(known.architecture, {}, rng)
            if drawn.fingerprint not in seen and self.joint.obeys(drawn):
                pool.setdefault(drawn.fingerprint, drawn)
        return list(pool.values()) or [self.joint.sample(rng)]

    def _make(self) -> Predictor:
        return self._made(self._extra)

    def _made(self, extra: Mapping[str, Block]) -> Predictor:
        from predictors import PREDICTORS

        return PREDICTORS[self.predictor](space=self.joint.space, task=self.joint.task, seed=self.seed, extra=extra)

    @functools.cached_property
    def _extra(self) -> dict[str, Block]:
        """Blocks beside what the architecture itself says."""
        from predictors.history import past_searches
        from predictors.recipe import recipe

        extra: dict[str, Block] = {}
        if self.pasts:
            known = [(architectures, np.array(scores)) for architectures, scores in self._trainings]
            extra["history"] = past_searches(lambda: self._made({}), known)
        if open_places := list(places(self.joint.training, RECIPE)):
            extra["recipe"] = recipe(open_places)
        return extra

    @functools.cached_property
    def _trainings(self) -> list[tuple[list[Architecture], list[float]]]:
        """Of each earlier search, what can be built for this search's data.

        Its predictor sees them with this search's shapes, not with those they were trained at: what is proposed here
        can be built here and perhaps not there, and rows are encoded once for both.
        """
        return [past.trainings(self.joint) for past in self.pasts]

    @functools.cached_property
    def _models(self) -> list[Proposal]:
        """The best of the earlier searches, in turn; their recipe is drawn."""
        rng = random.Random(f"{self.seed}/past")
        best = []
        for architectures, scores in self._trainings:
            order = sorted(range(len(scores)), key=lambda index: -scores[index])[:MODELS]
            best += [(place, architectures[index]) for place, index in enumerate(order)]
        return [self.joint.complete(one, {}, rng) for _, one in sorted(best, key=lambda pair: pair[0])[:MODELS]]
