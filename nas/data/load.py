"""The way into this package: anything a person points at becomes a `Dataset`."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.data import targets as understanding
from nas.data.dataset import FEW_ROWS, FOLDS, Dataset, SealedTest, Split, TrainingData, fingerprint
from nas.data.decoded_pictures import decoded
from nas.data.division import divided
from nas.data.forecasting import forecast_data, is_forecast
from nas.data.language import language_data
from nas.data.metric_choice import check_metric, chosen_metric
from nas.data.metrics import score_or_nan
from nas.data.preprocessing import Preprocessing
from nas.data.preprocessing.cells import words
from nas.data.preprocessing.joined import JoinedRules
from nas.data.preprocessing.pictures import PictureRules
from nas.data.preprocessing.table import TableRules
from nas.data.preprocessing.text import TextRules
from nas.data.read import frames_of, read, source_of
from nas.data.reading import Part, Reading, taken
from nas.data.schema import Parts, Schema, TargetPart
from nas.data.several_targets import SeveralTargets, several_targets
from nas.data.splits import hash_of
from nas.data.targets import Targets
from nas.errors import InputError, known
from search_spaces.task import LANGUAGE, Input, Task

UNEVEN = 0.85  # share of one class beyond which accuracy says little


def load(
    data: Any,
    *,
    validation_share: float = 0.2,
    test_share: float = 0.2,
    seed: int = 0,
    options: DataOptions | None = None,
    **said: Any,
) -> Dataset:
    """A data set, read, understood and split into training, validation and a sealed test.

    Args:
        data: a known name (`digits`), the path of a file or a folder, a DataFrame, a mapping of arrays, or arrays,
            tensors or series `(X, y)` or `((X, y), (X_test, y_test))`; docs/data.md names all of them. A `Dataset` is
            given back as it is.
        validation_share: share of the training examples that score the candidates, 0 to 1, both excluded.
        test_share: share set aside for the final where the source has no test part of its own, 0 to 1, both excluded.
        seed: of the random splits.
        options: how the data is read where it would be read otherwise; `said`: the same, by their names.

    Raises:
        InputError: anything about the data that a search could not use, or that can be read in two ways.
    """
    for share, what in ((validation_share, "validation_share"), (test_share, "test_share")):
        if not 0 < share < 1:
            raise InputError(f"`{what}` must lie between 0 and 1, got {share!r}. Try 0.2.")
    options = dataclasses.replace(options or DataOptions(), **said) if said else options or DataOptions()
    if isinstance(data, Dataset):
        if options.said:
            said_too = ", ".join(options.said)
            raise InputError(f"A Dataset has been read already. Give this to nas.data.load: {said_too}.")
        return data
    if is_forecast(options):
        table, others = frames_of(data, options)
        return forecast_data(table, others, options, validation_share, test_share, source_of(data))
    reading = read(data, options)
    if reading.kind == LANGUAGE:
        return language_data(reading, options, validation_share, test_share, reading.source)
    if options.window is not None:
        raise InputError("`--window` is for forecasting, which begins with --horizon, and for running text.")
    targets = _targets(reading, options)
    y = targets.encoded(reading.main.targets, "training")
    division = divided(reading, y, targets.classes, validation_share, test_share, np.random.default_rng(seed))
    main = dataclasses.replace(reading.main, targets=y)
    train_rows = taken(main.rows, division.train)
    rules = reading.fit(train_rows)
    train = Split(_arrays(rules, train_rows), y[division.train])
    _, validation = _part(_encoded(reading.validation, targets, "validation"), main, division.validation, rules)
    test_rows, test = _part(_encoded(reading.test, targets, "test"), main, division.test, rules)
    task = _task(reading, targets, options, rules)
    check_metric(task, validation.targets)
    search = TrainingData.measured(task, train, validation, _class_weights(options, targets, train.targets))
    few = len(train) + len(validation) < FEW_ROWS and reading.group is None and reading.time is None
    if few and reading.validation is None and task.kind not in ("forecasting", "language"):
        search = dataclasses.replace(search, crossed=True)
    hashed = fingerprint(train, validation, test)
    schema = dataclasses.replace(
        _schema(reading, targets, task, rules),
        counts=_counts(targets, train, validation, test),
        majority=_majority(task, train, validation),
        parts=Parts(
            division.how, len(train), len(validation), len(test),
            hash_of(division.train, division.validation, division.test),
        ),
        fingerprint=hashed,
    )  # fmt: skip
    if search.crossed:
        folds = f"the examples are few: in the search each candidate is trained and scored on {FOLDS} folds of them"
        schema = dataclasses.replace(schema, notes=(*schema.notes, folds))
    schema = dataclasses.replace(schema, warnings=(*reading.warnings, *division.warnings, *_uneven(schema, options)))
    columns = rules.names() if isinstance(rules, TableRules) else reading.names
    return Dataset(
        reading.name, task, search, SealedTest(test, test_rows), targets.classes, hashed, columns, schema, rules
    )


def _targets(reading: Reading, options: DataOptions) -> Targets | SeveralTargets:
    if isinstance(reading.main.targets, dict):
        return several_targets(reading.name, reading.main.targets, options.weights, options.kind)
    if options.weights:
        raise InputError("`--weights` is for several targets, but there is one.")
    kind = reading.kind if options.kind == "auto" else options.kind
    found = understanding.understood(reading.name, reading.main.targets, kind, reading.classes, reading.targets)
    return found if options.kind == "auto" else dataclasses.replace(found, why=f"--kind {options.kind}")


def _task(reading: Reading, targets: Targets | SeveralTargets, options: DataOptions, rules: Preprocessing) -> Task:
    vocabulary = rules.vocabulary if isinstance(rules, TextRules) else reading.vocabulary
    positive = _positive(options, targets)
    number = targets.classes.index(positive) if positive else None
    metric = chosen_metric(options, targets.kind, targets.kind)
    inputs = (
        tuple(
            Input(name, part.input_shape, words, _columns(part))
            for name, part, words in zip(rules.names, rules.parts, rules.vocabularies, strict=True)
        )
        if isinstance(rules, JoinedRules)
        else ()
    )
    heads = targets.parts if isinstance(targets, SeveralTargets) else ()
    return Task(
        rules.input_shape, len(targets.classes), targets.kind, vocabulary, metric, number, inputs=inputs, targets=heads,
        columns=_columns(rules),
    )  # fmt: skip


def _columns(rules: Preprocessing) -> tuple[int, ...]:
    """See `Task.columns`."""
    codes = rules.codes if isinstance(rules, TableRules) and not rules.series else ()
    return codes if any(size > 1 for size in codes) else ()


def _encoded(part: Part | None, targets: Targets | SeveralTargets, name: str) -> Part | None:
    return None if part is None else dataclasses.replace(part, targets=targets.encoded(part.targets, name))


def _part(own: Part | None, main: Part, index: np.ndarray, rules: Preprocessing) -> tuple[Any, Split]:
    """Raw rows and arrays of the source's own part, or of these rows of the main part."""
    part = own or Part(taken(main.rows, index), main.targets[index])
    rows = part.rows
    if isinstance(rows, list) and rows and isinstance(rows[0], pd.DataFrame):
        rows = pd.concat(rows, ignore_index=True)  # one table, as it stands in a file
    return rows, Split(_arrays(rules, rows), part.targets)


