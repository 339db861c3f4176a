"""Raw rows to be predicted, from a file or a folder, with their targets where it holds them too."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.preprocessing import Preprocessing, parts_of
from nas.data.preprocessing.arrays import ArrayRules
from nas.data.preprocessing.cells import WrongCell, numbers, word, words
from nas.data.preprocessing.forecast import ForecastRules
from nas.data.preprocessing.joined import JoinedRules
from nas.data.preprocessing.language import LanguageRules
from nas.data.preprocessing.pictures import PictureRules
from nas.data.preprocessing.series import SeriesRules
from nas.data.preprocessing.table import Number, TableRules
from nas.data.preprocessing.text import TextRules
from nas.data.read import FRAMES, LINES, ending_of
from nas.data.schema import NUMBER, TARGET, Schema
from nas.data.sources.class_folders import PARTS, files_below, subfolders
from nas.data.sources.delimited import GROUPED, is_number, read_delimited
from nas.data.sources.encoding import decoded
from nas.data.sources.frame import Frame
from nas.data.sources.named_arrays import one_part
from nas.data.sources.npz import arrays_of
from nas.data.sources.pictures import SUFFIXES as PICTURES
from nas.data.sources.tensors import read_tensors
from nas.data.sources.texts import SUFFIXES as TEXTS
from nas.data.sources.ts_file import read_ts
from nas.data.table_reading import yes_or_no
from nas.errors import InputError

MOSTLY = 0.5  # of the lines of a text begin with a class: the others lack theirs
BLANK = "(blank)"


@dataclass(frozen=True, eq=False)
class NewRows:
    """Rows as a predictor takes them.

    Args:
        targets: as `Targets.encoded` gives them; None where the source has none that can be compared.
        known: bool `(n,)`: whether a row has a target; the targets of others stand for nothing.
        why: there are no targets, where that is worth saying.
        at: where a row stands, in the words of a message.
        notes: what to know.
        outputs: what the network said of the targets, where these are others than of the rows: of a forecast.
    """

    rows: Any
    targets: np.ndarray | None = None
    known: np.ndarray | None = None
    why: str = ""
    at: Callable[[int], str] | None = None
    notes: tuple[str, ...] = ()
    outputs: np.ndarray | None = None


def read_rows(
    path: Path, schema: Schema, rules: Preprocessing, options: DataOptions | None = None, part: str = ""
) -> NewRows:
    """The rows of a file or a folder of the kind that a network was trained on.

    Args:
        schema, rules: of the training's data.
        options: how a text file or arrays are read, where it is read otherwise by itself.
        part: `train`, `validation` or `test` of a source that holds several.

    Raises:
        InputError: nothing there, another kind of data, or something that its reader cannot read.
    """
    options = options or DataOptions()
    if not path.exists():
        raise InputError(f"There is no file or folder {path}.")
    if isinstance(rules, JoinedRules) and rules.by_name:
        return _of_named(path, rules)
    if rules.columns:
        return _of_table(path, schema, rules, options)
    if isinstance(rules, PictureRules):
        return _of_files(path, schema, part, PICTURES, "pictures", str)
    if isinstance(rules, LanguageRules):
        if path.is_dir():
            raise InputError(f"{path} is a folder. The network goes on from one text file.")
        return NewRows(decoded(path, options.encoding)[0])
    if isinstance(rules, TextRules):
        return _of_texts(path, schema, options, part)
    return _of_arrays(path, schema, rules, options, part)


# Tables


def _of_table(path: Path, schema: Schema, rules: Preprocessing, options: DataOptions) -> NewRows:
    frame = _named(_frame(path, schema, rules, options), schema)
    if not len(frame.cells):
        raise InputError(f"{frame.path} has no rows.")
    marks = _marks(rules, schema)
    typed, notes = _typed(frame, {name: mark for name, mark in marks.items() if name in frame.cells.columns}, options)
    wrong = {name: error for name, error in typed.items() if isinstance(error, WrongCell)}
    for name, error in wrong.items():
        if name in rules.columns:
            raise InputError(f"{frame.at(error.row)}, column {name!r}: {error.what}.")
    cells = frame.cells.assign(**{name: typed[name] for name in typed if name in rules.columns})
    for one in parts_of(rules):
        if isinstance(one, PictureRules) and one.column in cells.columns:
            cells[one.column] = _paths(frame, one.column)
    made = NewRows(cells, at=frame.at, notes=(*frame.notes, *notes))
    if isinstance(rules, ForecastRules):  # its targets are further steps of its inputs
        return made
    missing = [name for name in schema.targets if name not in frame.cells.columns]
    if missing:
        return made
    try:
        values = [_target_values(frame, schema, name, typed) for name in schema.targets]
    except WrongCell as error:
        return dataclasses.replace(made, why=f"{frame.at(error.row)}, column {error.column!r}: {error.what}")
    if isinstance(rules, SeriesRules) and rules.series in cells.columns:
        firsts = ~pd.Series(words(cells[rules.series])).duplicated().to_numpy()
        values = [one[firsts] for one in values]
    if schema.heads:
        return _with_heads(made, values, schema)
    together = values[0] if len(values) == 1 else np.stack([yes_or_no(one) for one in values], axis=1)
    return _with_targets(made, together, schema)


def _frame(path: Path, schema: Schema, rules: Preprocessing, options: DataOptions) -> Frame:
    """The table in a file, or the one table in a folder."""
    if path.is_dir():
        listed = sorted(one for one in path.iterdir() if one.is_file() and ending_of(one) in FRAMES)
        if len(listed) != 1:
            raise InputError(f"{path} holds {len(listed)} tables. Name a table with {_listed(rules.columns)}.")
        return _frame(listed[0], schema, rules, options)
    ending = ending_of(path)
    read = FRAMES.get(ending)
    if read is read_delimited or (read is None and ending in LINES):
        unnamed = schema.reading.get("header") == "no"
        wanted = () if unnamed else tuple(one.name for one in schema.columns) or rules.columns
        header = "no" if unnamed and options.header == "auto" else options.header
        return read_delimited(path, dataclasses.replace(options, header=header), wanted)
    if read is None:
        raise InputError(f"{path} is no table. The network takes rows with {_listed(rules.columns)}.")
    return read(path, options)


def _listed(columns: Sequence[str]) -> str:
    return f"the columns {', '.join(columns[:8])}" + (", …" if len(columns) > 8 else "")


def _named(frame: Frame, schema: Schema) -> Frame:
    """With the training's names where neither file names its columns: with all columns, or without the targets."""
    every = [one.name for one in schema.columns]
    if frame.named and schema.reading.get("header") == "no" and len(frame.cells.columns) == len(every):
        return frame
    if frame.named or not every:
        return frame
    if schema.reading.get("header") != "no":
        raise InputError(
            f"{frame.path}: the first line names none of the columns {', '.join(every[:8])}. Give the file a header."
        )
    inputs = [one.name for one in schema.columns if one.role != TARGET]
    for names in (every, inputs):
        if frame.cells.shape[1] == len(names):
            frame.cells.columns = pd.Index(names)
            return frame
    raise InputError(
        f"{frame.path} has {frame.cells.shape[1]} columns without names; the training's data had {len(every)}, "
        f"{len(inputs)} without the target."
    )


