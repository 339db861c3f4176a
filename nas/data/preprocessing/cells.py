"""Raw rows and their cells, as people have them, to numbers, moments and words.

This file, like all rules that are executed at prediction, is copied into exports: it needs NumPy alone.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nas.errors import InputError

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?", "#N/A", "<NA>")  # cells that say nothing, in any column
NO_NUMBER = (*MISSING, "n/a", "na", "none", "None", "-", "--", ".")  # further ones in a column of numbers
THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?")  # 1.234,5
ISO = re.compile(
    r"(?P<Y>\d{4})(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})"
    r"([T ]\s*(?P<H>\d{1,2})(:(?P<M>\d{2})(:(?P<S>\d{2}([.,]\d+)?))?)?\s*(?P<zone>Z|UTC|[+-]\d{2}(:?\d{2})?)?)?"
)
PARTS = {
    "%Y": r"(?P<Y>\d{4})", "%y": r"(?P<y>\d{2})", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>\d{1,2})",
    "%H": r"(?P<H>\d{1,2})", "%M": r"(?P<M>\d{1,2})", "%S": r"(?P<S>\d{1,2})",
    "%b": r"(?P<b>[A-Za-z]{3,9})", "%B": r"(?P<b>[A-Za-z]{3,9})",
}  # fmt: skip
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
DAY, YEAR_ONE = 86_400, 719_163  # seconds; days from the first of January of year 1 to 1970, plus one


def fields_of(kind: Any, data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass among JSON data, lists as tuples."""
    fields = {field.name: data[field.name] for field in dataclasses.fields(kind) if field.name in data}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


class WrongCell(InputError):
    """A cell that cannot be read.

    Args:
        row: its number, from 0. column: its name, empty where there is none. what: is wrong with it.
    """

    def __init__(self, row: int, column: str, what: str) -> None:
        super().__init__(f"{f'Column {column!r}, example' if column else 'Example'} {row + 1}: {what}.")
        self.row, self.column, self.what = row, column, what


def columns_of(rows: Any, needed: Sequence[str] = ()) -> dict[str, Any]:
    """Raw rows as columns by their names.

    Args:
        rows: a mapping of columns, a list of mappings (one a row), or anything with `columns`, such as a DataFrame. Of
            a list, a column that some rows lack is empty there.
        needed: columns that must be there.

    Raises:
        InputError: rows without names, or a needed column that is not there.
    """
    if hasattr(rows, "columns"):
        if len(set(rows.columns)) < len(rows.columns):
            raise InputError(f"Columns must have names of their own, got {', '.join(map(str, rows.columns))}.")
        found = {str(name): rows[name] for name in rows.columns}
    elif isinstance(rows, Mapping):
        alone = all(map(is_one_cell, rows.values()))
        found = {str(name): [cells] if alone else cells for name, cells in rows.items()}
    elif is_table(rows):
        names = dict.fromkeys(name for row in rows for name in row)
        found = {str(name): [row.get(name) for row in rows] for name in names}
    else:
        listed = f", with the columns {', '.join(needed)}" if needed else ""
        raise InputError(
            "Rows must have names: give a list of mappings, a mapping of columns or a DataFrame"
            f"{listed}; got {type(rows).__name__}."
        )
    missing = [name for name in needed if name not in found]
    if missing:
        raise InputError(f"Missing columns: {', '.join(missing)}. There are: {', '.join(found) or 'none'}.")
    lengths = {len(cells) for cells in found.values() if not is_table(cells)}
    if len(lengths) > 1:
        raise InputError(f"Columns must be equally long, got {sorted(lengths)} cells.")
    return found


def is_one_cell(value: Any) -> bool:
    """Whether a value is a cell by itself, and not several of them."""
    return isinstance(value, str) or getattr(value, "ndim", None) == 0 or not hasattr(value, "__len__")


def is_table(rows: Any) -> bool:
    """Whether rows have names: they are a mapping of columns, a list of mappings, or a DataFrame."""
    if isinstance(rows, list | tuple):
        return bool(rows) and all(isinstance(row, Mapping) for row in rows)
    return hasattr(rows, "columns") or isinstance(rows, Mapping)


def cells_of(rows: Any, column: str) -> Any:
    """The cells of a column, or rows as they are where they have no names.

    Raises:
        InputError: the column is not there, or rows have names and `column` is empty.
    """
    if not is_table(rows):
        return rows
    if not column:
        raise InputError(f"Rows must be a list of values without names, got a {type(rows).__name__} with names.")
    return columns_of(rows, (column,))[column]


