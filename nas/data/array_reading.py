"""What arrays in memory or in a file are understood to be: layout, axes, type."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from nas.config.data_options import DataOptions
from nas.data.preprocessing.arrays import ArrayRules
from nas.data.preprocessing.series import SeriesRules
from nas.data.reading import Part, Reading
from nas.data.sources.raw import Raw
from nas.errors import InputError

LARGEST_VOCABULARY = 1_000_000
LONGEST = 2_000  # steps of a series of unequal length
MOST_CHANNELS = 4  # an axis as short as this beside two longer ones holds channels
MOST_ROWS = 2_000  # that are looked at for signs of tokens and series
FEWEST_STEPS, FEWEST_SMOOTH = 4, 24  # columns
ALIKE = 1.5  # times that the mean logarithm of one column of tokens is that of another, at most
SHARED = 0.5  # of the cells whose token stands in other columns too, at least
SMOOTH = 0.9  # correlation of neighbouring steps, in the middle of all


def array_reading(raw: Raw, options: DataOptions) -> Reading:
    """The reading of raw arrays: by what the caller says, else by what the source says, else by shapes and types.

    Two axes are features. Three are grey pictures `(n, height, width)` when uint8 or square, else series
    `(n, channels, length)`. Four are pictures, their channels first or last, whichever of these axes is short.

    Raises:
        InputError: axes that can be read in two ways, or data that no search could use.
    """
    x = raw.x
    if x.ndim < 2 or 0 in x.shape:
        raise InputError(
            f"{raw.name}: inputs must be `(examples, …)` with at least one value each, got shape {x.shape}. "
            "Give one row per example."
        )
    layout, why = _layout(raw, options)
    order, new_axis = _order(raw, layout, options.axes)
    if layout == "series" and x.dtype.kind == "f" and np.isnan(x).any():
        series = [_unpadded(part, order, new_axis) for part in (raw.x, raw.x_validation, raw.x_test)]
        found = series_reading(raw, series)
        return dataclasses.replace(found, shown={**found.shown, "axes": _letters(layout, x.ndim, order)})
    for part in (raw.x, raw.x_test, raw.x_validation):
        if part is not None:
            _check(raw.name, part)
    parts = {"validation": raw.x_validation, "test": raw.x_test}
    for part_name, part in parts.items():
        if part is not None and part.shape[1:] != x.shape[1:]:
            raise InputError(
                f"{raw.name}: {part_name} inputs have shape {part.shape[1:]} each, training inputs {x.shape[1:]}; "
                "they must be equal."
            )
    vocabulary = _vocabulary(raw.name, raw.x, raw.x_test, raw.x_validation) if layout == "tokens" else 0
    dtype = "float32" if layout == "table" else _dtype(x, raw.x_test, raw.x_validation)  # a feature may grow
    rules = ArrayRules(x.shape[1:], order, new_axis, dtype)
    letters = _letters(layout, x.ndim, order)
    shape = rules.input_shape
    shown: dict[str, Any] = {"axes": letters}
    if layout == "pictures":
        shown |= {"size": shape[1:], "channels": shape[0], "mode": {1: "L", 3: "RGB"}.get(shape[0], "")}
    elif layout != "table":
        shown |= {"length": shape[-1], "channels": shape[0] if len(shape) == 2 else 0, "vocabulary": vocabulary}
    return Reading(
        name=raw.name,
        layout=layout,
        why_layout=why,
        main=Part(raw.x, raw.y),
        test=None if raw.x_test is None or raw.y_test is None else Part(raw.x_test, raw.y_test),
        validation=None
        if raw.x_validation is None or raw.y_validation is None
        else Part(raw.x_validation, raw.y_validation),
        fit=lambda rows: rules,
        kind=raw.kind,
        classes=raw.classes,
        vocabulary=vocabulary,
        names=raw.columns,
        reading=raw.reading,
        notes=raw.notes,
        warnings=(*raw.warnings, *(_like_series(x) if layout == "table" and options.layout == "auto" else ())),
        shown=shown,
    )


def _layout(raw: Raw, options: DataOptions) -> tuple[str, str]:
    x = raw.x
    asked = options.layout
    if asked == "auto" and options.axes != "auto":
        letters = set(options.axes[1:])
        asked = "pictures" if letters & set("HW") else "series" if "L" in letters else "table"
        return asked, f"--axes {options.axes}"
    if asked != "auto":
        return asked, f"--layout {asked}"
    if raw.layout != "auto":
        return raw.layout, raw.why_layout
    if x.ndim == 2:
        _refuse_tokens(raw.name, x)
        return "table", "two axes: one row of numbers an example"
    if x.ndim == 3 and x.dtype != np.uint8 and x.shape[1] != x.shape[2]:
        return "series", "three axes that are no square picture"
    return "pictures", "bytes with two axes an example" if x.ndim == 3 else "three axes an example"


def _order(raw: Raw, layout: str, axes: str) -> tuple[tuple[int, ...], bool]:
    """Order of the example's axes that brings channels first, and whether there is no axis of channels."""
    x, ndim = raw.x, raw.x.ndim
    wanted = {"table": "N", "tokens": "N", "series": "NCL", "pictures": "NCHW"}.get(layout)
    if axes != "auto":
        if len(axes) != ndim:
            raise InputError(f"{raw.name}: --axes {axes} names {len(axes)} axes, the inputs have {ndim}: {x.shape}.")
        if layout in ("table", "tokens"):
            return (0,), False
        assert wanted is not None  # noqa: S101 - for the type checker
        letters = [letter for letter in wanted if letter in axes]
        if set(axes) != set(letters) or set(wanted) - set(axes) - {"C"}:
            raise InputError(f"{raw.name}: --axes {axes} does not fit {layout}, whose axes are {wanted}.")
        return tuple(axes.index(letter) - 1 for letter in letters[1:]), "C" not in axes
    if layout in ("table", "tokens") and ndim == 2:
        return (0,), False
    if layout == "series" and ndim == 2:
        return (0,), True
    if layout == "series" and ndim == 3:
        _refuse_two_ways(raw)
        return (0, 1), False
    if layout == "pictures" and ndim == 3:
        return (0, 1), True
    if layout == "pictures" and ndim == 4:
        first, last = x.shape[1], x.shape[3]
        are_last = last < first and (last <= MOST_CHANNELS or x.shape[1] == x.shape[2])
        return ((2, 0, 1) if are_last else (0, 1, 2)), False
    raise InputError(
        f"{raw.name}: inputs of shape {x.shape} cannot be read as `{layout}`. Known: table (n, features), "
        "tokens (n, length), series (n, length) or (n, channels, length), pictures (n, height, width[, channels]) or "
        "(n, channels, height, width)."
    )


