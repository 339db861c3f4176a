"""What an Optuna study says about a search: proposals, their scores at full training, and what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.trial import FrozenTrial, TrialState

from nas.records.joint_space import JointSpace, Proposal
from nas.strategies.feasibility import Feasibility

FINGERPRINT = "fingerprint"
ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


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
    """Reads each finished trial of a study once, in the order of finishing."""

    def __init__(self, joint: JointSpace, objectives: Sequence[str] = ("score",)) -> None:
        self.joint = joint
        self.objectives = tuple(objectives)
        self.seen: set[str] = set()
        self.finished: list[FrozenTrial] = []
        self.feasibility = Feasibility()
        self._known: set[int] = set()
        self._next = 0
        self._open: set[int] = set()
        self._proposals: dict[int, Proposal] = {}

    def update(self, study: optuna.Study, before: int) -> None:
        """Takes in what has happened to trials below number `before` since the last call."""
        trials = study.get_trials(deepcopy=False)
        fresh = [trials[number] for number in sorted(self._open)] + trials[self._next : before]
        self._next = before
        ended = []
        for trial in fresh:
            if trial.number not in self._open:  # with a thousand workers there are as many to look through each time
                self.seen.add(trial.user_attrs.get(FINGERPRINT) or self.proposal(trial).fingerprint)
            if trial.state in ENDED:
                self._open.discard(trial.number)
                ended.append(trial)
            else:
                self._open.add(trial.number)
        for trial in ended:
            self.feasibility.learn(trial.params, trial.state == TrialState.FAIL)
        self.finished += sorted(ended, key=lambda trial: (trial.datetime_complete, trial.number))

    def proposal(self, trial: FrozenTrial) -> Proposal:
        """What was tried in a trial."""
        if trial.number not in self._proposals:
            self._proposals[trial.number] = self.joint.replay(trial.params)
        return self._proposals[trial.number]

    def usable(self) -> list[FrozenTrial]:
        """Finished trials with a score, in the order of finishing."""
        return [trial for trial in self.finished if trial.state != TrialState.FAIL and math.isfinite(_score(trial))]

    def observations(self, first: int | None = None, latest: int = 0) -> list[Observation]:
        """The first so many usable trials in the order of finishing, or the `latest` so many; all by default.

        A training stopped early gets the score that it would have ended with, by what complete ones gained from that
        epoch on (`predictors.extrapolation`), so that scores of different epochs are never compared as they are.
        """
        from predictors.extrapolation import ends

        trials = self.usable()[-latest:] if latest else self.usable()[:first]
        complete = [trial.state == TrialState.COMPLETE for trial in trials]
        curves = [_curve(trial) for trial in trials]
        scores, _ = ends(curves, complete)
        return [
            Observation(trial.number, self.proposal(trial), float(score), _costs(trial), whole, curve)
            for trial, score, whole, curve in zip(trials, scores, complete, curves, strict=True)
        ]


def _score(trial: FrozenTrial) -> float:
    if trial.state == TrialState.COMPLETE:
        return trial.values[0]
    scores = trial.user_attrs.get("scores") or [trial.intermediate_values.get(trial.last_step or 0, math.nan)]
    return scores[-1]


def _curve(trial: FrozenTrial) -> tuple[float, ...]:
    """Scores by epoch, finite ones only; the last one is the trial's."""
    scores = trial.user_attrs.get("scores") or list(trial.intermediate_values.values())
    return (*(score for score in scores[:-1] if math.isfinite(score)), _score(trial))


def _costs(trial: FrozenTrial) -> tuple[float, ...]:
    if trial.state == TrialState.COMPLETE and trial.values:
        return tuple(trial.values[1:])
    return tuple(trial.user_attrs.get("costs", ()))
