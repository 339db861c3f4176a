"""The way into this package: anything a person points at becomes a `Dataset`."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from nas.config.data_options import METRICS, DataOptions
from nas.data import targets as understanding
from nas.data.dataset import Dataset, SealedTest, Split, TrainingData, fingerprint
from nas.data.division import divided
from nas.data.preprocessing import Preprocessing
from nas.data.read import read
from nas.data.reading import Part, Reading, taken
from nas.data.schema import Parts, Schema
from nas.data.splits import hash_of
from nas.data.targets import Targets
from nas.errors import InputError, known
from search_spaces.task import Task


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
            tensors or series `(X, y)` or `((X, y), (X_test, y_test))`; docs/data.md names all of them.
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
    reading = read(data, options)
    kind = reading.kind if options.kind == "auto" else options.kind
    targets = understanding.understood(reading.name, reading.main.targets, kind, reading.classes, reading.targets)
    if options.kind != "auto":
        targets = dataclasses.replace(targets, why=f"--kind {options.kind}")
    y = targets.encoded(reading.main.targets, "training")
    rng = np.random.default_rng(seed)
    divisions = divided(reading, y, targets.classes, validation_share, test_share, rng)
    main = dataclasses.replace(reading.main, targets=y)
    own_validation, own_test = (
        _encoded(reading.validation, targets, "validation"),
        _encoded(reading.test, targets, "test"),
    )
    train_rows = taken(main.rows, divisions.train)
    rules = reading.fit(train_rows)
    train = Split(rules.apply(train_rows), y[divisions.train])
    held_rows, validation = _part(own_validation, main, divisions.validation, rules)
    test_rows, test = _part(own_test, main, divisions.test, rules)
    del held_rows
    metric = _metric(options, targets)
    vocabulary = reading.vocabulary or getattr(rules, "vocabulary", 0)
    task = Task(train.inputs.shape[1:], len(targets.classes), targets.kind, vocabulary)
    search = TrainingData.measured(task, train, validation)
    hashed = fingerprint(train, validation, test)
    parts = Parts(
        divisions.how,
        len(train),
        len(validation),
        len(test),
        hash_of(divisions.train, divisions.validation, divisions.test),
    )
    schema = _schema(reading, targets, metric, parts, [train.targets, validation.targets, test.targets], rules)
    schema = dataclasses.replace(
        schema,
        fingerprint=hashed,
        warnings=(*schema.warnings, *divisions.warnings),
        positive=_positive(options, targets),
    )
    columns = tuple(rules.names()) if hasattr(rules, "names") and callable(rules.names) else ()
    return Dataset(
        reading.name, task, search, SealedTest(test, test_rows), targets.classes, hashed, columns, schema, rules
    )


def _encoded(part: Part | None, targets: Targets, name: str) -> Part | None:
    return None if part is None else dataclasses.replace(part, targets=targets.encoded(part.targets, name))


def _part(own: Part | None, main: Part, index: np.ndarray, rules: Preprocessing) -> tuple[Any, Split]:
    """Raw rows and arrays of the source's own part, or of these rows of the main part."""
    part = own or Part(taken(main.rows, index), main.targets[index])
    return part.rows, Split(rules.apply(part.rows), part.targets)


def _metric(options: DataOptions, targets: Targets) -> str:
    names = METRICS[targets.kind]
    if options.metric == "auto":
        return names[0]
    known(f"metric of a {targets.kind}", options.metric, names)
    return options.metric


def _positive(options: DataOptions, targets: Targets) -> str:
    if not options.positive:
        return ""
    if targets.kind != "classification":
        raise InputError("`--positive` names a class, but this is no classification.")
    known("class", options.positive, targets.classes)
    return options.positive


def _schema(
    reading: Reading, targets: Targets, metric: str, parts: Parts, y: list[np.ndarray], rules: Preprocessing
) -> Schema:
    counts: tuple[int, ...] = ()
    if targets.kind == "classification":
        counts = tuple(map(int, np.bincount(np.concatenate(y), minlength=len(targets.classes))))
    shown = dict(reading.shown)
    if rules.rules == "text":
        shown |= {"length": rules.input_shape[0], "vocabulary": getattr(rules, "vocabulary", 0)}
    return Schema(
        name=reading.name,
        layout=reading.layout,
        why_layout=reading.why_layout,
        targets=reading.targets,
        why_target=reading.why_target,
        kind=targets.kind,
        why_kind=targets.why,
        metric=metric,
        classes=targets.classes,
        counts=counts,
        columns=reading.columns,
        parts=parts,
        reading=reading.reading,
        notes=reading.notes,
        warnings=reading.warnings,
        **shown,
    )
