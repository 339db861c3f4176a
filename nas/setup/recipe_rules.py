"""Rules that speak of the recipe, checked before a search begins: each must have one meaning."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from nas.config.own_code import is_code
from nas.config.recipe import TrainingConfig
from nas.errors import InputError, known
from nas.records.joint_space import JointSpace
from search_spaces.rules import conditions
from search_spaces.tree import outcomes
from search_spaces.values import Condition, OfRecipe

NAMES = tuple(part.name for part in fields(TrainingConfig))
# Settings whose default says "decided in the training", by what is known of it then.
LATER: dict[str, tuple[Any, str]] = {
    "optimizer": ("auto", "Muon or AdamW by the size of the batches"),
    "learning_rate": (0.0, "the optimizer's own default"),
    "batch_size": (0, "what goes with the number of examples"),
    "dropout": (None, "what the architecture says"),
    "precision": ("auto", "half where the device is faster with it"),
    "augmentation": ("auto", "what goes with the kind of data"),
    "channels_last": ("auto", "on"),
    "test_time_flip": ("auto", "on where the training mirrors pictures"),
    "loss": ("auto", "what goes with the kind of targets"),
}
NEVER_LATER = {"optimizer": ("sgd",)}  # what `auto` never becomes


def check_recipe_rules(joint: JointSpace) -> None:
    """Refuses rules that could be read in two ways, or that name what no recipe has.

    Raises:
        InputError: an unknown setting, a value that it cannot have, or a setting that is decided only in the training.
    """
    for rule in joint.space.rules:
        for one in conditions(rule):
            if isinstance(one, Condition) and isinstance(one.of, OfRecipe):
                _check(one, one.of.name, joint.training)


def _check(rule: Condition, name: str, training: Any) -> None:
    known("recipe setting", name, NAMES)
    if name == "fidelity":
        raise InputError(f"The rule `{rule!r}` speaks of the fidelity, which no rule may. Leave it out.")
    try:
        meant = getattr(TrainingConfig(**{name: rule.value}), name)
    except InputError as error:
        raise InputError(f"The rule `{rule!r}` compares with what the setting can never be. {error}") from None
    if is_code(meant) and meant != rule.value:
        raise InputError(f"The rule `{rule!r}` names code by a text. Give the class or the function itself.")
    if name not in LATER:
        return
    later, becomes = LATER[name]
    left = any(value == later for recipe in outcomes(training) for value in outcomes(getattr(recipe, name)))
    if left and rule.value != later and rule.value not in NEVER_LATER.get(name, ()) and not is_code(rule.value):
        raise InputError(
            f"The rule `{rule!r}` can be read in two ways: the recipe leaves `{name}` at {later!r}, which becomes "
            f"{becomes}, so the rule could mean the setting or what becomes of it. Say in the recipe what `{name}` "
            f"may be, e.g. {name}=Choice(…), or compare with {later!r}."
        )
