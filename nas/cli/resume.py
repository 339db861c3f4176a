"""`nas resume`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import Directory, console


def resume(
    directory: Directory,
    budget: Annotated[
        str | None, typer.Option(help="A new budget, or more of the old one, e.g. [bold]+1h[/]; what was spent counts.")
    ] = None,
    accept_changed_code: Annotated[
        bool, typer.Option("--accept-changed-code", help="Go on with your own cells as their code is now.")
    ] = False,
) -> None:
    """Go on with a search that was interrupted, killed, or given more budget. Nothing finished is repeated."""
    import nas
    from nas.report.outcome import print_outcome
    from nas.report.progress import Progress

    progress = Progress(console)
    result = nas.resume(directory, budget=budget, observers=[progress], accept_changed_code=accept_changed_code)
    print_outcome(console, result, progress.metric)
