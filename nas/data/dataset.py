"""A data set as a search sees it: examples to train and validate on, and a test split that stays sealed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nas.config.own_metric import Metric, registered
from nas.data.preprocessing import Preprocessing
from nas.data.schema import Schema
from search_spaces.task import Forecast, Task

EXAMPLES_AT_ONCE = 10_000  # counted; each byte takes 8 on the way
FEW_ROWS = 1_000  # training and validation examples; with fewer the search scores by cross-validation
FOLDS = 3
NEARLY_ALL = 0.8  # of a column's values, that are 0 or 1
Numbers = tuple[float, ...]  # one per channel, feature or output


@dataclass(frozen=True, eq=False)
class Split:
    """Examples: inputs and their targets.

    Args:
        inputs: `(n, *task.input_shape)`, channels first, in the data's own type and scale (uint8 stays uint8); of
            several inputs float32 `(n, length of all)`, see `Task.inputs`.
        targets: int64 class numbers `(n,)`; float32 values `(n, outputs)` for regression, in their own scale; or
            float32 labels `(n, outputs)`, 0 or 1. Of several targets float32 `(n, columns of all)`.
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """All that training and validation may read. In a worker the arrays may be read-only: never write into them.

    Args:
        mean, std: per channel (per feature for vectors) of the training inputs, in the data's own scale; of several
            inputs those of each in turn, 0 and 1 for tokens.
        target_mean, target_std: per output of the training targets for regression; empty for other kinds. Of several
            targets 0 and 1 for outputs that are no values. Of a forecast those of the target's channel.
        class_weights: of each class in the loss of a classification; empty where all examples count the same.
        crossed: whether candidates of the search are trained and scored on `FOLDS` folds, see `nas.training.crossed`.

    Attributes:
        metric: the task's, where it is a person's own, so that it is known wherever the data is.
    """

    task: Task
    train: Split
    validation: Split
    mean: Numbers
    std: Numbers
    target_mean: Numbers = ()
    target_std: Numbers = ()
    class_weights: Numbers = ()
    crossed: bool = False
    metric: Metric | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metric", registered(self.task.metric))

    @classmethod
    def measured(cls, task: Task, train: Split, validation: Split, class_weights: Numbers = ()) -> TrainingData:
        """With mean and standard deviation of the training split."""
        if task.forecast is not None:
            return cls(task, train, validation, *_of_forecast(train.inputs, task.forecast))
        mean, std = statistics_by_input(train.inputs, task) if task.inputs else statistics(train.inputs)
        if task.targets:
            return cls(task, train, validation, mean, std, *_of_several_targets(train.targets, task))
        if task.kind != "regression":
            return cls(task, train, validation, mean, std, class_weights=class_weights)
        target_mean = train.targets.mean(axis=0, dtype=np.float64)
        target_std = np.where(train.targets.std(axis=0) > 0, train.targets.std(axis=0, dtype=np.float64), 1.0)
        return cls(task, train, validation, mean, std, _floats(target_mean), _floats(target_std))


class SealedTest:
    """The test split. Only the final opens it; nothing that a search hands to its workers refers to it.

    Args:
        split: as a network takes it.
        rows: the same examples, in the same order, as they stand in the source, without their targets: what
            `Dataset.preprocessing.apply` takes. An export is proved from them.
    """

    def __init__(self, split: Split, rows: Any = None) -> None:
        self._split = split
        self._rows = rows

    def __len__(self) -> int:
        return len(self._split)

    def __repr__(self) -> str:
        return f"SealedTest({len(self)} examples)"

    def open(self) -> Split:
        """The test examples. Opened before the final, they make the test score worthless."""
        return self._split

    def open_rows(self) -> Any:
        """The raw rows of the test examples; as sealed as the examples themselves. See `nas.data.preprocessing`."""
        return self._rows


@dataclass(frozen=True, eq=False)
class Dataset:
    """A named data set, split.

    Args:
        classes: names of the classes in the order of the outputs; for regression the names of the outputs.
        fingerprint: hash of all arrays, see `fingerprint`.
        columns: names of the features, for tables only.
        schema: what was understood of the source; shown before a search begins, saved as `schema.json`.
        preprocessing: fitted on the training part; `preprocessing.apply(test.open_rows())` is `test.open().inputs`.
    """

    name: str
    task: Task
    search: TrainingData
    test: SealedTest
    classes: tuple[str, ...]
    fingerprint: str
    columns: tuple[str, ...] = field(default=())
    schema: Schema | None = None
    preprocessing: Preprocessing | None = None


