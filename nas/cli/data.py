"""`nas data`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.data_flags import with_data_flags
from nas.cli.options import DATA_HELP, console
from nas.config.data_options import DataOptions


@with_data_flags
def data(
    data: Annotated[str, typer.Argument(help=DATA_HELP)],
    options: DataOptions,
    json: Annotated[bool, typer.Option("--json", help="Print schema.json instead.")] = False,
) -> None:
    """Show what is understood of DATA: target, task, columns, parts. Nothing is searched and nothing is written.

    What is wrong is put right by the same flags that [bold]nas search[/] takes.
    """
    from nas.config.search_config import AUTO
    from nas.data import load
    from nas.setup.problem import space_for, why_space

    dataset = load(data, options=options)
    assert dataset.schema is not None  # noqa: S101 - for the type checker
    if json:
        print(dataset.schema.to_json())  # noqa: T201 - for programs
        return
    shape = " x ".join(map(str, dataset.task.input_shape))
    console.print(f"{dataset.name}: {shape} -> {dataset.task.outputs}", style="bold", markup=False, highlight=False)
    for line in dataset.schema.lines():
        style = "yellow" if line.startswith("Warning") else None
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    space = f"Space of a search: {space_for(AUTO, dataset).name} ({why_space(AUTO, dataset)})"
    console.print(space, markup=False, highlight=False, soft_wrap=True)
