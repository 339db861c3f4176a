"""Columns of a table: their type, and what is suspicious about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nas.data.preprocessing.cells import MISSING, NO_NUMBER, date_pattern, moment, word, words
from nas.data.schema import CATEGORY, DATE, FLAG, NUMBER, PATH, TEXT
from nas.data.sources.delimited import GROUPED, is_number
from nas.data.sources.frame import Frame
from nas.errors import InputError

FORMATS = (  # of dates, tried in this order; ISO8601 takes times as well
    "ISO8601", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y",
    "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
DATE_LIKE = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*|\d{1,2} \w{3,9} \d{4}|\w{3,9} \d{1,2}, \d{4}"
)
FILE_LIKE = re.compile(
    r"[^\n]{0,400}\.(png|jpe?g|bmp|gif|webp|tiff?|ppm|pgm|wav|mp3|flac|ogg|mp4|avi|txt|npy|dcm)", re.IGNORECASE
)
SECONDS = (631_152_000, 4_102_444_800)  # 1990 to 2100, since 1970
TIME_NAME = re.compile(r"time|date|stamp|epoch|unix|^ts$|_ts$|zeit|datum", re.IGNORECASE)
ID_NAME = re.compile(
    r"(^|[^a-z])(id|idx|index|nr|uuid|guid|rowid|key)$|[a-z]I[dD]$|^unnamed: 0$|^no\.?$", re.IGNORECASE
)
MOSTLY = 0.9  # of the cells are numbers: the others are mistakes
TEXT_WORDS = 3.0  # words of a cell on average, beyond which distinct cells are texts
MOST_PHRASES = 20  # different ones that are words all the same, e.g. `some college, no degree`
FEW_SAMPLES = 3
LEAST_FOR_IDS = 10  # rows


@dataclass(frozen=True, eq=False)
class Found:
    """What a column is.

    Args:
        type: see `schema.Column`. missing: share of empty cells. distinct: different values.
        decimal: mark of numbers that are texts. format: of dates, see `preprocessing.table.Date`.
        note: something to know, e.g. that day and month could be exchanged.
    """

    name: str
    type: str
    missing: float
    distinct: int
    samples: tuple[str, ...]
    decimal: str = "."
    format: str = ""
    note: str = ""


def described(frame: Frame, name: str, decimal: str = "auto") -> Found:
    """Type and state of a column.

    Raises:
        InputError: numbers with a few words among them, or with commas that can be read in two ways.
    """
    cells = frame.cells[name]
    kind = cells.dtype.kind
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
        kind = "O"
    if kind == "b" or str(cells.dtype) == "boolean":
        return _found(name, FLAG, cells, cells.isna())
    if kind == "M":
        return _found(name, DATE, cells, cells.isna(), format="ISO8601")
    if kind in "iuf" or (pd.api.types.is_numeric_dtype(cells.dtype) and kind != "c"):
        values = cells.to_numpy(np.float64, na_value=np.nan)
        _refuse_infinite(frame, name, values)
        stamp = _unix(name, values)
        return _found(name, DATE if stamp else NUMBER, cells, pd.Series(np.isnan(values)), format=stamp)
    return _of_words(frame, name, cells, decimal)


def _of_words(frame: Frame, name: str, cells: pd.Series, decimal: str) -> Found:
    texts = pd.Series(words(cells), dtype=object)
    missing = texts == ""
    said = texts[~missing]
    distinct = said.unique()
    if not len(distinct):
        return _found(name, CATEGORY, texts, missing)
    numeric = np.array([is_number(text) for text in distinct])
    placeholder = np.array([text in NO_NUMBER for text in distinct])
    share = said.isin(set(distinct[numeric])).mean()
    if numeric.any() and (numeric | placeholder).all():
        missing = missing | texts.isin(NO_NUMBER)
        mark = _decimal(frame, name, distinct[numeric], decimal)
        values = pd.to_numeric(
            texts[~missing].str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
            if mark == ","
            else texts[~missing],
            errors="coerce",
        ).to_numpy(np.float64)
        everywhere = np.full(len(texts), np.nan)
        everywhere[~missing.to_numpy(bool)] = values
        _refuse_infinite(frame, name, everywhere)
        stamp = _unix(name, values)
        return _found(name, DATE if stamp else NUMBER, texts, missing, decimal=mark, format=stamp)
    if share >= MOSTLY and len(said) >= LEAST_FOR_IDS and (~numeric).sum() > 0:
        wrong = said[~said.isin(set(distinct[numeric]))]
        row = int(wrong.index[0])
        raise InputError(
            f"{frame.at(row)}, column {name!r}: {wrong.iloc[0]!r} stands among numbers; {len(wrong)} of {len(said)} "
            "cells "
            f"are no number. Mend the cells, leave them empty, or leave the column out: --ignore {name}."
        )
    sample = distinct[:2000]
    if all(DATE_LIKE.fullmatch(text) for text in sample):
        form, note = _date_format(name, distinct)
        if form:
            return _found(name, DATE, texts, missing, format=form, note=note)
    if sum(bool(FILE_LIKE.fullmatch(text)) for text in sample) >= 0.95 * len(sample):
        return _found(name, PATH, texts, missing)
    length = float(np.mean([len(text.split()) for text in sample]))
    if len(distinct) <= 2 and len(said) > 2:
        return _found(name, FLAG, texts, missing)
    if length >= TEXT_WORDS and len(distinct) > MOST_PHRASES:
        return _found(name, TEXT, texts, missing)
    return _found(name, CATEGORY, texts, missing)


def codes_of(cells: Any) -> np.ndarray:
    """A number for each cell: the place of its text among all texts of the column in order; of numbers their own."""
    if getattr(getattr(cells, "dtype", None), "kind", "") in ("b", "i", "u", "f"):
        return pd.factorize(np.asarray(cells), sort=True, use_na_sentinel=False)[0]
    return pd.factorize(np.array(words(cells), dtype=object), sort=True)[0]


def _refuse_infinite(frame: Frame, name: str, values: np.ndarray) -> None:
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise InputError(
            f"{frame.at(row)}, column {name!r}: {values[row]} is no finite number. Mend the cell, leave it empty, or "
            f"leave the column out: --ignore {name}."
        )


def _found(name: str, kind: str, cells: pd.Series, missing: pd.Series, **further: str) -> Found:
    said = cells[~missing.to_numpy(bool)]
    distinct = said.unique()
    short = (
        float(str(value)) if isinstance(value, np.float32 | np.float16) else value for value in distinct[:FEW_SAMPLES]
    )
    samples = tuple(_short(word(value)) for value in short)
    return Found(name, kind, float(missing.mean()), len(distinct), samples, **further)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _decimal(frame: Frame, name: str, cells: np.ndarray, asked: str) -> str:
    """The decimal mark of some numbers."""
    commas = [cell for cell in cells if "," in cell]
    if not commas:
        return "."
    if asked != "auto":
        return asked
    if all(GROUPED.fullmatch(cell) for cell in commas) and not any("." in cell for cell in cells):
        others = any(
            "," in str(cell) and is_number(str(cell)) and not GROUPED.fullmatch(str(cell))
            for column in frame.cells.columns
            if column != name and frame.cells[column].dtype.kind in "OT"
            for cell in frame.cells[column].head(200)
        )
        if not others:
            raise InputError(
                f"{frame.path or frame.name}, column {name!r}: {commas[0]!r} can be read in two ways. As "
                f"{commas[0].replace(',', '.')} with a decimal comma: --decimal ','. As thousands: remove the commas."
            )
    return ","


def _unix(name: str, values: np.ndarray) -> str:
    """`s` or `ms` where whole numbers are moments since 1970, else nothing."""
    known = values[np.isfinite(values)]
    if len(known) < LEAST_FOR_IDS or (known != np.round(known)).any() or len(np.unique(known)) < 0.5 * len(known):
        return ""
    steps = np.diff(known)
    named = bool(TIME_NAME.search(name)) or bool((steps >= 0).all()) or bool((steps <= 0).all())
    for unit, factor in (("s", 1), ("ms", 1000)):
        if known.min() >= SECONDS[0] * factor and known.max() <= SECONDS[1] * factor and named:
            return unit
    return ""


def date_format(distinct: np.ndarray, forms: Sequence[str]) -> str:
    """The first form that all of some cells have; "" for none."""
    return next((form for form in forms if len(distinct) and _all_dates(distinct, form)), "")


def _date_format(name: str, distinct: np.ndarray) -> tuple[str, str]:
    fitting = [form for form in FORMATS if _all_dates(distinct, form)]
    if not fitting:
        return "", ""
    swapped = [
        form
        for form in fitting
        if form[:2] in ("%d", "%m") and form[1] != fitting[0][1] and form[2:3] == fitting[0][2:3]
    ]
    note = f"column {name!r}: day and month can be exchanged; read as {fitting[0]}" if swapped else ""
    return fitting[0], note


def _all_dates(cells: np.ndarray, form: str) -> bool:
    try:
        pattern = date_pattern(form)
        return all(moment(cell, pattern) is not None for cell in cells)
    except ValueError:
        return False


def numbers_the_rows(values: np.ndarray, name: str) -> bool:
    """Whether whole numbers only count the rows: in equal steps, in any order without a gap, or unique and named so."""
    if len(values) < LEAST_FOR_IDS or not np.isfinite(values).all() or (values != np.round(values)).any():
        return False
    if len(np.unique(values)) < len(values):
        return False
    steps = np.diff(values)
    if (steps == steps[0]).all() and abs(steps[0]) == 1:
        return True
    if values.max() - values.min() + 1 == len(values):
        return True
    return bool(ID_NAME.search(name))


__all__ = ["MISSING", "Found", "date_format", "described", "numbers_the_rows"]
