"""The default: a predictor that learned from this run's trainings ranks a pool of new candidates, as far as it is
trusted.

Pools of mutations of the best and fresh draws follow BANANAS (https://arxiv.org/abs/1910.11858). The share of trials
that the predictor may propose is its probation's: while it ranks no better than a count of parameters, evolution
proposes instead. Earlier searches choose half of the first trials; from then on what they say is a feature of the
predictor, which has to prove itself on this search's own trainings like any other. A pretrained predictor chooses most
of the first trials in the same way.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial
from nas.strategies.evolution import Population
from nas.strategies.history import History
from nas.strategies.novelty import novel
from nas.strategies.random_search import drawn
from nas.strategies.ranking import Fit, Ranking
from nas.strategies.strategy import Settings

FRESH = 0.2
BY_EARLIER = 0.5  # share of the first draws that earlier searches choose; the rest may contradict them
BY_PRETRAINED = 0.8  # share of the others that a pretrained predictor chooses
EARLIER, PRETRAINED, PREDICTOR = "earlier", "pretrained", "predictor"  # sources
FITTED = "fitted"  # attribute of the first proposal under a new fit: on how many trainings it rests


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


class Guided:
    """Random until `initial` trainings have finished, then the predictor's best or, by its share, evolution's child.

    With `settings.lag` 0 a proposal waits for the fit. With more, the fit is made beside so many trainings, and still
    what is proposed follows from the trials.
    """

    def __init__(self, settings: Settings, *, initial: int = 10, tournament: int = 8) -> None:
        self.settings = settings
        self.initial = initial
        self.tournament = tournament
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="predictor")
        self._history: History | None = None

    def propose(self, problem: Problem, trials: Sequence[Trial], number: int) -> Proposal:
        """See `Strategy`. The first proposal under a new fit carries the `Evidence` for it."""
        history = self._follow(problem, trials)
        usable = len(history.usable)
        self._begin(history, fitted_at(usable, self.initial))
        trainings = fitted_at(usable - self.settings.lag, self.initial)
        if not trainings:
            return novel(history, self.settings.seed, number, lambda rng: self._before_any_fit(problem, rng))
        fit = self._in_force(history, trainings)
        proposal = novel(history, self.settings.seed, number, lambda rng: self._under(fit, history, rng))
        if self._fitted(trials) == trainings:
            return proposal
        return replace(proposal, attributes={FITTED: trainings}, evidence=fit.evidence)

    def _follow(self, problem: Problem, trials: Sequence[Trial]) -> History:
        history = History.of(problem, trials, self._history)
        if history is not self._history:
            settings = self.settings
            self._ranking = Ranking(
                problem.space, problem.objectives, settings.seed, settings.predictor, settings.earlier, settings.lag > 0
            )
            self._fits: dict[int, Future[Fit]] = {}
            self._alive = Population(())
            self._looked_at, self._last_fitted = 0, 0
        self._history = history
        return history

    def _before_any_fit(self, problem: Problem, rng: random.Random) -> Proposal:
        if self.settings.earlier and rng.random() < BY_EARLIER:
            return replace(self._ranking.chosen_by_earlier(rng), source=EARLIER)
        if self._ranking.is_pretrained and rng.random() < BY_PRETRAINED:
            return replace(self._ranking.chosen_before_any_training(rng), source=PRETRAINED)
        return drawn(problem, rng)

    def _under(self, fit: Fit, history: History, rng: random.Random) -> Proposal:
        if rng.random() < fit.share:
            for proposal in fit.ranked:
                if proposal.fingerprint not in history.seen:
                    return replace(proposal, source=PREDICTOR)
        if rng.random() < FRESH:
            return drawn(history.problem, rng)
        if len(self._alive.members) != len(history.usable):
            self._alive = Population(history.observations())
        return self._alive.child(history.space, rng, self.tournament)

    def _begin(self, history: History, trainings: int) -> None:
        """Starts the fit on the first so many trainings, once, in a thread beside this one."""
        if trainings and trainings not in self._fits:
            observations = history.observations(first=trainings)
            self._fits[trainings] = self._beside.submit(self._ranking.learn, observations)

    def _in_force(self, history: History, trainings: int) -> Fit:
        """The fit on the first so many trainings; waits for it if need be, and forgets older ones."""
        self._begin(history, trainings)
        self._fits = {begun: fit for begun, fit in self._fits.items() if begun >= trainings}
        return self._fits[trainings].result()

    def _fitted(self, trials: Sequence[Trial]) -> int:
        """On how many trainings the last fit rests whose evidence stands with a trial."""
        for trial in trials[self._looked_at :]:
            self._last_fitted = max(self._last_fitted, int(trial.attributes.get(FITTED, 0)))
        self._looked_at = len(trials)
        return self._last_fitted
