"""What several named inputs in memory are understood to be: each by its own form, all of them one example."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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
    time, by = None, options.time if options.time not in ("", "none") else ""
    if by:
        known("input for --time", by, tuple(main.inputs))
        time = np.asarray(main.inputs[by])
        if time.ndim != 1 or time.dtype.kind not in "iufM":
            raise InputError(f"Input {by!r} must be numbers or dates (n,) to divide by time, got {time.dtype}.")
        time = time.astype("datetime64[ns]").astype(np.float64) if time.dtype.kind == "M" else time.astype(np.float64)
    names = [name for name in main.inputs if name != by and name not in options.ignore]
    if not names:
        raise InputError("No input is left to learn from.")
    alone = dataclasses.replace(options, layout="auto", axes="auto", test="", validation="")
    found = {name: one_input(name, main.inputs[name], alone) for name in names}

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
        time=time,
        how=f"input {by!r}, the latest last" if by else "",
        notes=tuple(f"input {name!r}: {note}" for name, one in found.items() for note in one.notes),
        shown={"inputs": tuple(InputPart(name, one.layout) for name, one in found.items())},
    )


def one_input(name: str, rows: Any, options: DataOptions) -> OneInput:
    """What the raw rows of one input are: a table, texts, paths of pictures, series of unequal length, or an array.

    Raises:
        InputError: what cannot be learned from.
    """
    if isinstance(rows, pd.DataFrame):
        fit, notes = table_rules(Frame(rows, f"input {name!r}"), options)
        return OneInput("table", fit, notes)
    if isinstance(rows, list) and isinstance(rows[0], str):
        if all(FILE_LIKE.fullmatch(one) and Path(one).suffix.lower() in pictures.SUFFIXES for one in rows):
            picture_fit, told, _ = pictures.rules_for(rows, "", Path.cwd(), options)
            return OneInput("pictures", picture_fit, tuple(told))
        return OneInput("text", lambda texts: TextRules.fitted(texts))
    examples = np.zeros(len(rows))
    if isinstance(rows, list):
        reading = series_reading(Raw(f"input {name!r}", examples[:, None], examples), [rows, None, None])
    else:
        reading = array_reading(Raw(f"input {name!r}", rows[:, None] if rows.ndim == 1 else rows, examples), options)
    return OneInput(reading.layout, reading.fit, reading.notes)