def statistics(inputs: np.ndarray) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation per channel of inputs `(n, channels, …)`, to normalise them with.

    The deviation of a constant channel is given as 1. So is that of a 0/1 column of a table, with mean 0: it stays 0/1.
    A column of shares of which nearly all are 0 or 1, as a piecewise-linear code gives them, counts as one.
    """
    axes = (0, *range(2, inputs.ndim))
    if inputs.dtype == np.uint8 and inputs.ndim > 2:
        mean, std = _of_bytes(inputs)
    else:
        mean = inputs.mean(axis=axes, dtype=np.float64)
        std = inputs.std(axis=axes, dtype=np.float64)
    std = np.where(std < 1e-6 * np.maximum(1.0, np.abs(mean)), 1.0, std)
    if inputs.ndim == 2:
        shares = (inputs.min(axis=0) >= 0) & (inputs.max(axis=0) <= 1)
        binary = shares & (np.isin(inputs, (0, 1)).mean(axis=0) >= NEARLY_ALL)
        mean, std = np.where(binary, 0.0, mean), np.where(binary, 1.0, std)
    return _floats(mean), _floats(std)


def statistics_by_input(inputs: np.ndarray, task: Task) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation per channel of each of several inputs in turn; tokens stay as they are."""
    mean: list[float] = []
    std: list[float] = []
    places = task.input_slices()
    for one in task.inputs:
        values = inputs[:, places[one.name]].reshape(len(inputs), *one.shape)
        shift, scale = ((0.0,), (1.0,)) if one.vocabulary else statistics(values)
        mean.extend(shift)
        std.extend(scale)
    return tuple(mean), tuple(std)


def positions_by_input(task: Task) -> tuple[int, ...]:
    """How many numbers of an example share each mean and deviation of `statistics_by_input`."""
    found: list[int] = []
    for one in task.inputs:
        found += [one.size] if one.vocabulary else [one.size // one.shape[0]] * one.shape[0]
    return tuple(found)


def _of_several_targets(targets: np.ndarray, task: Task) -> tuple[Numbers, Numbers]:
    """Mean and deviation for each output; 0 and 1 where it is no value."""
    mean, std = np.zeros(task.outputs), np.ones(task.outputs)
    said, true = task.output_slices(), task.target_slices()
    for one in task.targets:
        if one.kind == "regression":
            values = targets[:, true[one.name]]
            spread = values.std(axis=0, dtype=np.float64)
            mean[said[one.name]] = values.mean(axis=0, dtype=np.float64)
            std[said[one.name]] = np.where(spread > 0, spread, 1.0)
    return _floats(mean), _floats(std)


def _of_forecast(windows: np.ndarray, forecast: Forecast) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """As in `TrainingData`; a target's deviation is that from the last value of its window, see `Ahead`."""
    mean, std = (np.array(values) for values in statistics(windows))
    for channel in forecast.channels:
        moved = windows[:, channel] - windows[:, channel, -1:]
        spread = float(np.sqrt(np.mean(moved.astype(np.float64) ** 2)))
        std[channel] = spread if spread > 1e-6 * max(1.0, abs(mean[channel])) else std[channel]
    outputs = np.repeat(forecast.channels, forecast.horizon)
    return _floats(mean), _floats(std), _floats(mean[outputs]), _floats(std[outputs])


def _of_bytes(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation from a histogram per channel, so that a large uint8 array is never copied to floats."""
    values = np.arange(256.0)
    means, deviations = [], []
    for channel in range(inputs.shape[1]):
        counts = np.zeros(256, np.int64)
        for start in range(0, len(inputs), EXAMPLES_AT_ONCE):
            counts += np.bincount(inputs[start : start + EXAMPLES_AT_ONCE, channel].ravel(), minlength=256)
        share = counts / counts.sum()
        mean = float(share @ values)
        means.append(mean)
        deviations.append(float(np.sqrt(share @ (values - mean) ** 2)))
    return np.array(means), np.array(deviations)


def _floats(values: np.ndarray) -> Numbers:
    return tuple(map(float, values))


def fingerprint(*splits: Split) -> str:
    """Hash of all arrays in 16 hexadecimal digits, by which a resumed search knows that its data is the same."""
    digest = hashlib.blake2b(digest_size=8)
    for split in splits:
        for array in (split.inputs, split.targets):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
