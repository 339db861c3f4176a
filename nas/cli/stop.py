"""`nas stop`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import Directory, console


def stop(
    directory: Directory,
    now: Annotated[bool, typer.Option("--now", help="As Ctrl-C: with the best so far, without a full final.")] = False,
) -> None:
    """End the search phase of a search that runs, wherever it was started; its final follows."""
    from nas.steering.edits import stop as end

    console.print(end(directory, now=now), markup=False, highlight=False, soft_wrap=True)
