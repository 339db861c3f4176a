"""What a strategy sees of trainings that were stopped early: the score that they would have ended with."""

from __future__ import annotations

import pytest
from nas.records.row import Row

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.trial import COMPLETED, FAILED, STOPPED
from nas.strategies.optuna.study import Study
from nas.strategies.random_search import RandomSearch
from search_spaces import SPACES, Task

JOINT = JointSpace(SPACES["cnn"](), TrainingConfig(), Task((1, 8, 8), 4))


@pytest.mark.parametrize("objectives", [("score",), ("score", "parameters")], ids="+".join)
def test_a_stopped_training_counts_as_what_complete_ones_say_of_its_end(objectives: tuple[str, ...]) -> None:
    study = Study(JOINT, RandomSearch(JOINT, 0, objectives), objectives)
    told = [
        (COMPLETED, (0.2, 0.5)),
        (COMPLETED, (0.3, 0.6)),
        (STOPPED, (0.1,)),
        (FAILED, ()),
        (STOPPED, (float("nan"),)),
        (COMPLETED, (0.4, 0.7)),
    ]
    for number, (state, scores) in enumerate(told):
        proposal, _ = study.propose()
        study.tell(Row(number, proposal.decisions, proposal.fingerprint, 2, 0, state, scores, finished=number + 1))
    study.sampler.history.update(study.optuna, before=len(told))
    seen = study.sampler.history.observations()
    assert [one.number for one in seen] == [0, 1, 2, 5]  # what failed or has no number teaches nothing
    assert [one.score for one in seen] == pytest.approx([0.5, 0.6, 0.4, 0.7])
    assert [one.curve for one in seen] == [(0.2, 0.5), (0.3, 0.6), (0.1,), (0.4, 0.7)]
    assert [one.complete for one in seen] == [True, True, False, True]
    assert all(len(one.costs) == len(objectives) - 1 for one in seen)
