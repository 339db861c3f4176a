"""`nas ask`"""

from __future__ import annotations

from nas.cli.options import Directory, console
from nas.cli.output import JsonOption, document_only


def ask(directory: Directory, as_json: JsonOption = False) -> None:
    """Ask a search for the next candidate, to train it yourself; `nas tell` says what became of it.

    [dim]Example:[/]

    nas search digits --budget '20 trials' --directory s --prepare; nas ask s --json; nas tell s 0 --score 0.93
    """
    with document_only(as_json) as document:
        from nas.steering.ask_tell import ask as asked

        found = asked(directory)
        if as_json:
            document(found)
        elif found["number"] is None:
            why = "candidates that were asked for are to be told first" if found["wait"] else f"ended: {found['ended']}"
            console.print(f"No candidate: {why}.", highlight=False)
        else:
            console.print(
                f"Candidate {found['number']}, {found['parameters']:,} parameters, for {found['epochs']} epochs with "
                f"seed {found['seed']}:",
                highlight=False,
            )
            for path, value in found["values"].items():
                console.print(f"  {path} = {value}", markup=False, highlight=False, soft_wrap=True)
