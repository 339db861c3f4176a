"""`nas predict`"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from nas.cli.data_flags import with_data_flags
from nas.cli.options import console
from nas.config.data_options import DataOptions
from nas.config.metric import shown, words
from nas.errors import InputError

SHOWN = 10  # rows
FLAGS = ("ignore", "axes", "delimiter", "decimal", "header", "encoding")


@functools.partial(with_data_flags, names=FLAGS)
def predict(
    export: Annotated[Path, typer.Argument(help="The directory of an export, or of a search with one.")],
    file: Annotated[Path, typer.Argument(help="Raw rows, as the network was trained on: a file or a folder.")],
    options: DataOptions,
    out: Annotated[Path, typer.Option(help="Where the predictions are written, as CSV.")] = Path("predictions.csv"),
    part: Annotated[
        str, typer.Option(help="Of a source with several parts the one that is meant: train, validation or test.")
    ] = "",
) -> None:
    """Predict raw rows with an export: class names and probabilities, labels or values, one row each.

    Columns are matched by their names, in any order. Where FILE holds the targets too, their score is shown.
    """
    from nas.export.new_predictions import predictions

    if part not in ("", "train", "validation", "test"):
        raise InputError(f"`--part` must be train, validation or test, got {part!r}.")
    if out.absolute() == file.absolute() or out.is_dir():
        raise InputError(f"`--out` must name a file of its own, got {out}.")
    made = predictions(export, file, options, part)
    header, rows = made.found.table()
    _write(out, made.found)
    console.print(_head(header, rows, made.found))
    for note in made.notes:
        console.print(f"Note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if made.score is not None:
        metric = made.predictor.schema.metric
        target = ", ".join(made.predictor.schema.targets)
        windows = made.predictor.schema.kind in ("forecasting", "language")
        of = "windows of the file" if windows else "rows with a target"
        console.print(
            f"{words(metric)} {shown(metric, made.score)} on {made.scored:,} {of} ({target})",
            style="bold",
            markup=False,
            highlight=False,
        )
    elif made.why:
        console.print(f"No score: {made.why}.", style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(rows):,} predictions: {out}", markup=False, highlight=False, soft_wrap=True)


def _write(out: Path, found: Any) -> None:
    """The whole file or none."""
    part = out.with_name(f"{out.name}.part")
    try:
        with open(part, "w", newline="", encoding="utf-8") as file:
            found.write(file)
        os.replace(part, out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{out} cannot be written: {error}.") from None


def _head(header: list[str], rows: list[list[Any]], found: Any) -> Table:
    """The first rows; of classes the probability of the answer."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    likely = found.probabilities if found.kind == "classification" else None
    names = [*header[:2], "probability"] if likely is not None else header[:6]
    for name in names:
        table.add_column(name, justify="left" if name in ("row", "prediction") else "right", overflow="ellipsis")
    for place, row in enumerate(rows[:SHOWN]):
        cells = row[:2] if likely is not None else row[:6]
        texts = [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells]
        table.add_row(*texts, *([f"{likely[place].max():.3f}"] if likely is not None else []))
    if len(rows) > SHOWN:
        table.caption = f"the first {SHOWN} of {len(rows):,} rows"
        table.caption_justify = "left"
    return table
