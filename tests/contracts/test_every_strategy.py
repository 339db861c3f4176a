"""What holds for every strategy: rules are obeyed, nothing is tried twice, its arguments alone decide what is next."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import COMPLETED, FAILED, RUNNING, STOPPED, Trial
from nas.strategies import STRATEGIES
from nas.strategies.optuna.sampler import StrategySampler
from nas.strategies.strategy import GIVEN, Exhausted, Settings, Strategy
from search_spaces import Choice, Repeat, Space, Task, profile
from search_spaces.cells import CELLS
from search_spaces.rules import Rule, forbid, max_parameters
from search_spaces.values import recipe, some

Conv, Stem, Head = CELLS["Conv"], CELLS["Stem"], CELLS["Head"]
TASK = Task((1, 8, 8), 10)
LIMIT = 20_000
OBJECTIVES = [("score",), ("score", "parameters")]
pytestmark = pytest.mark.parametrize("name", sorted(STRATEGIES))


def problem_of(objectives: tuple[str, ...] = ("score",), training: Any = None, *rules: Rule) -> Problem:
    block = Conv(Choice(8, 16, 32), kernel=Choice(1, 3, 5))
    cells = Stem(Choice(8, 16)), Repeat(block, Choice(1, 2, 3)), Head()
    space = Space("small", *cells, rules=[max_parameters(LIMIT), *rules])
    return Problem(JointSpace(space, training or TrainingConfig(), TASK), objectives=objectives)


def as_proposed(number: int, proposal: Proposal) -> Trial:
    """The trial as a journal holds it: what is no JSON is lost."""
    return Trial(
        number=number,
        decisions=json.loads(json.dumps(dict(proposal.decisions))),
        fingerprint=proposal.fingerprint,
        epochs=2,
        seed=0,
        parameters=profile(proposal.architecture, TASK).parameters,
        source=proposal.source,
        attributes=json.loads(json.dumps(dict(proposal.attributes))),
    )


def worth(trial: Trial) -> float:
    return random.Random(trial.fingerprint).random()


def trained(trial: Trial) -> Trial:
    """A made-up training: every fifth fails, every third is stopped early, the others' score follows from decisions."""
    if trial.number % 5 == 4:
        return replace(trial, state=FAILED, failure="error")
    if trial.number % 3 == 1:
        return replace(trial, state=STOPPED, scores=(worth(trial) / 2,))
    return replace(trial, state=COMPLETED, scores=(worth(trial) / 2, worth(trial)))


def whole(trial: Trial) -> Trial:
    return replace(trial, state=COMPLETED, scores=(worth(trial) / 2, worth(trial)))


def play(
    strategy: Strategy,
    problem: Problem,
    count: int,
    trials: list[Trial] | None = None,
    end: Callable[[Trial], Trial] = trained,
) -> list[Trial]:
    """Proposes and ends trials, one after another, until there are `count`."""
    trials = trials if trials is not None else []
    while len(trials) < count:
        trial = as_proposed(len(trials), strategy.propose(problem, trials, len(trials)))
        trials.append(replace(end(trial), finished=len(trials) + 1))
    return trials


def play_three_at_once(strategy: Strategy, problem: Problem, count: int) -> list[tuple[Trial, ...]]:
    """What each proposal saw, and what there was at the end: three are in training, and one of them ends by chance."""
    rng, finished, seen = random.Random(0), 0, []
    trials: list[Trial] = []
    while len(trials) < count:
        seen.append(tuple(trials))
        trials.append(as_proposed(len(trials), strategy.propose(problem, trials, len(trials))))
        running = [trial.number for trial in trials if trial.state == RUNNING]
        if len(running) == 3:
            finished, number = finished + 1, rng.choice(running)
            trials[number] = replace(trained(trials[number]), finished=finished)
    return [*seen, tuple(trials)]


@pytest.mark.parametrize("objectives", OBJECTIVES, ids="+".join)
def test_proposals_obey_the_rules_and_never_repeat(name: str, objectives: tuple[str, ...]) -> None:
    problem = problem_of(objectives)
    trials = play(STRATEGIES[name](Settings()), problem, 30)
    assert len({trial.fingerprint for trial in trials}) == 30
    for trial in trials:
        architecture = problem.space.replay(trial.decisions).architecture
        assert profile(architecture, TASK).parameters <= LIMIT
        assert trial.source


def test_rules_over_the_recipe_hold_for_all_proposals(name: str) -> None:
    recipes = Choice(
        TrainingConfig(optimizer="sgd", learning_rate=Choice(0.003, 0.03, 0.1)),
        TrainingConfig(optimizer="adamw", learning_rate=Choice(0.001, 0.003), ema=Choice(0.0, 0.98)),
    )
    slow_sgd = forbid(recipe.optimizer == "sgd", recipe.learning_rate < 0.01)
    large_steps = forbid(some(Conv).kernel == 5, recipe.learning_rate > 0.05)
    problem = problem_of(("score",), recipes, slow_sgd, large_steps)
    trials = play(STRATEGIES[name](Settings()), problem, 30)
    found = [problem.space.replay(trial.decisions) for trial in trials]
    for one in found:
        kernels = {cell.kernel for cell in one.architecture.cells if isinstance(cell, Conv)}
        rate = one.recipe.learning_rate
        assert not (one.recipe.optimizer == "sgd" and rate < 0.01) and not (rate > 0.05 and 5 in kernels)
    assert {one.recipe.optimizer for one in found} == {"sgd", "adamw"}


