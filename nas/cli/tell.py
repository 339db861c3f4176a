"""`nas tell`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import Directory, console
from nas.cli.output import JsonOption, document_only


def tell(
    directory: Directory,
    number: Annotated[int, typer.Argument(help="Of the candidate, as `nas ask` gave it.")],
    score: Annotated[
        float | None, typer.Option(help="On validation examples; higher is better, errors with a minus.")
    ] = None,
    epoch: Annotated[
        int | None, typer.Option(help="Of this score, where the training may go on; the answer says whether it should.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="That the training took since it was told of last.")] = 0.0,
    failed: Annotated[str, typer.Option(help="Why there is no score, in place of one.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Tell a search what became of a candidate that `nas ask` gave."""
    with document_only(as_json) as document:
        from nas.steering.ask_tell import tell as told

        found = told(directory, number, score, epoch=epoch, seconds=seconds, failed=failed)
        if as_json:
            document(found)
            return
        then = "go on with it" if found["continue"] else f"it is {found['state']}"
        ended = f" The search has ended: {found['ended']}." if found["ended"] else ""
        console.print(f"Candidate {number}: {then}.{ended}", highlight=False)
