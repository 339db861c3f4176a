"""A study that is rebuilt from the journal is the one that was interrupted."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from nas.records.row import Row

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.trial import COMPLETED, RUNNING
from nas.strategies import STRATEGIES
from nas.strategies.optuna.study import Study
from search_spaces import Task, load_space

JOINT = JointSpace(load_space("mlp"), TrainingConfig(), Task((1, 8, 8), 10))
OBJECTIVES = ("score", "parameters")


def study(rows: Sequence[Row] = ()) -> Study:
    return Study(JOINT, STRATEGIES["nsga2"](JOINT, seed=0, objectives=OBJECTIVES), OBJECTIVES, rows)


def test_what_was_running_keeps_its_generation_so_that_the_next_proposals_are_the_same() -> None:
    whole, rows, proposed = study(), [], []
    for number in range(52):  # populations are of 24: the last ones have parents
        proposal, attributes = whole.propose()
        proposed.append(proposal.fingerprint)
        score = random.Random(proposal.fingerprint).random()
        row = Row(number, proposal.decisions, proposal.fingerprint, 1, 0, attributes=attributes)
        done = dataclasses.replace(row, state=COMPLETED, scores=(score,), finished=number + 1)
        whole.tell(done)
        rows.append(done)
    for cut in (20, 23, 47):
        interrupted = dataclasses.replace(rows[cut], state=RUNNING, scores=(), finished=0)
        again = study([*rows[:cut], interrupted])
        again.tell(rows[cut])
        for number in range(cut + 1, 52):
            assert again.propose()[0].fingerprint == proposed[number]
            again.tell(rows[number])
