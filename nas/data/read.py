"""From anything that a person points at to its reading."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import LANGUAGE, DataOptions
from nas.data.array_reading import array_reading, series_reading
from nas.data.joined_reading import joined_reading
from nas.data.reading import Part, Reading
from nas.data.sources import tables
from nas.data.sources.arrays import read_object
from nas.data.sources.bundled import NAMES
from nas.data.sources.delimited import NoTable, read_delimited
from nas.data.sources.frame import Frame, FrameParts
from nas.data.sources.hugging_face import is_hugging_face, read_hugging_face
from nas.data.sources.npz import read_npy, read_npz
from nas.data.sources.openml import is_openml, read_openml
from nas.data.sources.pictures import SUFFIXES as PICTURES
from nas.data.sources.pictures import read_pictures
from nas.data.sources.raw import Raw, SeriesParts
from nas.data.sources.tensors import read_tensors
from nas.data.sources.texts import SUFFIXES as TEXTS
from nas.data.sources.texts import plain_text_refused, read_labelled_lines, read_running_text, read_text_folder
from nas.data.sources.ts_file import read_ts
from nas.data.table_reading import table_reading
from nas.errors import InputError

FRAMES: dict[str, Callable[[Path, DataOptions], Frame]] = {  # tables, by the end of the file's name
    ".csv": read_delimited, ".tsv": read_delimited, ".tab": read_delimited, ".data": read_delimited,
    ".parquet": tables.read_parquet, ".pq": tables.read_parquet, ".feather": tables.read_feather,
    ".arrow": tables.read_feather, ".jsonl": tables.read_json_lines, ".ndjson": tables.read_json_lines,
    ".json": tables.read_json_lines, ".arff": tables.read_arff, ".xlsx": tables.read_excel,
}  # fmt: skip
LINES = (".txt", ".text", ".all", ".dat", "")  # a table, or one text a line after its label
ARRAYS = (".npz", ".npy", ".pt", ".pth", ".ts")
SOUNDS = {".wav", ".mp3", ".flac", ".ogg", ".m4a", ".aiff"}
FILMS = {".mp4", ".avi", ".mov", ".mkv", ".webm"}


def read(data: Any, options: DataOptions) -> Reading:
    """As `_read`, with the absolute path of a file or folder."""
    return dataclasses.replace(_read(data, options), source=source_of(data))


def source_of(data: Any) -> str:
    """The absolute path of a file or folder; "" of other data."""
    is_path = isinstance(data, str | Path) and str(data) not in NAMES and not is_openml(data)
    return str(Path(data).absolute()) if is_path else ""


def frames_of(data: Any, options: DataOptions) -> tuple[Frame, dict[str, Frame]]:
    """The table that some data is, and those of `options.validation` and `options.test`, by the part.

    Raises:
        InputError: it is no table.
    """
    no_table = "A forecast is made from a table with a column of time: a file such as .csv or .parquet, or a DataFrame."
    if isinstance(data, pd.DataFrame) and isinstance(data.index, pd.DatetimeIndex | pd.PeriodIndex):
        index = data.index.to_timestamp() if isinstance(data.index, pd.PeriodIndex) else data.index
        data = data.set_axis(index.rename(index.name or "time"), axis=0)
    own = {name: path for name, path in (("validation", options.validation), ("test", options.test)) if path}
    found: Any = None
    if not isinstance(data, str | Path):
        found = read_object(data)
    elif is_openml(data):
        found = read_openml(str(data))
    elif str(data) not in NAMES:
        path = _there(data)
        found = None if is_hugging_face(path) else _frame(path, options)
    if not isinstance(found, Frame):
        raise InputError(f"{data if isinstance(data, str | Path) else 'The data'} is no such table. {no_table}")
    return found, {name: _other_frame(Path(path), name, options) for name, path in own.items()}


def _read(data: Any, options: DataOptions) -> Reading:
    """The reading of a name, a path or an object, with the parts that `options.test` and `options.validation` name.

    Raises:
        InputError: anything else, or something that its reader cannot read.
    """
    own = {name: path for name, path in (("test", options.test), ("validation", options.validation)) if path}
    if options.kind == LANGUAGE:
        if not isinstance(data, str | Path) or not _there(data).is_file():
            raise InputError("A language is learned from one text file. Join several: `cat *.txt > all.txt`.")
        return _with_parts(read_running_text(Path(data), options), own, options)
    if not isinstance(data, str | Path):
        held = read_object(data)
        if isinstance(held, dict):
            if own:
                raise InputError("Give named inputs of other parts as objects: ((X, y), (X_test, y_test)).")
            return joined_reading(held.pop("main"), options, **held)
        if isinstance(held, FrameParts):
            return _table_of_parts(held, own, "The data", options)
        return _with_parts(_of(held, options), own, options)
    if str(data) in NAMES:
        return _with_parts(array_reading(NAMES[str(data)](), options), own, options)
    path = None if is_openml(data) else _there(data)
    if path is not None and is_hugging_face(path):
        parts = read_hugging_face(path)
        return _table_of_parts(FrameParts(parts.pop("train"), parts), own, str(path), options)
    frame = read_openml(str(data)) if path is None else _frame(path, options)
    if frame is not None:
        others = {name: _other_frame(Path(other), name, options) for name, other in own.items()}
        return table_reading(frame, options, **others)
    assert path is not None  # noqa: S101 - for the type checker
    return _with_parts(_reading(path, options), own, options)


def _table_of_parts(held: FrameParts, own: dict[str, str], what: str, options: DataOptions) -> Reading:
    """A table with parts of its own, and those in files that the options name; `what` it is called in messages."""
    twice = [name for name in own if name in held.others]
    if twice:
        raise InputError(f"{what} has a part {twice[0]} of its own. Leave --{twice[0]} out.")
    named = {name: _other_frame(Path(path), name, options) for name, path in own.items()}
    return table_reading(held.main, options, **held.others, **named)


def _there(data: str | Path) -> Path:
    path = Path(data)
    if not path.exists():
        near = difflib.get_close_matches(str(data), NAMES, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(
            f"Unknown data {str(data)!r}: neither a known name nor a file or folder.{hint} Known names: "
            f"{', '.join(NAMES)}. Or give a table, arrays, or a folder with one sub-folder a class."
        )
    return path


def ending_of(path: Path) -> str:
    """The end of a file's name in lower case, without `.gz`."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _frame(path: Path, options: DataOptions) -> Frame | None:
    """The table in a file; None where it is none."""
    if path.is_dir():
        return None
    ending = ending_of(path)
    if ending in FRAMES:
        return FRAMES[ending](path, options)
    if ending in LINES and options.layout in ("auto", "table", "series", "pictures"):
        with contextlib.suppress(NoTable):
            return read_delimited(path, options)
    return None


