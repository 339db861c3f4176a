"""Rules over the recipe, and a `Choice` of whole recipes: in proposals, first trials, edits, and from outside."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import nas
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.records.trial import best_first
from nas.setup.known_designs import known_designs
from nas.setup.recipe_rules import check_recipe_rules
from nas.setup.start_from import decisions_of
from nas.setup.stored_search import stored_search
from search_spaces import Choice, Known, RuleError, Space, SpaceError, Task
from search_spaces.cells import MLP, Flatten, Head
from search_spaces.rules import Rule, count, forbid, require
from search_spaces.values import recipe, some

TASK = Task((1, 8, 8), 4)
BOTH = TrainingConfig(optimizer=Choice("sgd", "adamw"), learning_rate=Choice(0.003, 0.03, 0.1))
RECIPES = Choice(
    TrainingConfig(optimizer="sgd", learning_rate=Choice(0.003, 0.03, 0.1), schedule="triangular"),
    TrainingConfig(optimizer="adamw", learning_rate=Choice(0.001, 0.003), ema=Choice(0.0, 0.98)),
)
NO_SLOW_SGD = forbid(recipe.optimizer == "sgd", recipe.learning_rate < 0.01)
WIDE_IS_SLOW = forbid(some(MLP).width >= 16, recipe.learning_rate > 0.01)
QUICK: dict[str, Any] = {
    "tracking_uri": "",
    "epochs": 1,
    "executor": "local",
    "baselines": ("off",),
    "ensemble": "off",
    "final": False,
}


def space(*rules: Rule, known: Any = ()) -> Space:
    return Space("small", Flatten(), MLP(Choice(8, 12, 16, 20), depth=Choice(1, 2)), Head(), rules=rules, known=known)


def joint(training: Any, *rules: Rule) -> JointSpace:
    return JointSpace(space(*rules), training, TASK)


def obeys(trained: Any) -> bool:
    slow_sgd = trained.recipe.optimizer == "sgd" and trained.recipe.learning_rate < 0.01
    wide = trained.architecture.cells[1].width >= 16 and trained.recipe.learning_rate > 0.01
    return not slow_sgd and not wide


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    targets = np.arange(80) % 4
    return np.random.default_rng(0).normal(size=(80, 1, 8, 8)).astype(np.float32) + targets[
        :, None, None, None
    ], targets


@pytest.mark.parametrize("training", [BOTH, RECIPES])
def test_draws_mutations_and_crossovers_obey(training: Any) -> None:
    both = joint(training, NO_SLOW_SGD, WIDE_IS_SLOW)
    rng = random.Random(0)
    found = [both.sample(rng) for _ in range(60)]
    for _ in range(150):
        found += [both.mutate(rng.choice(found), rng), both.crossover(rng.choice(found), rng.choice(found), rng)]
    assert all(obeys(one) and both.obeys(one) for one in found)
    assert all(both.replay(one.decisions) == one for one in found)
    assert {one.recipe.optimizer for one in found} == {"sgd", "adamw"}
    allowed = [one for one in both.enumerate() if both.obeys(one)]
    assert {one.fingerprint for one in found} == {one.fingerprint for one in allowed}
    assert len(list(both.enumerate())) == both.size() > len(allowed)


def test_a_rule_over_a_decided_recipe_chooses_the_architecture() -> None:
    narrow = joint(TrainingConfig(optimizer="sgd", learning_rate=0.1), WIDE_IS_SLOW)
    widths = {narrow.sample(random.Random(seed)).architecture.cells[1].width for seed in range(30)}
    assert widths == {8, 12}


def test_an_option_that_a_rule_almost_forbids_is_still_found() -> None:
    rare = TrainingConfig(optimizer="sgd", learning_rate=Choice(*(n / 1000 for n in range(1, 200))))
    found = joint(rare, require(recipe.learning_rate == 0.077)).sample(random.Random(0))
    assert found.recipe.learning_rate == 0.077


def test_rules_that_nothing_obeys_are_refused_before_anything_is_written(tmp_path: Path, data: Any) -> None:
    for training, rules in (
        (RECIPES, [forbid(recipe.optimizer == "sgd"), forbid(recipe.optimizer == "adamw")]),
        (TrainingConfig(optimizer="sgd", learning_rate=0.1), [forbid(recipe.optimizer == "sgd", count(MLP) >= 1)]),
    ):
        with pytest.raises(RuleError, match=r"None of .* candidates .* obeys its rules"):
            nas.search(data, space(), "3 trials", directory=tmp_path / "s", training=training, rules=rules, **QUICK)
        assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("training", "rule", "words"),
    [
        (BOTH, recipe.learning_rat < 1, "Did you mean 'learning_rate'"),
        (BOTH, recipe.optimizer == "sdg", "can never be.*'sdg'"),
        (BOTH, recipe.schedule == "linear", "can never be"),
        (BOTH, recipe.learning_rate < 1e6, "can never be"),
        (BOTH, recipe.fidelity == 1, "speaks of the fidelity"),
        (BOTH, recipe.optimizer == "torch.optim.RAdam", "Give the class"),
        (TrainingConfig(), recipe.learning_rate < 0.1, "two ways.*own default"),
        (TrainingConfig(), recipe.optimizer == "adamw", "two ways.*Muon or AdamW"),
        (Choice(BOTH, TrainingConfig(optimizer="sgd")), recipe.learning_rate < 0.1, "two ways.*own default"),
        (BOTH, forbid(count(MLP) >= 1, recipe.batch_size > 64), "two ways.*number of examples"),
    ],
)
def test_rules_with_no_one_meaning_are_refused(training: Any, rule: Rule, words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_recipe_rules(joint(training, rule))


@pytest.mark.parametrize("rule", [recipe.optimizer == "auto", recipe.optimizer != "sgd", recipe.learning_rate == 0])
def test_what_is_left_to_the_training_may_be_named_itself(rule: Rule) -> None:
    check_recipe_rules(joint(TrainingConfig(), rule))


def test_given_networks_obey_or_are_refused() -> None:
    both = joint(RECIPES, NO_SLOW_SGD, WIDE_IS_SLOW)
    given: list[Any] = [
        {"mlp.width": 20},
        {"recipe.optimizer": "sgd"},
        {"recipe.ema": 0.98, "mlp.width": 8},
        {"recipe.learning_rate": 0.003, "mlp.width": 12},
    ]
    wide, sgd, averaged, slow = (both.replay(one) for one in decisions_of(given, both, seed=0))
    assert all(map(obeys, (wide, sgd, averaged, slow)))
    assert wide.recipe.learning_rate < 0.01
    assert sgd.recipe.optimizer == "sgd" and averaged.recipe.ema == 0.98
    assert slow.recipe.learning_rate == 0.003 and slow.recipe.optimizer == "adamw"
    for wrong, words in (
        ({"recipe.optimizer": "sgd", "recipe.learning_rate": 0.003}, "breaks a rule"),
        ({"mlp.width": 20, "recipe.learning_rate": 0.1}, "breaks a rule"),
        ({"recipe.optimizer": "adamw", "recipe.learning_rate": 0.1}, "no recipe of this search has"),
        ({"recipe.optimiser": "adamw"}, "Did you mean 'optimizer'"),
    ):
        with pytest.raises(InputError, match=words):
            decisions_of([wrong], both, seed=0)


def test_known_designs_obey_or_are_left_out() -> None:
    known = [Known(f"w{width}", "https://example.org", Flatten(), MLP(width, depth=1), Head()) for width in (8, 20)]
    for rules, names in (((), ["w8", "w20"]), ((WIDE_IS_SLOW,), ["w8"])):
        both = JointSpace(space(*rules, known=known), TrainingConfig(optimizer="sgd", learning_rate=0.1), TASK)
        assert list(known_designs(both, None, seed=0)) == names


@pytest.mark.parametrize("training", [BOTH, RECIPES])
def test_it_is_kept_as_json(training: Any) -> None:
    config = SearchConfig(training=training)
    assert SearchConfig.from_json(config.to_json()) == config
    assert SearchConfig.from_json(config.to_json()).to_json() == config.to_json()


@pytest.mark.parametrize("wrong", ["sgd", Choice("sgd", "adamw"), Choice(TrainingConfig(), "sgd"), Choice(1, 2)])
def test_what_is_no_recipe_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match="training"):
        SearchConfig(training=wrong)


def test_recipes_chosen_among_recipes_are_refused() -> None:
    with pytest.raises(InputError, match="Put all into one"):
        SearchConfig(training=Choice(TrainingConfig(), Choice(BOTH, TrainingConfig(ema=0.0))))


def test_settings_beside_several_recipes_are_refused(tmp_path: Path, data: Any) -> None:
    with pytest.raises(InputError, match="stands beside a `Choice` of recipes"):
        nas.search(data, space(), "1 trials", directory=tmp_path / "s", training=RECIPES, ema=0.5, **QUICK)


@pytest.mark.parametrize("strategy", ["guided", "nsga2"])
def test_a_search_keeps_rules_and_recipes_through_a_resume_and_an_edit(
    tmp_path: Path, data: Any, strategy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "s"
    rules = [NO_SLOW_SGD, WIDE_IS_SLOW]
    asked = {"strategy": strategy, "objectives": ("score", "parameters"), "rules": rules}
    nas.search(data, space(), "5 trials", directory=folder, training=RECIPES, **asked, **QUICK)
    result = nas.resume(folder, data=data, budget="9 trials")
    assert len(result.candidates) == 9 and all(map(obeys, result.candidates))
    nas.edit(folder, pin=["recipe.ema=0.98"])
    later = nas.resume(folder, data=data, budget="14 trials").candidates
    assert all(map(obeys, later)) and {one.recipe.ema for one in later[9:] if one.recipe.optimizer == "adamw"} <= {0.98}
    seen = stored_search(folder)
    assert seen.space is not None and seen.space.training == RECIPES
    assert [repr(rule) for rule in seen.space.space.rules] == [repr(rule) for rule in rules]
    table = nas.open(folder).trials
    assert set(table["recipe"]) <= {"optimizer=sgd, schedule=triangular", "optimizer=adamw"}
    from nas.cli.show import show

    show(folder)
    shown = capsys.readouterr().out
    assert "Rule: forbid(recipe.optimizer == 'sgd', recipe.learning_rate < 0.01)" in shown
    assert best_first(seen.trials)


def test_an_edit_that_leaves_nothing_is_refused(tmp_path: Path, data: Any) -> None:
    folder = tmp_path / "s"
    nas.search(data, space(), "2 trials", directory=folder, training=BOTH, rules=NO_SLOW_SGD, prepare=True, **QUICK)
    with pytest.raises(SpaceError, match="obeys its rules"):
        nas.edit(folder, pin=["recipe.optimizer=sgd", "recipe.learning_rate=0.003"])


def test_candidates_that_are_asked_for_obey(tmp_path: Path, data: Any) -> None:
    folder = tmp_path / "s"
    rules = [NO_SLOW_SGD, WIDE_IS_SLOW]
    nas.search(data, space(), "12 trials", directory=folder, training=RECIPES, rules=rules, prepare=True, **QUICK)
    asked = []
    while (one := nas.ask(folder))["number"] is not None:
        asked.append(one)
        nas.tell(folder, one["number"], 0.5 + 0.01 * one["number"])
    assert len(asked) == 12
    for one in asked:
        slow = one["recipe"]["learning_rate"] < 0.01
        assert not (one["recipe"]["optimizer"] == "sgd" and slow)
        assert slow or one["architecture"]["cells"][1]["width"] < 16


def test_rules_over_own_code_are_kept(tmp_path: Path, data: Any) -> None:
    folder = tmp_path / "s"
    training = TrainingConfig(optimizer=Choice("sgd", torch.optim.RAdam), learning_rate=Choice(0.003, 0.03))
    rules = forbid(recipe.optimizer == torch.optim.RAdam, recipe.learning_rate > 0.01)
    nas.search(data, space(), "2 trials", directory=folder, training=training, rules=rules, **QUICK)
    found = nas.resume(folder, data=data, budget="12 trials").candidates
    assert len(found) == 12
    assert {(str(one.recipe.optimizer), one.recipe.learning_rate) for one in found} == {
        ("sgd", 0.003), ("sgd", 0.03), ("RAdam", 0.003)
    }  # fmt: skip


def test_rules_that_cannot_be_kept_are_not_forgotten_by_who_asks(tmp_path: Path, data: Any) -> None:
    folder = tmp_path / "s"
    hidden = require(lambda architecture: architecture.cells[1].width == 8)
    nas.search(data, space(hidden), "3 trials", directory=folder, prepare=True, **QUICK)
    with pytest.raises(InputError, match="rules could not be kept"):
        nas.ask(folder)