def _marks(rules: Preprocessing, schema: Schema) -> dict[str, str]:
    """The decimal mark of every column of numbers, as it was in training."""
    marks = {one.name: "." for one in schema.columns if one.role == TARGET and one.type == NUMBER}
    tables = [one for one in parts_of(rules) if isinstance(one, TableRules)]
    if tables:
        found = {step.column: step.decimal for one in tables for step in one.steps if isinstance(step, Number)}
    elif isinstance(rules, SeriesRules | ForecastRules):
        found = dict(zip(rules.names, rules.decimals, strict=True))
    else:
        found = {}
    most = "," if "," in found.values() else "."
    return dict.fromkeys(marks, most) | found


def _typed(frame: Frame, marks: Mapping[str, str], options: DataOptions) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Columns of numbers that are texts as float64, with the decimal mark of this file; for a column with other cells
    what is wrong with the first.

    Raises:
        InputError: numbers that can be read in two ways.
    """
    texts = {name: mark for name, mark in marks.items() if frame.cells[name].dtype.kind not in "biufM"}
    trained = "," if "," in texts.values() else "."
    mark = trained if options.decimal == "auto" else options.decimal
    if options.decimal == "auto" and texts:
        mark = _mark(frame, list(texts), trained)
    found: dict[str, Any] = {}
    for name in texts:
        try:
            found[name] = numbers(frame.cells[name], mark, name)
        except WrongCell as error:
            found[name] = error
    return found, (f"the decimal mark is {mark!r}",) if mark != trained else ()


def _mark(frame: Frame, names: Sequence[str], trained: str) -> str:
    """The decimal mark of a file: what its numbers show, else the training's."""
    cells = [cell for name in names for cell in map(word, frame.cells[name]) if is_number(cell) or GROUPED.match(cell)]
    commas, dots = ([cell for cell in cells if mark in cell] for mark in ",.")
    if trained == "." and commas:
        if dots or not all(map(GROUPED.fullmatch, commas)):
            return "." if dots else ","
        shown, as_mark, other = commas[0], ",", "thousands: remove the commas"
    elif trained == "," and dots and not commas:
        if not all(GROUPED.fullmatch(cell.replace(".", ",")) for cell in dots):
            return "."
        shown, as_mark, other = dots[0], ".", "thousands, as in training: --decimal ','"
    else:
        return trained
    raise InputError(
        f"{frame.path}: {shown!r} can be read in two ways. With a decimal mark: --decimal '{as_mark}'. As {other}."
    )