def _refuse_two_ways(raw: Raw) -> None:
    """A longer axis where channels are expected: it may be time."""
    _, first, last = raw.x.shape
    if first > last:
        raise InputError(
            f"{raw.name}: inputs of shape {raw.x.shape} can be read in two ways. As series of length {first} with "
            f"{last} channels (keras, numpy): --axes NLC. As {first} channels of length {last} (torch): --axes NCL."
        )


def _refuse_tokens(name: str, x: np.ndarray) -> None:
    """Whole numbers from 0 on, alike and mostly the same in all columns: they may stand for words, 0 for none."""
    if x.dtype.kind not in "ui" or x.shape[1] < FEWEST_STEPS or x.min() < 0 or x.max() <= 255:
        return
    some = x[:MOST_ROWS]
    sizes = [float(np.log1p(column[column > 0]).mean()) for column in some.T if (column > 0).any()]
    values, columns = np.unique(np.concatenate([np.unique(column) for column in some.T]), return_counts=True)
    shared = np.isin(some[some > 0], values[columns > 1]).mean()
    if not sizes or max(sizes) > ALIKE * min(sizes) or shared < SHARED:
        return
    raise InputError(
        f"{name}: inputs of shape {x.shape} can be read in two ways: {len(values)} different whole numbers, 0 to "
        f"{x.max()}, alike in all columns. As numbers that stand for words: --layout tokens. As features: --layout "
        "table."
    )


def _like_series(x: np.ndarray) -> tuple[str, ...]:
    """A warning where neighbouring columns of many say nearly the same."""
    if x.shape[1] < FEWEST_SMOOTH or len(x) < FEWEST_STEPS:
        return ()
    some = x[:MOST_ROWS].astype(np.float64)
    moved = some - some.mean(axis=0)
    norms = np.sqrt((moved**2).sum(axis=0))
    there = (norms[:-1] > 0) & (norms[1:] > 0)
    if there.sum() < FEWEST_SMOOTH:
        return ()
    products = (moved[:, :-1] * moved[:, 1:]).sum(axis=0)[there]
    if np.median(products / (norms[:-1] * norms[1:])[there]) < SMOOTH:
        return ()
    return (
        "neighbouring columns are nearly the same, as the steps of a series are; they are read as features that stand "
        "in no order: --layout series reads steps",
    )


def _letters(layout: str, ndim: int, order: tuple[int, ...]) -> str:
    full = {"table": "NF", "tokens": "NL", "series": "NCL", "pictures": "NCHW"}[layout]
    kept = full if len(full) == ndim else full.replace("C", "")
    letters = [""] * (ndim - 1)
    for letter, axis in zip(kept[1:], order, strict=True):
        letters[axis] = letter
    return "N" + "".join(letters)


