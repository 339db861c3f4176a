"""`nas replay`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import PredictorOption, SpaceOption, console


def replay(
    table: Annotated[Path, typer.Argument(help="A recorded benchmark as .csv or .csv.gz, a line for each network.")],
    space: SpaceOption = "nasbench201",
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="guided, evolution, random, tpe or nsga2; by default the first three. Repeatable."),
    ] = None,
    predictor: PredictorOption = "auto",
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
