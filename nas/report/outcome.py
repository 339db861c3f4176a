"""What a search came to, for the terminal: the best five, where everything lies, what to do next."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from nas.config.metric import shown
from nas.config.metric import words as metric_words
from nas.records.results import FinalResult, SearchOutcome, pareto
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED, Trial, best_first
from nas.setup.stored_search import StoredSearch

SHOWN = 5
FRONT_SHOWN = 20
WORDS = {COMPLETED: "finished", STOPPED: "stopped early", FAILED: "failed", RUNNING: "running", REQUEUED: "waiting"}


def best_table(candidates: Sequence[Trial], metric: str, title: str) -> Table:
    """The best five candidates on the validation split."""
    table = _table(f"{title}, by validation {metric_words(metric)}", expand=True)
    best = best_first(candidates)[:SHOWN]
    score = _score_width(best, metric)
    for name, width in (("trial", 5), ("score", score), ("parameters", 10), ("MACs", 7), ("epochs", 6), ("from", 9)):
        table.add_column(name, justify="left" if name == "from" else "right", width=width, no_wrap=True)
    table.add_column("cells", overflow="ellipsis", no_wrap=True, ratio=1)
    for one in best:
        numbers = (shown(metric, one.score), f"{one.parameters:,}", f"{one.macs / 1e6:.1f} M", str(len(one.scores)))
        table.add_row(str(one.number), *numbers, one.source, short(one))
    return table


def print_front(console: Console, candidates: Sequence[Trial], objectives: Sequence[str], metric: str) -> None:
    """The front of a search with several objectives, or why there is none yet."""
    if len(objectives) > 1 and pareto(candidates, objectives):
        console.print(front_table(candidates, objectives, metric))
    elif len(objectives) > 1:
        console.print("No Pareto front yet: no trial was trained to its end.")


def front_table(candidates: Sequence[Trial], objectives: Sequence[str], metric: str) -> Table:
    """The Pareto front: finished candidates that no other beats in every objective, the best score first."""
    found = pareto(candidates, objectives)
    costs = tuple(objectives[1:])
    left_out = f"; {len(found) - FRONT_SHOWN} more" if len(found) > FRONT_SHOWN else ""
    table = _table(f"Pareto front: validation {metric_words(metric)} against {', '.join(costs)}{left_out}", expand=True)
    score = _score_width(found[:FRONT_SHOWN], metric)
    for name, width in (("trial", 5), ("score", score), *((cost, max(len(cost), 10)) for cost in costs)):
        table.add_column(name, justify="right", width=width, no_wrap=True)
    table.add_column("cells", overflow="ellipsis", no_wrap=True, ratio=1)
    for one in found[:FRONT_SHOWN]:
        table.add_row(
            str(one.number), shown(metric, one.score), *(f"{getattr(one, cost):,}" for cost in costs), short(one)
        )
    return table


def _score_width(listed: Sequence[Trial], metric: str) -> int:
    """Of a column that holds the longest of these scores whole."""
    return max([6, *(len(shown(metric, one.score)) for one in listed)])


def _table(title: str, expand: bool = False) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
        expand=expand,
    )


def short(candidate: Trial) -> str:
    """The cells of a candidate between stem and head in a few words: `2 Residual, Downsample, Transformer`."""
    runs: list[tuple[str, int]] = []
    for cell in candidate.architecture.cells:
        name = type(cell).__name__
        if name in ("Stem", "Head"):
            continue
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1)
        else:
            runs.append((name, 1))
    return ", ".join(f"{count} {name}" if count > 1 else name for name, count in runs)


def final_table(final: FinalResult, metric: str) -> Table:
    """The finalists, the first random candidate, and what a person would have taken without a search."""
    table = _table("Final")
    for name in ("", "epochs", f"validation {metric_words(metric)}", f"test {metric_words(metric)}", " "):
        table.add_column(name, justify="left" if not name.strip() else "right")
    first = final.first_random
    rows = [*final.finalists, *([first] if first is not None and first not in final.finalists else [])]
    for one in rows:
        words = [word for word, it in (("winner", final.winner), ("the first random one", first)) if one is it]
        words += ["trained on the validation examples too"] if one.refitted else []
        words += [f"the mean of {one.members} networks"] if one.members > 1 else []
        test = "" if one.test_score is None else shown(metric, one.test_score)
        cells = (
            f"trial {one.trial.number}",
            str(one.epochs),
            shown(metric, one.validation_score),
            test,
            ", ".join(words),
        )
        table.add_row(*cells)
    for baseline in final.baselines:
        scores = (shown(metric, baseline.validation_score), shown(metric, baseline.test_score))
        table.add_row(baseline.label, "", *scores, baseline.note, style="dim")
    return table


def drawn(seen: StoredSearch, trial: int | None = None) -> str:
    """The network of a trial, of the final's winner, or of the best so far, as text; empty where there is none.

    Raises:
        InputError: no trial of this number.
    """
    from nas.report.drawing import text

    if trial is not None:
        one = seen.trial(trial)
    else:
        tested = [one for one in seen.trials if one.test_score is not None]
        ranked = best_first(tested) or best_first(seen.trials)
        if not ranked:
            return ""
        one = ranked[0]
    if not one.architecture.cells:
        return ""
    head = f"Trial {one.number}, {one.parameters:,} parameters, {one.macs:,} multiply-adds:"
    return f"{head}\n{text(one.architecture, seen.task)}\n"


def print_outcome(console: Console, result: SearchOutcome, metric: str) -> None:
    """The whole closing text of a search; what the winner is worth comes first."""
    if result.final is not None and result.final.standing is not None:
        console.print(f"\n[bold]{result.final.standing.headline}[/]\n", soft_wrap=True, highlight=False)
    console.print(best_table(result.candidates, metric, f"The best of {len(result.candidates)} candidates"))
    print_front(console, result.candidates, result.config.objectives, metric)
    if result.final is not None:
        console.print(final_table(result.final, metric))
        for name, reason in result.final.left_out.items():
            console.print(f"Not trained: {name}: {reason}.", style="dim", markup=False, highlight=False)
    console.print(result.statement, highlight=False)
    where = shlex.quote(shown_path(result.directory))
    lines = [f"look again  {program()} show {where}"]
    if result.exported is not None:
        out = shown_path(result.exported)
        console.print(f"\nExported and verified: [bold green]{out}[/]", soft_wrap=True)
        further = (result.exported / "requirements.txt").is_file()
        needs = f"pip install -r {out}/requirements.txt" if further else "needs torch only"
        lines.insert(0, f"use it      from model import load; network = load()   # {out}/model.py, {needs}")
        if (result.exported / "predict.py").is_file():
            lines.insert(0, f"predict     {program()} predict {shlex.quote(out)} FILE   # raw rows, {out}/predict.py")
    if result.config.tracking_uri != "":
        lines.append(f"all runs    {program()} ui")
    if result.ended in ("interrupted", "failures", "stopped"):
        lines.append(f"go on       {program()} resume {where}")
    if result.final is not None:
        lines.append(f"copy it     {program()} export {where} my-model")
    for line in lines:
        console.print(f"  {line}", soft_wrap=True, highlight=False)


def in_a_line(seen: StoredSearch) -> str:
    """Where a search stands, e.g. `ended (budget), 12 trials: 9 finished, …; best accuracy 0.9821 (trial 4)`."""
    state = f"ended ({seen.record.ended})" if seen.record.ended else "not ended"
    ranked = best_first(seen.trials)
    if not ranked:
        return f"{state}, {counted(seen.trials)}"
    best = (
        f"best {metric_words(seen.task.metric)} {shown(seen.task.metric, ranked[0].score)} (trial {ranked[0].number})"
    )
    return f"{state}, {counted(seen.trials)}; {best}"


def program() -> str:
    """How this program was called, for commands to copy: `nas`, or `.venv/bin/nas` where it is not on the path."""
    called = Path(sys.argv[0])
    if called.name != "nas" or shutil.which("nas"):
        return "nas"
    return shlex.quote(shown_path(called.absolute()))


def shown_path(path: Path) -> str:
    """Seen from where one stands, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def counted(candidates: Iterable[Trial]) -> str:
    """E.g. `24 trials: 9 finished, 14 stopped early, 1 failed (1 x oom)`."""
    known = list(candidates)
    states = Counter(candidate.state for candidate in known)
    parts = [f"{states[state]} {word}" for state, word in WORDS.items() if states[state]]
    kinds = Counter(candidate.failure for candidate in known if candidate.state == FAILED)
    causes = f" ({', '.join(f'{count} x {kind}' for kind, count in kinds.items())})" if kinds else ""
    return f"{len(known)} trials: {', '.join(parts) or 'none begun'}{causes}"
