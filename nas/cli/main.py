"""The command line; each command is a file of its own beside this one.

What a command needs is imported when it runs, so that `nas --help` answers at once.
"""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from nas.cli.ask import ask
from nas.cli.bench import bench
from nas.cli.data import data
from nas.cli.deploy import deploy
from nas.cli.edit import edit
from nas.cli.evolve import evolve
from nas.cli.explain import explain
from nas.cli.export import export
from nas.cli.inspect_space import inspect
from nas.cli.options import console
from nas.cli.predict import predict
from nas.cli.replay import replay
from nas.cli.report import report
from nas.cli.resume import resume
from nas.cli.search import search
from nas.cli.show import show
from nas.cli.stop import stop
from nas.cli.tell import tell
from nas.cli.track import track
from nas.cli.ui import ui
from nas.errors import InputError, SearchFailed

app = typer.Typer(
    name="nas",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Searches a neural network for your data, within your budget, and exports it as plain PyTorch.\n\n"
    "[bold]nas search digits --budget 3m[/] is a whole search on data that is built in.",
)
INPUT_ERROR, FAILED, INTERRUPTED = 2, 1, 130


for command in (
    search,
    data,
    resume,
    edit,
    stop,
    ask,
    tell,
    show,
    explain,
    report,
    export,
    predict,
    track,
    deploy,
    evolve,
    inspect,
    replay,
    ui,
):
    app.command()(command)
app.add_typer(bench)


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more of what goes on.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    logging.basicConfig(format="%(message)s", handlers=[RichHandler(console=Console(stderr=True), show_path=False)])
    logging.getLogger("nas").setLevel(logging.INFO if verbose else logging.WARNING)
    if version:
        from importlib.metadata import version as installed

        console.print(f"nas {installed('nas')}", highlight=False)
        raise typer.Exit


def main() -> None:
    """Runs the command; bad input ends with 2, a failed search with 1, an interrupt with 130: one message each."""
    try:
        app()
    except ValueError as error:
        if not _is_input_error(error):
            raise
        _complain(str(error), INPUT_ERROR)
    except SearchFailed as error:
        _complain(str(error), FAILED)
    except KeyboardInterrupt:
        _complain("Stopped. Go on with it: nas resume DIRECTORY", INTERRUPTED)


def _is_input_error(error: ValueError) -> bool:
    spaces = sys.modules.get("search_spaces.errors")  # not imported: then it cannot have been raised
    return isinstance(error, (InputError, spaces.SpaceError) if spaces else InputError)


def _complain(text: str, code: int) -> None:
    Console(stderr=True).print(f"[bold red]nas:[/] {_escaped(text)}", soft_wrap=True, highlight=False)
    sys.exit(code)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


if __name__ == "__main__":
    main()
