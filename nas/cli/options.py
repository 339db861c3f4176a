"""What several commands ask for, and where they print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console()
Directory = Annotated[Path, typer.Argument(help="The directory of a search.")]
SpaceOption = Annotated[
    str, typer.Option("--space", help="A space of the catalogue, or [bold]module:attribute[/] of your own.")
]
LayoutOption = Annotated[
    str, typer.Option("--layout", help="How inputs are read: auto, images, series, features or tokens.")
]
DATA_HELP = (
    "[bold]digits[/] (built in), an .npz file (x_train, y_train, and x_test, y_test if there are), a folder of "
    "pictures with one sub-folder a class, or a .csv table with the label in its last column."
)