def _other_frame(path: Path, part: str, options: DataOptions) -> Frame:
    frame = _frame(_there(path), options)
    if frame is None:
        raise InputError(f"--{part} {path} is no table, but the data is one.")
    return frame


def _reading(path: Path, options: DataOptions) -> Reading:
    """Of a folder, of arrays, or of lines of text."""
    if path.is_dir():
        return _folder(path, options)
    ending = ending_of(path)
    if ending == ".npz":
        return array_reading(read_npz(path), options)
    if ending == ".npy":
        return array_reading(read_npy(path), options)
    if ending in (".pt", ".pth"):
        held = _of(read_object(read_tensors(path)), options)
        return dataclasses.replace(held, name=path.stem)
    if ending == ".ts":
        return _of(read_ts(path, options), options)
    if ending in LINES:
        reading = read_labelled_lines(path, options)
        if reading is None and (options.kind != "auto" or options.target):
            raise plain_text_refused(path)
        return reading or read_running_text(path, options)
    if ending in SOUNDS | FILMS:
        raise InputError(f"{path}: audio and video are not read. Give arrays of features or of samples, as .npz.")
    if ending in PICTURES:
        raise InputError(f"{path} is one picture. Give a folder with one sub-folder of pictures for each class.")
    known = ", ".join(dict.fromkeys([*FRAMES, *ARRAYS, ".txt"]))
    raise InputError(
        f"{path}: files of type {ending or '(none)'} are not read. Known: {known} (tables also as .gz), or a folder."
    )


def _folder(path: Path, options: DataOptions) -> Reading:
    """A folder of pictures or texts by class, or one with a table in it."""
    files = [
        one
        for one in path.rglob("*")
        if one.is_file() and not any(p.startswith(".") for p in one.relative_to(path).parts)
    ]
    endings = [one.suffix.lower() for one in files]
    listed = sorted(
        one for one in path.iterdir() if one.is_file() and one.suffix.lower() in (".csv", ".tsv", ".parquet")
    )
    folders = [one for one in path.iterdir() if one.is_dir() and not one.name.startswith((".", "__"))]
    if listed and len(folders) < 2:
        if len(listed) > 1:
            names = ", ".join(str(one) for one in listed)
            raise InputError(f"{path} holds several tables. Name the one that lists the examples: {names}.")
        frame = _frame(listed[0], options)
        assert frame is not None  # noqa: S101 - for the type checker
        return table_reading(frame, options)
    if any(ending in PICTURES for ending in endings):
        return read_pictures(path, options)
    if any(ending in TEXTS for ending in endings):
        return read_text_folder(path, options)
    for kinds, what in ((SOUNDS, "audio"), (FILMS, "video")):
        if any(ending in kinds for ending in endings):
            found = ", ".join(sorted({ending for ending in endings if ending in kinds}))
            raise InputError(
                f"{path} holds {what} files ({found}), which are not read. Give arrays of samples or features as .npz, "
                "or pictures of spectrograms."
            )
    return read_pictures(path, options)  # says what is missing


def _of(held: Any, options: DataOptions) -> Reading:
    if isinstance(held, Frame):
        return table_reading(held, options)
    if isinstance(held, Raw):
        return array_reading(held, options)
    if isinstance(held, SeriesParts):
        return series_reading(held.raw, [held.main, held.validation, held.test])
    raw, series = held
    return series_reading(raw, [series, None, None])


def _with_parts(reading: Reading, own: dict[str, str], options: DataOptions) -> Reading:
    """With parts that lie in files or folders of their own, read in the same way."""
    parts: dict[str, Any] = {}
    for name, path in own.items():
        if reading.kind == LANGUAGE:
            parts[name] = read_running_text(_there(path), options).main
            continue
        alone = dataclasses.replace(options, test="", validation="")
        other = _reading(_there(path), alone) if _frame_free(Path(path), alone) else None
        if other is None or other.layout != reading.layout:
            raise InputError(f"--{name} {path} must hold the same kind of examples as the data: {reading.layout}.")
        rows, targets = other.main.rows, other.main.targets
        if isinstance(rows, np.ndarray) and rows.shape[1:] != reading.main.rows.shape[1:]:
            raise InputError(
                f"--{name} {path}: inputs have shape {rows.shape[1:]} each, training inputs "
                f"{reading.main.rows.shape[1:]}."
            )
        parts[name] = Part(rows, targets)
    return dataclasses.replace(reading, **parts) if parts else reading


def _frame_free(path: Path, options: DataOptions) -> bool:
    return path.is_dir() or _frame(path, options) is None
