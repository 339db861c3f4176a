"""Whether a person's own code is still what a search began with, and what to do where it is not."""

from __future__ import annotations

import ast
import difflib
import importlib
import linecache
import sys
import textwrap
from pathlib import Path
from typing import Any

from nas.config.edit import Edit
from nas.config.own_code import thing_called
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal.directory import checkpoint_in, weights_in
from nas.journal.journal import Journal, add_edit
from nas.setup.kept_code import CODE_DATA, KEPT_CODE, data_at, enter_kept_code
from nas.setup.kept_space import DATA, KEPT, kept_data, space_of
from nas.setup.problem import named_space
from nas.training.storage import remove
from search_spaces.cells.arguments import NAMED, Named
from search_spaces.errors import SpaceError
from search_spaces.space import Space

CODE, BEFORE = "code", "before a change"  # the attribute of trials that were trained with other code
FILES = {KEPT: DATA, KEPT_CODE: CODE_DATA}  # what says which code is kept, by the folder of the search
MOST_LINES = 40


def accepted_changes(directory: Path, accept: bool) -> frozenset[str]:
    """In which of a search's folders, `space` and `code`, the kept code is no longer what stands in its files.

    Args:
        accept: whether changed code is what one wants.

    Raises:
        InputError: some has changed and that is not accepted; says how.
    """
    diffs = {folder: diff for folder in FILES if (diff := _diff(directory, folder))}
    if diffs and not accept:
        lines = "\n".join(diffs.values()).splitlines()
        more = [f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
        shown = "\n".join(lines[:MOST_LINES] + more)
        raise InputError(
            f"Code of your own that this search is made of has changed since it began. Bring the old code back, or go "
            f"on with the new by `--accept-changed-code`; trials of before are then marked.\n{shown}"
        )
    return frozenset(diffs)


def resumed_space(directory: Path, name: str, given: Space | None, changed: bool) -> tuple[Space, str]:
    """The space that a search goes on with, and where it stands if its code has been changed since it began, else "".

    Args:
        name: that the space was given by at first; empty for an object.
        given: an object that is given now.
        changed: whether its code has changed, which is accepted.

    Raises:
        InputError: it cannot be had.
    """
    if not changed:
        return given or _by_name(name) or space_of(directory, name, with_rules=True), ""
    reference = name or kept_data(directory)["reference"]
    if given is None and not reference:
        raise InputError("Where the changed space stands is not known. Write `nas.resume(directory, space=…)`.")
    return given or named_space(reference), reference or "an object"


def enter_changed_code(directory: Path) -> list[Named]:
    """The names of a recipe's and metric's code, which from now on stand for it as it is in its files now.

    Raises:
        InputError: a file that cannot be read, or in which something is missing.
    """
    enter_kept_code(directory)
    data = data_at(Path(directory) / KEPT_CODE / CODE_DATA)
    for source in data["sources"].values():
        linecache.checkcache(source["file"])
    for reference in data["own"]:
        origin, _, name = reference.partition(":")
        file = data["sources"].get(reference, {}).get("file", "")
        if source_in(file, name) is not None:
            NAMED[reference] = _anew(origin, file, name)
    return [Named(reference) for reference in (*data["own"], *data["imported"])]


def _anew(origin: str, file: str, name: str) -> Any:
    """A thing as its file has it now, whatever this process has loaded before."""
    module = sys.modules.get(origin)
    if origin != "__main__" and module is not None and str(Path(module.__file__ or "").absolute()) == file:
        importlib.reload(module)
    place = file if origin == "__main__" else origin
    outer, _, inner = name.partition(".")
    thing = thing_called(f"{place}:{outer}", "code")
    for part in inner.split(".") if inner else ():
        thing = getattr(thing, part)
    return thing


def _by_name(name: str) -> Space | None:
    """The space as it stands in its file now, where it can be found from here: it may have other options than then."""
    try:
        return named_space(name) if name else None
    except SpaceError:
        return None


def new_segment(journal: Journal, config: SearchConfig, storage: str) -> None:
    """What follows is trained with other code: says so in the journal, and of every trial of before.

    Weights and checkpoints of before are other networks', so they go. A training that was not finished begins anew.

    Args:
        storage: where they lie.
    """
    journal.take_up(add_edit(journal.directory, Edit(code=True)), config.to_json())
    for trial in list(journal.trials):
        for place in (checkpoint_in(storage, trial.number), weights_in(storage, trial.number)):
            remove(place)
        if not trial.ended:
            journal.change(trial.number, scores=())
        elif CODE not in trial.attributes:
            journal.change(trial.number, attributes={**trial.attributes, CODE: BEFORE})


def changed_code(directory: Path) -> str:
    """How the code that a search began with differs from what now stands in its files, as a diff; empty for not at all.

    Files that are no longer there have not changed: the search has what was in them.
    """
    return "\n".join(diff for folder in FILES if (diff := _diff(directory, folder)))


def _diff(directory: Path, folder: str) -> str:
    kept = Path(directory) / folder / FILES[folder]
    if not kept.is_file():
        return ""
    parts: list[str] = []
    for name, source in data_at(kept)["sources"].items():
        now = source_in(source["file"], source["name"])
        if now is not None and not _same(now, source["text"]):
            parts += difflib.unified_diff(
                source["text"].splitlines(),
                now.splitlines(),
                f"{name} as the search began",
                f"{name} in {source['file']}",
                lineterm="",
                n=1,
            )
    return "\n".join(parts)


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same code: comments and layout are none."""
    try:
        return one == other or ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return False


def _named(statement: ast.stmt) -> set[str]:
    """The names that a statement defines or gives a value."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
        return {node.id for node in stored if isinstance(node.ctx, ast.Store)}
    return {str(getattr(statement, "name", ""))}


def source_in(file: str, name: str) -> str | None:
    """The text of a class, function or constant at the top of a file; None where the file or it is not there."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        body: Any = ast.parse(text).body
    except (OSError, ValueError, SyntaxError):
        return None
    found = None
    for part in name.split("."):
        found = next((one for one in reversed(body) if part in _named(one)), None)
        if found is None:
            return None
        body = getattr(found, "body", [])
    if found is None:
        return None
    if not isinstance(found, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ast.get_source_segment(text, found)
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return textwrap.dedent("\n".join(text.splitlines()[first - 1 : found.end_lineno])).rstrip()
