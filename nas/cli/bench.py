"""`nas bench`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import DATA_HELP, console

Bench = Annotated[Path, typer.Option("--bench", help="Folder of the benchmark: a table for each space and data set.")]
HERE = Path("results/bench")
bench = typer.Typer(
    name="bench",
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Record a benchmark of networks, and learn a ranking from it, for searches by [bold]--predictor FILE[/].",
)


@bench.command()
def record(
    data: Annotated[list[str], typer.Option("--data", help=f"{DATA_HELP} Repeatable.")],
    space: Annotated[list[str], typer.Option("--space", help="A space, or module:attribute. Repeatable.")],
    folder: Bench = HERE,
    target: Annotated[str, typer.Option(help="Column to predict, of tables.")] = "",
    networks: Annotated[int, typer.Option(help="Networks of each pair of space and data.")] = 250,
    epochs: Annotated[int, typer.Option(help="Of each training.")] = 6,
    examples: Annotated[int, typer.Option(help="Most examples to train on.")] = 1500,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    workers: Annotated[int, typer.Option(help="Processes, one thread each.")] = 1,
    budget: Annotated[
        str, typer.Option(help="Time after which nothing new begins, e.g. 8h. By default until all is there.")
    ] = "",
) -> None:
    """Train random networks of every space on every data set for real, and write down their scores.

    What is there is not trained again: call it once more after Ctrl-C, or for more networks. [bold]nas replay[/] reads
    the tables as well.

    [dim]Example:[/]

    nas bench record --data digits --data pictures/ --space cnn --space hybrid --networks 100 --workers 2
    """  # fmt: skip
    from nas.benchmark import record as recorder
    from nas.config.budget import Budget

    seconds = Budget.parse(budget).seconds if budget else None
    plan = recorder.Plan(networks, epochs, examples, seed, device=device)
    pairs = [recorder.Pair(one, source, recorder.name_of(source), target) for source in data for one in space]
    with console.status("Reading the data") as status:
        made = recorder.record(
            pairs, plan, folder, workers=workers, seconds=float("inf") if seconds is None else seconds,
            said=lambda done, every: status.update(f"{done} of {every} trainings"),
        )  # fmt: skip
    for one in made:
        failed = sum(bool(row.error) for row in one.rows)
        _say(f"{one.name}: {len(one.rows)} trainings, {failed} failed")
    _say(f"Learn a ranking from it: nas bench train {folder} --out ranker.npz")


@bench.command()
def add(
    directory: Annotated[list[Path], typer.Argument(help="Directories of ended searches.")],
    folder: Bench = HERE,
) -> None:
    """Let ended searches join a benchmark. Nothing leaves this machine."""
    from nas.benchmark.own_search import recording_of
    from nas.benchmark.recording import write

    found = [recording_of(one) for one in directory]
    for one in found:
        write(folder, one)
        _say(f"{folder}: {one.name}, {len(one.rows)} trainings")


@bench.command()
def train(
    folder: Annotated[list[Path], typer.Argument(help="Folders of benchmarks.")],
    out: Annotated[Path, typer.Option(help="File of the ranking.")] = Path("ranker.npz"),
    seed: Annotated[int, typer.Option(help="Of the learning.")] = 0,
) -> None:
    """Learn a ranking that is there before the first training: [bold]nas search --predictor ranker.npz[/]."""
    from nas.benchmark.ranking import learned

    ranker, networks, pairs = learned(folder, seed)
    ranker.save(out)
    _say(f"{out}: learned from {networks} networks of {pairs} pairs of a space and a data set")
    _say(f"Search by it: nas search DATA --predictor {out}")


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
