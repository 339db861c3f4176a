"""Tables with one row a step of a series: a column tells the series, another one the step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.columns import Found, codes_of
from nas.data.preprocessing.cells import numbers, words
from nas.data.preprocessing.series import SeriesRules
from nas.data.reading import Part, Reading
from nas.data.schema import CATEGORY, FLAG, GROUP, NUMBER, TIME, Column
from nas.data.sources.frame import Frame
from nas.errors import InputError

STEPS = 4.0  # rows of a series on average, at least
LONGEST = 2_000
FEWEST_SERIES = 5

Made = Callable[[tuple[Column, ...], str, Mapping[str, Part]], Reading]


def long_series(
    frame: Frame, y: np.ndarray, targets: tuple[str, ...], found: Mapping[str, Found], options: DataOptions
) -> Made | None:
    """What makes the reading, where the table is of this kind; else None.

    It is where a column counts 0, 1, 2, … (or 1, 2, …) anew for every value of another one, all rows of a value have
    the same target, and the others are numbers. `--layout table` reads a row as an example all the same.
    """
    if options.layout not in ("auto", "series") or y.ndim != 1:
        return None
    pair = _series_and_step(frame, y, targets, found)
    if pair is None:
        return None
    series, step = pair
    channels = [name for name in found if name not in (*targets, series, step)]
    if not channels or any(found[name].type != NUMBER for name in channels):
        return None
    decimals = tuple(found[name].decimal for name in channels)
    rows, places = _grouped(frame.cells, series)
    lengths = [len(one) for one in rows]
    length = min(max(lengths), LONGEST)

    def fit(training: Any) -> SeriesRules:
        every = np.concatenate([_values(one, channels, decimals) for one in training], axis=1)
        fill = tuple(map(float, np.nan_to_num(np.nanmean(every, axis=1))))
        mask = len(set(lengths)) > 1
        return SeriesRules(len(channels), length, fill, mask, tuple(channels), series, step, decimals)

    def made(columns: tuple[Column, ...], why_target: str, parts: Mapping[str, Part]) -> Reading:
        own = {}
        for name, part in parts.items():
            grouped, at = _grouped(part.rows, series)
            own[name] = Part(grouped, part.targets[[place[0] for place in at]])
        roles = {series: (GROUP, "one series each"), step: (TIME, "the step of a series")}
        listed = tuple(
            dataclasses.replace(one, role=roles[one.name][0], why=roles[one.name][1]) if one.name in roles else one
            for one in columns
        )
        notes = [f"{len(frame.cells)} rows are {len(rows)} series of {min(lengths)} to {max(lengths)} steps"]
        if min(lengths) < max(lengths):
            notes.append(
                f"shorter series are padded at their ends to {length} by the mean of their channel; a further channel "
                "tells what was there"
            )
        return Reading(
            name=frame.name,
            layout="series",
            why_layout=f"column {step!r} counts anew for every {series!r}; --layout table takes a row as an example",
            main=Part(rows, y[[place[0] for place in places]]),
            test=own.get("test"),
            validation=own.get("validation"),
            fit=fit,
            targets=targets,
            why_target=why_target,
            columns=listed,
            reading=frame.reading,
            notes=(*frame.notes, *notes),
            shown={"length": length, "channels": len(channels)},
        )

    return made


def _series_and_step(
    frame: Frame, y: np.ndarray, targets: tuple[str, ...], found: Mapping[str, Found]
) -> tuple[str, str] | None:
    names = [name for name in found if name not in targets]
    for series in names:
        one = found[series]
        if one.type not in (NUMBER, CATEGORY, FLAG) or one.missing or one.distinct < FEWEST_SERIES:
            continue
        if len(frame.cells) / one.distinct < STEPS:
            continue
        codes = codes_of(frame.cells[series])
        order = np.argsort(codes, kind="stable")
        starts = np.concatenate([[True], np.diff(codes[order]) != 0])
        labels = np.unique(y, return_inverse=True)[1][order]
        if (np.diff(labels)[~starts[1:]] != 0).any():
            continue
        for step in names:
            if step == series or found[step].type != NUMBER or found[step].missing:
                continue
            try:
                counted = numbers(frame.cells[step], found[step].decimal)[order]
            except InputError:
                continue
            first = counted[starts]
            if (first == first[0]).all() and first[0] in (0, 1) and (np.diff(counted)[~starts[1:]] == 1).all():
                return series, step
    return None


def _grouped(cells: pd.DataFrame, series: str) -> tuple[list[pd.DataFrame], list[np.ndarray]]:
    """The rows of every series, in the order in which they appear, and their places."""
    keys = words(cells[series])
    places: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    at = [np.array(one) for one in places.values()]
    return [cells.iloc[one].reset_index(drop=True) for one in at], at


def _values(rows: pd.DataFrame, channels: list[str], decimals: tuple[str, ...]) -> np.ndarray:
    return np.stack([numbers(rows[name], mark) for name, mark in zip(channels, decimals, strict=True)])
