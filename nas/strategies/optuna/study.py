"""A search as an Optuna study: for Optuna's samplers in memory, for optuna-dashboard in a storage."""

from __future__ import annotations

import datetime
import functools
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, FAILED, REQUEUED, STOPPED, Trial
from nas.strategies.history import costs_of

STATES = {
    COMPLETED: TrialState.COMPLETE,
    STOPPED: TrialState.PRUNED,
    FAILED: TrialState.FAIL,
    REQUEUED: TrialState.WAITING,
}
EPOCH = datetime.datetime(2000, 1, 1)  # when a copied search begins: its own clock starts at 0
COPY = "copied_by"  # attribute of a study that `copy_study` wrote
TOLD = ("fingerprint", "source", "failure", "error", "parameters", "macs", "activation_bytes", "seconds", "epochs")


def new_study(objectives: Sequence[str], **kwargs: Any) -> optuna.Study:
    """An empty study: the score is to be large, the other objectives small."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    up, down = optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE
    directions = [up, *[down] * (len(objectives) - 1)]
    sampler, pruner = optuna.samplers.RandomSampler(0), optuna.pruners.NopPruner()
    return optuna.create_study(directions=directions, sampler=sampler, pruner=pruner, **kwargs)


@functools.cache
def distribution(options: int) -> CategoricalDistribution:
    """Of a decision: the indices of its options."""
    return CategoricalDistribution(tuple(range(options)))


def distributions(space: JointSpace, decisions: Mapping[str, int]) -> dict[str, BaseDistribution]:
    """By decision."""
    found: dict[str, BaseDistribution] = {}

    def decide(path: str, options: Sequence[Any]) -> int:
        found[path] = distribution(len(options))
        return decisions[path]

    space.resolve(decide)
    return found


def state_and_values(trial: Trial, objectives: Sequence[str]) -> tuple[TrialState, list[float] | None]:
    """As Optuna tells a finished trial. One whose last score is no number taught nothing: it counts as failed."""
    state = STATES.get(trial.state, TrialState.RUNNING)
    if trial.ended and not trial.usable:
        return TrialState.FAIL, None
    if state == TrialState.COMPLETE:
        return state, [trial.score, *costs_of(trial, objectives)]
    if state == TrialState.PRUNED and len(objectives) == 1:
        return state, [trial.score]
    return state, None


def frozen(
    trial: Trial, problem: Problem, user: Mapping[str, Any] | None = None, system: Mapping[str, Any] | None = None
) -> FrozenTrial:
    """A trial as Optuna keeps it; Optuna numbers it anew when it is added to a study."""
    state, values = state_and_values(trial, problem.objectives)
    single = len(problem.objectives) == 1
    made = create_trial(
        state=state,
        values=values,
        params=dict(trial.decisions),
        distributions=distributions(problem.space, trial.decisions),
        user_attrs=dict(user or {}),
        system_attrs=dict(system or {}),
        intermediate_values=dict(enumerate(trial.scores, 1)) if single else {},
    )
    if state != TrialState.WAITING:
        made.datetime_start = EPOCH + datetime.timedelta(seconds=trial.began)
    if state.is_finished():
        made.datetime_complete = EPOCH + datetime.timedelta(seconds=trial.began + trial.seconds)
    return made


def copy_study(url: str, name: str, problem: Problem, trials: Sequence[Trial]) -> None:
    """Writes a search into an Optuna storage, e.g. `sqlite:///optuna.db`, in place of an earlier copy of it.

    Raises:
        InputError: the storage holds another study of this name; it is left alone.
    """
    storage = optuna.storages.get_storage(url)
    if name in optuna.get_all_study_names(storage):
        there = optuna.load_study(study_name=name, storage=storage)
        known = [one.params for one in there.get_trials(deepcopy=False)]
        same = all(params == dict(trial.decisions) for params, trial in zip(known, trials, strict=False))
        if COPY not in there.user_attrs or not same:
            raise InputError(
                f"{url} holds another study {name!r}, which is no copy of this search. Name another storage, or delete "
                "that study: optuna delete-study."
            )
        optuna.delete_study(study_name=name, storage=storage)
    study = new_study(problem.objectives, storage=storage, study_name=name)
    study.set_user_attr(COPY, "nas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # marked experimental since 2023
        study.set_metric_names(list(problem.objectives))
    study.add_trials([frozen(trial, problem, user=_told(trial)) for trial in trials])


def _told(trial: Trial) -> dict[str, Any]:
    """What a person reads beside the decisions, as JSON data."""
    scores = [score if math.isfinite(score) else str(score) for score in trial.scores]
    return {**{name: getattr(trial, name) for name in TOLD}, "scores": scores}