def _paths(frame: Frame, column: str) -> list[str]:
    """Absolute paths of a column; relative ones begin in the table's folder."""
    folder = frame.path.parent.absolute() if frame.path else Path.cwd()
    paths = [str(folder / text) for text in words(frame.cells[column])]
    wrong = [row for row, path in enumerate(paths) if not Path(path).is_file()]
    if wrong:
        raise InputError(
            f"{frame.at(wrong[0])}, column {column!r}: {paths[wrong[0]]} is no file; so are {len(wrong)} of "
            f"{len(paths)} paths. Paths begin in the table's folder."
        )
    return paths


def _target_values(frame: Frame, schema: Schema, name: str, typed: Mapping[str, Any]) -> np.ndarray:
    """Numbers, or words with "" where empty, as `table_reading` has them."""
    kind = next((one.type for one in schema.columns if one.name == name), "")
    if kind == NUMBER:
        found = typed[name] if name in typed else numbers(frame.cells[name], name=name)
        if isinstance(found, WrongCell):
            raise found
        return found
    return np.array(words(frame.cells[name]), dtype=object)


# Targets


def _with_targets(made: NewRows, y: np.ndarray, schema: Schema) -> NewRows:
    """With targets of these values, if all that are there can be compared."""
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    outputs = len(schema.classes)
    if schema.kind != "classification":
        if y.dtype.kind not in "buif" or y.size != len(y) * outputs:
            return dataclasses.replace(made, why=f"the targets are no {outputs} numbers each")
        values = y.reshape(len(y), outputs).astype(np.float32)
        return _known(made, values, np.asarray(np.isfinite(values).all(axis=1)))
    if y.ndim == 2:
        if y.shape[1] != outputs or y.dtype.kind not in "buif":
            return dataclasses.replace(made, why="the targets are no rows with a single 1")
        return _known(made, y.argmax(axis=1).astype(np.int64), np.ones(len(y), bool))
    places = {name: place for place, name in enumerate(schema.classes)}
    names = [word(one) if isinstance(one, float) else str(one).strip() for one in y.tolist()]
    if not {*names} <= {*places, ""} and {name.rstrip(".") for name in names} <= {*places, ""}:
        names = [name.rstrip(".") for name in names]
    names = [BLANK if not name and BLANK in places else name for name in names]
    unknown = sorted({*names} - {*places, ""})
    if unknown:
        return dataclasses.replace(made, why=f"targets that are none of the classes: {', '.join(unknown[:5])}")
    found = np.array([places.get(name, 0) for name in names], np.int64)
    return _known(made, found, np.array([name != "" for name in names]))


