"""What a table is understood to be: its target, what its columns are good for, and the kind of example it holds."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.columns import FEW_SAMPLES, Found, codes_of, described, numbers_the_rows
from nas.data.long_series import long_series
from nas.data.preprocessing import Preprocessing, joined_rules
from nas.data.preprocessing.cells import numbers, seconds_of, word, words
from nas.data.preprocessing.table import Category, Date, Number, TableRules, Words
from nas.data.preprocessing.text import TextRules
from nas.data.reading import Part, Reading
from nas.data.schema import (
    CATEGORY,
    DATE,
    FEATURE,
    FLAG,
    GROUP,
    LEFT_OUT,
    NUMBER,
    PATH,
    TARGET,
    TEXT,
    TIME,
    Column,
    InputPart,
)
from nas.data.sources import pictures
from nas.data.sources.frame import Frame
from nas.data.suspicious import copies, found_group, found_time, tells_alone
from nas.errors import InputError, known

TARGET_NAMES = ("target", "label", "class", "y")
EMPTY = 0.95  # share of missing cells, beyond which a column is left out
OWN_WORD = 0.5  # share of different words among the cells, beyond which words cannot be learned from
LEAST_FOR_OWN_WORD = 20
FEWEST_ROWS = 3
MOST_FEATURES = 5_000
MOST_INPUTS = 6
OF_TEXTS = "texts become lower-case words, numbered by the vocabulary of the training part"
PLURAL = {NUMBER: "numbers", CATEGORY: "words", FLAG: "two values", DATE: "dates", TEXT: "texts", PATH: "paths"}
NAME = re.compile(r"name$", re.IGNORECASE)

Example = tuple[str, str, Callable[[Any], Preprocessing], dict[str, Any]]  # layout, why, fit, what the schema shows


@dataclass(eq=False)
class _Table:
    """A table while it is being understood."""

    frame: Frame
    options: DataOptions
    found: dict[str, Found]
    targets: tuple[str, ...] = ()
    why_target: str = ""
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)  # of a column: role and why
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def cells(self) -> pd.DataFrame:
        return self.frame.cells

    @property
    def name(self) -> str:
        return str(self.frame.path or self.frame.name)

    def features(self) -> list[str]:
        return [name for name, (role, _) in self.roles.items() if role == FEATURE]

    def leave_out(self, name: str, why: str, warn: bool = False) -> None:
        """A column is not learned from, unless the person keeps it."""
        if name in self.options.keep:
            return
        self.roles[name] = (LEFT_OUT, why)
        if warn:
            self.warnings.append(f"column {name!r} is left out: {why}; --keep {name} learns from it")

    def columns(self) -> tuple[Column, ...]:
        made = []
        for name in self.cells.columns:
            role, why = self.roles.get(name, (LEFT_OUT, "--ignore"))
            one = self.found.get(name)
            if one is None:
                made.append(Column(name, CATEGORY, LEFT_OUT, why="--ignore"))
            elif role == TARGET and self.frame.classes:  # their numbers stand in the cells
                classes = self.frame.classes
                made.append(Column(name, CATEGORY, role, 0.0, len(classes), classes[:FEW_SAMPLES], why))
            else:
                made.append(Column(name, one.type, role, one.missing, one.distinct, one.samples, why))
        return tuple(made)


def table_reading(
    frame: Frame, options: DataOptions, test: Frame | None = None, validation: Frame | None = None
) -> Reading:
    """The reading of a table.

    Args:
        test, validation: the source's own parts, with the same columns.

    Raises:
        InputError: columns that are not there, targets that are missing or can be read in two ways, paths that lead
            nowhere, nothing to learn from.
    """
    for one in (frame, test, validation):
        if one is not None and len(one.cells) < FEWEST_ROWS:
            raise InputError(f"{one.path or one.name} has {len(one.cells)} rows; at least {FEWEST_ROWS} are needed.")
    for what, names in (("target", options.target), ("ignore", options.ignore), ("keep", options.keep)):
        for name in names:
            _there(frame, name, what)
    asked = [
        (what, name) for what, name in (("time", options.time), ("group", options.group)) if name not in ("", "none")
    ]
    for what, name in asked:
        _there(frame, name, what)
    if options.layout == "auto":
        options = dataclasses.replace(options, layout=frame.layout)
    used = [name for name in frame.cells.columns if name not in options.ignore]
    table = _Table(frame, options, {name: described(frame, name, options.decimal) for name in used})
    table.notes.extend(one.note for one in table.found.values() if one.note)
    _choose_target(table)
    table.roles = dict.fromkeys(used, (FEATURE, "")) | dict.fromkeys(table.targets, (TARGET, ""))
    kept, y = _targets(table, frame)
    parts = {
        part: _own_part(table, other, part) for part, other in (("test", test), ("validation", validation)) if other
    }
    table.frame = dataclasses.replace(
        frame,
        cells=_rows(frame.cells if len(kept) == len(frame.cells) else frame.cells.iloc[kept]),
        line=None if frame.line is None else lambda row: frame.line(int(kept[row])),  # type: ignore[misc]
    )
    first = next(iter(y.values())) if isinstance(y, dict) else y  # by it rows are divided and looked at
    one_a_row = frame.row_each or isinstance(y, dict)
    series = None if one_a_row else long_series(table.frame, y, table.targets, table.found, options)
    if series is not None:
        return series(table.columns(), table.why_target, parts)
    group, time, how = _divide_by(table, first)
    _leave_out(table)
    layout, why, fit, shown = _kind_of_example(table, first)
    return Reading(
        name=frame.name,
        layout=layout,
        why_layout=why,
        main=Part(_rows(table.cells), y),
        test=parts.get("test"),
        validation=parts.get("validation"),
        fit=fit,
        kind=frame.kind,
        classes=frame.classes,
        targets=table.targets,
        why_target=table.why_target,
        columns=table.columns(),
        group=group,
        time=time,
        how=how,
        reading=frame.reading,
        notes=(*frame.notes, *table.notes),
        warnings=tuple(table.warnings),
        shown=shown,
    )


def _there(frame: Frame, name: str, what: str) -> None:
    try:
        known(f"column for --{what}", name, frame.cells.columns)
    except InputError as error:
        unnamed = "" if frame.named else " The table has no header: its columns are named by their places."
        raise InputError(f"{frame.path or frame.name}: {error}{unnamed}") from None


def _rows(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.reset_index(drop=True)


def _choose_target(table: _Table) -> None:
    """The columns named by the person, else `target`, `label`, `class` or `y`, else the last that can be one."""
    if table.options.target:
        table.targets, table.why_target = table.options.target, "--target"
    elif table.frame.targets:
        table.targets, table.why_target = table.frame.targets, "given beside the inputs"
        if table.frame.kind != "auto":  # values, or numbers of classes, whatever they look like
            table.found |= {name: dataclasses.replace(table.found[name], type=NUMBER) for name in table.targets}
    else:
        lower = {name.lower(): name for name in reversed(list(table.found))}
        named = [lower[name] for name in TARGET_NAMES if name in lower]
        if named:
            table.targets, table.why_target = (named[0],), "by its name; --target names another"
        else:
            table.targets = (_last(table),)
            table.why_target = table.why_target or "the last column; --target names another"
    for name in table.targets:
        kind = table.found[name].type
        if kind in (DATE, TEXT, PATH):
            samples = ", ".join(map(repr, table.found[name].samples))
            raise InputError(
                f"{table.name}: column {name!r} holds {PLURAL[kind]} ({samples}) and cannot be predicted. Name "
                "another: --target COLUMN. "
                f"There are: {', '.join(map(str, table.found))}."
            )


def _last(table: _Table) -> str:
    """The last column that can be predicted."""
    can = [name for name, one in table.found.items() if one.type not in (DATE, TEXT, PATH) and one.missing < EMPTY]
    if not can:
        raise InputError(f"{table.name}: no column can be predicted. Name one: --target COLUMN.")
    names = list(table.found)
    if can[-1] != names[-1]:
        after = ", ".join(map(repr, names[names.index(can[-1]) + 1 :]))
        table.why_target = f"the last column that can be predicted (not {after}); --target names another"
    return can[-1]


def _targets(table: _Table, frame: Frame, part: str = "") -> tuple[np.ndarray, Any]:
    """Rows with targets, and the targets: numbers, yes and no, or words; of several kinds each by its name."""
    values = [_target_values(table, frame, name) for name in table.targets]
    blank = np.logical_or.reduce([_is_blank(one) for one in values])
    if blank.any():
        numeric = all(one.dtype.kind == "f" for one in values)
        rows = np.flatnonzero(blank)
        share = f"{len(rows)} of {len(blank)} rows have no target in {', '.join(map(repr, table.targets))}"
        if table.options.blank_target == "class" and not numeric:
            blank[:] = False
            values = [np.where(_is_blank(one), "(blank)", one) for one in values]
        elif numeric or table.options.blank_target == "drop":
            table.warnings.append(f"{share}{part}: they are left out, the first is {frame.at(int(rows[0]))}")
        else:
            raise InputError(
                f"{frame.at(int(rows[0]))}: {share}, which can be read in two ways. As rows whose target is unknown, "
                "to be "
                "left out: --blank-target drop. As a class of their own: --blank-target class."
            )
    kept = np.flatnonzero(~blank)
    if len(kept) < 3:
        raise InputError(f"{table.name}: only {len(kept)} rows have a target in {', '.join(map(repr, table.targets))}.")
    columns = [_whole(one[kept]) for one in values]
    if len(columns) == 1:
        return kept, columns[0]
    flags = [yes_or_no(one) for one in columns]
    if table.options.kind == "several" or any(one.dtype.kind not in "if" for one in flags):
        names = [re.sub(r"\W", "_", name) for name in table.targets]
        return kept, dict(zip(names, columns, strict=True))
    return kept, np.stack([one.astype(np.float64) for one in flags], axis=1)


def _target_values(table: _Table, frame: Frame, name: str) -> np.ndarray:
    """float64 with NaN, bool, or words with "" where empty."""
    if name not in frame.cells.columns:
        raise InputError(
            f"{frame.path or frame.name}: the target {name!r} is missing. There are: {', '.join(frame.cells.columns)}."
        )
    cells, one = frame.cells[name], table.found[name]
    if one.type == NUMBER:
        return numbers(cells, one.decimal)
    return np.array(words(cells), dtype=object)


def _is_blank(values: np.ndarray) -> np.ndarray:
    return np.isnan(values) if values.dtype.kind == "f" else np.asarray(values == "", bool)


def _whole(values: np.ndarray) -> np.ndarray:
    """Whole numbers as int64; words as texts."""
    if values.dtype.kind == "O":
        return values.astype(str)
    whole = np.isfinite(values).all() and (values == np.round(values)).all() and np.abs(values).max() < 2**53
    return values.astype(np.int64) if whole else values


YES, NO = ("yes", "true", "1", "y", "t"), ("no", "false", "0", "n", "f")


def yes_or_no(values: np.ndarray) -> np.ndarray:
    """Yes and no as 1 and 0; other values as they are."""
    if values.dtype.kind in "if":
        return values
    lower = np.char.lower(values.astype(str))
    return np.isin(lower, YES).astype(np.int64) if np.isin(lower, (*YES, *NO)).all() else values


def _own_part(table: _Table, frame: Frame, part: str) -> Part:
    """A test or validation part: columns by name, or by place where neither file names them."""
    cells = frame.cells
    if not table.frame.named and not frame.named and cells.shape[1] == table.cells.shape[1]:
        cells.columns = table.cells.columns
    missing = [name for name in table.found if name not in cells.columns]
    if missing:
        raise InputError(
            f"{frame.path or frame.name}: the {part} part has no column {', '.join(map(repr, missing))}. "
            f"It has: {', '.join(cells.columns)}."
        )
    for name, one in table.found.items():
        if one.type == NUMBER:
            try:
                numbers(cells[name], one.decimal)
            except InputError as error:
                raise InputError(f"{frame.path or frame.name}, the {part} part: {error}") from None
    kept, y = _targets(
        table, Frame(cells, frame.name, frame.path, {}, (), frame.line, frame.named), f" of the {part} part"
    )
    if not isinstance(y, dict) and y.dtype.kind == "U":
        _, main = _targets(table, table.frame)
        classes = set(main.tolist())
        bare = np.char.rstrip(y, ".")
        if not set(y.tolist()) <= classes and set(bare.tolist()) <= classes:
            table.notes.append(f"labels of the {part} part end in a dot, which is left out")
            y = bare
    return Part(_rows(cells.iloc[kept]), y)


def _divide_by(table: _Table, y: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None, str]:
    """Group or time of each row, and why; columns that only divide are not learned from."""
    options = table.options
    if options.group not in ("", "none"):
        table.roles[options.group] = (GROUP, "--group")
        return np.array(words(table.cells[options.group])), None, f"column {options.group!r}"
    if options.time not in ("", "none"):
        one = table.found[options.time]
        keeps = one.type == DATE
        table.roles[options.time] = (FEATURE if keeps else TIME, "divides by time")
        return None, _moments(table, options.time), f"column {options.time!r}, the latest last"
    features = table.features()
    if options.group == "":
        name, why = found_group(table.cells, y, {name: table.found[name] for name in features})
        if name and name not in options.keep and len(features) > 1:
            table.roles[name] = (GROUP, why)
            table.warnings.append(
                f"column {name!r} {why}: each stays in one part, and it is not learned from; --group none divides at "
                "random"
            )
            return np.array(words(table.cells[name])), None, f"column {name!r}, which {why}"
        if why:
            table.warnings.append(why)
    if options.time == "":
        dated = [(name, _moments(table, name)) for name in features if _counts_or_dates(table, name)]
        name = found_time(y, dict(dated))
        if name:
            table.roles[name] = (FEATURE if table.found[name].type == DATE else TIME, "the rows follow it")
            table.warnings.append(
                f"rows follow one another by column {name!r}, and neighbours have like targets: the latest rows are "
                "the test; --time none divides at random, --horizon 7 would forecast the next 7 rows"
            )
            return None, dict(dated)[name], f"column {name!r}, the latest last"
    return None, None, ""


def _counts_or_dates(table: _Table, name: str) -> bool:
    one = table.found[name]
    if one.type == DATE:
        return True
    return one.type == NUMBER and numbers_the_rows(numbers(table.cells[name], one.decimal), name)


def _moments(table: _Table, name: str) -> np.ndarray:
    one = table.found[name]
    if one.type == DATE:
        moments = seconds_of(table.cells[name], one.format)
    elif one.type == NUMBER:
        moments = numbers(table.cells[name], one.decimal)
    else:
        moments = codes_of(table.cells[name]).astype(np.float64)
    if np.isnan(moments).any() and name == table.options.time:
        row = int(np.flatnonzero(np.isnan(moments))[0])
        raise InputError(f"{table.frame.at(row)}: column {name!r} is empty, but --time divides by it.")
    return moments


def _leave_out(table: _Table) -> None:
    """Columns that nothing can be learned from. A text that is the whole example is learned from, however rare."""
    for name in table.features() if table.options.layout != "text" else ():
        one, cells = table.found[name], table.cells[name]
        said = round((1 - one.missing) * len(cells))
        if one.distinct == 0:
            table.leave_out(name, "it is empty")
        elif one.missing >= EMPTY:
            table.leave_out(name, f"{one.missing:.1%} of it is missing", warn=True)
        elif one.distinct == 1 and not one.missing:
            table.leave_out(name, "it has one value only", warn=True)
        elif one.type == NUMBER and one.missing == 0 and numbers_the_rows(numbers(cells, one.decimal), name):
            table.leave_out(name, "it numbers the rows; if it is time, --time " + name, warn=True)
        elif one.type == CATEGORY and said >= LEAST_FOR_OWN_WORD and one.distinct > OWN_WORD * said:
            table.leave_out(name, f"{one.distinct} different words in {said} rows", warn=True)
        elif one.type == TEXT and NAME.search(name):
            table.leave_out(name, "names", warn=True)


def _kind_of_example(table: _Table, y: np.ndarray) -> Example:
    """Layout, why, fit of the preprocessing, and what the schema shows of it."""
    layout, features = table.options.layout, table.features()
    paths = [name for name in features if table.found[name].type == PATH]
    texts = [name for name in features if table.found[name].type == TEXT]
    others = [name for name in features if name not in (*paths, *texts)]
    if layout == "joined" or (layout == "auto" and len(paths) + len(texts) + bool(others) > 1):
        return _joined(table, y, others, texts, paths)
    if layout == "pictures" or (layout == "auto" and paths):
        return _pictures(table, features, paths)
    if not features:
        left = "; ".join(f"{name}: {why}" for name, (role, why) in table.roles.items() if role == LEFT_OUT and why)
        raise InputError(f"{table.name}: no column is left to learn from ({left}). Keep one: --keep COLUMN.")
    if layout == "text" or (layout == "auto" and len(texts) == 1 and len(features) == 1):
        return _text(table, features, texts)
    if layout == "table":
        for name in paths:
            table.leave_out(name, "paths of files", warn=True)
        features = table.features()
    if layout == "tokens":
        raise InputError(f"{table.name}: a table holds no tokens. Give whole numbers as .npz, or texts: --layout text.")
    if layout == "series":
        return _wide_series(table, features)
    if texts:
        listed = ", ".join(map(repr, texts))
        table.notes.append(
            f"texts in {listed} become yes or no for their 100 most frequent words; --layout text learns from the "
            "text alone"
        )
    _look_at(table, y, features)
    fit = _fit_of_columns(table.name, {name: table.found[name] for name in features})
    return "table", "rows with columns of " + _types(table, features), fit, {}


def _look_at(table: _Table, y: np.ndarray, features: Sequence[str]) -> None:
    """Warnings of what is suspicious about these columns."""
    table.warnings.extend(tells_alone(table.cells, y, {name: table.found[name] for name in features}))
    table.warnings.extend(copies(table.cells[[*features, *table.targets]]))


def _fit_of_columns(name: str, found: Mapping[str, Found]) -> Callable[[Any], TableRules]:
    """From training rows to a step for each of these columns."""
    width = sum(map(_width, found.values()))
    if width > MOST_FEATURES:
        raise InputError(
            f"{name}: {len(found)} columns become about {width} features; at most {MOST_FEATURES} are read. "
            "Leave columns out: --ignore."
        )

    def fit(rows: pd.DataFrame) -> TableRules:
        return TableRules(tuple(_step(rows[name], one) for name, one in found.items()))

    return fit


def table_rules(frame: Frame, options: DataOptions) -> tuple[Callable[[Any], TableRules], tuple[str, ...]]:
    """The fit of a table that has no target in it, and notes on columns that are left out.

    Raises:
        InputError: no column is left to learn from.
    """
    found = {name: described(frame, name, options.decimal) for name in frame.cells.columns}
    table = _Table(frame, options, found, roles=dict.fromkeys(found, (FEATURE, "")))
    _leave_out(table)
    features = table.features()
    if not features:
        raise InputError(f"{table.name}: no column is left to learn from. Keep one: --keep COLUMN.")
    return _fit_of_columns(table.name, {name: found[name] for name in features}), tuple(table.warnings)


def _joined(table: _Table, y: np.ndarray, others: Sequence[str], texts: Sequence[str], paths: Sequence[str]) -> Example:
    """Texts and pictures beside each other, or beside further columns: each is an input of its own."""
    if len(paths) + len(texts) + bool(others) > MOST_INPUTS:
        raise InputError(
            f"{table.name}: {len(texts)} columns of texts and {len(paths)} of paths would each be an input of its own; "
            f"at most {MOST_INPUTS} inputs are read. Leave columns out: --ignore COLUMN; or --layout table."
        )
    fits: dict[str, Callable[[Any], Preprocessing]] = {}
    inputs = []
    if others:
        _look_at(table, y, others)
        fits["numbers"] = _fit_of_columns(table.name, {name: table.found[name] for name in others})
        inputs.append(InputPart("numbers", "table", tuple(others)))
    for word_of, layout, columns in (("text", "text", texts), ("picture", "pictures", paths)):
        for place, column in enumerate(columns, start=1):
            name = word_of if len(columns) == 1 else f"{word_of}_{place}"
            fits[name] = _fit_of_text(column) if layout == "text" else _fit_of_pictures(table, column)
            inputs.append(InputPart(name, layout, (column,)))
    if texts:
        table.notes.append(OF_TEXTS)

    def fit(rows: pd.DataFrame) -> Preprocessing:
        return joined_rules({name: one(rows) for name, one in fits.items()}, by_name=False)

    instead = " or ".join(
        f"--layout {one}" for one, there in (("table", others or texts), ("pictures", paths)) if there
    )
    types = _types(table, [*others, *texts, *paths])
    return "joined", f"rows with {types}, each kind an input; {instead} reads one", fit, {"inputs": tuple(inputs)}


def _types(table: _Table, features: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(PLURAL[table.found[name].type] for name in features))


def _width(one: Found) -> int:
    return {NUMBER: 1, DATE: 7, TEXT: 100}.get(one.type, min(one.distinct, 100) + 1)


def _step(cells: pd.Series, one: Found) -> Any:
    if one.type == NUMBER:
        return Number.fitted(cells, one.decimal)
    if one.type == DATE:
        return Date.fitted(cells, one.format)
    return Words.fitted(cells) if one.type == TEXT else Category.fitted(cells)


def _pictures(table: _Table, features: Sequence[str], paths: Sequence[str]) -> Example:
    if len(paths) != 1:
        what = "has no column of paths" if not paths else f"has several columns of paths ({', '.join(paths)})"
        raise InputError(f"{table.name}: the table {what}; pictures need one. Leave others out: --ignore COLUMN.")
    name = paths[0]
    for other in features:
        if other != name:
            table.roles[other] = (LEFT_OUT, "only the pictures are learned from")
            table.warnings.append(f"column {other!r} is left out: only the pictures are learned from")
    shown: dict[str, Any] = {}
    fit = _fit_of_pictures(table, name, shown)
    return "pictures", f"column {name!r} holds paths of pictures; --ignore {name} reads a table", fit, shown


def _fit_of_pictures(table: _Table, name: str, shown: dict[str, Any] | None = None) -> Callable[[Any], Preprocessing]:
    """Of a column of paths.

    Args:
        shown: takes what the schema shows.
    """
    cells = words(table.cells[name])
    endings = {Path(cell).suffix.lower() for cell in cells}
    if not endings <= pictures.SUFFIXES:
        raise InputError(
            f"{table.name}: column {name!r} holds paths of files ({', '.join(sorted(endings - pictures.SUFFIXES))}) "
            "that are "
            f"no pictures; they are not read. Leave it out: --ignore {name}."
        )
    folder = table.frame.path.parent.absolute() if table.frame.path else Path.cwd()
    fit, notes, found = pictures.rules_for(cells, name, folder, table.options)
    table.notes.extend(notes)
    if shown is not None:
        shown |= found
    return fit


def _text(table: _Table, features: Sequence[str], texts: Sequence[str]) -> Example:
    lengths = {name: np.mean([len(word(cell)) for cell in table.cells[name].head(500)]) for name in texts or features}
    name = max(lengths, key=lambda one: lengths[one])
    for other in features:
        if other != name:
            table.roles[other] = (LEFT_OUT, "only one text is learned from")
            table.warnings.append(f"column {other!r} is left out: only the text in {name!r} is learned from")
    table.notes.append(OF_TEXTS)
    return "text", f"column {name!r} holds texts", _fit_of_text(name), {}


def _fit_of_text(name: str) -> Callable[[Any], Preprocessing]:
    """Of a column of texts."""

    def fit(rows: pd.DataFrame) -> TextRules:
        return TextRules.fitted(words(rows[name]), name)

    return fit


def _wide_series(table: _Table, features: Sequence[str]) -> Example:
    words = [name for name in features if table.found[name].type != NUMBER]
    if words:
        raise InputError(
            f"{table.name}: --layout series needs columns of numbers; {', '.join(words)} are none. --ignore them."
        )
    decimals = {name: table.found[name].decimal for name in features}

    def fit(rows: pd.DataFrame) -> TableRules:
        every = np.stack([numbers(rows[name], decimals[name]) for name in features])
        mean = float(np.nanmean(every))
        steps = tuple(Number(name, 0.0, 1.0, mean, decimal=decimals[name]) for name in features)
        return TableRules(steps, series=True)

    return "series", "--layout series: the columns are steps of time", fit, {"length": len(features), "channels": 1}
