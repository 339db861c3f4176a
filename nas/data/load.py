"""The way into this package: anything a person points at becomes a `Dataset`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas.data.dataset import Dataset, SealedTest, Split, TrainingData, fingerprint
from nas.data.schema import understand
from nas.data.sources import read
from nas.data.splits import set_aside
from nas.errors import InputError
from search_spaces.task import Task


def load(
    data: Any,
    *,
    validation_share: float = 0.2,
    test_share: float = 0.2,
    seed: int = 0,
    layout: str = "auto",
    kind: str = "auto",
    size: tuple[int, int] | None = None,
) -> Dataset:
    """A data set, split into training, validation and a sealed test.

    Args:
        data: a known name (`digits`), a path (`.npz`, `.csv`, folder of pictures), or arrays or tensors `(X, y)`.
        validation_share: share of the training examples that score the candidates, 0 to 1, both excluded.
        test_share: share set aside for the final where the source has no test part of its own, 0 to 1, both excluded.
        seed: of the random splits.
        layout: `images`, `series` or `features` where shape and type would be read otherwise; `tokens` for whole
            numbers `(n, length)` that stand for words.
        kind: `classification` or `regression` where the targets would be read otherwise.
        size: height and width in pixels that the pictures of a folder get.

    Raises:
        InputError: anything about the data that a search could not use.
    """
    for share, what in ((validation_share, "validation_share"), (test_share, "test_share")):
        if not 0 < share < 1:
            raise InputError(f"`{what}` must lie between 0 and 1, got {share!r}. Try 0.2.")
    raw = read(data, size)
    schema = understand(raw, layout, kind)
    x, y = schema.inputs(raw.x), schema.targets(raw.y)
    rng = np.random.default_rng(seed)
    if raw.x_test is None or raw.y_test is None:
        kept, aside = set_aside(raw.name, y, test_share, rng, schema.classes)
        test = Split(x[aside], y[aside])
        x, y = x[kept], y[kept]
    else:
        test = Split(schema.inputs(raw.x_test), schema.targets(raw.y_test))
        if test.inputs.shape[1:] != x.shape[1:]:
            raise InputError(
                f"{raw.name}: test inputs have shape {test.inputs.shape[1:]} each, training inputs {x.shape[1:]}; "
                "they must be equal."
            )
    fit, held = set_aside(raw.name, y, validation_share, rng, schema.classes)
    task = Task(x.shape[1:], len(schema.classes), schema.kind, schema.vocabulary)
    search = TrainingData.measured(task, Split(x[fit], y[fit]), Split(x[held], y[held]))
    hashed = fingerprint(search.train, search.validation, test)
    return Dataset(raw.name, task, search, SealedTest(test), schema.classes, hashed, raw.columns)
