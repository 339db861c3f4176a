"""Where commands say what: under `--json` stdout holds one document and nothing else; `--quiet` leaves progress out."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from nas.errors import InputError

if TYPE_CHECKING:
    from nas.driver.events import Observer
    from nas.records.results import SearchOutcome
    from nas.setup.stored_search import StoredSearch

JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout and nothing else; progress goes to stderr.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Only what one must know: see docs/json.md.")]
Print = Callable[[dict[str, Any]], None]


@contextlib.contextmanager
def document_only(asked: bool) -> Iterator[Print]:
    """Gives what prints the document. Whatever else is printed meanwhile goes to stderr, where that was asked for."""
    out = sys.stdout

    def document(content: dict[str, Any]) -> None:
        from nas.report.document import as_json

        out.write(as_json(content) + "\n")
        out.flush()

    if not asked:
        yield document
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield document


def watching(console: Console, as_json: bool, quiet: bool) -> Observer:
    """What shows a search that runs: on the console, on stderr beside a document, or messages alone."""
    from nas.report.progress import Messages, Progress

    errors = Console(stderr=True)
    return Messages(errors) if quiet else Progress(errors if as_json else console)


def tell_outcome(console: Console, result: SearchOutcome, document: Print, as_json: bool, quiet: bool) -> None:
    """What a search came to: the document, its directory alone, or all that a person wants to read."""
    from nas.report.outcome import print_outcome
    from nas.setup.stored_search import stored_search

    seen = stored_search(result.directory)
    if as_json:
        from nas.report.document import search_document

        document(search_document(seen, result))
    elif quiet:
        console.print(str(Path(result.directory)), markup=False, highlight=False, soft_wrap=True)
    elif not seen.trials and not seen.record.ended:
        console.print(f"Set up: {result.directory}", markup=False, highlight=False, soft_wrap=True)
        console.print("  nas ask, nas tell: train its candidates yourself; nas resume: let it be run", highlight=False)
    else:
        print_outcome(console, result, seen.task.metric)
    if seen.record.ended:
        _page(console, result, seen, quiet or as_json)


def _page(console: Console, result: SearchOutcome, seen: StoredSearch, silent: bool) -> None:
    """The report, beside the journal and in MLflow. A search is not lost for want of it."""
    from nas import tracking
    from nas.report.outcome import shown_path
    from nas.report.page import write_page

    try:
        path = write_page(seen, result, whole=False)  # the time is spent
        tracking.attach(path, result, seen)
    except (InputError, OSError) as error:
        Console(stderr=True).print(f"The report could not be kept: {error}", markup=False, soft_wrap=True)
        return
    if not silent:
        console.print(f"  report      {shown_path(path)}", markup=False, highlight=False, soft_wrap=True)