def _arrays(rules: Preprocessing, rows: Any) -> np.ndarray:
    """What a network takes, for these raw rows."""
    if isinstance(rules, PictureRules):
        return decoded(rules, rows if not rules.column else words(rows[rules.column]))
    return rules.apply(rows)


def _positive(options: DataOptions, targets: Targets | SeveralTargets) -> str:
    if not options.positive:
        return ""
    if targets.kind != "classification":
        raise InputError("`--positive` names a class, but this is no classification.")
    known("class", options.positive, targets.classes)
    return options.positive


def _class_weights(options: DataOptions, targets: Targets | SeveralTargets, y: np.ndarray) -> tuple[float, ...]:
    """Examples by classes and the examples of each, so that the weights of all examples have mean 1."""
    if options.class_weights == "none":
        return ()
    if targets.kind != "classification":
        raise InputError("`--class-weights` is for classes, but this is no classification.")
    counts = np.bincount(y, minlength=len(targets.classes))
    return tuple(float(weight) for weight in len(y) / (len(counts) * np.maximum(counts, 1)))


def _counts(targets: Targets | SeveralTargets, *splits: Split) -> tuple[int, ...]:
    if targets.kind in ("regression", "several"):
        return ()
    if targets.kind == "multilabel":
        return tuple(
            int(sum(split.targets[:, label].sum() for split in splits)) for label in range(len(targets.classes))
        )
    return tuple(
        map(int, np.bincount(np.concatenate([split.targets for split in splits]), minlength=len(targets.classes)))
    )


