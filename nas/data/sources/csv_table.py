"""Tables in CSV files (https://www.rfc-editor.org/rfc/rfc4180): the last column is the target, the others features."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from nas.data.sources.raw import Raw
from nas.errors import InputError

LIMIT_BYTES = 1 << 30  # of the file
MOST_CATEGORIES = 100  # distinct values of one column that is not of numbers
MOST_FEATURES = 5_000  # columns after one-hot encoding


def read_csv(path: Path) -> Raw:
    """Columns of numbers as float32; every other column one-hot encoded, one 0/1 column for each of its categories.

    The first row is a header when it has a word above a column of numbers.

    Raises:
        InputError: a table too small or with rows of different length, a missing number, or a column of free text.
    """
    rows = _rows(path)
    numeric = [all(_is_number(row[column]) for row in rows[1:]) for column in range(len(rows[0]))]
    has_header = any(number and not _is_number(cell) for number, cell in zip(numeric, rows[0], strict=True))
    header = rows.pop(0) if has_header else [f"column {i + 1}" for i in range(len(rows[0]))]
    features: list[np.ndarray] = []
    names: list[str] = []
    for column, name in enumerate(header[:-1]):
        cells = [row[column] for row in rows]
        if numeric[column]:
            features.append(np.array(cells, dtype=np.float32)[:, None])
            names.append(name)
        else:
            one_hot, categories = _one_hot(path, name, cells)
            features.append(one_hot)
            names.extend(f"{name} = {category}" for category in categories)
    if len(names) > MOST_FEATURES:
        raise InputError(
            f"{path} becomes {len(names)} features; at most {MOST_FEATURES} are read. Drop columns of words."
        )
    targets = np.array([row[-1] for row in rows], dtype=np.float32 if numeric[-1] else None)
    return Raw(path.stem, np.concatenate(features, axis=1), targets, layout="table", columns=tuple(names))


def _rows(path: Path) -> list[list[str]]:
    """Cells without the spaces around them; empty rows are left out."""
    if path.stat().st_size > LIMIT_BYTES:
        raise InputError(f"{path} is larger than 1 GiB. Give a sample of its rows, or an .npz archive.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no readable CSV table in UTF-8: {error}.") from error
    if len(rows) < 3 or len(rows[0]) < 2:
        raise InputError(
            f"{path} must have at least two columns and three rows, separated by commas; the target is last."
        )
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise InputError(f"{path}, row {number}: {len(row)} columns, but the first row has {len(rows[0])}.")
    return rows


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _one_hot(path: Path, name: str, cells: list[str]) -> tuple[np.ndarray, list[str]]:
    """A 0/1 column `(n, categories)` for every category, and the categories in alphabetical order."""
    numbers = sum(map(_is_number, cells))
    if numbers > 0.5 * len(cells):
        row = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise InputError(
            f"{path}, {name}: {len(cells) - numbers} of {len(cells)} cells are no number, the first is {cells[row]!r} "
            f"at row {row + 1}. Fill or drop the rows with missing numbers."
        )
    categories, index = np.unique(np.array(cells), return_inverse=True)
    if len(categories) > MOST_CATEGORIES:
        raise InputError(
            f"{path}, {name}: {len(categories)} distinct words; at most {MOST_CATEGORIES} can become 0/1 columns. "
            "Drop the column (free text and identifiers cannot be learned from here)."
        )
    return np.eye(len(categories), dtype=np.float32)[index], [str(category) for category in categories]
