"""Whether the code of a person's own cells is still what a search began with, and what to do where it is not."""

from __future__ import annotations

import ast
import difflib
import textwrap
from pathlib import Path
from typing import Any

from nas.config.edit import Edit
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal.directory import checkpoint_in, weights_in
from nas.journal.journal import Journal, add_edit
from nas.setup.kept_space import DATA, KEPT, kept_data, space_of
from nas.setup.problem import named_space
from nas.training.storage import remove
from search_spaces.errors import SpaceError
from search_spaces.space import Space

CODE, BEFORE = "code", "before a change"  # the attribute of trials that were trained with other code
MOST_LINES = 40


def resumed_space(directory: Path, name: str, given: Space | None, accept: bool) -> tuple[Space, str]:
    """The space that a search goes on with, and where it stands if its code has been changed since it began, else "".

    Args:
        name: that the space was given by at first; empty for an object.
        given: an object that is given now.
        accept: whether changed code is what one wants.

    Raises:
        InputError: the code has changed and that is not accepted; says how.
    """
    diff = changed_code(directory)
    if not diff:
        return given or _by_name(name) or space_of(directory, name, with_rules=True), ""
    if not accept:
        lines = diff.splitlines()
        more = [f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
        shown = "\n".join(lines[:MOST_LINES] + more)
        raise InputError(
            f"The code of this search's own cells has changed since it began. Bring the old code back, or go on with "
            f"the new by `--accept-changed-code`; trials of before are then marked.\n{shown}"
        )
    reference = name or kept_data(directory)["reference"]
    if given is None and not reference:
        raise InputError("Where the changed space stands is not known. Write `nas.resume(directory, space=…)`.")
    return given or named_space(reference), reference or "an object"


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
    if not (Path(directory) / KEPT / DATA).is_file():
        return ""
    parts: list[str] = []
    for name, source in kept_data(directory)["sources"].items():
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