def _majority(task: Task, train: Split, validation: Split) -> float:
    """Score on the validation part of the shares of the classes, or the means, of the training part."""
    if task.targets:
        places = task.target_slices()
        constant = np.concatenate(
            [_constant(one.kind, one.outputs, train.targets[:, places[one.name]]) for one in task.targets]
        )
    else:
        constant = _constant(task.kind, task.outputs, train.targets)
    outputs = np.repeat(constant[None], len(validation), axis=0)
    return score_or_nan(task, outputs, validation.targets)


def _constant(kind: str, outputs: int, y: np.ndarray) -> np.ndarray:
    if kind == "classification":
        return np.bincount(y.reshape(-1).astype(np.int64), minlength=outputs) / len(y)
    mean: np.ndarray = y.mean(axis=0, dtype=np.float64)
    return mean - 0.5 if kind == "multilabel" else mean


def _uneven(schema: Schema, options: DataOptions) -> list[str]:
    """A warning of classes that are so rare that an accuracy says little."""
    if schema.kind != "classification" or schema.metric != "accuracy" or not schema.counts:
        return []
    share = max(schema.counts) / sum(schema.counts)
    if share < UNEVEN:
        return []
    most = schema.classes[schema.counts.index(max(schema.counts))]
    weights = "" if options.class_weights == "balanced" else ", --class-weights balanced"
    return [f"{share:.1%} of the examples are {most!r}, so accuracy says little: --metric balanced_accuracy{weights}"]


def _schema(reading: Reading, targets: Targets | SeveralTargets, task: Task, rules: Preprocessing) -> Schema:
    shown = dict(reading.shown)
    if rules.rules == "text":
        shown |= {"length": rules.input_shape[0], "vocabulary": task.vocabulary}
    if task.inputs:
        pairs = zip(shown["inputs"], task.inputs, strict=True)
        shown["inputs"] = tuple(dataclasses.replace(part, says=_says(one)) for part, one in pairs)
    return Schema(
        name=reading.name,
        source=reading.source,
        layout=reading.layout,
        why_layout=reading.why_layout,
        targets=reading.targets,
        why_target=reading.why_target,
        kind=targets.kind,
        why_kind=targets.why,
        metric=task.metric,
        positive=targets.classes[task.positive] if task.positive is not None else "",
        classes=targets.classes,
        columns=reading.columns,
        reading=reading.reading,
        notes=reading.notes,
        heads=tuple(
            TargetPart(one.name, one.kind, targets.heads[one.name].classes, one.metric, one.weight)
            for one in task.targets
        )
        if isinstance(targets, SeveralTargets)
        else (),
        **shown,
    )


def _says(one: Input) -> str:
    size = " x ".join(map(str, one.shape))
    return f"{size} tokens, {one.vocabulary:,} of them different" if one.vocabulary else size
