"""NSGA-II's generations are found again in the journal."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, RUNNING, Trial
from nas.strategies import STRATEGIES
from nas.strategies.strategy import Settings
from search_spaces import Task, load_space, profile

TASK = Task((1, 8, 8), 10)
PROBLEM = Problem(JointSpace(load_space("mlp"), TrainingConfig(), TASK), objectives=("score", "parameters"))


def played(settings: Settings, count: int) -> list[Trial]:
    strategy, trials = STRATEGIES["nsga2"](settings), list[Trial]()
    for number in range(count):
        proposal = strategy.propose(PROBLEM, trials, number)
        attributes = json.loads(json.dumps(dict(proposal.attributes)))
        score = random.Random(proposal.fingerprint).random()
        trials.append(
            Trial(
                number,
                proposal.decisions,
                proposal.fingerprint,
                1,
                0,
                COMPLETED,
                (score,),
                finished=number + 1,
                parameters=profile(proposal.architecture, TASK).parameters,
                source=proposal.source,
                attributes=attributes,
            )
        )
    return trials


def test_what_is_running_keeps_its_generation_so_that_the_next_proposals_are_the_same() -> None:
    trials = played(Settings(), 52)  # populations are of 24: the last ones have parents
    for cut in (20, 23, 47):
        again = [*trials[:cut], replace(trials[cut], state=RUNNING, scores=(), finished=0)]
        strategy = STRATEGIES["nsga2"](Settings())
        strategy.propose(PROBLEM, again, cut + 1)
        again[cut] = trials[cut]
        for number in range(cut + 1, 52):
            assert strategy.propose(PROBLEM, again, number).decisions == trials[number].decisions
            again.append(trials[number])


def test_what_the_user_began_with_may_become_parents() -> None:
    wanted = tuple(dict(PROBLEM.space.sample(random.Random(seed)).decisions) for seed in range(24))
    begun = played(Settings(start_from=wanted), 25)
    assert next(iter(begun[24].attributes["optuna_trial"].values())) == 1  # the first 24 were a generation
