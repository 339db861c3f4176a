"""What looks suspicious in a table: columns that give the target away, groups, rows in the order of time, copies."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from nas.data.columns import Found, codes_of
from nas.data.preprocessing.cells import numbers
from nas.data.schema import CATEGORY, DATE, FLAG, NUMBER

GROUP_NAME = re.compile(
    r"person|subject|patient|participant|user|customer|client|speaker|session|device|household|house|animal|donor|site|"
    r"machine|batch|group|family|school|driver|player|worker|store|sensor|proband",
    re.IGNORECASE,
)
FEWEST_GROUPS, ROWS_OF_GROUP = 8, 3.0
LEAST_FOR_TIME = 40  # rows
LIKE_NEIGHBOURS = 0.6  # correlation of a target with the one before
ALONE = 0.999
MOST_ROWS = 50_000  # that are looked at
COPIES = 0.01


def found_group(cells: pd.DataFrame, y: np.ndarray, features: Mapping[str, Found]) -> tuple[str, str]:
    """A column whose values stand for one person (machine, batch, …) of several rows, and why; or "" and a warning.

    All rows of a value have the same target, there are at least 8 values with at least 3 rows each on average, and the
    rows of a value stand together, are equally many, or the column is named like a group.
    """
    for name, one in features.items():
        if one.type not in (CATEGORY, NUMBER) or one.missing or one.distinct < FEWEST_GROUPS:
            continue
        if len(cells) / one.distinct < ROWS_OF_GROUP:
            continue
        codes = codes_of(cells[name])
        named = bool(GROUP_NAME.search(name))
        if one.type == NUMBER and not named and _runs(codes) != one.distinct:
            continue
        pure = y.ndim == 1 and _pure(codes, y)
        together = _runs(codes) == one.distinct
        counts = np.bincount(codes)
        if pure and (together or named or counts.min() == counts.max()) and len(np.unique(y)) * 2 <= one.distinct:
            return name, f"stands for {one.distinct} groups of rows that share their target"
        if named and one.distinct <= len(cells) / ROWS_OF_GROUP and together:
            return "", (
                f"column {name!r} names {one.distinct} groups of rows; rows of one are in several parts. If new ones "
                "are to "
                f"be predicted: --group {name}"
            )
    return "", ""


def _runs(codes: np.ndarray) -> int:
    return int((np.diff(codes) != 0).sum()) + 1


def _pure(codes: np.ndarray, y: np.ndarray) -> bool:
    labels = np.unique(y, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    same = np.diff(codes[order]) == 0
    return bool((np.diff(labels[order])[same] == 0).all())


def found_time(y: np.ndarray, moments: Mapping[str, np.ndarray]) -> str:
    """The column that the rows follow, where targets are like their neighbours'; else ""."""
    if y.ndim != 1 or y.dtype.kind not in "if" or len(y) < LEAST_FOR_TIME or len(np.unique(y)) < 20:
        return ""
    for name, when in moments.items():
        if np.isnan(when).any() or len(np.unique(when)) < 0.9 * len(when):
            continue
        in_order = y[np.argsort(when, kind="stable")].astype(np.float64)
        if np.corrcoef(in_order[:-1], in_order[1:])[0, 1] > LIKE_NEIGHBOURS:
            return name
    return ""


def tells_alone(cells: pd.DataFrame, y: np.ndarray, features: Mapping[str, Found]) -> list[str]:
    """Warnings of columns that alone predict the target."""
    if y.ndim != 1 or len(features) < 2:
        return []
    rows = slice(0, MOST_ROWS)
    labels = np.unique(y[rows], return_inverse=True)[1] if y.dtype.kind not in "f" else None
    found = []
    for name, one in features.items():
        alone = False
        if one.type == NUMBER:
            values = numbers(cells[name].iloc[rows], one.decimal)
            there = ~np.isnan(values)
            if there.sum() < 10:
                continue
            if y.dtype.kind in "if" and len(np.unique(y)) > 2 and values[there].std() > 0:
                with np.errstate(all="ignore"):
                    alone = abs(np.corrcoef(values[there], y[rows][there].astype(float))[0, 1]) > ALONE
            if not alone and labels is not None and len(np.unique(labels)) <= 20:
                order = np.argsort(values[there], kind="stable")
                alone = _runs(labels[there][order]) == len(np.unique(labels[there]))
        elif one.type in (CATEGORY, FLAG) and labels is not None and one.distinct < 0.2 * len(cells):
            codes = codes_of(cells[name].iloc[rows])
            alone = _pure(codes, labels)
        elif one.type == DATE:
            continue
        if alone:
            found.append(name)
    if len(found) > max(1, len(features) // 3):
        return []  # an easy task, and no leak
    return [
        f"column {name!r} alone tells the target; is it known when one predicts? If not: --ignore {name}"
        for name in found
    ]


def copies(cells: pd.DataFrame) -> list[str]:
    """A warning where rows occur more than once, though their cells are of many different values."""
    some = cells.iloc[:MOST_ROWS]
    objects = [name for name in some if some[name].dtype.kind == "O"]  # their cells may be unhashable
    some = some.astype(dict.fromkeys(objects, str))
    if max(some[name].nunique(dropna=False) for name in some) < 0.3 * len(some):
        return []
    twice = int(some.duplicated().sum())
    if twice < COPIES * len(some) or twice < 2 or cells.shape[1] < 4:
        return []
    return [f"{twice} of {len(some)} rows are exact copies of another one: copies may lie in two parts"]
