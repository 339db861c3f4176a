"""Rules over values: of the recipe and of cells."""

from __future__ import annotations

import itertools
import operator
import random
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from search_spaces import Architecture, Space, SpaceError
from search_spaces.cells import Conv, Head, Stem, Transformer
from search_spaces.rules import Rule, broken, count, forbid, judged, parameters, require
from search_spaces.values import every, recipe, some

COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NETWORK = Architecture("any", (Stem(8), Conv(16, kernel=3), Conv(32, kernel=5), Head()), {})


def trained(**settings: Any) -> Any:
    return SimpleNamespace(**settings)


def obeyed(rule: Rule, architecture: Architecture = NETWORK, **settings: Any) -> bool:
    return broken([rule], architecture, None, trained(**settings)) is None


@pytest.mark.parametrize(("sign", "limit", "value"), itertools.product(COMPARE, (0.01, 1, 3), (0.003, 0.01, 1, 3)))
def test_a_setting_is_compared_as_python_compares(sign: str, limit: float, value: float) -> None:
    rule = COMPARE[sign](recipe.learning_rate, limit)
    assert obeyed(rule, learning_rate=value) is COMPARE[sign](value, limit)
    assert obeyed(~rule, learning_rate=value) is not COMPARE[sign](value, limit)
    assert obeyed(forbid(rule), learning_rate=value) is not COMPARE[sign](value, limit)


def test_what_is_forbidden_together_is_allowed_alone() -> None:
    rule = forbid(recipe.optimizer == "sgd", recipe.learning_rate < 0.01)
    assert repr(rule) == "forbid(recipe.optimizer == 'sgd', recipe.learning_rate < 0.01)"
    for optimizer, rate in itertools.product(("sgd", "adamw"), (0.001, 0.1)):
        expected = not (optimizer == "sgd" and rate < 0.01)
        assert obeyed(rule, optimizer=optimizer, learning_rate=rate) is expected
        assert obeyed(~rule, optimizer=optimizer, learning_rate=rate) is not expected
    assert "hold together" in rule.explain(NETWORK, None, trained(optimizer="sgd", learning_rate=0.001))


def test_cells_and_recipe_in_one_rule() -> None:
    rule = forbid(recipe.learning_rate > 0.01, some(Conv).kernel >= 5, count(Conv) >= 2)
    smaller = Architecture("any", (Stem(8), Conv(16, kernel=3), Conv(32, kernel=3), Head()), {})
    assert not obeyed(rule, learning_rate=0.1)
    assert obeyed(rule, learning_rate=0.01) and obeyed(rule, smaller, learning_rate=0.1)


def test_some_and_every() -> None:
    assert obeyed(some(Conv).kernel == 5) and not obeyed(every(Conv).kernel == 5)
    assert obeyed(every(Conv).width >= 16) and not obeyed(every(Conv).width > 16)
    assert obeyed(every(Transformer).heads == 7) and not obeyed(some(Transformer).heads == 7)
    for rule in (some(Conv).kernel == 5, every(Conv).kernel == 5, every(Conv).width > 16):
        assert obeyed(~rule) is not obeyed(rule)


def test_without_a_recipe_only_rules_over_cells_are_judged() -> None:
    rules = [forbid(recipe.ema > 0, count(Conv) >= 1), some(Conv).kernel == 5]
    assert judged(rules, None) == [rules[1]] and judged(rules, None, with_recipe=True) == rules
    space = Space("s", Stem(8), Head(), rules=rules[0])
    assert space.sample(random.Random(0)).cells == (Stem(8), Head())


def test_distances_grow() -> None:
    far, near = ((recipe.learning_rate < 0.01).distance(NETWORK, None, trained(learning_rate=r)) for r in (10.0, 0.011))
    assert far > near > 0


@pytest.mark.parametrize(
    "rule",
    [
        forbid(recipe.optimizer == "sgd", recipe.learning_rate < 0.01),
        (recipe.ema == 0) | (some(Conv).width > 8) | ((parameters < 7) & (recipe.mixup != 0.2)),
        ~(some(Conv).kernel == 3) & require(Conv),
        forbid(recipe.dropout == None, every(Conv).norm == "batch", recipe.checkpointing == True),  # noqa: E711, E712
        forbid(Conv) | forbid(recipe.clip <= 1, count(Conv) >= 3),
    ],
)
def test_printed_as_written(rule: Rule) -> None:
    names = {**globals(), "require": require, "every": every}
    assert repr(eval(repr(rule), names)) == repr(rule)


def test_code_is_compared_by_what_it_is() -> None:
    from search_spaces.cells.arguments import frozen

    rule = recipe.optimizer == torch.optim.RAdam
    assert obeyed(rule, optimizer=frozen(torch.optim.RAdam, "")) and not obeyed(rule, optimizer="adamw")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: recipe.optimizer == "sgd" and recipe.learning_rate < 0.01, "neither true nor false"),
        (lambda: 0.001 < recipe.learning_rate < 0.01, "neither true nor false"),
        (lambda: recipe.optimizer == "sgd" & (recipe.ema > 0), "brackets|unsupported"),
        (lambda: (recipe.optimizer == "sgd") & recipe.ema > 0, "A rule is made from"),
        (lambda: recipe.optimizer | recipe.ema, "stand in brackets"),
        (lambda: forbid(recipe.optimizer), "A rule is made from"),
        (lambda: recipe.learning_rate < "much", "needs a number"),
        (lambda: recipe.learning_rate < float("nan"), "needs a number"),
        (lambda: recipe.learning_rate < True, "needs a number"),
        (lambda: recipe.learning_rate < recipe.weight_decay, "needs a number|with a value"),
        (lambda: recipe.optimizer == recipe.schedule, "compares .* with a value"),
        (lambda: some(Conv).heads > 2, "has no field `heads`"),
        (lambda: some("Conv").kernel > 2, "a class of cells"),
        (lambda: some(Conv).kind > 2, "compares by size|has no field"),
        (lambda: bool(recipe.ema), "no rule until it is compared"),
    ],
)
def test_what_python_would_read_otherwise_is_refused(make: Any, words: str) -> None:
    with pytest.raises((SpaceError, TypeError), match=words):
        found = make()
        broken([found], NETWORK, None, trained())
