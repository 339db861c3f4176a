"""What holds for every strategy: rules are obeyed, nothing is tried twice, the past alone decides what is next."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.row import Row
from nas.records.trial import COMPLETED, FAILED, RUNNING, STOPPED
from nas.strategies import STRATEGIES
from nas.strategies.optuna.planned import Exhausted
from nas.strategies.optuna.study import Study
from search_spaces import Choice, Repeat, Space, Task, profile
from search_spaces.cells import CELLS
from search_spaces.rules import max_parameters

Conv, Stem, Head = CELLS["Conv"], CELLS["Stem"], CELLS["Head"]
TASK = Task((1, 8, 8), 10)
LIMIT = 20_000
OBJECTIVES = [("score",), ("score", "parameters")]
pytestmark = pytest.mark.parametrize("name", sorted(STRATEGIES))


def joint_space(training: TrainingConfig | None = None) -> JointSpace:
    block = Conv(Choice(8, 16, 32), kernel=Choice(1, 3, 5))
    space = Space("small", Stem(Choice(8, 16)), Repeat(block, Choice(1, 2, 3)), Head(), rules=[max_parameters(LIMIT)])
    return JointSpace(space, training or TrainingConfig(), TASK)


def result_of(row: Row) -> Row:
    """A made-up training: every fifth fails, every third is stopped early, the others' score follows from decisions."""
    score = random.Random(row.fingerprint).random()
    if row.number % 5 == 4:
        return changed(row, state=FAILED, failure="error")
    if row.number % 3 == 1:
        return changed(row, state=STOPPED, scores=(score / 2,))
    return changed(row, state=COMPLETED, scores=(score / 2, score))


def changed(row: Row, **values: Any) -> Row:
    return Row(**{**row.__dict__, **values})


def play(study: Study, count: int, rows: list[Row]) -> list[Row]:
    """Proposes and tells `count` trials after those in `rows`."""
    for _ in range(count):
        number = study.next_number
        proposal, attributes = study.propose()
        row = Row(number, proposal.decisions, proposal.fingerprint, epochs=2, seed=0, attributes=attributes)
        row = changed(result_of(row), finished=number + 1)
        for epoch, score in enumerate(row.scores, 1):
            study.report(number, epoch, score)
        study.tell(row)
        rows.append(row)
    return rows


def study_of(name: str, objectives: tuple[str, ...] = ("score",), rows: tuple[Row, ...] = (), seed: int = 0) -> Study:
    joint = joint_space()
    return Study(joint, STRATEGIES[name](joint, seed=seed, objectives=objectives), objectives, rows)


@pytest.mark.parametrize("objectives", OBJECTIVES, ids="+".join)
def test_proposals_obey_the_rules_and_never_repeat(name: str, objectives: tuple[str, ...]) -> None:
    study = study_of(name, objectives)
    rows = play(study, 30, [])
    assert len({row.fingerprint for row in rows}) == 30
    for row in rows:
        architecture = study.joint.replay(row.decisions).architecture
        assert profile(architecture, TASK).parameters <= LIMIT


@pytest.mark.parametrize("objectives", OBJECTIVES, ids="+".join)
def test_a_study_rebuilt_from_its_rows_proposes_the_same(name: str, objectives: tuple[str, ...]) -> None:
    uninterrupted = play(study_of(name, objectives), 26, [])
    for kept in (5, 12, 19):
        rebuilt = study_of(name, objectives, tuple(uninterrupted[:kept]))
        resumed = play(rebuilt, 26 - kept, uninterrupted[:kept])
        assert [row.decisions for row in resumed] == [row.decisions for row in uninterrupted]


def test_another_process_proposes_the_same(name: str) -> None:
    ours = [row.fingerprint for row in play(study_of(name), 15, [])]
    code = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parents[2])!r}]\n"
        f"import test_every_strategy as t\n"
        f"print(*[row.fingerprint for row in t.play(t.study_of({name!r}), 15, [])])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split() == ours


def test_another_seed_proposes_something_else(name: str) -> None:
    one, other = (play(study_of(name, seed=seed), 3, []) for seed in (0, 1))
    assert [row.decisions for row in one] != [row.decisions for row in other]


def test_running_trials_are_not_proposed_again(name: str) -> None:
    running = [changed(row, state=RUNNING, finished=0, scores=()) for row in play(study_of(name), 4, [])]
    further = play(study_of(name, rows=tuple(running)), 10, [])
    assert not {row.fingerprint for row in further} & {row.fingerprint for row in running}
    assert [row.number for row in further] == list(range(4, 14))


def test_a_used_up_space_is_said_to_be(name: str) -> None:
    space = Space("tiny", Stem(Choice(8, 16)), Conv(Choice(8, 16, 32)), Head())
    joint = JointSpace(space, TrainingConfig(), TASK)
    study = Study(joint, STRATEGIES[name](joint, seed=0))
    assert len({row.fingerprint for row in play(study, 6, [])}) == 6
    for _ in range(2):
        with pytest.raises(Exhausted):
            study.propose()


def test_the_recipe_is_searched_along(name: str) -> None:
    joint = joint_space(TrainingConfig(learning_rate=Choice(0.001, 0.01), optimizer=Choice("adamw", "sgd")))
    study = Study(joint, STRATEGIES[name](joint, seed=0))
    rows = play(study, 12, [])
    recipes = {joint.replay(row.decisions).training.learning_rate for row in rows}
    assert recipes == {0.001, 0.01}


def test_a_plain_optuna_study_can_use_it(name: str) -> None:
    joint = joint_space()
    study = optuna.create_study(direction="maximize", sampler=STRATEGIES[name](joint, seed=0))

    def objective(trial: optuna.Trial) -> float:
        def decide(path: str, options: tuple[Any, ...]) -> int:
            return trial.suggest_categorical(path, range(len(options)))

        return -float(profile(joint.resolve(decide).architecture, TASK).parameters)

    study.optimize(objective, n_trials=5)
    assert study.best_value < 0


def test_what_always_fails_is_tried_less_and_less(name: str) -> None:
    joint = joint_space()
    study = Study(joint, STRATEGIES[name](joint, seed=0))
    rows: list[Row] = []
    for _ in range(40):
        number = study.next_number
        proposal, _ = study.propose()
        failed = proposal.decisions["1[0].kernel"] == 2
        row = Row(number, proposal.decisions, proposal.fingerprint, epochs=1, seed=0, finished=number + 1)
        row = changed(row, state=FAILED if failed else COMPLETED, scores=() if failed else (number % 7 / 7,))
        study.tell(row)
        rows.append(row)
    most = 8 if name == "tpe" else 4  # TPE is drawn to options of which it has seen no score
    assert sum(row.state == FAILED for row in rows[20:]) <= most
