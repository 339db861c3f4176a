"""Sources: what a person may point at. Each reader turns one kind of it into raw arrays."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas.config.data_options import DataOptions
from nas.data.array_reading import array_reading
from nas.data.reading import Reading
from nas.data.sources.arrays import read_arrays
from nas.data.sources.bundled import NAMES
from nas.data.sources.csv_table import read_csv
from nas.data.sources.npz import read_npz
from nas.data.sources.pictures import read_pictures
from nas.data.sources.raw import Raw
from nas.errors import InputError

FILES: dict[str, Callable[[Path], Raw]] = {".npz": read_npz, ".csv": read_csv}  # reader by the end of the file's name


def read(data: Any, options: DataOptions) -> Reading:
    """The reading of whatever a person points at."""
    return array_reading(raw(data, options.size), options)


def raw(data: Any, size: tuple[int, int] | None = None) -> Raw:
    """Raw arrays of a pair (X, y), a bundled name, a file or a folder of pictures.

    Args:
        size: height and width in pixels that the pictures of a folder get.

    Raises:
        InputError: anything else, or something that its reader cannot read.
    """
    if isinstance(data, tuple | list):
        return read_arrays(data)
    if not isinstance(data, str | Path):
        raise InputError(
            f"`data` must be a name, a path or a pair (X, y), got {type(data).__name__}. "
            f"Known names: {', '.join(NAMES)}."
        )
    if str(data) in NAMES:
        return NAMES[str(data)]()
    path = Path(data)
    if path.is_dir():
        return read_pictures(path, size)
    if not path.exists():
        near = difflib.get_close_matches(str(data), NAMES, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(
            f"Unknown data {str(data)!r}: neither a known name nor a file or folder.{hint} Known names: "
            f"{', '.join(NAMES)}. Or give a .npz file, a .csv table or a folder of pictures, one sub-folder a class."
        )
    if path.suffix.lower() not in FILES:
        raise InputError(
            f"{path}: files of type {path.suffix or '(none)'} are not read. Known: {', '.join(FILES)}, or a folder."
        )
    return FILES[path.suffix.lower()](path)
