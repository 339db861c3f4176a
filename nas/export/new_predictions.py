"""Predictions of an export for a file or a folder, and their score where it holds the targets too."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.metrics import metric_for
from nas.data.new_rows import NewRows, read_rows
from nas.data.own_metrics import MetricFailed
from nas.data.preprocessing import Preprocessing, parts_of
from nas.data.preprocessing.cells import WrongCell, words
from nas.data.preprocessing.language import LanguageRules
from nas.data.preprocessing.table import MOST_WORDS, Category, TableRules
from nas.data.schema import Schema
from nas.errors import InputError
from nas.export.load_predictor import LoadedPredictor, load_predictor
from search_spaces.task import LANGUAGE, Forecast, Target, Task


@dataclass(frozen=True, eq=False)
class NewPredictions:
    """What an export says of a source.

    Args:
        found: see `LoadedPredictor.__call__`.
        score: by the metric of the search, higher is better; None where there are no targets, see `why`.
        scored: rows that it was computed on.
    """

    predictor: LoadedPredictor
    found: Any
    score: float | None
    scored: int
    why: str
    notes: tuple[str, ...]


def predictions(
    export: Path, source: Path, options: DataOptions | None = None, part: str = "", device: str = "cpu"
) -> NewPredictions:
    """Predictions for all rows of a source, which the project's own readers read.

    Args:
        export: its directory, or that of a search with one.
        options, part: see `nas.data.new_rows.read_rows`; columns to `ignore` are left aside.

    Raises:
        InputError: no export that takes raw rows; a source that cannot be read, or has other columns; a cell or a
            picture that cannot be read, with its line.
    """
    options = options or DataOptions()
    predictor = load_predictor(export, device)
    schema = predictor.schema
    rows = read_rows(source, schema, predictor.rules, options, part)
    try:
        if schema.forecast is not None or schema.kind == LANGUAGE:
            rows = _with_history(predictor, rows, options.ignore)
        found = predictor(rows.rows, options.ignore)
    except WrongCell as error:
        place = f"{rows.at(error.row)}, column {error.column!r}: {error.what}." if rows.at else f"{source}: {error}"
        raise InputError(place) from None
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    notes = [*rows.notes, *_unseen(predictor.rules, rows.rows)]
    if part != "test" and schema.source and Path(schema.source) == source.absolute():
        notes.append("the network was trained on this very source: a score on it says nothing of new rows")
    if rows.targets is None or rows.known is None:
        return NewPredictions(predictor, found, None, 0, rows.why, tuple(notes))
    said = rows.outputs if rows.outputs is not None else found.outputs
    outputs, targets = said[rows.known], rows.targets[rows.known]
    try:
        score = metric_for(_task(schema, predictor.rules))(outputs, targets)
    except (InputError, MetricFailed) as error:  # a person's own metric is no part of an export
        return NewPredictions(predictor, found, None, 0, str(error), tuple(notes))
    return NewPredictions(predictor, found, score, int(np.sum(rows.known)), "", tuple(notes))


def _with_history(predictor: LoadedPredictor, rows: NewRows, ignore: Sequence[str]) -> NewRows:
    """Rows of series, or a text, with what the network would have said of their past, and what came."""
    outputs, targets = predictor.backtest(rows.rows, ignore)
    if not len(targets):
        forecast = predictor.schema.forecast
        if forecast is None:
            return dataclasses.replace(
                rows, why=f"the text is shorter than a window of {predictor.schema.length} tokens"
            )
        needed = forecast.window + forecast.horizon
        return dataclasses.replace(rows, why=f"fewer than {needed} steps in a row have known values behind a window")
    return dataclasses.replace(rows, targets=targets, known=np.ones(len(targets), bool), outputs=outputs)


def _task(schema: Schema, rules: Preprocessing) -> Task:
    """What outputs are judged by."""
    if isinstance(rules, LanguageRules):
        size = rules.vocabulary
        return Task(rules.input_shape, size, LANGUAGE, size, schema.metric, characters=rules.characters)
    if schema.forecast is not None:
        one = schema.forecast
        made = Forecast(one.horizon, tuple(range(len(schema.targets))), 1, one.errors)
        shape = (len(schema.targets), one.window)
        return Task(shape, len(schema.classes), "regression", metric=schema.metric, forecast=made)
    positive = schema.classes.index(schema.positive) if schema.positive else None
    heads = tuple(Target(one.name, one.kind, len(one.classes), one.weight, one.metric) for one in schema.heads)
    return Task((1,), len(schema.classes), schema.kind, 0, schema.metric, positive, targets=heads)


def _unseen(rules: Preprocessing, rows: Any) -> list[str]:
    """Notes on words that training did not have; of columns with more words than are kept it is not known."""
    if not isinstance(rows, pd.DataFrame):
        return []
    notes = []
    for step in (one for part in parts_of(rules) if isinstance(part, TableRules) for one in part.steps):
        if isinstance(step, Category) and len(step.words) < MOST_WORDS:
            unknown = [one for one in words(rows[step.column]) if one not in step.words]
            if unknown:
                listed = ", ".join(repr(one or "(missing)") for one in dict.fromkeys(unknown[:3]))
                notes.append(
                    f"column {step.column!r}: {len(unknown)} cells hold what training did not have ({listed}); they "
                    "count as any other word"
                )
    return notes