@pytest.mark.parametrize("objectives", OBJECTIVES, ids="+".join)
def test_a_new_instance_goes_on_from_any_prefix_as_the_first_one_did(name: str, objectives: tuple[str, ...]) -> None:
    problem = problem_of(objectives)
    settings = Settings(lag=2 if name == "guided" else 0)
    seen = play_three_at_once(STRATEGIES[name](settings), problem, 33)
    for number in (0, 1, 4, 9, 11, 14, 18, 23, 25, 27, 30, 32):
        proposal = STRATEGIES[name](settings).propose(problem, seen[number], number)
        expected = seen[number + 1][number]
        assert proposal.decisions == expected.decisions
        assert proposal.source == expected.source
        assert json.loads(json.dumps(dict(proposal.attributes))) == expected.attributes


@pytest.mark.parametrize("objectives", OBJECTIVES, ids="+".join)
def test_an_instance_that_is_asked_about_other_trials_answers_like_a_new_one(
    name: str, objectives: tuple[str, ...]
) -> None:
    problem = problem_of(objectives)
    ours, others = (play(STRATEGIES[name](Settings(seed=seed)), problem, 14) for seed in (0, 1))
    used = STRATEGIES[name](Settings())
    for trials in (ours, others, ours[:6], ours[:6], ours):
        number = len(trials)
        fresh = STRATEGIES[name](Settings()).propose(problem, trials, number)
        assert used.propose(problem, trials, number) == fresh


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, list[str]]:
    """By strategy, the fingerprints of what it proposes in one other process."""
    code = (
        f"import json, sys; sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parents[2])!r}]\n"
        "import test_every_strategy as t\n"
        "print(json.dumps({name: t.fingerprints(name) for name in t.STRATEGIES}))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return json.loads(output)


def fingerprints(name: str) -> list[str]:
    return [trial.fingerprint for trial in play(STRATEGIES[name](Settings()), problem_of(), 15)]


def test_another_process_proposes_the_same(name: str, elsewhere: dict[str, list[str]]) -> None:
    assert elsewhere[name] == fingerprints(name)


def test_another_seed_proposes_something_else(name: str) -> None:
    one, other = (play(STRATEGIES[name](Settings(seed=seed)), problem_of(), 3) for seed in (0, 1))
    assert [trial.decisions for trial in one] != [trial.decisions for trial in other]


def test_running_trials_are_not_proposed_again(name: str) -> None:
    strategy, problem = STRATEGIES[name](Settings()), problem_of()
    running = play(strategy, problem, 4, end=lambda trial: trial)
    trials = play(STRATEGIES[name](Settings()), problem, 14, list(running))
    assert all(trial.state == RUNNING for trial in trials[:4])
    assert len({trial.fingerprint for trial in trials}) == 14


def test_the_first_trials_are_those_that_it_is_to_start_from(name: str) -> None:
    problem = problem_of()
    wanted = tuple(dict(problem.space.sample(random.Random(seed)).decisions) for seed in (7, 8))
    trials = play(STRATEGIES[name](Settings(start_from=wanted)), problem, 30)
    assert [trial.decisions for trial in trials[:2]] == list(wanted)
    assert [trial.source == GIVEN for trial in trials] == [True] * 2 + [False] * 28
    assert len({trial.fingerprint for trial in trials}) == 30


def test_a_used_up_space_is_said_to_be(name: str) -> None:
    space = Space("tiny", Stem(Choice(8, 16)), Conv(Choice(8, 16, 32)), Head())
    problem = Problem(JointSpace(space, TrainingConfig(), TASK))
    strategy = STRATEGIES[name](Settings())
    trials = play(strategy, problem, 6)
    assert len({trial.fingerprint for trial in trials}) == 6
    for _ in range(2):
        with pytest.raises(Exhausted):
            strategy.propose(problem, trials, 6)


def test_the_recipe_is_searched_along(name: str) -> None:
    training = TrainingConfig(learning_rate=Choice(0.001, 0.01), optimizer=Choice("adamw", "sgd"))
    problem = problem_of(training=training)
    trials = play(STRATEGIES[name](Settings()), problem, 12)
    assert {problem.space.replay(trial.decisions).recipe.learning_rate for trial in trials} == {0.001, 0.01}


@pytest.mark.parametrize("objectives", OBJECTIVES, ids="+".join)
def test_a_plain_optuna_study_can_use_it(name: str, objectives: tuple[str, ...]) -> None:
    """It proposes there what it proposes here, as long as it is told the same."""
    problem = problem_of(objectives)
    ours = play(STRATEGIES[name](Settings()), problem, 27, end=whole)
    directions = ["maximize", "minimize"][: len(objectives)]
    sampler = StrategySampler(STRATEGIES[name](Settings()), problem)
    study = optuna.create_study(directions=directions, sampler=sampler)  # type: ignore[arg-type]

    def objective(trial: optuna.Trial) -> tuple[float, ...]:
        def decide(path: str, options: tuple[Any, ...]) -> int:
            return trial.suggest_categorical(path, range(len(options)))

        made = as_proposed(trial.number, problem.space.resolve(decide))
        if len(objectives) == 1:
            trial.report(worth(made) / 2, 1)
        return (worth(made), *[float(made.parameters)][: len(objectives) - 1])

    study.optimize(objective, n_trials=27)
    assert [trial.params for trial in study.trials] == [trial.decisions for trial in ours]


def test_what_always_fails_is_tried_less_and_less(name: str) -> None:
    def end(trial: Trial) -> Trial:
        if trial.decisions["1[0].kernel"] == 2:
            return replace(trial, state=FAILED, failure="error")
        return replace(trial, state=COMPLETED, scores=(trial.number % 7 / 7,))

    trials = play(STRATEGIES[name](Settings()), problem_of(), 40, end=end)
    most = 8 if name == "tpe" else 4  # TPE is drawn to options of which it has seen no score
    assert sum(trial.state == FAILED for trial in trials[20:]) <= most
