"""The default: a predictor that learned from this run's trainings ranks a pool of new candidates, as far as it is
trusted.

Pools of mutations of the best and fresh draws follow BANANAS (https://arxiv.org/abs/1910.11858). The share of trials
that the predictor may propose is its probation's: while it ranks no better than a count of parameters, evolution
proposes instead. Earlier searches choose half of the first trials; from then on what they say is a feature of the
predictor, which has to prove itself on this search's own trainings like any other.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import optuna
from optuna.trial import FrozenTrial

from nas.records.earlier_search import Past
from nas.records.joint_space import JointSpace, Proposal
from nas.strategies.evolution import child
from nas.strategies.optuna.planned import PlannedSampler
from nas.strategies.proxy_stage import ProxyStage
from nas.strategies.ranking import Fit, Ranking

if TYPE_CHECKING:
    from predictors.probation import Evidence

FRESH = 0.2
BY_THE_PAST = 0.5  # share of the first draws that earlier searches choose; the rest may contradict them


def fitted_at(trainings: int, initial: int) -> int:
    """How many trainings the predictor in force has seen, when `trainings` have finished; 0 while there is none.

    It is fitted anew after every fifth training, later after every quarter more.
    """
    last = 0
    step = initial
    while step <= trainings:
        last = step
        step += max(5, step // 4)
    return last


class Guided(PlannedSampler):
    """Random until `initial` trainings have finished, then the predictor's best or, by its share, evolution's child.

    Args:
        predictor: a name in `predictors.PREDICTORS`.
        pasts: earlier searches of the same space.
        proxies: for a second stage of ranking, see `Ranking`.
        lag: trainings that finish between the beginning of a fit and its first use. With 0 a proposal waits for the
            fit; with more, the fit is made beside the trainings, and still what is proposed follows from the journal.
        on_evidence: called with each new `Evidence` and the number of trainings it rests on.
    """

    def __init__(
        self,
        joint: JointSpace,
        seed: int = 0,
        objectives: Sequence[str] = ("score",),
        *,
        predictor: str = "auto",
        initial: int = 10,
        tournament: int = 8,
    ) -> None:
        super().__init__(joint, seed, objectives)
        self.predictor = predictor
        self.initial = initial
        self.tournament = tournament
        self.pasts: tuple[Past, ...] = ()
        self.proxies: ProxyStage | None = None
        self.lag = 0
        self.on_evidence: Callable[[Evidence, int], None] = lambda evidence, trainings: None
        self._fit = Fit(0)
        self._begun: dict[int, Future[Fit]] = {}
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="predictor")

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Proposal:
        usable = len(self.history.usable())
        self._begin(fitted_at(usable, self.initial))
        trainings = fitted_at(usable - self.lag, self.initial)
        if not trainings:
            if self.pasts and rng.random() < BY_THE_PAST:
                self.source = "past"
                return self._ranking.chosen_by_the_past(rng)
            self.source = "random"
            return self.joint.sample(rng)
        if trainings != self._fit.trainings:
            self._take_up(trainings)
        if rng.random() < self._fit.share:
            for proposal in self._fit.ranked:
                if proposal.fingerprint not in self.history.seen:
                    self.source = "predictor"
                    return proposal
        if rng.random() < FRESH:
            self.source = "random"
            return self.joint.sample(rng)
        self.source = "evolution"
        return child(self.joint, self.history.observations(), rng, self.tournament)

    def _begin(self, trainings: int) -> None:
        """Starts the fit on the first so many trainings, once, in a thread beside this one."""
        if trainings and trainings not in self._begun:
            observations = self.history.observations(first=trainings)
            since = trainings - fitted_at(trainings - 1, self.initial)
            self._begun[trainings] = self._beside.submit(self._ranking.learn, observations, since)

    def _take_up(self, trainings: int) -> None:
        """The fit on the first so many trainings comes into force; waits for it if need be."""
        self._begin(trainings)
        self._fit = self._begun[trainings].result()
        self._begun = {began: fit for began, fit in self._begun.items() if began >= trainings}
        if self._fit.evidence is not None:
            self.on_evidence(self._fit.evidence, trainings)

    @functools.cached_property
    def _ranking(self) -> Ranking:
        known = (self.joint, self.objectives, self.seed, self.predictor, self.pasts, self.proxies)
        return Ranking(*known, together=self.lag > 0)
