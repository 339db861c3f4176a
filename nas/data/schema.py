"""Schema: what raw arrays are understood to be, and their conversion to what training takes.

Inputs become channels first, uint8 or float32. Targets become class numbers or real values. The schema is decided by
the training part; a test part of the source is converted by the same schema.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nas.data.sources.raw import Raw
from nas.errors import InputError

LAYOUTS = ("auto", "images", "series", "features", "tokens")
KINDS = ("auto", "classification", "regression")
LARGEST_VOCABULARY = 1_000_000
MOST_CHANNELS = 4  # an axis as short as this beside two longer ones holds channels
MOST_NUMBERED_CLASSES = 20  # whole numbers of a floating-point type are classes up to so many distinct values


@dataclass(frozen=True, eq=False)
class Schema:
    """What was understood of a source.

    Args:
        name: of the data set; error messages begin with it.
        layout: `images`, `series`, `features` or `tokens`.
        kind: `classification` or `regression`.
        classes: names of the classes in the order of their numbers; for regression of the outputs.
        labels: the classes as they stand in the source, sorted, in the order of `classes`; empty for regression.
        vocabulary: number of distinct tokens; 0 for other layouts.
    """

    name: str
    layout: str
    kind: str
    classes: tuple[str, ...]
    labels: np.ndarray
    vocabulary: int = 0

    def inputs(self, x: np.ndarray) -> np.ndarray:
        """`(n, features)`, `(n, length)` of tokens, `(n, channels, length)` or `(n, channels, height, width)`.

        Contiguous; uint8 where all values are bytes, else float32.

        Raises:
            InputError: too few or too many axes for the layout, or values that are not finite numbers.
        """
        return _compact(self.name, _channels_first(self.name, x, self.layout))

    def targets(self, y: np.ndarray) -> np.ndarray:
        """Class numbers `(n,)` int64, or values `(n, outputs)` float32.

        Raises:
            InputError: an unknown class, or values that are not finite or of another number of outputs.
        """
        y = _column(y)
        if self.kind == "classification":
            y = y.astype(str) if y.dtype.kind == "O" else y
            unknown = sorted(set(np.unique(y)) - set(self.labels))
            if unknown:
                raise InputError(f"{self.name}: the test part holds classes without a training example: {unknown[:5]}.")
            return np.searchsorted(self.labels, y).astype(np.int64)
        if y.dtype.kind not in "buif" or y.ndim not in (1, 2):
            raise InputError(
                f"{self.name}: targets of a regression must be real numbers (n,) or (n, outputs), got {_what(y)}."
            )
        values = y.reshape(len(y), -1).astype(np.float32)
        outputs = len(self.classes)
        if values.shape[1] != outputs or not np.isfinite(values).all():
            raise InputError(f"{self.name}: targets must be finite, with {outputs} values each, got {_what(y)}.")
        return values


def understand(raw: Raw, layout: str = "auto", kind: str = "auto") -> Schema:
    """The schema of raw arrays: by what the caller says, else by what the source says, else by shapes and types.

    Args:
        layout: `auto` takes two axes for features. Three are grey pictures `(n, height, width)` when uint8 or square,
            else series `(n, channels, length)`. Four are pictures.
        kind: `auto` takes floating-point targets for a regression, unless they are at most 20 distinct whole numbers.
            All other types are classes.

    Raises:
        InputError: an unknown layout or kind, or data that no search could use.
    """
    for name, value, known in (("layout", layout, LAYOUTS), ("kind", kind, KINDS)):
        if value not in known:
            raise InputError(f"`{name}` must be one of {', '.join(known)}, got {value!r}.")
    kind, classes, labels = _targets(raw, raw.kind if kind == "auto" else kind)
    layout = _layout(raw.name, raw.x, raw.layout if layout == "auto" else layout)
    vocabulary = _vocabulary(raw.name, raw.x, raw.x_test) if layout == "tokens" else 0
    return Schema(raw.name, layout, kind, classes, labels, vocabulary)


def _layout(name: str, x: np.ndarray, layout: str) -> str:
    if x.ndim < 2 or 0 in x.shape:
        raise InputError(
            f"{name}: inputs must be `(examples, …)` with at least one value each, got shape {x.shape}. "
            "Give one row per example."
        )
    if layout != "auto":
        return layout
    if x.ndim == 2:
        return "features"
    return "series" if x.ndim == 3 and x.dtype != np.uint8 and x.shape[1] != x.shape[2] else "images"


def _channels_first(name: str, x: np.ndarray, layout: str) -> np.ndarray:
    """Pictures may have their channels last or first: whichever of these axes is short."""
    if layout in ("features", "tokens") and x.ndim == 2:
        return x
    if layout == "series" and x.ndim in (2, 3):
        return x[:, None, :] if x.ndim == 2 else x
    if layout == "images" and x.ndim == 3:
        return x[:, None]
    if layout == "images" and x.ndim == 4:
        first, last = x.shape[1], x.shape[3]
        are_last = last < first and (last <= MOST_CHANNELS or x.shape[1] == x.shape[2])
        return np.moveaxis(x, 3, 1) if are_last else x
    raise InputError(
        f"{name}: inputs of shape {x.shape} cannot be read as `{layout}`. Known: features (n, features), "
        "tokens (n, length), series (n, length) or (n, channels, length), images (n, height, width[, channels]) or "
        "(n, channels, height, width)."
    )


def _compact(name: str, x: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "buif":
        raise InputError(f"{name}: inputs must be numbers, got type {x.dtype}. Convert them to float32 or uint8.")
    if x.dtype.kind in "bui":
        are_bytes = x.dtype.kind == "b" or (x.min() >= 0 and x.max() <= 255)
        return np.ascontiguousarray(x, dtype=np.uint8 if are_bytes else np.float32)
    values = np.ascontiguousarray(x, dtype=np.float32)
    finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise InputError(
            f"{name}: inputs must be finite, but {int((~finite).sum())} of {len(values)} examples hold NaN or infinity "
            f"(or more than float32 can hold), the first at row {row}. Drop or fill them before the search."
        )
    return values


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


def _targets(raw: Raw, kind: str) -> tuple[str, tuple[str, ...], np.ndarray]:
    """Kind, names of classes or outputs, and labels of the training targets."""
    y = _column(raw.y)
    if y.dtype.kind in "fc" and not np.isfinite(y).all():
        raise InputError(f"{raw.name}: targets must be finite, got NaN or infinity. Drop those examples.")
    if kind == "regression" or (kind == "auto" and not _are_labels(y)):
        if (y == y[0]).all():
            raise InputError(f"{raw.name}: all targets are {y[0]}: there is nothing to learn.")
        outputs = 1 if y.ndim == 1 else int(np.prod(y.shape[1:]))
        return "regression", tuple(f"value {i}" for i in range(outputs)), np.array([])
    if y.ndim != 1:
        raise InputError(
            f"{raw.name}: labels must be one per example, got {_what(y)}. "
            "For one-hot rows pass `labels.argmax(axis=1)`."
        )
    labels = np.unique(y.astype(str) if y.dtype.kind == "O" else y)
    if len(labels) < 2:
        raise InputError(
            f"{raw.name}: at least 2 classes are needed, got only {labels[0]!r}. Add examples of another class."
        )
    return "classification", _names(labels, raw.classes), labels


def _column(y: np.ndarray) -> np.ndarray:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y


def _are_labels(y: np.ndarray) -> bool:
    if y.dtype.kind != "f":
        return True
    return y.ndim == 1 and bool((y == np.round(y)).all()) and len(np.unique(y)) <= MOST_NUMBERED_CLASSES


def _names(labels: np.ndarray, classes: tuple[str, ...]) -> tuple[str, ...]:
    if classes and labels.dtype.kind in "bui" and int(labels.max()) < len(classes):
        return tuple(classes[int(label)] for label in labels)
    return tuple(map(str, labels.astype(np.int64) if labels.dtype.kind == "f" else labels))


def _what(y: np.ndarray) -> str:
    return f"shape {y.shape} of type {y.dtype}"
