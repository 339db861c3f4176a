"""The command line: `nas search`, `show`, `resume`, `export`, `inspect`, `replay`, `ui`.

What a command needs is imported when it runs, so that `nas --help` answers at once.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from nas.cli.export import export
from nas.cli.inspect_space import inspect
from nas.cli.options import DATA_HELP, Directory, LayoutOption, SpaceOption, console
from nas.cli.show import show
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


@app.command()
def search(
    data: Annotated[str, typer.Argument(help=DATA_HELP)],
    space: SpaceOption = "hybrid",
    budget: Annotated[
        str,
        typer.Option(
            help="[bold]10m[/], [bold]2h[/], [bold]200 trials[/], [bold]4 gpu-hours[/], or several: '2h, 300 trials'."
        ),
    ] = "10m",
    directory: Annotated[
        Path | None, typer.Option(help="Where the search is kept. By default a new one under results/searches.")
    ] = None,
    strategy: Annotated[str, typer.Option(help="guided, evolution, random, tpe or nsga2.")] = "guided",
    predictor: Annotated[str, typer.Option(help="What ranks candidates for [bold]guided[/].")] = "auto",
    epochs: Annotated[
        int | None, typer.Option(help="Epochs of a short training. By default by the amount of data.")
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(help="Beside the score, to be small: parameters, macs, activation_bytes. Repeatable."),
    ] = None,
    max_parameters: Annotated[int | None, typer.Option(help="No network with more learned numbers.")] = None,
    max_macs: Annotated[int | None, typer.Option(help="No network with more multiply-adds for one example.")] = None,
    max_latency: Annotated[
        str | None,
        typer.Option(help="No network slower than this on this machine, measured and predicted, e.g. [bold]2ms[/]."),
    ] = None,
    latency_device: Annotated[str, typer.Option(help="Where latency is meant: cpu or cuda.")] = "cpu",
    latency_batch: Annotated[int, typer.Option(help="Examples at once that latency is meant for.")] = 1,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            help="How candidates are trained, e.g. [bold]augmentation=auto[/]; several values are searched: "
            "[bold]learning_rate=0.001,0.003[/]. Repeatable."
        ),
    ] = None,
    start_from: Annotated[
        list[Path] | None,
        typer.Option(
            help="Try this network first and go on from it: an architecture.json, or the directory of an export or of "
            "a search, of the same space. Repeatable."
        ),
    ] = None,
    learn_from: Annotated[
        list[Path] | None,
        typer.Option(
            help="Begin from what the search in this directory found, of the same space on any data. Repeatable."
        ),
    ] = None,
    layout: LayoutOption = "auto",
    kind: Annotated[str, typer.Option(help="What the targets are: auto, classification or regression.")] = "auto",
    seed: Annotated[int, typer.Option(help="Same seed, same decisions.")] = 0,
    cpus_per_trial: Annotated[int, typer.Option(help="CPUs, and torch threads, of one training.")] = 1,
    gpus_per_trial: Annotated[
        str,
        typer.Option(
            help="GPUs of one training: 0.25 puts four on one GPU; [bold]auto[/] as many as their memory lets."
        ),
    ] = "auto",
    executor: Annotated[
        str, typer.Option(help="[bold]ray[/]: many trainings at once. [bold]local[/]: one, in this process.")
    ] = "auto",
    ray_address: Annotated[
        str | None,
        typer.Option(help="Join this Ray cluster, e.g. [bold]10.0.0.5:6379[/]. By default Ray is started here."),
    ] = None,
    storage: Annotated[
        str | None, typer.Option(help="Folder or fsspec URL, in reach of all machines, for checkpoints.")
    ] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="MLflow store. By default sqlite under results/; '' turns tracking off.")
    ] = None,
    experiment: Annotated[str, typer.Option(help="MLflow experiment.")] = "nas",
    proxies: Annotated[
        bool,
        typer.Option(
            help="Also rank the best candidates by training-free scores, for at most a tenth of the training time. "
            "They helped the predictor on CIFAR-10, and added nothing on Fashion-MNIST."
        ),
    ] = False,
    inherit: Annotated[
        str,
        typer.Option(
            help="[bold]on[/]: a candidate begins with the weights of its nearest trained relative. Measured: "
            "fewer epochs, but early scores then seem to rank worse. The final always begins afresh."
        ),
    ] = "off",
    final: Annotated[bool, typer.Option(help="Train the best in full, test, and export.")] = True,
) -> None:
    """Search a network for DATA within a budget.

    The best candidates are trained in full, the winner is scored once on a sealed test split and exported.

    [dim]Examples:[/]

    nas search digits --budget 3m

    nas search pictures/ --budget 2h --max-parameters 500000

    nas search data.npz --space residual --budget '200 trials' --recipe augmentation=auto
    """
    import nas
    from nas.cli.recipe import recipe as read_recipe
    from nas.config.search_config import gpus_asked
    from nas.report.outcome import print_outcome
    from nas.report.progress import Progress
    from nas.training.latency import parse_seconds

    latency = None if max_latency is None else parse_seconds(max_latency)
    limits = {"parameters": max_parameters, "macs": max_macs, "latency": latency}
    progress = Progress(console)
    result = nas.search(
        data,
        space,
        budget,
        objectives=("score", *(objective or ())),
        limits={name: value for name, value in limits.items() if value is not None},
        strategy=strategy,
        predictor=predictor,
        seed=seed,
        directory=directory,
        training=read_recipe(recipe or ()),
        start_from=start_from or (),
        learn_from=learn_from or (),
        proxies=proxies,
        inherit=inherit,
        observers=[progress],
        latency_device=latency_device,
        latency_batch=latency_batch,
        layout=layout,
        kind=kind,
        epochs=epochs,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_asked(gpus_per_trial),
        executor=executor,
        ray_address=ray_address,
        storage=storage,
        tracking_uri=tracking_uri,
        experiment=experiment,
        final=final,
    )
    print_outcome(console, result, progress.metric)


@app.command()
def resume(
    directory: Directory,
    budget: Annotated[str | None, typer.Option(help="A new budget; what was spent counts.")] = None,
) -> None:
    """Go on with a search that was interrupted, killed, or given more budget. Nothing finished is repeated."""
    import nas
    from nas.report.outcome import print_outcome
    from nas.report.progress import Progress

    progress = Progress(console)
    result = nas.resume(directory, budget=budget, observers=[progress])
    print_outcome(console, result, progress.metric)


app.command()(show)
app.command()(export)
app.command()(inspect)


@app.command()
def replay(
    table: Annotated[Path, typer.Argument(help="A recorded benchmark as .csv or .csv.gz, a line for each network.")],
    space: SpaceOption = "nasbench201",
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="guided, evolution, random, tpe or nsga2; by default the first three. Repeatable."),
    ] = None,
    predictor: Annotated[str, typer.Option(help="What ranks candidates for [bold]guided[/].")] = "auto",
    queries: Annotated[
        int, typer.Option(help="Networks that a search may look up; with rungs, what so many whole trainings cost.")
    ] = 100,
    seeds: Annotated[int, typer.Option(help="Searches of each strategy.")] = 5,
    score: Annotated[str, typer.Option(help="Column that is searched by, higher is better.")] = "",
    test: Annotated[str, typer.Option(help="Column that is reported, and never searched by.")] = "",
    seconds: Annotated[str, typer.Option(help="Column of what a whole training costs. By default all cost 1.")] = "",
    rung: Annotated[
        list[str] | None,
        typer.Option(
            help="A shorter training in the table, as [bold]COLUMN=SHARE[/] of a whole one's cost. Looked up first, "
            "so that weak networks are stopped there. Repeatable, the shortest first."
        ),
    ] = None,
    factor: Annotated[int, typer.Option(help="At a rung, one in so many goes on.")] = 3,
    promote: Annotated[
        bool,
        typer.Option(
            "--promote",
            help="In place of halving: all are stopped at the first rung, and after every so many, by the factor, the "
            "one that is expected to end best is trained whole.",
        ),
    ] = False,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            help="Beside the score, to be small: parameters, macs, activation_bytes, or a column of the table, seen "
            "only for networks that were queried; [bold]-COLUMN[/] is to be large. Repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the curves: regret.csv and .png, or hypervolume.csv and .png.")
    ] = None,
) -> None:
    """Judge strategies in seconds against a recorded benchmark, by the same code as in a real search.

    Nothing is trained: a score is looked up in TABLE. Regret is how far the best that was found is from the best
    there is, by the validation score; the test score of that network is reported and never searched by.

    Tables of nasbench201, nasbench_macro and accel_nasbench may have their published columns. Any other table has a
    column for each decision, with the index of its option, and a column [bold]score[/].

    With rungs, cheap trainings stop weak networks as in a real search, and regret counts against seconds spent. With
    objectives, the share of the table's hypervolume that was found stands in place of regret.

    [dim]Examples:[/]

    nas replay nasbench201.csv.gz --queries 50

    nas replay nasbench201.csv.gz --rung c100_val_12=0.06 --factor 20 --promote --queries 10 --out regret

    nas replay accel_nasbench.csv.gz --space accel_nasbench --objective=-throughput_a100

    nas replay mine.csv --space mine:space --strategy guided --strategy random --out regret
    """
    from nas.benchmark.comparison import Comparison, compare
    from nas.benchmark.table import Columns, rungs_of

    comparison = Comparison(
        strategies=strategy or ["guided", "evolution", "random"],
        predictor=predictor,
        queries=queries,
        seeds=seeds,
        rungs=bool(rung),
        factor=factor,
        promote=promote,
        objectives=("score", *(objective or ())),
    )
    columns = Columns(score, test, seconds, rungs_of(rung or ()))
    for line in compare(table, space, comparison, columns, out):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def ui(
    tracking_uri: Annotated[str | None, typer.Option(help="MLflow store. By default sqlite under results/.")] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Review all searches in the MLflow UI, on this machine only. Ctrl-C ends it."""
    from nas.tracking import serve

    serve(tracking_uri, port, lambda text: console.print(text, soft_wrap=True, markup=False, highlight=False))


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
