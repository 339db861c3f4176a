"""`nas search`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.data_flags import with_data_flags
from nas.cli.options import DATA_HELP, PredictorOption, SpaceOption, console
from nas.cli.output import JsonOption, QuietOption, document_only, tell_outcome, watching
from nas.config.data_options import DataOptions


@with_data_flags
def search(
    data: Annotated[str, typer.Argument(help=DATA_HELP)],
    options: DataOptions,
    space: SpaceOption = "auto",
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
    predictor: PredictorOption = "auto",
    epochs: Annotated[
        int | None, typer.Option(help="Epochs of a short training. By default by the amount of data.")
    ] = None,
    promote: Annotated[
        int,
        typer.Option(
            help="In place of successive halving: all are stopped after one epoch, and after every so many, e.g. "
            "[bold]8[/], the one that is expected to end best is trained whole. 0: halving."
        ),
    ] = 0,
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
    train: Annotated[
        str | None,
        typer.Option(
            help="Your own training loop, as [bold]module:function[/] or file.py:function; see docs/recipe.md."
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
    known: Annotated[
        str, typer.Option(help="Try designs of the field first that the space holds: [bold]auto[/] or [bold]off[/].")
    ] = "auto",
    baselines: Annotated[
        list[str] | None,
        typer.Option(
            help="What you could take without a search, trained beside it and compared: [bold]auto[/], [bold]off[/], "
            "or rocket, bag_of_ngrams, lightgbm, gradient_boosting, linear, nearest_neighbour, majority. Repeatable."
        ),
    ] = None,
    ensemble: Annotated[
        str,
        typer.Option(
            help="Where time is left: [bold]auto[/] makes the winner the mean of up to five networks, trained from "
            "different seeds, unless its size or speed counts; [bold]off[/] leaves it one."
        ),
    ] = "auto",
    stop_at: Annotated[
        float | None, typer.Option(help="Enough: a validation score, e.g. [bold]0.98[/]; the final follows.")
    ] = None,
    patience_trials: Annotated[
        int | None, typer.Option(help="Enough: so many trainings in a row without a better best; the final follows.")
    ] = None,
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
    final: Annotated[bool, typer.Option(help="Train the best in full, test, and export.")] = True,
    resume_or_start: Annotated[
        bool,
        typer.Option(
            "--resume-or-start",
            help="Where [bold]--directory[/] holds a search already, go on with it; one that has ended is shown.",
        ),
    ] = False,
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only set it up: [bold]nas ask[/] and [bold]nas tell[/] go on, or nas resume."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Search a network for DATA within a budget.

    The best candidates are trained in full, the winner is scored once on a sealed test split and exported.

    [dim]Examples:[/]

    nas search digits --budget 3m

    nas search pictures/ --budget 2h --max-parameters 500000

    nas search data.npz --space residual --budget '200 trials' --recipe augmentation=auto
    """
    import nas
    from nas.cli.go_on import goes_on
    from nas.cli.recipe import recipe as read_recipe
    from nas.config.search_config import gpus_asked
    from nas.training.latency import parse_seconds

    if resume_or_start and goes_on(directory, as_json, quiet):
        return
    latency = None if max_latency is None else parse_seconds(max_latency)
    limits = {"parameters": max_parameters, "macs": max_macs, "latency": latency}
    with document_only(as_json) as document:
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
            training=read_recipe([*(recipe or ()), *([f"train={train}"] if train else [])]),
            start_from=start_from or (),
            learn_from=learn_from or (),
            observers=[watching(console, as_json, quiet)],
            latency_device=latency_device,
            latency_batch=latency_batch,
            options=options,
            known=known,
            baselines=tuple(baselines or ("auto",)),
            ensemble=ensemble,
            epochs=epochs,
            promote=promote,
            stop_at=stop_at,
            patience_trials=patience_trials,
            cpus_per_trial=cpus_per_trial,
            gpus_per_trial=gpus_asked(gpus_per_trial),
            executor=executor,
            ray_address=ray_address,
            storage=storage,
            tracking_uri=tracking_uri,
            experiment=experiment,
            final=final,
            prepare=prepare,
        )
        tell_outcome(console, result, document, as_json, quiet)
