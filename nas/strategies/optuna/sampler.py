"""Our strategies in a plain Optuna study, as a sampler: `optuna.create_study(sampler=StrategySampler(…))`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from nas.records.problem import Problem
from nas.records.trial import COMPLETED, FAILED, RUNNING, STOPPED, Trial
from nas.strategies.strategy import Strategy

ATTRIBUTES = "nas_attributes"  # of a trial in the study: what the strategy wants to find again
STATES = {TrialState.COMPLETE: COMPLETED, TrialState.PRUNED: STOPPED, TrialState.FAIL: FAILED}


class StrategySampler(BaseSampler):
    """Plans a whole candidate before Optuna asks for its first decision.

    The objective function resolves `problem.space` with a categorical parameter a decision and
    returns the score (to be maximised), then the other objectives (to be minimised).

        problem.space.resolve(lambda path, options: trial.suggest_categorical(path, range(len(options))))
    """

    def __init__(self, strategy: Strategy, problem: Problem) -> None:
        self.strategy = strategy
        self.problem = problem
        self._trials: list[Trial] = []
        self._finished = 0
        self._decisions: Mapping[str, int] = {}

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Proposes. Raises Exhausted where the space is used up."""
        self._read(study, trial.number)
        proposal = self.strategy.propose(self.problem, self._trials, trial.number)
        self._decisions = proposal.decisions
        study._storage.set_trial_system_attr(trial._trial_id, ATTRIBUTES, dict(proposal.attributes))

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing: each decision is asked for by itself."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing, see `infer_relative_search_space`."""
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The proposal's decision of this name."""
        return self._decisions[param_name]

    def _read(self, study: optuna.Study, before: int) -> None:
        """Takes in what has happened to the study's trials since the last time."""
        there = study.get_trials(deepcopy=False)[:before]
        open_ones = [trial.number for trial in self._trials if not trial.ended]
        fresh = [there[number] for number in (*open_ones, *range(len(self._trials), before))]
        ended = sorted(
            (one for one in fresh if one.state in STATES), key=lambda one: (one.datetime_complete, one.number)
        )
        places = {one.number: place for place, one in enumerate(ended, self._finished + 1)}
        self._finished += len(ended)
        self._trials += [self._trial(one, 0) for one in fresh[len(open_ones) :]]
        for one in fresh:
            self._trials[one.number] = self._trial(one, places.get(one.number, 0))

    def _trial(self, one: FrozenTrial, finished: int) -> Trial:
        proposal = self.problem.space.replay(one.params)
        scores = tuple(one.intermediate_values[step] for step in sorted(one.intermediate_values))
        values = one.values or []
        if one.state == TrialState.COMPLETE and scores[-1:] != (values[0],):
            scores = (*scores, values[0])
        costs = dict(zip(self.problem.objectives[1:], values[1:], strict=False))
        return Trial(
            number=one.number,
            decisions=proposal.decisions,
            fingerprint=proposal.fingerprint,
            epochs=max(1, len(scores)),
            seed=0,
            state=STATES.get(one.state, RUNNING),
            scores=scores,
            finished=finished,
            attributes={**one.system_attrs.get(ATTRIBUTES, {}), **costs},
            architecture=proposal.architecture,
            recipe=proposal.recipe,
        )
