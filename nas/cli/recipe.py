"""`key=value` words of the command line -> a TrainingConfig, in which several values make a Choice."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from nas.config.recipe import TrainingConfig
from nas.config.search_config import known
from nas.errors import InputError
from search_spaces.dsl import Choice
from search_spaces.errors import SpaceError

NAMES = tuple(field.name for field in dataclasses.fields(TrainingConfig))


def recipe(words: Sequence[str]) -> TrainingConfig:
    """The default recipe with the settings of `words`, e.g. `["augmentation=auto", "learning_rate=0.001,0.003"]`.

    Raises:
        InputError: an unknown setting, a word without `=`, or a value out of range.
    """
    settings: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not text:
            raise InputError(f"A recipe setting is written `name=value`, got {word!r}. E.g. --recipe augmentation=auto")
        known("recipe setting", name, NAMES)
        if name in settings:
            raise InputError(f"`{name}` is given twice. Write several values with commas: {name}=one,other")
        if name == "fidelity":
            raise InputError("`fidelity` is set from Python: TrainingConfig(fidelity=Fidelity(resolution=0.5)).")
        values = [_value(part) for part in _values(text)]
        try:
            settings[name] = values[0] if len(values) == 1 else Choice(*values)
        except SpaceError as error:
            raise InputError(f"`{name}`: {error}") from None
    return TrainingConfig(**settings)


def _values(text: str) -> list[str]:
    """The text between commas that stand in no brackets."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return found


def _value(text: str) -> Any:
    words = {"true": True, "false": False, "none": "none"}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
