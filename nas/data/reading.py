"""A reading: raw rows and targets of a source, with what was found out on the way. `load` makes a data set of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from nas.data.preprocessing import Preprocessing
from nas.data.schema import Column


@dataclass(frozen=True, eq=False)
class Part:
    """Rows in the form that `nas.data.preprocessing` describes, and their targets as they stand in the source.

    Args:
        targets: `(n,)` or `(n, outputs)`; words, numbers or yes and no. Of several targets a mapping of such arrays.
    """

    rows: Any
    targets: Any

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Reading:
    """What a source holds.

    Args:
        name: of the data set; error messages begin with it.
        layout: `pictures`, `series`, `table`, `text` or `tokens`; why_layout: by what it was told.
        main: the examples; test, validation: None where the source has no such part of its own.
        fit: from training rows to the preprocessing.
        kind: what the source knows of its targets, else `auto`. classes: names of the classes 0, 1, …
        targets: names of the target columns; why_target: why these.
        columns: of a table.
        group: `(n,)` of the main part: rows of one group stay in one part. time: `(n,)`, by which parts follow.
        how: why the examples are divided by group or time.
        vocabulary: number of tokens, 0 where there are none, or where the preprocessing knows it.
        names: of the features of arrays. source: absolute path of a file or folder.
        shown: further fields of the schema, e.g. `axes`; of several inputs `inputs`, without their sizes.
    """

    name: str
    layout: str
    main: Part
    fit: Callable[[Any], Preprocessing]
    test: Part | None = None
    validation: Part | None = None
    why_layout: str = ""
    kind: str = "auto"
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("target",)
    why_target: str = ""
    columns: tuple[Column, ...] = ()
    group: np.ndarray | None = None
    time: np.ndarray | None = None
    how: str = ""
    vocabulary: int = 0
    names: tuple[str, ...] = ()
    source: str = ""
    reading: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    shown: dict[str, Any] = field(default_factory=dict)


def taken(rows: Any, index: np.ndarray) -> Any:
    """Some of the rows, in the order of `index`."""
    if isinstance(rows, dict):  # several inputs
        return {name: taken(part, index) for name, part in rows.items()}
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[index].reset_index(drop=True)
    return rows[index] if isinstance(rows, np.ndarray) else [rows[i] for i in index]
