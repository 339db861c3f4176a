"""Raw arrays: what a source gives, before anything is interpreted, converted or split."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nas.errors import InputError


@dataclass(frozen=True, eq=False)
class Raw:
    """Inputs `(n, …)` and targets `(n,)` or `(n, outputs)`, in the layout and type of the source.

    Args:
        name: of the data set; error messages begin with it.
        x_test, y_test, x_validation, y_validation: None when the source has no such part of its own.
        layout, kind: what the source knows of them, else `auto`; why_layout: by what.
        classes: names of the classes 0, 1, … where the source has them.
        columns: names of the features of a table.
        reading: how a file was read. notes, warnings: what a person should know of it.

    Raises:
        InputError: a part without examples, or with other numbers of inputs and targets.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    layout: str = "auto"
    kind: str = "auto"
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None
    why_layout: str = ""
    reading: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = (
            (self.x, self.y, "training"),
            (self.x_validation, self.y_validation, "validation"),
            (self.x_test, self.y_test, "test"),
        )
        for x, y, part in parts:
            if x is None or y is None:
                continue
            for array, words in ((x, "inputs"), (y, "targets")):
                if array.ndim == 0:
                    raise InputError(
                        f"{self.name}: the {words} of the {part} part must be an array with one entry per example, got "
                        f"{array.item()!r:.100}. Give a pair of arrays, or Datasets or DataLoaders of torch."
                    )
            if len(x) != len(y):
                raise InputError(
                    f"{self.name}: the {part} part has {len(x)} inputs but {len(y)} targets; give one target per input."
                )
            if len(x) == 0:
                raise InputError(f"{self.name}: the {part} part is empty.")


@dataclass(frozen=True, eq=False)
class SeriesParts:
    """Series `(channels, length)` of unequal length, in parts of their own.

    Args:
        raw: the targets of all parts; its inputs mean nothing.
    """

    raw: Raw
    main: list[np.ndarray]
    validation: list[np.ndarray] | None
    test: list[np.ndarray] | None
