"""Targets: whether they are classes, several yes-or-no labels or real values, and their conversion to arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.errors import InputError

FEW_NUMBERED_CLASSES = 10  # whole numbers are classes up to so many different values
MOST_NUMBERED_CLASSES = 20  # and up to so many where each occurs at least three times
EVEN = 20  # times that the most frequent of more classes may occur as often as the rarest
FEWEST_PER_CLASS = 5  # examples of a numbered class on average: with fewer, the numbers are amounts
MOST_NAMED = 5  # values that a message lists


@dataclass(frozen=True, eq=False)
class Targets:
    """What targets are.

    Args:
        name: of the data set.
        kind: `classification`, `multilabel` or `regression`; why: by what it was told.
        classes: names of the classes in the order of their numbers, or of the outputs.
        labels: the classes as they stand in the source, sorted, in the order of `classes`; empty for other kinds.
        one_hot: whether a class is given as a row with a single 1.
    """

    name: str
    kind: str
    why: str
    classes: tuple[str, ...]
    labels: np.ndarray
    one_hot: bool = False

    def encoded(self, y: np.ndarray, part: str = "test") -> np.ndarray:
        """Class numbers `(n,)` int64, or values `(n, outputs)` float32.

        Raises:
            InputError: an unknown class, or values that are not finite or of another number of outputs.
        """
        y = column(y)
        if self.kind == "classification":
            if self.one_hot:
                if y.ndim != 2 or y.shape[1] != len(self.classes):
                    raise InputError(f"{self.name}: the {part} part's targets are no one-hot rows like the training's.")
                return y.argmax(axis=1).astype(np.int64)
            y = texts(y)
            if y.ndim != 1 or (y.dtype.kind in "US") != (self.labels.dtype.kind in "US"):
                raise InputError(
                    f"{self.name}: the {part} part's targets must be classes like the training's, got {_what(y)}."
                )

            unknown = sorted(set(np.unique(y)) - set(self.labels))
            if unknown:
                raise InputError(
                    f"{self.name}: the {part} part holds targets without a training example: "
                    f"{_listed(unknown)}. Known classes: {_listed(list(self.labels))}."
                )
            return np.searchsorted(self.labels, y).astype(np.int64)
        if y.dtype.kind not in "buif" or y.ndim not in (1, 2):
            raise InputError(
                f"{self.name}: targets of a {self.kind} must be real numbers (n,) or (n, outputs), got {_what(y)}."
            )
        values = y.reshape(len(y), -1).astype(np.float32)
        outputs = len(self.classes)
        if values.shape[1] != outputs or not np.isfinite(values).all():
            raise InputError(f"{self.name}: targets must be finite, with {outputs} values each, got {_what(y)}.")
        return values


def understood(
    name: str,
    y: np.ndarray,
    kind: str = "auto",
    classes: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
) -> Targets:
    """What training targets are: by what was asked for, else by their type and values.

    Args:
        y: `(n,)` or `(n, outputs)` as they stand in the source.
        kind: `auto` takes words, yes and no, and whole numbers of a few different values for classes; rows of zeros
            with a single 1 too. Several columns of 0 and 1 are labels, all other numbers real values.
        classes: names of the classes 0, 1, … where the source has them.
        names: of the target columns.

    Raises:
        InputError: targets that can be read in two ways, with the flag that chooses, or that nothing can be learned
            from.
    """
    y = column(y)
    if y.dtype.kind == "c":
        raise InputError(f"{name}: targets must be real numbers or words, got complex ones.")
    if y.dtype.kind in "Mm":
        raise InputError(f"{name}: targets must be numbers or words, got dates ({y[0]}). Name another target.")
    if y.dtype.kind == "O":
        y = _plain(y)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        wrong = int((~np.isfinite(y)).reshape(len(y), -1).any(axis=1).sum())
        raise InputError(
            f"{name}: targets must be finite, but {wrong} of {len(y)} are NaN or infinity. Drop those examples."
        )
    if y.ndim > 2:
        raise InputError(f"{name}: targets must be (n,) or (n, outputs), got shape {y.shape}.")
    if y.ndim == 2:
        return _several(name, y, kind, names)
    if kind == "multilabel":
        raise InputError(f"{name}: `--kind multilabel` needs several target columns, got one. Name all by --target.")
    why = ""
    if kind == "auto":
        kind, why = _kind(name, y, names)
    if kind == "regression":
        if y.dtype.kind not in "buif":
            listed = _listed(list(dict.fromkeys(str(value) for value in y)))
            raise InputError(f"{name}: targets of a regression must be numbers, got words: {listed}.")
        _something(name, y)
        called = names if len(names) == 1 and names[0] != "target" else ("value 0",)
        return Targets(name, kind, why, called, np.array([]))
    y = texts(y)
    labels = np.unique(y)
    if len(labels) < 2:
        raise InputError(
            f"{name}: at least 2 classes are needed, got only {_listed(list(labels))}. Add examples of another class, "
            "or name another target: --target COLUMN."
        )
    return Targets(name, kind, why, _names(labels, classes), labels)


def _kind(name: str, y: np.ndarray, names: tuple[str, ...]) -> tuple[str, str]:
    if y.dtype.kind == "b":
        return "classification", "yes or no"
    if y.dtype.kind not in "iuf":
        return "classification", "the targets are words"
    values, counts = np.unique(y, return_counts=True)
    if not (values == np.round(values)).all():
        return "regression", "the targets are numbers with decimals"
    span = f"{len(values)} different whole numbers, {_number(values[0])} to {_number(values[-1])}"
    classes = f"{span}; --kind regression would fit them as amounts"
    amounts = f"{span}, {counts.mean():.1f} examples each: amounts; --kind classification reads classes"
    if len(values) <= FEW_NUMBERED_CLASSES and len(values) < len(y):
        return "classification", classes
    if len(values) <= MOST_NUMBERED_CLASSES and counts.min() >= 3:
        return "classification", classes
    if (
        counts.min() < 3
        or counts.mean() < FEWEST_PER_CLASS
        or values[0] not in (0, 1)
        or values[-1] - values[0] + 1 != len(values)
    ):
        return "regression", amounts
    if counts.max() <= EVEN * counts.min():
        return (
            "classification",
            f"{span}, none left out and about equally many: classes; --kind regression fits amounts",
        )
    what = f"target {names[0]!r}" if names and names[0] != "target" else "targets"
    raise InputError(
        f"{name}: the {what} can be read in two ways: {span}. As amounts: --kind regression. As {len(values)} classes: "
        "--kind classification."
    )


def _several(name: str, y: np.ndarray, kind: str, names: tuple[str, ...]) -> Targets:
    outputs = y.shape[1]
    called = names if len(names) == outputs else tuple(f"value {i}" for i in range(outputs))
    if y.dtype.kind not in "buif":
        raise InputError(f"{name}: several target columns must hold numbers, got {_what(y)}. Give one target column.")
    yes_or_no = bool(np.isin(y, (0, 1)).all())
    sums_to_one = bool(np.allclose(y.astype(np.float64).sum(axis=1), 1.0, atol=1e-4) and (y >= 0).all())
    if kind == "auto" and sums_to_one and not yes_or_no:
        raise InputError(
            f"{name}: the {outputs} targets of every row sum to 1, which can be read in two ways. As {outputs} classes "
            "of which the largest is meant: --kind classification. As shares to be fitted: --kind regression."
        )
    if kind == "classification" or (kind == "auto" and yes_or_no and sums_to_one):
        if not sums_to_one:
            raise InputError(
                f"{name}: rows of {outputs} targets do not hold a single 1 each, so they are no classes. Several "
                "labels may hold at once: --kind multilabel."
            )
        classes = tuple(f"{i}" for i in range(outputs)) if called[0] == "value 0" else called
        return Targets(name, "classification", "rows with a single 1", classes, np.arange(outputs), one_hot=True)
    if kind == "multilabel" or (kind == "auto" and yes_or_no):
        if not yes_or_no:
            raise InputError(f"{name}: `--kind multilabel` needs targets of 0 and 1, got {_what(y)}.")
        _something(name, y)
        labels = tuple(f"label {i}" for i in range(outputs)) if called[0] == "value 0" else called
        why = f"{outputs} columns of 0 and 1 that may hold at once"
        return Targets(name, "multilabel", why, labels, np.array([]))
    _something(name, y)
    return Targets(name, "regression", f"{outputs} columns of numbers", called, np.array([]))


def _something(name: str, y: np.ndarray) -> None:
    if (y == y[0]).all():
        raise InputError(f"{name}: all targets are {y[0]}: there is nothing to learn.")


def column(y: np.ndarray) -> np.ndarray:
    """Targets `(n, 1)` as `(n,)`."""
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def texts(y: np.ndarray) -> np.ndarray:
    """Objects as texts, other types as they are."""
    return y.astype(str) if y.dtype.kind == "O" else y


def _plain(y: np.ndarray) -> np.ndarray:
    """Objects that are all numbers as numbers."""
    empty = [value for value in y.ravel() if value is None or value != value]
    if empty:
        raise InputError(
            f"{len(empty)} of {y.size} targets are empty (None or NaN). Drop those examples, or write what they are."
        )
    if all(isinstance(value, bool | np.bool_) for value in y.ravel()):
        return y.astype(bool)
    if all(isinstance(value, int | np.integer) and not isinstance(value, bool) for value in y.ravel()):
        return y.astype(np.int64)
    if all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in y.ravel()):
        return y.astype(np.float64)
    return y.astype(str)


def _names(labels: np.ndarray, classes: tuple[str, ...]) -> tuple[str, ...]:
    if classes and labels.dtype.kind in "bui" and int(labels.max()) < len(classes):
        return tuple(classes[int(label)] for label in labels)
    return tuple(map(_number, labels) if labels.dtype.kind == "f" else map(str, labels))


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _listed(values: list[Any]) -> str:
    more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
    return ", ".join(repr(str(value)) for value in values[:MOST_NAMED]) + more


def _what(y: np.ndarray) -> str:
    return f"shape {y.shape} of type {y.dtype}"
