"""What the trials so far say: which candidates were seen, which decisions fail, and scores at full training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import COMPLETED, Trial
from nas.strategies.feasibility import Feasibility
from search_spaces.profile import profile


@dataclass(frozen=True)
class Observation:
    """A finished training.

    Args:
        score: after all epochs; of a training that was stopped early an estimate, see `History.observations`.
        costs: the other objectives' values, to be small.
        complete: whether it was trained to the end.
        curve: its scores by epoch, at least one.
    """

    number: int
    proposal: Proposal
    score: float
    costs: tuple[float, ...]
    complete: bool
    curve: tuple[float, ...] = ()


class History:
    """An index over `trials`, kept in step with them: a call of `of` looks at unfinished and new ones only.

    Attributes:
        seen: fingerprints of all trials, unfinished ones too.
        usable: finished trials with a score, in the order of finishing.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.seen: set[str] = set()
        self.usable: list[Trial] = []
        self.feasibility = Feasibility()
        self._trials = 0
        self._last: Trial | None = None
        self._ended = 0
        self._unfinished: set[int] = set()
        self._observations: dict[int, Observation] = {}

    @classmethod
    def of(cls, problem: Problem, trials: Sequence[Trial], known: History | None = None) -> History:
        """`known`, brought up to date, where `trials` go on from what it has seen; otherwise a new one."""
        history = known if known is not None and known._goes_on(problem, trials) else cls(problem)
        history._update(trials)
        return history

    @property
    def space(self) -> JointSpace:
        """What is searched."""
        return self.problem.space

    def observations(self, first: int | None = None, latest: int = 0) -> list[Observation]:
        """The first so many usable trials in the order of finishing, or the `latest` so many; all by default.

        A training stopped early gets the score that it would have ended with, by what complete ones gained from that
        epoch on (`predictors.extrapolation`), so that scores of different epochs are never compared as they are.
        """
        from predictors.extrapolation import ends

        trials = self.usable[-latest:] if latest else self.usable[:first]
        found = [self._observations.get(trial.number) or self._observed(trial) for trial in trials]
        scores, _ = ends([one.curve for one in found], [one.complete for one in found])
        return [
            one if one.complete else replace(one, score=float(score)) for one, score in zip(found, scores, strict=True)
        ]

    def proposal(self, trial: Trial) -> Proposal:
        """What was tried in a trial, built anew where its record does not hold the architecture."""
        return trial.proposal if trial.architecture.cells else self.space.replay(trial.decisions)

    def _observed(self, trial: Trial) -> Observation:
        """With its own last score."""
        curve = (*(score for score in trial.scores[:-1] if math.isfinite(score)), trial.score)
        costs = costs_of(trial, self.problem.objectives)
        one = Observation(trial.number, self.proposal(trial), trial.score, costs, trial.state == COMPLETED, curve)
        return self._observations.setdefault(trial.number, one)

    def _goes_on(self, problem: Problem, trials: Sequence[Trial]) -> bool:
        if problem is not self.problem or len(trials) < self._trials:
            return False
        if self._last is not None and trials[self._trials - 1].fingerprint != self._last.fingerprint:
            return False
        return not self.usable or trials[self.usable[-1].number].scores == self.usable[-1].scores

    def _update(self, trials: Sequence[Trial]) -> None:
        new = trials[self._trials :]
        self.seen.update(trial.fingerprint for trial in new)
        ended = [trial for trial in (*(trials[number] for number in self._unfinished), *new) if trial.ended]
        self._unfinished.update(trial.number for trial in new)
        self._unfinished.difference_update(trial.number for trial in ended)
        self._trials = len(trials)
        self._last = trials[-1] if trials else None
        for trial in sorted(ended, key=lambda trial: (trial.finished, trial.number)):
            self.feasibility.learn(trial.decisions, failed=not trial.usable)
            if trial.usable:
                self.usable.append(trial)


def costs_of(trial: Trial, objectives: Sequence[str]) -> tuple[float, ...]:
    """Values of the objectives beside the score: what was measured stands in the attributes, the rest in the fields."""
    return tuple(
        float(trial.attributes[name] if name in trial.attributes else getattr(trial, name, math.nan))
        for name in objectives[1:]
    )


def profile_costs(proposal: Proposal, space: JointSpace, objectives: Sequence[str]) -> tuple[float, ...]:
    """What `objectives` but the first say of a proposal, from its profile; NaN for one that is measured in training."""
    if len(objectives) == 1:
        return ()
    facts = profile(proposal.architecture, space.task)
    return tuple(float(getattr(facts, name, math.nan)) for name in objectives[1:])