def is_missing(cell: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, and pandas' NA and NaT."""
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(cell, float | np.floating) and bool(cell != cell)


def word(cell: Any) -> str:
    """A cell as text: whole floats without their `.0`, missing cells empty."""
    if is_missing(cell):
        return ""
    if isinstance(cell, np.number | np.bool_):
        cell = cell.item()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    text = str(cell).strip()
    return "" if text in MISSING else text


def words(cells: Any) -> list[str]:
    """Cells as texts without spaces around them; empty for missing ones."""
    values = cells.tolist() if hasattr(cells, "tolist") else cells  # pandas' own iterators are slow
    known: dict[str, str] = {}
    found = []
    for cell in values:
        if type(cell) is str:
            text = known.get(cell)
            if text is None:
                text = known[cell] = word(cell)
        else:
            text = word(cell)
        found.append(text)
    return found


def numbers(cells: Any, decimal: str = ".", name: str = "") -> np.ndarray:
    """float64 `(n,)`, NaN for empty cells.

    Args:
        decimal: mark in cells that are texts; with a comma, points part thousands.
        name: of the column, where the cells have none.

    Raises:
        WrongCell: cells that are no finite numbers.
    """
    values = np.asarray(cells)
    if values.dtype.kind in "biuf":
        found, wrong = values.astype(np.float64, copy=False), np.isinf(values)
    else:
        found, wrong = np.empty(len(values)), np.zeros(len(values), bool)
        for row, cell in enumerate(values.tolist()):
            try:
                found[row] = _number(cell, decimal)
            except (ValueError, TypeError, OverflowError):
                found[row] = np.inf
        wrong = np.isinf(found)
    if wrong.any():
        raise _wrong(cells, np.flatnonzero(wrong).tolist(), "number", name)
    return found


def _number(cell: Any, decimal: str) -> float:
    if not isinstance(cell, str):
        return float("nan") if is_missing(cell) else float(cell)
    text = cell.strip()
    if text in NO_NUMBER:
        return float("nan")
    if decimal == ",":
        if "." in text and not THOUSANDS.fullmatch(text):
            raise ValueError(text)
        text = text.replace(".", "").replace(",", ".")
    if "_" in text:  # Python reads 1_000
        raise ValueError(text)
    return float(text)


def _wrong(cells: Any, rows: Sequence[int], kind: str, name: str) -> WrongCell:
    """What is said of cells that are none of a kind."""
    first = str(np.asarray(cells)[rows[0]])
    others = f", and {len(rows) - 1} other cells are none" if len(rows) > 1 else ""
    return WrongCell(rows[0], name or str(getattr(cells, "name", "")), f"{first!r} is no {kind}{others}")


def seconds_of(cells: Any, form: str, name: str = "") -> np.ndarray:
    """Dates as seconds since 1970 UTC, float64, NaN for empty cells. What names no zone is UTC.

    Args:
        form: `ISO8601`; `s`, `ms` for seconds or milliseconds since 1970; or %Y, %y, %m, %d, %b, %B, %H, %M and %S as
            in Python's `strptime`, months by their English names, without %d their first day. Cells that are dates
            already need no form.

    Raises:
        WrongCell: cells that are no dates of this form.
    """
    if form in ("s", "ms"):
        return numbers(cells, name=name) / (1000.0 if form == "ms" else 1.0)
    values = np.asarray(cells)
    if values.dtype.kind == "M":
        found: np.ndarray = (values - np.datetime64(0, "s")) / np.timedelta64(1, "s")
        return found
    found, wrong, pattern = np.empty(len(values)), [], date_pattern(form)
    for row, cell in enumerate(values.tolist()):
        try:
            found[row] = moment(cell, pattern)
        except ValueError:
            wrong.append(row)
    if wrong:
        raise _wrong(cells, wrong, f"date of the form {form}", name)
    return found


def moment(cell: Any, pattern: re.Pattern[str]) -> float:
    """One date as in `seconds_of`, by its `date_pattern`.

    Raises:
        ValueError: it is none of this form.
    """
    if isinstance(cell, datetime.date) and not is_missing(cell):
        when = cell if isinstance(cell, datetime.datetime) else datetime.datetime.combine(cell, datetime.time())
        return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    text = word(cell)
    if not text:
        return float("nan")
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(text)
    said = match.groupdict()
    year = int(said["Y"]) if said.get("Y") else int(said["y"]) + (1900 if int(said["y"]) > 68 else 2000)
    month = int(said["m"]) if said.get("m") else _month(said["b"].lower())
    days = datetime.date(year, month, int(said.get("d") or 1)).toordinal() - YEAR_ONE
    hour, minute = int(said.get("H") or 0), int(said.get("M") or 0)
    second = float((said.get("S") or "0").replace(",", "."))
    if hour > 23 or minute > 59 or second >= 60:
        raise ValueError(text)
    return days * DAY + hour * 3600 + minute * 60 + second - _offset(said.get("zone") or "")


def date_pattern(form: str) -> re.Pattern[str]:
    """What matches dates of a form."""
    if form == "ISO8601":
        return ISO
    return re.compile("".join(PARTS.get(part) or re.escape(part) for part in re.split(r"(%\w)", form)))


def _month(name: str) -> int:
    """1 to 12, of an English name or the beginning of one."""
    found = [number for number, month in enumerate(MONTHS, start=1) if month.startswith(name)]
    if len(found) != 1:
        raise ValueError(name)
    return found[0]


def _offset(zone: str) -> int:
    """Seconds ahead of UTC."""
    digits = zone.lstrip("+-").replace(":", "")
    if not digits.isdigit():
        return 0
    ahead = int(digits[:2]) * 3600 + int(digits[2:] or 0) * 60
    return -ahead if zone.startswith("-") else ahead
