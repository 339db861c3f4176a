"""Optuna's study of a search, in memory: rebuilt from the journal, asked for candidates, told what came of them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.records.joint_space import JointSpace, Proposal
from nas.records.row import Row
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED
from nas.strategies.history import FINGERPRINT
from nas.strategies.optuna.planned import Exhausted, PlannedSampler, costs, distribution

STATES = {COMPLETED: TrialState.COMPLETE, STOPPED: TrialState.PRUNED, FAILED: TrialState.FAIL}
EPOCH = datetime.datetime(2000, 1, 1)
NOTHING: Mapping[str, float] = MappingProxyType({})


class Study:
    """Trial numbers are the journal's. A candidate is never proposed twice.

    Args:
        rows: the journal's trials; unfinished ones are asked again at once, so that a strategy sees them as running.

    Attributes:
        next_number: of the trial that `propose` will make.
    """

    def __init__(
        self,
        joint: JointSpace,
        sampler: PlannedSampler,
        objectives: Sequence[str] = ("score",),
        rows: Iterable[Row] = (),
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.joint = joint
        self.objectives = tuple(objectives)
        self.sampler = sampler
        self.optuna = _empty(self.objectives, sampler)
        self._asked: dict[int, optuna.Trial] = {}
        self._exhausted: Exhausted | None = None
        for row in sorted(rows, key=lambda row: row.number):
            self._take_up(row)
        self.next_number = len(self.optuna.get_trials(deepcopy=False))

    def propose(self) -> tuple[Proposal, Mapping[str, Any]]:
        """The next candidate, and what the strategy noted about it.

        Raises:
            Exhausted: there is nothing new to try.
        """
        if self._exhausted is not None:
            raise self._exhausted
        try:
            trial = self.optuna.ask()
        except Exhausted as error:
            self._exhausted = error
            raise
        self.next_number = trial.number + 1
        planned = self.sampler.planned
        if planned is None:
            raise RuntimeError("The strategy planned nothing.")
        self._decide(trial, planned.decisions)
        self._note(trial, planned)
        self._asked[trial.number] = trial
        return planned, dict(self.optuna._storage.get_trial(trial._trial_id).system_attrs)  # `get_trials` copies a list

    def report(self, number: int, epoch: int, score: float) -> None:
        """A score after an epoch, from 1. Optuna keeps the first report of an epoch."""
        if len(self.objectives) == 1:
            self._asked[number].report(score, step=epoch)

    def tell(self, row: Row, measured: Mapping[str, float] = NOTHING) -> None:
        """What came of a trial; `row.state` is final.

        Args:
            measured: objectives, by name and to be small, that no profile knows and the trial found out.
        """
        trial = self._asked.pop(row.number)
        trial.set_user_attr("scores", list(row.scores))
        if measured:
            known = zip(self.objectives[1:], trial.user_attrs["costs"], strict=True)
            trial.set_user_attr("costs", [measured.get(name, cost) for name, cost in known])
        state = _state(row)
        if state == TrialState.COMPLETE:
            values = [row.score, *trial.user_attrs.get("costs", ())]
            self.optuna.tell(trial, values)
        else:
            self.optuna.tell(trial, state=state)

    def add(self, row: Row) -> None:
        """A finished trial that was not proposed; its number must be `next_number`."""
        self._take_up(row)
        self.next_number = row.number + 1

    def copy_to(self, url: str, name: str) -> None:
        """Copies the study into an Optuna storage, e.g. `sqlite:///optuna.db`, for optuna-dashboard."""
        optuna.copy_study(
            from_study_name=self.optuna.study_name,
            from_storage=self.optuna._storage,
            to_storage=url,
            to_study_name=name,
        )

    def _take_up(self, row: Row) -> None:
        if row.state in STATES:
            self.optuna.add_trial(self._frozen(row))
            return
        self.optuna.enqueue_trial(dict(row.decisions))
        trial = self.optuna.ask()
        for name, value in row.attributes.items():
            self.optuna._storage.set_trial_system_attr(trial._trial_id, name, value)
        proposal = self.joint.replay(row.decisions)
        self._decide(trial, row.decisions)
        self._note(trial, proposal)
        for epoch, score in enumerate(row.scores, 1):
            self._asked[row.number] = trial
            self.report(row.number, epoch, score)
        self._asked[row.number] = trial

    def _decide(self, trial: optuna.Trial, decisions: Mapping[str, int]) -> None:
        """Asks Optuna for every decision, so that they stand in the study as a trial's parameters."""

        def decide(path: str, options: tuple[Any, ...]) -> int:
            return int(trial.suggest_categorical(path, range(len(options))))

        self.joint.resolve(decide)

    def _note(self, trial: optuna.Trial, proposal: Proposal) -> None:
        trial.set_user_attr(FINGERPRINT, proposal.fingerprint)
        if len(self.objectives) > 1:
            trial.set_user_attr("costs", list(costs(proposal, self.joint, self.objectives)))

    def _frozen(self, row: Row) -> FrozenTrial:
        """A finished row as Optuna keeps it. Its place in the order of finishing becomes its time of completion."""
        sizes: dict[str, int] = {}

        def decide(path: str, options: tuple[Any, ...]) -> int:
            sizes[path] = len(options)
            return row.decisions[path]

        proposal = self.joint.resolve(decide)
        price = costs(proposal, self.joint, self.objectives)
        single = len(self.objectives) == 1
        state = _state(row)
        values = [row.score, *price] if state == TrialState.COMPLETE else None
        if state == TrialState.PRUNED and single:
            values = [row.score]
        trial = create_trial(
            state=state,
            values=values,
            params=dict(row.decisions),
            distributions={path: distribution(size) for path, size in sizes.items()},
            user_attrs={
                FINGERPRINT: row.fingerprint,
                "scores": list(row.scores),
                **({"costs": price} if price else {}),
            },
            system_attrs=dict(row.attributes),
            intermediate_values=dict(enumerate(row.scores, 1)) if single else {},
        )
        trial.datetime_complete = EPOCH + datetime.timedelta(seconds=row.finished)
        return trial


def _empty(objectives: Sequence[str], sampler: PlannedSampler) -> optuna.Study:
    up, down = optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE
    directions = [up, *[down] * (len(objectives) - 1)]
    return optuna.create_study(directions=directions, sampler=sampler, pruner=optuna.pruners.NopPruner())


def _state(row: Row) -> TrialState:
    """A training stopped before its first epoch, or whose last score is no number, taught nothing."""
    if row.state != FAILED and not math.isfinite(row.score):
        return TrialState.FAIL
    return STATES[row.state]


__all__ = ["REQUEUED", "RUNNING", "Exhausted", "Study"]