def _with_heads(made: NewRows, values: Sequence[np.ndarray], schema: Schema) -> NewRows:
    """With several targets, if all of them can be compared."""
    found, known = [], np.ones(len(values[0]), bool)
    for one, column in zip(schema.heads, values, strict=True):
        alone = dataclasses.replace(schema, kind=one.kind, classes=one.classes, heads=())
        here = _with_targets(made, column, alone)
        if here.targets is None or here.known is None:
            return dataclasses.replace(made, why=f"target {one.name!r}: {here.why}")
        found.append(here.targets.reshape(len(column), -1).astype(np.float32))
        known &= here.known
    return _known(made, np.concatenate(found, axis=1), known)


def _of_named(path: Path, rules: JoinedRules) -> NewRows:
    """An array for each named input, from a `.npz` file."""
    if path.is_dir() or ending_of(path) != ".npz":
        raise InputError(f"{path} holds no named inputs. The network takes {', '.join(rules.names)}: arrays in a .npz.")
    _, arrays = arrays_of(path, lambda name, held: {one: one for one in held})
    return NewRows({name: arrays[name] for name in rules.names if name in arrays})


def _known(made: NewRows, targets: np.ndarray, known: np.ndarray) -> NewRows:
    if not known.any():
        return dataclasses.replace(made, why="all targets are empty")
    return dataclasses.replace(made, targets=targets, known=known)


# Files, texts, arrays


def _of_files(
    path: Path, schema: Schema, part: str, suffixes: frozenset[str], what: str, read: Callable[[Path], Any]
) -> NewRows:
    """The files below a folder; their targets are the names of the folders in which they lie."""
    if path.is_file():
        if path.suffix.lower() not in suffixes:
            raise InputError(f"{path} is none of the {what} that the network takes ({', '.join(sorted(suffixes))}).")
        return NewRows([read(path)])
    root = _part_of(path, schema, part)
    files = files_below(root, root, suffixes)
    if not files:
        raise InputError(f"{root} holds no {what} ({', '.join(sorted(suffixes))}).")
    made = NewRows([read(file) for file in files], at=lambda row: str(files[row]))
    folders = [file.relative_to(root).parts[:-1] for file in files]
    if not any(folders):
        return made
    return _with_targets(made, np.array([one[0] if one else "" for one in folders], dtype=object), schema)


def _part_of(root: Path, schema: Schema, part: str) -> Path:
    """The folder of the part that is meant."""
    parts = {PARTS[one.name.lower()]: one for one in subfolders(root) if one.name.lower() in PARTS}
    parts = {word: one for word, one in parts.items() if one.name not in schema.classes}
    if part:
        word_of = {"train": "main"}.get(part, part)
        if word_of not in parts:
            raise InputError(f"{root} has no folder for --part {part}.")
        return parts[word_of]
    if len(parts) > 1:
        names = ", ".join(one.name for one in parts.values())
        raise InputError(f"{root} holds several parts: {names}. Name one, e.g. --part test.")
    return next(iter(parts.values())) if parts else root


