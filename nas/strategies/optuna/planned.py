"""What all strategies share: an Optuna sampler that plans a whole candidate before Optuna asks for its first decision.

Planning first means that a candidate that breaks a rule, or that was tried before, is redrawn without ever becoming a
trial. Randomness is a function of (seed, trial number, attempt) and of nothing else, so a study that is rebuilt from
the journal proposes what the uninterrupted one would have.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from nas.errors import InputError
from nas.records.joint_space import JointSpace, Proposal
from nas.strategies.history import History

GIVEN = "given"
ATTEMPTS = 64
ENUMERABLE = 20_000


class Exhausted(Exception):
    """Every candidate that obeys the rules has been tried, or none was found in a long row of tries."""


class PlannedSampler(BaseSampler):
    """Optuna asks decision by decision; `plan` answers for all of them at once. Subclasses write `plan` only.

    Args:
        joint: what is searched.
        seed: of all randomness, at least 0.
        objectives: `score` first, then what is to be small: names of profile fields, or of what trials measure.

    Decisions in `given` are the first trials, before anything is planned.
    """

    def __init__(self, joint: JointSpace, seed: int = 0, objectives: Sequence[str] = ("score",)) -> None:
        self.joint = joint
        self.seed = seed
        self.objectives = tuple(objectives)
        self.history = History(joint, self.objectives)
        self.planned: Proposal | None = None
        self.source = ""
        self.given: Sequence[Mapping[str, int]] = ()

    def plan(self, study: optuna.Study, trial: FrozenTrial, rng: random.Random) -> Proposal:
        """The candidate for this trial. If it was tried before, `plan` is asked again with another `rng`."""
        raise NotImplementedError

    def costs(self, proposal: Proposal) -> tuple[float, ...]:
        """Values of the objectives beside the score; NaN for one that is measured, see `costs`."""
        return costs(proposal, self.joint, self.objectives)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self.planned = None
        if "fixed_params" in trial.system_attrs:  # taken up again after an interruption: already decided
            return
        self.history.update(study, before=trial.number)
        self.planned = self._new_plan(study, trial)

    def admit(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """A given candidate becomes a trial without `plan`; for strategies that mark their trials."""

    def _new_plan(self, study: optuna.Study, trial: FrozenTrial) -> Proposal:
        if trial.number < len(self.given):
            self.source = GIVEN
            self.admit(study, trial)
            return self.joint.replay(self.given[trial.number])
        for attempt in range(ATTEMPTS):
            rng = random.Random(f"{self.seed}/{trial.number}/{attempt}")
            self.source = ""
            try:
                proposal = self.plan(study, trial, rng)
            except InputError:  # options of the recipe that exclude each other
                continue
            suspect = rng.random() < self.history.feasibility.risk(proposal.decisions)
            if proposal.fingerprint not in self.history.seen and not suspect and self.joint.obeys(proposal):
                return proposal
        return self._leftover(random.Random(f"{self.seed}/{trial.number}"))

    def _leftover(self, rng: random.Random) -> Proposal:
        """Something new from anywhere: where chance keeps finding old ones, the space is small or nearly used up."""
        self.source = "leftover"
        for _ in range(4 * ATTEMPTS):
            proposal = self.joint.sample(rng)
            if proposal.fingerprint not in self.history.seen:
                return proposal
        if self.joint.size() <= ENUMERABLE:
            for proposal in self.joint.enumerate():
                if proposal.fingerprint not in self.history.seen and self.joint.obeys(proposal):
                    return proposal
        raise Exhausted("every candidate of the space has been tried")

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        if self.planned is None:
            raise RuntimeError(f"`{param_name}` was asked for, but this trial was never planned.")
        return self.planned.decisions[param_name]

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Nothing: what was learned is read from the study at the next plan."""


def costs(proposal: Proposal, joint: JointSpace, objectives: Sequence[str]) -> tuple[float, ...]:
    """What `objectives` but the first say of a proposal, from its profile.

    NaN for one that is no field of a profile: it is measured, and known once the trial is told.
    """
    if len(objectives) == 1:
        return ()
    from search_spaces.profile import profile

    facts = profile(proposal.architecture, joint.task)
    return tuple(float(getattr(facts, name, math.nan)) for name in objectives[1:])


@functools.cache
def distribution(options: int) -> optuna.distributions.CategoricalDistribution:
    """The distribution of a decision: the indices of its options."""
    return optuna.distributions.CategoricalDistribution(tuple(range(options)))
