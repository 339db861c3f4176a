"""`nas explain`"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from nas.cli.options import Directory, console
from nas.cli.output import JsonOption, document_only

if TYPE_CHECKING:
    from nas.report.explanation import Paid

INTERRUPTED = 130


def explain(
    directory: Directory,
    trial: Annotated[int | None, typer.Option(help="Explain this trial instead of the winner.")] = None,
    pay: Annotated[
        str | None,
        typer.Option(help="Check the claims for so long: train neighbours of the winner, e.g. [bold]5m[/]."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what each decision of the winner is worth, what could be changed for nothing, and what is not known."""
    from nas.report.explanation import paid_for
    from nas.report.explanation_text import explanation_document, explanation_text
    from nas.report.search_result import open as opened

    seconds = None if pay is None else _seconds(pay)
    interrupted = False
    with document_only(as_json) as document:
        result = opened(directory)
        assert result.stored is not None  # noqa: S101 - for the type checker
        found = result.explain(trial)
        if seconds is not None:
            from nas.steering.paid_neighbours import pay as pay_for

            try:
                pay_for(result.directory, result.stored, found, seconds, say=_say)
            except KeyboardInterrupt:
                interrupted = True
        paid = tuple(one for one in paid_for(result.directory) if one.winner == found.winner)
        if as_json:
            document(explanation_document(found, paid))
        else:
            for part in explanation_text(found, paid):
                console.print(part, highlight=False, markup=False, soft_wrap=isinstance(part, str))
    if interrupted:
        console.print("Stopped. What was paid for is kept.")
        raise typer.Exit(INTERRUPTED)


def _say(one: Paid) -> None:
    from rich.console import Console

    from nas.records.joint_space import in_words

    what = "the winner with another seed" if not one.path else f"{in_words(one.path)} = {one.option}"
    said = f"failed: {one.error}" if one.error else f"{one.difference:+.4f}, claimed {one.claimed:+.4f}"
    Console(stderr=True).print(f"Paid: {what}: {said}", markup=False, highlight=False, soft_wrap=True)


def _seconds(pay: str) -> float:
    from nas.config.budget import Budget
    from nas.errors import InputError

    with contextlib.suppress(InputError):
        budget = Budget.parse(pay)
        if budget.seconds is not None and budget.trials is None and budget.gpu_seconds is None:
            return budget.seconds
    raise InputError(f"`--pay` must be a time, got {pay!r}. Write e.g. `5m`.")