def _of_texts(path: Path, schema: Schema, options: DataOptions, part: str) -> NewRows:
    """A folder of text files, or one text a line, after its label where all lines begin with one."""

    def text_of(file: Path) -> str:
        return decoded(file, options.encoding)[0] if file.stat().st_size else ""

    if path.is_dir():
        return _of_files(path, schema, part, TEXTS, "text files", text_of)
    lines = [(number, line.strip()) for number, line in enumerate(text_of(path).splitlines(), start=1) if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty.")
    made = NewRows([line for _, line in lines], at=lambda row: f"{path}, line {lines[row][0]}")
    pairs = [[*line.split(None, 1), ""][:2] for _, line in lines]
    labelled = [label in schema.classes and bool(text) for label, text in pairs]
    if all(labelled):
        made = dataclasses.replace(made, rows=[text for _, text in pairs])
        return _with_targets(made, np.array([label for label, _ in pairs], dtype=object), schema)
    if sum(labelled) > MOSTLY * len(labelled):
        row = labelled.index(False)
        raise InputError(
            f"{path}, line {lines[row][0]}: it does not begin with a class, but {sum(labelled)} of {len(lines)} lines "
            f"do. Begin all lines with one of {', '.join(schema.classes[:8])}, or none."
        )
    note = f"{sum(labelled)} of {len(lines)} lines begin with the name of a class, which is taken for text"
    return dataclasses.replace(made, notes=(note,) if any(labelled) else ())


def _of_arrays(path: Path, schema: Schema, rules: Preprocessing, options: DataOptions, part: str) -> NewRows:
    """Arrays and series of `.ts`, `.npz`, `.npy` and `.pt` files."""
    ending = ending_of(path)
    if path.is_dir() or ending not in (".ts", ".npz", ".npy", ".pt", ".pth"):
        shape = f"series of {rules.channels} channels" if isinstance(rules, SeriesRules) else _shape_of(rules)
        raise InputError(f"{path} holds no arrays. The network takes {shape}: .npz, .npy, .pt or .ts.")
    y: np.ndarray | None
    if ending == ".ts":
        raw, series = read_ts(path, options, unlabelled=True)
        rows: Any = series
        y = None if raw.y.dtype.kind == "U" and not raw.y.astype(bool).any() else raw.y
        if isinstance(rules, ArrayRules):
            rows = np.stack([one[0] if rules.new_axis else one for one in series])
    else:
        rows, y = _arrays(path, ending, part)
        if isinstance(rules, SeriesRules):
            rows = _channels_first(rows, schema.axes if options.axes == "auto" else options.axes)
    made = NewRows(rows)
    return made if y is None else _with_targets(made, y, schema)


def _shape_of(rules: Preprocessing) -> str:
    shape = rules.shape if isinstance(rules, ArrayRules) else rules.input_shape
    return f"an array (n, {', '.join(map(str, shape))})"


def _arrays(path: Path, ending: str, part: str) -> tuple[np.ndarray, np.ndarray | None]:
    if ending == ".npz":
        _, arrays = arrays_of(path, partial(one_part, part=part))
        return arrays["x"], arrays.get("y")
    if ending == ".npy":
        return _beside(path)
    held = read_tensors(path, alone=True)
    if isinstance(held, Mapping):
        named = one_part(str(path), held, part)
        return np.asarray(held[named["x"]]), np.asarray(held[named["y"]]) if "y" in named else None
    if isinstance(held, np.ndarray):
        return held, None
    if len(held) != 2:
        raise InputError(f"{path} holds {len(held)} tensors; inputs, or inputs and targets, are needed.")
    return np.asarray(held[0]), np.asarray(held[1])


def _beside(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """An array, and the targets of its part that lie beside it."""
    stem = path.stem
    named = {one.stem: one for one in path.parent.glob("*.npy")}
    partner = next((one for one in named if one != stem and _are_one_part(stem, one)), None)
    try:
        x = np.load(path, allow_pickle=False)
        y = np.load(named[partner], allow_pickle=False) if partner else None
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}. It may be cut off.") from None
    return x, y if y is not None and len(y) == len(x) else None


def _are_one_part(inputs: str, targets: str) -> bool:
    try:
        return one_part("", [inputs, targets]) == {"x": inputs, "y": targets}
    except InputError:
        return False


def _channels_first(x: np.ndarray, axes: str) -> Any:
    """Series `(n, channels, length)`, or `(n, length)`, from axes such as NLC."""
    if x.ndim != 3 or len(axes) != 3:
        return x
    return x.transpose(0, axes.index("C"), axes.index("L"))
