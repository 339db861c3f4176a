"""What can go wrong, in two kinds: the person's input (exit code 2) and the search itself (exit code 1)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A value the user gave breaks a rule; the message names the value, the rule and the way out."""


class SearchFailed(RuntimeError):
    """A search ended without a single usable network."""


def known(what: str, name: object, names: Iterable[object]) -> None:
    """Raises InputError, with all names and the nearest, unless `name` is one of them."""
    words = list(dict.fromkeys(map(str, names)))
    if name not in words:
        near = difflib.get_close_matches(str(name), words, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"Unknown {what} {name!r}. Known: {', '.join(words)}.{hint}")


def whole(name: str, value: object, least: int) -> None:
    """Raises InputError unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"`{name}` must be a whole number of at least {least}, got {value!r}.")
