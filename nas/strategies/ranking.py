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
from typing import TYPE_CHECKING

import numpy as np

from nas.config.earlier_search import EarlierSearch
from nas.records.earlier_search import trainings
from nas.records.joint_space import RECIPE, JointSpace
from nas.records.pareto import ranks
from nas.records.proposal import Proposal
from nas.strategies.evolution import Population
from nas.strategies.history import Observation, profile_costs
from nas.strategies.hypervolume import by_improvement
from search_spaces.architecture import Architecture
from search_spaces.tree import places

if TYPE_CHECKING:
    from predictors.features import Block
    from predictors.predictor import Predictor
    from predictors.probation import Evidence

log = logging.getLogger("nas")
POOL, PARENTS = 1000, 10
DRAWS, VARIED = 100, 20  # candidates for one that earlier searches choose, and how many of their best those vary


@dataclass(frozen=True)
class Fit:
    """What the predictor said after so many trainings: how far it is trusted, and new candidates, the best first."""

    trainings: int
    share: float = 0.0
    ranked: tuple[Proposal, ...] = ()
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Ranking:
    """Ranks candidates of `space`.

    Args:
        objectives: `score` first, then what is to be small: names of profile fields, or of what trials measure.
        seed: of all randomness.
        predictor: a name in `predictors.PREDICTORS`.
        earlier: searches of the same space; what they say is a feature, and chooses among the first draws.
        together: whether several are trained at once, so that the first places are not to be near-twins.
    """

    space: JointSpace
    objectives: tuple[str, ...]
    seed: int
    predictor: str = "auto"
    earlier: tuple[EarlierSearch, ...] = ()
    together: bool = False

    def learn(self, observations: Sequence[Observation]) -> Fit:
        """Fits, judges and ranks what is not among the observed.

        A predictor that fails is not trusted, and the search goes on without it.
        """
        trainings = len(observations)
        try:
            architectures = [self.features_of(one.proposal) for one in observations]
            predictor, evidence = self.judged(observations, architectures)
            if evidence.share == 0:
                return Fit(trainings, 0.0, (), evidence)
            ranked = self._order(observations, predictor, self._pool(observations))
            return Fit(trainings, evidence.share, tuple(ranked), evidence)
        except Exception as error:
            log.warning("The predictor %r failed after %d trainings: %r", self.predictor, trainings, error)
            return Fit(trainings)

    def expected(self, observations: Sequence[Observation], proposals: Sequence[Proposal]) -> np.ndarray:
        """(n,) scores of the proposals after all epochs."""
        scores = np.array([one.score for one in observations])
        learned = self._made(self._extra).fit([self.features_of(one.proposal) for one in observations], scores)
        return learned.predict([self.features_of(one) for one in proposals]).mean

    @property
    def is_pretrained(self) -> bool:
        """Whether the predictor ranks before it has learned from this search."""
        from predictors.pretrained import Pretrained

        return isinstance(self._unfitted, Pretrained)

    def chosen_before_any_training(self, rng: random.Random) -> Proposal:
        """Of random draws the one that a pretrained predictor expects most of."""
        drawn = [self.space.sample(rng) for _ in range(DRAWS)]
        drawn = [one for one in drawn if self.space.obeys(one)] or drawn[:1]
        try:
            expected = self._unfitted.predict([self.features_of(one) for one in drawn]).mean
        except Exception as error:  # as with one that fails to learn: the search goes on without it
            log.warning("The predictor %r cannot rank before the first training: %r", self.predictor, error)
            return drawn[0]
        return drawn[int(expected.argmax())]

    def chosen_by_earlier(self, rng: random.Random) -> Proposal:
        """Of random draws and variations of their best the one that earlier searches expect most of."""
        from predictors.features import HISTORY

        drawn = []
        for turn in range(DRAWS):
            if turn % 2 == 0 or not self._best_of_earlier:
                drawn.append(self.space.sample(rng))
            else:
                drawn.append(self.space.mutate(rng.choice(self._best_of_earlier), rng, changes=rng.choice((1, 1, 2))))
        drawn = [one for one in drawn if self.space.obeys(one)] or [self.space.sample(rng)]
        opinion = self._extra[HISTORY]([self.features_of(one) for one in drawn]).mean(1)
        return drawn[int(opinion.argmax())]

    def features_of(self, proposal: Proposal) -> Architecture:
        """The architecture, its decisions with those of the recipe: what predictors learn from."""
        architecture = proposal.architecture
        if len(proposal.decisions) == len(architecture.decisions):
            return architecture
        return Architecture.known_closed(architecture.space, architecture.cells, proposal.decisions, None)

    def judged(
        self, observations: Sequence[Observation], architectures: Sequence[Architecture] = ()
    ) -> tuple[Predictor, Evidence]:
        """A predictor that has learned from these, and what they say of it.

        Args:
            architectures: as `features_of` gives them, where they are at hand.
        """
        architectures = architectures or [self.features_of(one.proposal) for one in observations]
        from predictors import probation
        from search_spaces.profile import profile

        make = self.made_for(observations)
        scores = np.array([one.score for one in observations])
        predictor = make().fit(architectures, scores)
        profiles = [profile(architecture, self.space.task) for architecture in architectures]
        rivals = {name: np.array([float(getattr(one, name)) for one in profiles]) for name in ("parameters", "macs")}
        first = [one.curve[0] if one.complete and len(one.curve) > 1 else np.nan for one in observations]
        rng = np.random.default_rng([self.seed, len(observations)])
        references = {"first_epoch": np.array(first)}
        if self.is_pretrained:
            references["pretrained"] = self._unfitted.predict(architectures).mean
        return predictor, probation.assess(
            make, architectures, scores, rivals, rng, fitted=predictor, references=references
        )

    def made_for(self, observations: Sequence[Observation]) -> Callable[[], Predictor]:
        """Makes a predictor for these; one of two fidelities where some were stopped and enough were not."""
        from predictors.extrapolation import early
        from predictors.two_fidelity import FEWEST_WHOLE, TwoFidelities

        make = functools.partial(self._made, self._extra)
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
        from predictors.acquisition import spread_out
        from predictors.features import RECIPE as HOW_TRAINED
        from predictors.features import Features

        architectures = [self.features_of(proposal) for proposal in pool]
        prediction = predictor.predict(architectures)
        rng = np.random.default_rng([self.seed, len(observations), 1])
        if len(self.objectives) == 1:
            best_first = acquisition.rank(prediction, rng)
            if self.together:
                own = {name: block for name, block in self._extra.items() if name == HOW_TRAINED}
                blocks = Features(self.space.space, self.space.task, own).blocks(architectures)
                best_first = spread_out(prediction, best_first, blocks)
            return [pool[index] for index in best_first]
        hoped = np.column_stack([-acquisition.upper_bound(prediction), self._prices(observations, pool)])
        trained = [one for one in observations if one.complete] or observations
        order = by_improvement(hoped, np.array([(-one.score, *one.costs) for one in trained]), rng)
        first = set(order)
        order += [index for index in np.argsort(hoped[:, 0]).tolist() if index not in first]
        return [pool[index] for index in order]

    def _prices(self, observations: Sequence[Observation], pool: Sequence[Proposal]) -> np.ndarray:
        """(n, costs) of the pool: what profiles say, and for what is measured the least that a predictor expects."""
        from predictors import acquisition

        prices = np.array([profile_costs(proposal, self.space, self.objectives) for proposal in pool])
        for place in np.flatnonzero(np.isnan(prices).any(0)):
            paid = np.array([one.costs[place] for one in observations])
            predictor = self._made(self._extra).fit([self.features_of(one.proposal) for one in observations], -paid)
            prediction = predictor.predict([self.features_of(proposal) for proposal in pool])
            prices[:, place] = -acquisition.upper_bound(prediction)
        return prices

    def _pool(self, observations: Sequence[Observation]) -> list[Proposal]:
        """New candidates, each once: children of the best, fresh draws, and the best of earlier searches."""
        rng = random.Random(f"{self.seed}/pool/{len(observations)}")
        seen = {one.proposal.fingerprint for one in observations}
        best_first = sorted(zip(ranks(observations), observations, strict=True), key=lambda pair: pair[0])
        parents = Population([one for _, one in best_first[:PARENTS]])
        pool: dict[str, Proposal] = {}
        for turn in range(POOL):
            drawn = self.space.sample(rng) if turn % 2 == 0 else parents.child(self.space, rng, tournament=3)
            if drawn.fingerprint not in seen and self.space.obeys(drawn):
                pool.setdefault(drawn.fingerprint, drawn)
        for known in self._best_of_earlier:
            drawn = self.space.complete(known.architecture, {}, rng)
            if drawn.fingerprint not in seen and self.space.obeys(drawn):
                pool.setdefault(drawn.fingerprint, drawn)
        return list(pool.values()) or [self.space.sample(rng)]

    def _made(self, extra: Mapping[str, Block]) -> Predictor:
        from predictors import predictor_named

        return predictor_named(self.predictor)(
            space=self.space.space, task=self.space.task, seed=self.seed, extra=extra
        )

    @functools.cached_property
    def _unfitted(self) -> Predictor:
        return self._made({})

    @functools.cached_property
    def _extra(self) -> dict[str, Block]:
        """Blocks beside what the architecture itself says."""
        from predictors.features import HISTORY, recipe
        from predictors.features import RECIPE as HOW_TRAINED
        from predictors.transfer import past_searches

        extra: dict[str, Block] = {}
        if self.earlier:
            known = [(architectures, np.array(scores)) for architectures, scores in self._trainings]
            extra[HISTORY] = past_searches(lambda: self._made({}), known)
        if open_places := list(places(self.space.training, RECIPE)):
            extra[HOW_TRAINED] = recipe(open_places)
        return extra

    @functools.cached_property
    def _trainings(self) -> list[tuple[list[Architecture], list[float]]]:
        """Of each earlier search, what can be built for this search's data.

        Its predictor sees them with this search's shapes, not with those they were trained at: what is proposed here
        can be built here and perhaps not there, and rows are encoded once for both.
        """
        return [trainings(search, self.space) for search in self.earlier]

    @functools.cached_property
    def _best_of_earlier(self) -> list[Proposal]:
        """The best of each earlier search in turn, where they obey the rules of this one; their recipe is drawn."""
        rng = random.Random(f"{self.seed}/past")
        best = []
        for architectures, scores in self._trainings:
            order = sorted(range(len(scores)), key=lambda index: -scores[index])
            best += [(place, architectures[index]) for place, index in enumerate(order)]
        models = [self.space.complete(one, {}, rng) for _, one in sorted(best, key=lambda pair: pair[0])]
        return [one for one in models if self.space.obeys(one)][:VARIED]
