"""A person's space as a search keeps it in its directory, so that the search is open anywhere and at any time.

`space/space.json` holds the cells with all that they leave open, `space/own_code.py` the code that they are made of,
and where that came from. Reading it back runs `own_code.py`: open only searches that you or someone you trust has run.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import search_spaces.cells
from nas.errors import InputError
from nas.setup.kept_code import CODE, data_at, entered, module_at
from search_spaces import load_space, rules, values
from search_spaces.architecture import KNOWN_CELLS
from search_spaces.cells.custom import Custom
from search_spaces.space import Space
from search_spaces.stored import cells_from_data

KEPT, DATA = "space", "space.json"


def kept_space(directory: Path) -> Space | None:
    """The space that the search in `directory` keeps; None where it keeps none.

    Raises:
        InputError: it cannot be read, e.g. because a package that its code imports is not installed.
    """
    folder = Path(directory).absolute() / KEPT
    return _read(folder) if (folder / DATA).is_file() else None


@functools.lru_cache(maxsize=64)
def _read(folder: Path) -> Space:
    data = kept_data(folder.parent)
    try:
        module = module_at(folder / CODE)
        own = entered(data, module)
        known = _cells(data, own)
        named = {reference.partition(":")[2]: thing for reference, thing in own.items()}  # as a rule prints them
        names = {**vars(search_spaces.cells), **vars(rules), **vars(values), **vars(module), **named}
        found = [rule_of(text, names) for text in data["rules"] or ()]
        return Space(data["name"], *cells_from_data(data["cells"], known), rules=found)
    except Exception as error:  # whatever a person's own code raises
        raise InputError(
            f"The space that is kept in {folder} cannot be read: {type(error).__name__}: {error}. Give the space "
            "itself: `nas.resume(directory, space=…)`."
        ) from error


def rule_of(text: str, names: dict[str, Any]) -> rules.Rule:
    """The rule that is written so. It is run as code, and as trusted as the code beside it."""
    found: rules.Rule = rules.symbol(eval(text, names))  # noqa: S307
    return found


def space_of(directory: Path, name: str, *, with_rules: bool = False) -> Space:
    """The space of the search in `directory`: as it is kept there, or by its name.

    Args:
        name: that it was given by; empty for an object.
        with_rules: whether the search is to go on, for which its rules are needed.

    Raises:
        InputError, SpaceError: it cannot be had.
    """
    kept = kept_space(directory)
    if kept is not None and (rules_are_kept(directory) or not with_rules):
        return kept
    if name:
        return load_space(name)
    where = kept_data(directory)["reference"] if kept is not None else ""
    raise InputError(
        f"This search was given its space as an object{f' ({where})' if where else ''}"
        f"{', whose rules could not be kept' if kept is not None else ''}. Write `nas.resume(directory, space=…)`."
    )


def kept_data(directory: Path) -> dict[str, Any]:
    """What stands in `space.json`."""
    return data_at(Path(directory) / KEPT / DATA)


def rules_are_kept(directory: Path) -> bool:
    """Whether the kept space has the rules of the search too, so that the search can go on with it."""
    return kept_data(directory)["rules"] is not None


def _cells(data: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Makes the cells known by the names that they had, so that fingerprints and records are the same as then."""
    known = dict(KNOWN_CELLS)
    for title in data["titles"]:
        reference = title.removeprefix("Custom[").removesuffix("]")
        thing = own[data["titles"][title]] if data["titles"][title] else own[reference]
        known[title] = KNOWN_CELLS[title] = thing if data["titles"][title] else functools.partial(Custom, thing)
    return known
