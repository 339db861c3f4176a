"""Writes a person's own code in a recipe into the directory of a search, so that the search is open anywhere."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from nas.export.kept_sources import sorted_out, texts_of
from nas.export.sources import Sources
from nas.setup.kept_code import CODE, CODE_DATA, FORMAT, KEPT_CODE
from search_spaces.cells.arguments import Named

DOCSTRING = '"""The recipe\'s and the metric\'s own code of this search, as it was when the search began."""'


def keep_code(directory: Path, names: Iterable[Named]) -> None:
    """Writes `code/` below `directory`, where there is any code. It appears whole or not at all.

    Raises:
        InputError: some of the code cannot be had.
    """
    things = {one.name: one.value for one in names}
    if not things:
        return
    sources = Sources(copied=False)
    own, imported = sorted_out(things, sources)
    kept = {"format": FORMAT, "own": own, "imported": imported, "sources": texts_of(sources)}
    part = directory / f"{KEPT_CODE}.part"
    part.mkdir(exist_ok=True)
    (part / CODE).write_text(sources.file(DOCSTRING, ""), encoding="utf-8")
    (part / CODE_DATA).write_text(json.dumps(kept, indent=1), encoding="utf-8")
    os.replace(part, directory / KEPT_CODE)


def new_place(directory: Path, folder: str) -> Path:
    """An empty place in which what a folder of the search is to hold is written first, see `replace_kept`."""
    place = directory / f"{folder}.new"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return place


def replace_kept(directory: Path, folder: str) -> None:
    """What was written in `new_place` becomes that folder of the search; the old one stays under another name."""
    count = len(list(directory.glob(f"{folder}-before-*")))
    os.replace(directory / folder, directory / f"{folder}-before-{count + 1}")
    os.replace(directory / f"{folder}.new" / folder, directory / folder)
    shutil.rmtree(directory / f"{folder}.new", ignore_errors=True)
