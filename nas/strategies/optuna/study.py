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

from nas.config.address import masked
from nas.config.recipe import TrainingConfig
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


def worded(space: JointSpace, decisions: Mapping[str, int]) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
    """Decisions as a person reads them, and their distributions: numbers as they are, cells by their names."""
    params: dict[str, Any] = {}
    found: dict[str, BaseDistribution] = {}

    def decide(path: str, options: Sequence[Any]) -> int:
        words = [_word(option) for option in options]
        if len(set(words)) < len(words):
            words = [f"{index}: {word}" for index, word in enumerate(words)]
        found[path], params[path] = CategoricalDistribution(words), words[decisions[path]]
        return decisions[path]

    space.resolve(decide)
    return params, found


def _word(option: Any) -> Any:
    if option is None or isinstance(option, bool | int | float | str):
        return option
    if isinstance(option, tuple):
        return " + ".join(str(_word(part)) for part in option) or "nothing"
    if isinstance(option, TrainingConfig):
        return str(option)
    return type(option).__name__ if hasattr(option, "build") else repr(option)


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
    trial: Trial,
    problem: Problem,
    user: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    *,
    readable: bool = False,
) -> FrozenTrial:
    """A trial as Optuna keeps it; Optuna numbers it anew when it is added to a study.

    Args:
        readable: whether decisions are the options that were taken; else their indices, as samplers want them.
    """
    params, kinds = dict(trial.decisions), distributions(problem.space, trial.decisions)
    if readable:
        params, kinds = worded(problem.space, trial.decisions)
    state, values = state_and_values(trial, problem.objectives)
    single = len(problem.objectives) == 1
    made = create_trial(
        state=state,
        values=values,
        params=params,
        distributions=kinds,
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
        InputError: the storage cannot be opened, or holds another study of this name; it is left alone.
    """
    try:
        storage = optuna.storages.get_storage(url)
    except Exception as error:  # whatever the database's driver raises
        why = masked(f"{type(error).__name__}: {str(error).strip().splitlines()[0]:.300}", url)
        raise InputError(f"The Optuna storage {masked(url, url)} cannot be opened: {why}") from None
    if name in optuna.get_all_study_names(storage):
        there = optuna.load_study(study_name=name, storage=storage)
        known = [one.params for one in there.get_trials(deepcopy=False)]
        pairs = zip(known, trials, strict=False)
        same = all(params == worded(problem.space, trial.decisions)[0] for params, trial in pairs)
        if COPY not in there.user_attrs or not same:
            raise InputError(
                f"{masked(url, url)} holds another study {name!r}, which is no copy of this search. Name another "
                "storage, or delete that study: optuna delete-study."
            )
        optuna.delete_study(study_name=name, storage=storage)
    study = new_study(problem.objectives, storage=storage, study_name=name)
    study.set_user_attr(COPY, "nas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # marked experimental since 2023
        study.set_metric_names(list(problem.objectives))
    study.add_trials([frozen(trial, problem, user=_told(trial), readable=True) for trial in trials])


def _told(trial: Trial) -> dict[str, Any]:
    """What a person reads beside the decisions, as JSON data."""
    scores = [score if math.isfinite(score) else str(score) for score in trial.scores]
    return {**{name: getattr(trial, name) for name in TOLD}, "scores": scores}
