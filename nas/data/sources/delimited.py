"""Tables in text files: delimiter, header, decimal mark and encoding are found in the file, and stated.

Format: https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.preprocessing.cells import NO_NUMBER
from nas.data.sources.encoding import LIMIT_BYTES, decoded, text_of
from nas.data.sources.frame import Frame
from nas.data.sources.large_text import LARGE, typed_cells
from nas.errors import InputError

CANDIDATES = (",", ";", "\t", "|")
NAMES = {"\t": "tab", " ": "space"}
SAMPLE = 400  # records that are looked at
CONSISTENT, MOSTLY = 0.98, 0.6  # share of them with the same number of cells
TABLES = (".csv", ".tsv", ".tab", ".gz")  # ends of names that promise a table
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # with its end
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+")  # 1,234: thousands, or three decimals


class NoTable(InputError):
    """A text whose lines are not parted by one delimiter."""


def read_delimited(path: Path, options: DataOptions, wanted: Sequence[str] = ()) -> Frame:
    """Raw cells as texts, without the spaces around them.

    Args:
        wanted: columns that are known to be there, by which header and delimiter are found; one may be alone.

    Raises:
        InputError: no table in it, rows of other lengths, with their lines; a file that is empty or cut off.
    """
    text, encoding, notes = _text(path, options.encoding)
    delimiter: str | None = options.delimiter
    if delimiter == "auto":
        delimiter = _naming(text, wanted) or found_delimiter(text)
    if delimiter is None and path.suffix.lower() in TABLES:
        delimiter = found_delimiter(text, MOSTLY)  # then the lines that differ are named
    if delimiter is None:
        raise NoTable(
            f"{path}: no delimiter gives every line the same number of cells, at least two. Known: comma, semicolon, "
            "tab, pipe; name another: --delimiter. One text a line with its label first: --layout text."
        )
    large = len(text) > LARGE and options.decimal in ("auto", ".")
    first = text[: _end_of(text, delimiter, SAMPLE)] if large else text
    cells = _cells(path, first, delimiter, fewest=1 if wanted else 2)
    header = options.header == "yes"
    if options.header == "auto":
        header = not {*wanted}.isdisjoint(cells.iloc[0]) if wanted else has_header(cells)
    top = cells.iloc[:1]
    if large:
        cells = _large(path, text, delimiter, int(header))
    del text, first
    reading = {"delimiter": NAMES.get(delimiter, delimiter), "header": "yes" if header else "no", "encoding": encoding}
    if header:
        names = [name or f"column {place}" for place, name in enumerate(top.iloc[0], start=1)]
        again = _equal(cells, top.iloc[0])
        times = int(again.sum()) + large  # of a large text the first record is not among the cells
        if times > 1:
            notes = (*notes, f"the header stands in the file {times} times; once is read")
        cells = cells[~again] if again.any() else cells
        cells.columns = pd.Index(names)
    else:
        cells.columns = pd.Index([f"column {place}" for place in range(1, cells.shape[1] + 1)])
    rows = cells.index.to_numpy()  # of the file's records

    def line(row: int) -> int:
        return _lines(_text(path, options.encoding)[0], delimiter, int(rows[row]))

    stem = path.name.split(".")[0]
    return Frame(cells.reset_index(drop=True), stem, path, reading, notes, line, named=header)


def _text(path: Path, encoding: str) -> tuple[str, str, tuple[str, ...]]:
    if path.suffix.lower() != ".gz":
        return decoded(path, encoding)
    try:
        with gzip.open(path) as file:
            data = file.read(LIMIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be unpacked: {error}. It may be cut off.") from None
    if len(data) > LIMIT_BYTES:
        raise InputError(f"{path} unpacks to more than 2 GiB. Give a sample of its rows, or a Parquet file.")
    return text_of(data, str(path), encoding)


def records(text: str, delimiter: str) -> Any:
    """The records of a text, as the csv module reads them, one line after another."""
    return csv.reader((line[0] for line in LINE.finditer(text)), delimiter=delimiter, skipinitialspace=True)


def found_delimiter(text: str, least: float = CONSISTENT) -> str | None:
    """The delimiter that gives every record the same number of cells, at least two; of several the cleanest.

    A cell is clean when it is a number, with either decimal mark, or a text without any other delimiter.
    """
    best, most = None, 0.0
    for delimiter in CANDIDATES:
        try:
            rows = [row for row in itertools.islice(records(text, delimiter), SAMPLE) if any(row)]
        except csv.Error:
            continue
        if not rows or len(rows[0]) < 2:
            continue
        same = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if same < least:
            continue
        cells = [cell.strip() for row in rows for cell in row]
        clean = sum(_clean(cell, delimiter) for cell in cells) / len(cells)
        if clean > most + 0.01 or (clean > most - 0.01 and best == "," and delimiter != ","):
            best, most = delimiter, clean
    return best


def _clean(cell: str, delimiter: str) -> bool:
    if NUMBER.fullmatch(cell):
        return not (delimiter == "," and "," in cell and not cell)
    return not any(other in cell for other in CANDIDATES if other != delimiter and other != ",")


def _naming(text: str, wanted: Sequence[str]) -> str | None:
    """The delimiter by which the first record holds most of these columns; None where it holds none.

    Where the record is one column, it is the delimiter that stands in its cells most seldom.
    """
    held = {delimiter: _first(text, delimiter) for delimiter in CANDIDATES}
    most = max(held, key=lambda one: (len(held[one] & {*wanted}), len(held[one]), -text.count(one)))
    return most if held[most] & {*wanted} else None


def _first(text: str, delimiter: str) -> set[str]:
    try:
        return {cell.strip() for cell in next(iter(records(text, delimiter)), [])}
    except csv.Error:
        return set()


def _cells(path: Path, text: str, delimiter: str, fewest: int = 2) -> pd.DataFrame:
    try:
        cells = pd.read_csv(
            io.BytesIO(text.encode()), sep=delimiter, header=None, dtype=str, keep_default_na=False,
            skipinitialspace=True, engine="c", skip_blank_lines=True,
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError):
        raise _ragged(path, text, delimiter) from None
    if cells.shape[1] < fewest:
        raise InputError(
            f"{path} has one column when its cells are parted by {NAMES.get(delimiter, delimiter)!r}; two are needed, "
            "of which one is the target. Another delimiter: --delimiter."
        )
    _check_ends(path, text, delimiter, cells)
    return cells.apply(lambda column: column.str.strip())


def _large(path: Path, text: str, delimiter: str, skip: int) -> pd.DataFrame:
    try:
        cells = typed_cells(text.encode(), delimiter, skip)
    except (pd.errors.ParserError, ValueError):
        raise _ragged(path, text, delimiter) from None
    _check_ends(path, text, delimiter, cells)
    return cells


def _check_ends(path: Path, text: str, delimiter: str, cells: pd.DataFrame) -> None:
    """Refuses rows that are too short: pandas fills them, with nothing in the last column."""
    last = cells.iloc[:, -1]
    if ((last == "") | last.isna()).any() and any(len(row) < cells.shape[1] for row in records(text, delimiter) if row):
        raise _ragged(path, text, delimiter)


def _equal(cells: pd.DataFrame, row: pd.Series) -> pd.Series:
    """Which rows are equal to this one of texts."""
    if any(kind.kind in "if" for kind in cells.dtypes):
        return pd.Series(False, index=cells.index)
    return (cells == row).all(axis=1)


def _end_of(text: str, delimiter: str, count: int) -> int:
    """Where so many records end."""
    ends = [0]

    def lines() -> Iterator[str]:
        for line in LINE.finditer(text):
            ends[0] = line.end()
            yield line[0]

    for _ in itertools.islice(csv.reader(lines(), delimiter=delimiter, skipinitialspace=True), count):
        pass
    return ends[0]


def _ragged(path: Path, text: str, delimiter: str) -> InputError:
    """What is wrong with a table whose rows differ in length, or that cannot be parsed."""
    first, wrong = 0, []
    reader = records(text, delimiter)
    try:
        for row in reader:
            if not row:
                continue
            first = first or len(row)
            if len(row) != first:
                wrong.append((reader.line_num, len(row)))
    except csv.Error as error:
        return InputError(f"{path}, line {reader.line_num}: {error}.")
    if not wrong:
        return InputError(f"{path} cannot be read as a table: a quotation mark may be left open.")
    lines = ", ".join(f"line {line} has {cells}" for line, cells in wrong[:5])
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    return InputError(
        f"{path}: rows must have {first} columns like the first one, but {lines}{more}. Quote cells that hold the "
        "delimiter, or name another: --delimiter."
    )


def _lines(text: str, delimiter: str, record: int) -> int:
    """The line on which a record begins, from 1; records are counted from 0 without blank lines."""
    reader = records(text, delimiter)
    line = 1
    for row in reader:
        if row:
            if record == 0:
                return line
            record -= 1
        line = reader.line_num + 1
    return line


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with either decimal mark."""
    return bool(NUMBER.fullmatch(cell)) or cell.lower() in ("inf", "-inf", "+inf")


def has_header(cells: pd.DataFrame) -> bool:
    """Whether the first row names columns: it has a word above numbers, or no word of it occurs below itself."""
    first, below = cells.iloc[0], cells.iloc[1 : SAMPLE + 1]
    again = (below == first).all(axis=1)  # a header that stands in the file several times
    below = below[~again] if first.nunique() == len(first) else below
    if not len(below) or any(is_number(cell) for cell in first):
        return False
    words, evidence = 0, 0
    for place, cell in enumerate(first):
        others = below.iloc[:, place]
        said = others[~others.isin(NO_NUMBER)]
        if cell in NO_NUMBER or not len(said):
            continue
        if said.map(is_number).all():
            return True
        words += 1
        if cell in set(said):
            return False
        evidence += said.nunique() <= max(2, len(said) // 2)
    distinct = first[first != ""]
    return words > 0 and evidence > 0 and distinct.nunique() == len(distinct)
