"""From finished trainings to an order of new candidates, and how far it is trusted.

A function of the trainings, of what was seen, of the seed and of earlier searches: a search that is rebuilt from its
journal ranks the same candidates in the same order.
"""

from __future__ import annotations

import functools
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from nas.joint import RECIPE, JointSpace, Proposal
from nas.past import Past
from nas.strategies.evolution import child
from nas.strategies.history import Observation
from nas.strategies.hypervolume import by_improvement
from nas.strategies.pareto import ranks
from nas.strategies.planned import costs
from nas.strategies.proxy_stage import ProxyStage
from search_spaces.architecture import Architecture
from search_spaces.tree import places

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
class Judged:
    """A predictor, and what this run's trainings say of it."""

    predictor: Predictor
    evidence: Evidence


@dataclass(frozen=True)
class Ranking:
    """Ranks candidates of `joint`.

    Args:
        objectives: `score` first, then what is to be small: names of profile fields, or of what trials measure.
        seed: of all randomness.
        predictor: a name in `predictors.PREDICTORS`.
        pasts: earlier searches of the space; what they say is a feature, and orders the first draws.
        proxies: scores what the predictor likes best without training it; then there is a second stage, with those
            scores as features. It counts where it ranks the trainings of this run at least as well as the first.
        together: whether several are trained at once, so that the first places are not to be near-twins.
    """

    joint: JointSpace
    objectives: tuple[str, ...]
    seed: int
    predictor: str = "auto"
    pasts: tuple[Past, ...] = ()
    proxies: ProxyStage | None = None
    together: bool = False

    def learn(self, observations: Sequence[Observation], since: int = 5) -> Fit:
        """Fits, judges and ranks what is not among the observed, `since` trainings after the last time.

        A predictor that fails is not trusted, and the search goes on without it.
        """
        trainings = len(observations)
        try:
            architectures = [self.features_of(one.proposal) for one in observations]
            judged = self._judged(observations, architectures, self._extra)
            if judged.evidence.share == 0 and self.proxies is None:
                return Fit(trainings, 0.0, (), judged.evidence)
            ranked = self._order(observations, judged.predictor, self._pool(observations))
            if self.proxies is not None:
                return self._second_stage(self.proxies, observations, architectures, judged, ranked, since)
            return Fit(trainings, judged.evidence.share, tuple(ranked), judged.evidence)
        except Exception as error:
            log.warning("The predictor %r failed after %d trainings: %r", self.predictor, trainings, error)
            return Fit(trainings)

    def _second_stage(
        self,
        proxies: ProxyStage,
        observations: Sequence[Observation],
        architectures: Sequence[Architecture],
        first: Judged,
        ranked: list[Proposal],
        since: int,
    ) -> Fit:
        """Orders the best of `ranked` anew by a predictor that sees their proxies, if that one is no worse."""
        from predictors.features import PROXIES
        from predictors.metrics import kendall_tau

        checked = ranked[: proxies.affordable(since)]
        if not checked:
            return Fit(len(observations), first.evidence.share, tuple(ranked), first.evidence)
        pool = [*architectures, *(self.features_of(one) for one in checked)]
        scores = np.array([one.score for one in observations])
        known = [np.nan_to_num(values, nan=-1e30) for values in proxies.scores(architectures).values()]
        rival = max(known, key=lambda values: kendall_tau(values, scores))
        extra = {**self._extra, PROXIES: proxies.block(pool)}
        second = self._judged(observations, architectures, extra, {"best_proxy": rival})
        better = second if second.evidence.tau >= first.evidence.tau else first
        if better is second:
            ranked = [*self._order(observations, second.predictor, checked), *ranked[len(checked) :]]
        return Fit(len(observations), better.evidence.share, tuple(ranked), better.evidence)

    def chosen_by_the_past(self, rng: random.Random) -> Proposal:
        """Of some draws and variations of the past's best the one that earlier searches expect most of."""
        from predictors.features import HISTORY

        drawn = []
        for turn in range(DRAWS):
            if turn % 2 == 0 or not self._models:
                drawn.append(self.joint.sample(rng))
            else:
                drawn.append(self.joint.mutate(rng.choice(self._models), rng, changes=rng.choice((1, 1, 2))))
        drawn = [one for one in drawn if self.joint.obeys(one)] or [self.joint.sample(rng)]
        opinion = self._extra[HISTORY]([self.features_of(one) for one in drawn]).mean(1)
        return drawn[int(opinion.argmax())]

    def features_of(self, proposal: Proposal) -> Architecture:
        """The architecture, its decisions with those of the recipe: what predictors learn from."""
        architecture = proposal.architecture
        if len(proposal.decisions) == len(architecture.decisions):
            return architecture
        return Architecture.known_closed(architecture.space, architecture.cells, proposal.decisions, None)

    def _judged(
        self,
        observations: Sequence[Observation],
        architectures: Sequence[Architecture],
        extra: Mapping[str, Block],
        rivals: Mapping[str, np.ndarray] = MappingProxyType({}),
    ) -> Judged:
        """A predictor that has learned from these, and what they say of it."""
        from predictors import probation
        from search_spaces.profile import profile

        make = self._made_for(observations, extra)
        scores = np.array([one.score for one in observations])
        predictor = make().fit(architectures, scores)
        profiles = [profile(architecture, self.joint.task) for architecture in architectures]
        counts = {
            "parameters": np.array([one.parameters for one in profiles], dtype=float),
            "macs": np.array([one.macs for one in profiles], dtype=float),
        }
        first = [one.curve[0] if one.complete and len(one.curve) > 1 else np.nan for one in observations]
        evidence = probation.assess(
            make,
            architectures,
            scores,
            {**counts, **rivals},
            np.random.default_rng([self.seed, len(observations)]),
            fitted=predictor,
            references={"first_epoch": np.array(first)},
        )
        return Judged(predictor, evidence)

    def _made_for(self, observations: Sequence[Observation], extra: Mapping[str, Block]) -> Callable[[], Predictor]:
        """Makes a predictor for these; one of two fidelities where some were stopped and enough were not."""
        from predictors.curves import early
        from predictors.fidelities import FEWEST_WHOLE, TwoFidelities

        make = functools.partial(self._made, extra)
        whole = [one.complete for one in observations]
        if all(whole) or sum(whole) < FEWEST_WHOLE:
            return make
        estimates = early([one.curve for one in observations], whole)
        rng = np.random.default_rng([self.seed, len(observations), 2])
        return lambda: TwoFidelities(make, estimates, np.array(whole), rng)

    def _order(
        self, observations: Sequence[Observation], predictor: Predictor, pool: Sequence[Proposal]
    ) -> list[Proposal]:
        """The pool, what to try first in front."""
        from predictors import acquisition
        from predictors.batch import spread_out
        from predictors.features import RECIPE as HOW_TRAINED
        from predictors.features import Features

        architectures = [self.features_of(proposal) for proposal in pool]
        prediction = predictor.predict(architectures)
        rng = np.random.default_rng([self.seed, len(observations), 1])
        if len(self.objectives) == 1:
            best_first = acquisition.rank(prediction, rng, method="ucb")
            if self.together:
                own = {name: block for name, block in self._extra.items() if name == HOW_TRAINED}
                blocks = Features(self.joint.space, self.joint.task, own).blocks(architectures)
                best_first = spread_out(prediction, best_first, blocks)
            return [pool[index] for index in best_first]
        hoped = np.column_stack([-acquisition.upper_bound(prediction, rng, 0.0), self._prices(observations, pool)])
        trained = [one for one in observations if one.complete] or observations
        order = by_improvement(hoped, np.array([(-one.score, *one.costs) for one in trained]), rng)
        first = set(order)
        order += [index for index in np.argsort(hoped[:, 0]).tolist() if index not in first]
        return [pool[index] for index in order]

    def _prices(self, observations: Sequence[Observation], pool: Sequence[Proposal]) -> np.ndarray:
        """(n, costs) of the pool: what profiles say, and for what is measured the least that a predictor expects."""
        from predictors import acquisition

        prices = np.array([costs(proposal, self.joint, self.objectives) for proposal in pool])
        for place in np.flatnonzero(np.isnan(prices).any(0)):
            paid = np.array([one.costs[place] for one in observations])
            predictor = self._made(self._extra).fit([self.features_of(one.proposal) for one in observations], -paid)
            prediction = predictor.predict([self.features_of(proposal) for proposal in pool])
            prices[:, place] = -acquisition.upper_bound(prediction, np.random.default_rng(self.seed), 0.0)
        return prices

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

    def _made(self, extra: Mapping[str, Block]) -> Predictor:
        from predictors import PREDICTORS

        return PREDICTORS[self.predictor](space=self.joint.space, task=self.joint.task, seed=self.seed, extra=extra)

    @functools.cached_property
    def _extra(self) -> dict[str, Block]:
        """Blocks beside what the architecture itself says."""
        from predictors.features import HISTORY
        from predictors.features import RECIPE as HOW_TRAINED
        from predictors.history import past_searches
        from predictors.recipe import recipe

        extra: dict[str, Block] = {}
        if self.pasts:
            known = [(architectures, np.array(scores)) for architectures, scores in self._trainings]
            extra[HISTORY] = past_searches(lambda: self._made({}), known)
        if open_places := list(places(self.joint.training, RECIPE)):
            extra[HOW_TRAINED] = recipe(open_places)
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
        """The best of the earlier searches, in turn, that obey the rules of this one; their recipe is drawn."""
        rng = random.Random(f"{self.seed}/past")
        best = []
        for architectures, scores in self._trainings:
            order = sorted(range(len(scores)), key=lambda index: -scores[index])
            best += [(place, architectures[index]) for place, index in enumerate(order)]
        models = [self.joint.complete(one, {}, rng) for _, one in sorted(best, key=lambda pair: pair[0])]
        return [one for one in models if self.joint.obeys(one)][:MODELS]