def _check(name: str, x: np.ndarray) -> None:
    if x.dtype.kind not in "buif":
        raise InputError(f"{name}: inputs must be numbers, got type {x.dtype}. Convert them to float32 or uint8.")
    if x.dtype.kind in "bui":
        return
    with np.errstate(over="ignore"):
        finite = np.isfinite(x.astype(np.float32, copy=False).reshape(len(x), -1)).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise InputError(
            f"{name}: inputs must be finite, but {int((~finite).sum())} of {len(x)} examples hold NaN or infinity "
            f"(or more than float32 can hold), the first at row {row}. Drop or fill them before the search."
        )


def _unpadded(x: np.ndarray | None, order: tuple[int, ...], new_axis: bool) -> list[np.ndarray] | None:
    """Series `(channels, length)` without the NaN at their ends; None where there is no such part."""
    if x is None:
        return None
    moved = x.transpose(0, *(axis + 1 for axis in order))
    moved = moved[:, None] if new_axis else moved
    lengths = [int(np.flatnonzero(~np.isnan(one).all(axis=0))[-1:].sum()) + 1 for one in moved]
    return [one[:, :length] for one, length in zip(moved, lengths, strict=True)]


def series_reading(raw: Raw, parts: Sequence[Sequence[np.ndarray] | None], names: tuple[str, ...] = ()) -> Reading:
    """The reading of series of unequal length, or with missing values.

    Args:
        parts: the main, validation and test examples, each `(channels, length)`; None where there is no such part.
        names: of the channels.
    """
    main, validation, test = parts
    assert main is not None  # noqa: S101 - for the type checker
    every = [one for part in parts if part is not None for one in part]
    channels = {one.shape[0] for one in every}
    if len(channels) > 1:
        raise InputError(f"{raw.name}: all series must have the same channels, got {sorted(channels)} of them.")
    for number, one in enumerate(main):
        if one.dtype.kind not in "buif" or np.isinf(one).any():
            raise InputError(f"{raw.name}: series {number} holds values that are no finite numbers.")
    lengths = [one.shape[1] for one in main]
    length = min(max(lengths), LONGEST)
    notes = [
        f"series of {min(lengths)} to {max(lengths)} steps are padded at their ends to {length} by the mean of their "
        "channel; a further channel tells what was there"
    ]
    if max(lengths) > LONGEST:
        notes.append(f"longer series are cut after {LONGEST} steps")
    inner = sum(int(np.isnan(one).any(axis=0).sum()) for one in main)
    if inner:
        notes.append(f"{inner} steps with missing values get the mean of their channel there")

    def fit(rows: Sequence[np.ndarray]) -> SeriesRules:
        joined = np.concatenate([one.astype(np.float64) for one in rows], axis=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            fill = np.nan_to_num(np.nanmean(joined, axis=1))
        return SeriesRules(len(fill), length, tuple(map(float, fill)), names=names)

    def part(rows: Sequence[np.ndarray] | None, y: np.ndarray | None) -> Part | None:
        return None if rows is None or y is None else Part(list(rows), y)

    return Reading(
        name=raw.name,
        layout="series",
        why_layout=raw.why_layout or "series of unequal length",
        main=Part(list(main), raw.y),
        validation=part(validation, raw.y_validation),
        test=part(test, raw.y_test),
        fit=fit,
        kind=raw.kind,
        classes=raw.classes,
        reading=raw.reading,
        notes=(*raw.notes, *notes),
        warnings=raw.warnings,
        shown={"length": length, "channels": channels.pop()},
    )


def _dtype(*parts: np.ndarray | None) -> str:
    """`uint8` where every part holds whole numbers from 0 to 255."""
    there = [part for part in parts if part is not None]
    whole = all(part.dtype.kind in "bui" for part in there)
    small = whole and all(part.dtype.kind == "b" or (part.min() >= 0 and part.max() <= 255) for part in there)
    return "uint8" if small else "float32"


def _vocabulary(name: str, *parts: np.ndarray | None) -> int:
    """One more than the largest token of all parts."""
    largest = 0
    for tokens in parts:
        if tokens is None or not tokens.size:
            continue
        if tokens.dtype.kind not in "ui" or tokens.min() < 0:
            raise InputError(f"{name}: tokens must be whole numbers from 0, got {tokens.dtype} from {tokens.min()}.")
        largest = max(largest, int(tokens.max()))
    if largest >= LARGEST_VOCABULARY:
        raise InputError(f"{name}: the largest token is {largest}; at most {LARGEST_VOCABULARY - 1} can be embedded.")
    return largest + 1
