"""Tables in files that know their types: Parquet, Feather, JSON lines, ARFF, Excel."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.sources.encoding import decoded
from nas.data.sources.frame import Frame
from nas.errors import InputError


def read_parquet(path: Path, options: DataOptions) -> Frame:
    """https://parquet.apache.org"""
    del options
    return Frame(_typed(path, "Parquet", pd.read_parquet), path.stem, path, {"format": "Parquet"})


def read_feather(path: Path, options: DataOptions) -> Frame:
    """https://arrow.apache.org/docs/python/feather.html"""
    del options
    return Frame(_typed(path, "Feather", pd.read_feather), path.stem, path, {"format": "Feather"})


def read_excel(path: Path, options: DataOptions) -> Frame:
    """The first sheet; needs openpyxl."""
    del options
    try:
        import openpyxl  # noqa: F401
    except ImportError:
        raise InputError(
            f"{path}: Excel files need openpyxl: pip install openpyxl. Or save the sheet as CSV."
        ) from None
    return Frame(_typed(path, "Excel", pd.read_excel), path.stem, path, {"format": "Excel", "sheet": "the first"})


def _typed(path: Path, what: str, read: Any) -> pd.DataFrame:
    if not path.stat().st_size:
        raise InputError(f"{path} is empty.")
    try:
        frame: pd.DataFrame = read(path)
    except Exception as error:  # pandas and pyarrow raise classes of their own
        raise InputError(f"{path} is no readable {what} file: {error}.") from None
    return plain(frame, str(path))


def plain(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """With a plain index, named columns and no cells that hold lists or the like.

    Raises:
        InputError: cells with lists or mappings, with the column's name.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise InputError(f"{name}: columns have names of several levels. Join them to one text each.")
    frame = frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex) or frame.index.name is None)
    frame.columns = pd.Index([str(column) for column in frame.columns])
    for column in frame.columns if frame.columns.is_unique else ():
        cells = frame[column]
        if cells.dtype.kind == "O" and not isinstance(cells.dtype, pd.CategoricalDtype):
            nested = [cell for cell in cells.head(1000) if isinstance(cell, list | dict | tuple)]
            if nested:
                raise InputError(
                    f"{name}: column {column!r} holds lists or mappings, e.g. {str(nested[0])[:60]}. Spread it over "
                    f"columns of its own, or leave it out: --ignore {column}."
                )
    return frame


def read_json_lines(path: Path, options: DataOptions) -> Frame:
    """One JSON object a line, or one list of objects: https://jsonlines.org"""
    text, encoding, notes = decoded(path, options.encoding)
    rows: list[dict[str, Any]] = []
    if text.lstrip().startswith("["):
        try:
            rows = json.loads(text)
        except ValueError as error:
            raise InputError(f"{path} is no readable JSON: {error}.") from None
    else:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    rows.append(json.loads(line))
                except ValueError as error:
                    raise InputError(f"{path}, line {number} is no JSON object: {error}. It may be cut off.") from None
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InputError(f'{path} must hold one JSON object an example, e.g. {{"a": 1, "label": "x"}}.')
    frame = plain(pd.DataFrame(rows), str(path))
    return Frame(frame, path.stem, path, {"format": "JSON lines", "encoding": encoding}, notes)


def read_arff(path: Path, options: DataOptions) -> Frame:
    """Attributes and rows of an ARFF file; sparse rows are refused.

    Format: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
    """
    text, encoding, notes = decoded(path, options.encoding)
    names: list[str] = []
    lines = text.splitlines()
    start = None
    for number, line in enumerate(lines):
        words = line.strip()
        if words.lower().startswith("@data"):
            start = number + 1
            break
        found = re.match(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\S+)\s+(.+)", words, re.IGNORECASE)
        if found:
            names.append(found.group(1).strip("'\""))
    if start is None or len(names) < 2:
        raise InputError(f"{path} is no ARFF file: it needs at least two @attribute lines and @data.")
    body, places = [], []
    for number, line in enumerate(lines[start:], start=start + 1):
        words = line.strip()
        if not words or words.startswith("%"):
            continue
        if words.startswith("{"):
            raise InputError(f"{path}, line {number}: sparse rows are not read. Write every value of a row.")
        quote = "'" if "'" in words else '"'
        row = next(csv.reader([words], quotechar=quote, skipinitialspace=True, escapechar="\\"))
        if len(row) != len(names):
            raise InputError(f"{path}, line {number}: {len(row)} values for {len(names)} attributes.")
        body.append(["" if cell.strip() == "?" else cell.strip() for cell in row])
        places.append(number)
    reading = {"format": "ARFF", "encoding": encoding}
    return Frame(pd.DataFrame(body, columns=names, dtype=str), path.stem, path, reading, notes, lambda row: places[row])
