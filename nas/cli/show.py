"""`nas show`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import Directory, console
from nas.cli.output import JsonOption, QuietOption, document_only


def show(
    directory: Directory,
    trial: Annotated[int | None, typer.Option(help="Draw this trial's network instead of the best one's.")] = None,
    optuna: Annotated[
        str | None, typer.Option(help="Also copy the search into this Optuna storage, e.g. sqlite:///optuna.db.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show what a search has found so far, and where its time went; also while it runs."""
    if as_json or quiet:
        _briefly(directory, trial, as_json)
        if optuna:
            _to_optuna(directory, optuna)
        return
    from nas.config.address import masked
    from nas.config.budget import duration
    from nas.config.metric import shown, words
    from nas.report.outcome import best_table, counted, drawn, print_front
    from nas.setup.stored_search import stored_search

    seen = stored_search(directory)
    state = f"ended ({seen.record.ended})" if seen.record.ended else "not ended"
    name = seen.config.space or (seen.space.space.name if seen.space else "own space")
    console.print(
        f"[bold]{name}[/] for [bold]{seen.record.header.dataset}[/], budget "
        f"{seen.config.budget}, strategy {seen.config.strategy}, seed {seen.config.seed}: {state} after "
        f"{duration(seen.record.elapsed)}"
    )
    for edit in seen.record.edits:
        console.print(edit.sentence, markup=False, highlight=False, soft_wrap=True)
    for rule in seen.space.space.rules if seen.space is not None else ():
        console.print(f"Rule: {rule!r}", markup=False, highlight=False, soft_wrap=True)
    console.print(counted(seen.trials))
    console.print(best_table(seen.trials, seen.task.metric, "The best"))
    print_front(console, seen.trials, seen.config.objectives, seen.task.metric)
    for one in seen.trials:
        if one.test_score is not None:
            score = f"{words(seen.task.metric)} {shown(seen.task.metric, one.test_score)}"
            console.print(f"Trial {one.number} in the final: test {score}")
    if seen.missing:
        console.print(f"Networks cannot be drawn: {seen.missing}", markup=False, soft_wrap=True)
    console.print(drawn(seen, trial), highlight=False, markup=False, soft_wrap=True)
    if seen.record.statement:
        console.print(seen.record.statement, highlight=False)
    if optuna:
        _to_optuna(directory, optuna)
        where = masked(optuna, optuna)
        console.print(f"Copied to {where}. Look at it by: optuna-dashboard {where}", soft_wrap=True)


def _briefly(directory: Path, trial: int | None, as_json: bool) -> None:
    """As one document, of one trial where that is asked for; or in one line."""
    from nas.report.document import SCHEMA, search_document, trial_document
    from nas.report.outcome import in_a_line
    from nas.report.search_result import open as opened

    with document_only(as_json) as document:
        result = opened(directory)
        seen = result.stored
        assert seen is not None  # noqa: S101 - for the type checker
        if not as_json:
            console.print(in_a_line(seen), highlight=False, markup=False, soft_wrap=True)
        elif trial is None:
            document(search_document(seen, result))
        else:
            document({"schema": SCHEMA, **trial_document(seen.trial(trial), seen)})


def _to_optuna(directory: Path, url: str) -> None:
    from nas.records.problem import Problem
    from nas.setup.stored_search import stored_search
    from nas.strategies.optuna.study import copy_study
    from search_spaces.errors import SpaceError

    seen = stored_search(directory)
    if seen.space is None:
        raise SpaceError(f"The decisions of this search cannot be named again: {seen.missing}")
    problem = Problem(seen.space, objectives=seen.config.objectives)
    copy_study(url, Path(directory).absolute().name, problem, seen.trials)
