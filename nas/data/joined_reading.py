"""What several named inputs in memory are understood to be: each by its own form, all of them one example."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.data.array_reading import array_reading, series_reading
from nas.data.columns import FILE_LIKE
from nas.data.preprocessing import Preprocessing, joined_rules
from nas.data.preprocessing.joined import JoinedRules
from nas.data.preprocessing.text import TextRules
from nas.data.reading import Part, Reading
from nas.data.schema import InputPart
from nas.data.sources import pictures
from nas.data.sources.frame import Frame
from nas.data.sources.named_inputs import NamedInputs
from nas.data.sources.raw import Raw
from nas.data.table_reading import table_rules
from nas.errors import InputError, known

NAME = "named inputs"
FOR_ONE = ("target", "keep", "group", "axes", "blank_target", "delimiter", "header", "encoding")  # options


@dataclasses.dataclass(frozen=True, eq=False)
class OneInput:
    """What one of several inputs is.

    Args:
        layout: of it alone; fit: from its training rows to its rules; notes: what to know.
    """

    layout: str
    fit: Callable[[Any], Preprocessing]
    notes: tuple[str, ...] = ()


def joined_reading(
    main: NamedInputs,
    options: DataOptions,
    validation: NamedInputs | None = None,
    test: NamedInputs | None = None,
) -> Reading:
    """The reading of named inputs. One of them may be named by `options.time`: it divides, and is not learned from.

    Raises:
        InputError: parts with other names, or an input that cannot be read.
    """
    for own, what in ((validation, "validation"), (test, "test")):
        if own is not None and {*own.inputs} != {*main.inputs}:
            raise InputError(
                f"The {what} part has the inputs {', '.join(own.inputs)}, the training part {', '.join(main.inputs)}."
            )
    asked = [name for name in FOR_ONE if name in options.said]
    if asked or options.layout not in ("auto", "joined"):
        name = (asked or ["layout"])[0]
        raise InputError(f"`--{name}` is for data with one input, but there are {len(main.inputs)}.")
    for name in options.ignore:
        known("input for --ignore", name, tuple(main.inputs))
    by = options.time if options.time not in ("", "none") else ""
    if by:
        known("input for --time", by, tuple(main.inputs))
    names = [name for name in main.inputs if name != by and name not in options.ignore]
    if not names:
        raise InputError("No input is left to learn from.")
    alone = dataclasses.replace(options, layout="auto")
    parts = (main, validation, test)
    found = {name: one_input(name, [one and one.inputs[name] for one in parts], alone) for name in names}

    def part(of: NamedInputs) -> Part:
        return Part({name: of.inputs[name] for name in names}, of.targets)

    def fit(rows: dict[str, Any]) -> JoinedRules:
        return joined_rules({name: one.fit(rows[name]) for name, one in found.items()}, by_name=True)

    several = isinstance(main.targets, dict)
    return Reading(
        name=NAME,
        layout="joined",
        why_layout="several named inputs",
        main=part(main),
        validation=None if validation is None else part(validation),
        test=None if test is None else part(test),
        fit=fit,
        targets=tuple(main.targets) if isinstance(main.targets, dict) else ("target",),
        why_target="several named targets" if several else "",
        time=_moments(main.inputs[by], by) if by else None,
        how=f"input {by!r}, the latest last" if by else "",
        notes=tuple(f"input {name!r}: {note}" for name, one in found.items() for note in one.notes),
        shown={"inputs": tuple(InputPart(name, one.layout) for name, one in found.items())},
    )


def one_input(name: str, parts: Sequence[Any], options: DataOptions) -> OneInput:
    """What the raw rows of one input are: a table, texts, paths of pictures, series of unequal length, or an array.

    Args:
        parts: of the main, the validation and the test part; None where there is no such part.

    Raises:
        InputError: what cannot be learned from.
    """
    rows, *_ = parts
    forms = {type(part) for part in parts if part is not None}
    if len(forms) > 1:
        listed = ", ".join(form.__name__ for form in forms)
        raise InputError(f"Input {name!r} must have one form in all parts, got {listed}.")
    if isinstance(rows, pd.DataFrame):
        fit, notes = table_rules(Frame(rows, f"input {name!r}"), options)
        return OneInput("table", fit, notes)
    if isinstance(rows, list) and isinstance(rows[0], str):
        if all(FILE_LIKE.fullmatch(one) and Path(one).suffix.lower() in pictures.SUFFIXES for one in rows):
            picture_fit, told, _ = pictures.rules_for(rows, "", Path.cwd(), options)
            return OneInput("pictures", picture_fit, tuple(told))
        return OneInput("text", TextRules.fitted)
    nothing = [None if part is None else np.zeros(len(part)) for part in parts]
    label = f"input {name!r}"
    if isinstance(rows, list):
        reading = series_reading(Raw(label, nothing[0][:, None], nothing[0]), parts)  # type: ignore[index,arg-type]
    else:
        x, x_validation, x_test = (None if part is None else _with_an_axis(part) for part in parts)
        raw = Raw(label, x, nothing[0], x_test, nothing[2], x_validation=x_validation, y_validation=nothing[1])  # type: ignore[arg-type]
        reading = array_reading(raw, options)
    return OneInput(reading.layout, reading.fit, reading.notes)


def _with_an_axis(rows: np.ndarray) -> np.ndarray:
    return rows[:, None] if rows.ndim == 1 else rows


def _moments(values: Any, name: str) -> np.ndarray:
    """Numbers or dates by which examples are divided, float64 `(n,)`."""
    moments = np.asarray(values)
    if moments.ndim != 1 or moments.dtype.kind not in "iufM":
        raise InputError(f"Input {name!r} must be numbers or dates (n,) to divide by time, got {moments.dtype}.")
    numbers = (moments.astype("datetime64[ns]") if moments.dtype.kind == "M" else moments).astype(np.float64)
    if not np.isfinite(numbers).all():
        raise InputError(f"Input {name!r} holds empty cells, but --time divides by it.")
    return numbers
