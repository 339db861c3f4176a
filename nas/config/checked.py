"""Frozen data classes that pydantic checks when they are made, and whose refusals are an `InputError`.

The rule of a field is its `description`, in words that follow "must be"; `number` and `whole_number` write the rule and
its words. What a validator raises as an `InputError` is passed on as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal, TypeVar, dataclass_transform, get_args, get_origin

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from nas.errors import InputError, known

Class = TypeVar("Class", bound=type)
UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")  # pydantic's names of an error
LONGEST = 200  # characters of a value in a message


@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def checked(what: str, prefix: str = "") -> Callable[[Class], Class]:
    """A class becomes a frozen data class that raises InputError unless every value obeys its field's rule.

    Values are taken as they are: no text becomes a number, and no number becomes another type of number.

    Args:
        what: one field, in the words of a message, e.g. `setting`.
        prefix: stands before the names of fields in messages.
    """
    config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants")

    def decorate(cls: Class) -> Class:
        made: Any = dataclass(frozen=True, config=config)(cls)
        made._what, made._prefix = what, prefix
        check = made.__init__

        @functools.wraps(check)
        def make(self: Any, *args: Any, **kwargs: Any) -> None:
            try:
                check(self, *args, **kwargs)
            except ValidationError as error:
                raise InputError(refusal(made, error)) from None

        made.__init__ = make
        return made

    return decorate


def number(low: float, high: float) -> Any:
    """The rule of a number between two bounds, both included."""
    return Field(ge=low, le=high, allow_inf_nan=True, description=f"a number from {low:g} to {high:g}")


def whole_number(least: int) -> Any:
    """The rule of a whole number of at least `least`."""
    return Field(ge=least, description=f"a whole number of at least {least}")


def refusal(cls: type, error: ValidationError) -> str:
    """What to tell the person: the first value that broke a rule, and the rule."""
    first: Mapping[str, Any] = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return str(cause)
    owner, name, found = _field(cls, first["loc"])
    try:
        if first["type"] in UNKNOWN:
            known(owner._what, first["loc"][-1], owner.__pydantic_fields__)
        elif found is not None and get_origin(found.annotation) is Literal:
            known(name.replace("_", " "), first["input"], get_args(found.annotation))
    except InputError as unknown:
        return str(unknown)
    if found is not None and found.description:
        return f"`{name}` must be {found.description}, got {first['input']!r:.{LONGEST}}."
    return f"{first['msg']}, got {first['input']!r:.{LONGEST}}."


def _field(cls: Any, place: tuple[int | str, ...]) -> tuple[Any, str, Any]:
    """The innermost checked class at this place of an error, and the name and pydantic's record of the field there."""
    owner, name, found = cls, "", None
    fields = cls.__pydantic_fields__
    for step in place:
        if step in fields:
            found, name = fields[step], f"{owner._prefix}{step}"
            inner = found.annotation
            owner, fields = (inner, inner.__pydantic_fields__) if hasattr(inner, "_what") else (owner, {})
    return owner, name, found
