"""What several commands ask for, and where they print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()
Directory = Annotated[Path, typer.Argument(help="The directory of a search.")]
SpaceOption = Annotated[
    str,
    typer.Option(
        "--space",
        help="A space of the catalogue, or [bold]module:attribute[/] of your own; [bold]auto[/] goes by the data.",
    ),
]
PredictorOption = Annotated[
    str,
    typer.Option(
        "--predictor",
        help="What ranks candidates for [bold]guided[/]: [bold]auto[/]; [bold]pretrained[/], which ranks from the "
        "first trial on; one learner alone; or a file of nas bench train.",
    ),
]
DATA_HELP = (
    "[bold]digits[/] (built in), a table (.csv, .tsv, .parquet, .feather, .jsonl, .arff), arrays (.npz, .npy, .pt), "
    "series "
    "(.ts), lines of texts, or a folder of pictures or texts with one sub-folder a class."
)
