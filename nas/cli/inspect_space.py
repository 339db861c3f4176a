"""`nas inspect`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nas.cli.data_flags import with_data_flags
from nas.cli.options import DATA_HELP, console
from nas.cli.output import JsonOption, QuietOption, document_only
from nas.config.data_options import DataOptions


@with_data_flags
def inspect(
    space: Annotated[str, typer.Argument(help="A space of the catalogue, or [bold]module:attribute[/] of your own.")],
    options: DataOptions,
    data: Annotated[str, typer.Option(help=DATA_HELP)] = "digits",
    budget: Annotated[str | None, typer.Option(help="Say what it would buy, e.g. 30m or 200 trials.")] = None,
    recipe: Annotated[
        list[str] | None,
        typer.Option(help="As in [bold]nas search[/]: rules over the recipe are judged with it. Repeatable."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Architectures to draw.")] = 2_000,
    render: Annotated[int, typer.Option(help="Write SVG drawings of so many samples.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="Save the spread of sizes as a picture.")] = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check a space before paying for it: its size, how many samples build and obey the rules, how large they are."""
    from nas.cli.recipe import recipe as read_recipe
    from nas.config.budget import Budget
    from nas.config.recipe import TrainingConfig
    from nas.data import load
    from nas.export.dry_run import dry_run
    from nas.records.joint_space import JointSpace
    from nas.report.document import space_document
    from nas.report.drawing import line
    from nas.report.preflight import preflight, save_plot, summary
    from nas.report.preflight import render as table
    from nas.report.render import render as draw
    from nas.setup.plan import epochs_for_data
    from nas.setup.problem import named_space
    from nas.setup.recipe_rules import check_recipe_rules
    from nas.training.machine import cpus

    with document_only(as_json) as document:
        opened, dataset = named_space(space), load(data, options=options)
        examples = len(dataset.search.train)
        notices: list[str] = []
        say = notices.append if as_json else Console(stderr=True).print if quiet else console.print
        training = read_recipe(recipe or ())
        joint = JointSpace(opened, training, dataset.task)
        if recipe:
            check_recipe_rules(joint)
        tried = dry_run(joint, dataset.search, say)
        if tried and not (as_json or quiet):
            console.print(
                f"Dry run: {tried} networks with your own cells were built, exported, proved and trained one step."
            )
        found = preflight(
            opened,
            dataset.task,
            samples=samples,
            examples=examples,
            batch_size=TrainingConfig().batch_for(examples),
            epochs=epochs_for_data(examples),
            budget=Budget.parse(budget) if budget else None,
            parallel=cpus(),
            seed=seed,
            training=training if recipe else None,
        )
        if as_json:
            document(space_document(found, tried, notices))
        elif quiet:
            console.print(summary(found), highlight=False, markup=False, soft_wrap=True)
        else:
            console.print(table(found))
            for number, architecture in enumerate(found.architectures[:5], start=1):
                console.print(f"{number}. {line(architecture, dataset.task)}", highlight=False, markup=False)
        if render:
            for path in draw(opened, dataset.task, render, Path("results") / "drawings", seed):
                console.print(f"Drew {path}", soft_wrap=True)
        if plot is not None:
            console.print(f"Saved {save_plot(found, plot)}", soft_wrap=True)
