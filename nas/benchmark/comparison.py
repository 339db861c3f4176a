"""Strategies side by side on a recorded benchmark, as `nas replay` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.benchmark.replay import Replay, all_objectives, recorded, replay
from nas.benchmark.table import Columns, Table, read_known
from nas.config.search_config import SearchConfig
from nas.errors import InputError, known, whole
from nas.strategies import STRATEGIES
from nas.strategies.strategy import Settings
from search_spaces.catalog import load_space


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Args:
        strategies: names in `STRATEGIES`.
        predictor: for `guided`.
        queries: that a search may make; with rungs, as many whole trainings' worth of seconds.
        seeds: searches of each strategy.
        rungs: whether the table's shorter trainings are looked up first, of which one in `factor` goes on.
        promote: who goes on, see `replay`.
        objectives: see `replay`.
    """

    strategies: Sequence[str]
    predictor: str = "auto"
    queries: int = 100
    seeds: int = 5
    rungs: bool = False
    factor: int = 3
    promote: bool = False
    objectives: tuple[str, ...] = ("score",)

    def validate(self) -> None:
        """Raises InputError for an unknown name, a count that is too small, or what does not go together."""
        for name in self.strategies:
            known("strategy", name, STRATEGIES)
        SearchConfig(predictor=self.predictor)
        whole("queries", self.queries, 1)
        whole("seeds", self.seeds, 1)
        whole("factor", self.factor, 2)
        if self.promote and not self.rungs:
            raise InputError("`--promote` needs a rung to promote from. Name one: --rung COLUMN=SHARE.")
        if self.rungs and len(self.objectives) > 1:
            raise InputError("`--rung` and `--objective` cannot go together: a front has no order to stop by.")

    def runs(self, table: Table, strategy: str) -> list[Replay]:
        """The searches of one strategy."""
        seconds = self.queries * float(table.rungs[-1].seconds.mean()) if self.rungs else np.inf
        return [
            replay(
                table,
                strategy,
                Settings(seed=seed, predictor=self.predictor),
                queries=len(table) if self.rungs else self.queries,
                seconds=seconds,
                objectives=self.objectives,
                rungs=self.rungs,
                factor=self.factor,
                promote=self.promote,
            )
            for seed in range(self.seeds)
        ]


def compare(
    path: str | Path, space: str, comparison: Comparison, columns: Columns | None = None, out: str | Path | None = None
) -> Iterator[str]:
    """Yields a line of a table for each strategy as soon as it is known.

    Args:
        space: a name in the catalogue, or `module:attribute`.
        columns: which columns hold what; by default the published ones of the space.
        out: folder for the curves, `regret.csv` and `.png`, with several objectives `hypervolume.csv` and `.png`.

    Raises:
        InputError: something asked for breaks a rule, or the table does not fit; nothing is written.
    """
    comparison.validate()
    table = read_known(path, load_space(space), columns)
    recorded(table, comparison.objectives)
    yield from (_fronts if len(comparison.objectives) > 1 else _regrets)(table, comparison, out)


def _regrets(table: Table, comparison: Comparison, out: str | Path | None) -> Iterator[str]:
    best = float(table.scores().max())
    budget = f"{comparison.queries} queries"
    if comparison.rungs:
        budget = f"the cost of {comparison.queries} whole trainings, one in {comparison.factor} going on"
    column = table.rungs[-1].column
    yield f"{len(table):,} networks of {table.space.name}, the best with {column} {best:.2f}. After {budget}:"
    yield f"{'strategy':<10}{'regret':>8}  {table.test:<18}{'best found':>11}{'begun':>8}{'ended':>8}{'a proposal':>12}"
    curves: dict[str, np.ndarray] = {}
    for name in comparison.strategies:
        runs = comparison.runs(table, name)
        curves[name] = np.array([best - _at_budget(run, run.curve(column), comparison, table) for run in runs])
        tests = np.array([run.curve()[-1] for run in runs])
        found = f"{sum(curve[-1] <= 0 for curve in curves[name])}/{len(runs)}"
        begun = np.mean([len({query.row for query in run.queries}) for run in runs])
        ended = np.mean([sum(query.rung == len(table.rungs) - 1 for query in run.queries) for run in runs])
        yield (
            f"{name:<10}{curves[name][:, -1].mean():>8.3f}  {f'{tests.mean():.3f} ± {tests.std():.3f}':<18}"
            f"{found:>11}{begun:>8.0f}{ended:>8.0f}{_thinking(runs):>12}"
        )
    if out is not None:
        yield _save(
            curves, Path(out), "regret", "validation regret", "whole trainings" if comparison.rungs else "queries"
        )


def _fronts(table: Table, comparison: Comparison, out: str | Path | None) -> Iterator[str]:
    objectives = comparison.objectives
    from moocore import hypervolume

    every = all_objectives(table, objectives)
    reference = every.max(0)
    whole_table = hypervolume(every, ref=reference)
    yield (
        f"{len(table):,} networks of {table.space.name}: {', '.join((table.rungs[-1].column, *objectives[1:]))}. "
        f"Share of the table's hypervolume, counted from its worst values, after {comparison.queries} queries:"
    )
    yield f"{'strategy':<10}{'share':>8}{'deviation':>11}{'a proposal':>12}"
    curves = {}
    for name in comparison.strategies:
        runs = comparison.runs(table, name)
        steps = range(1, comparison.queries + 1)
        curves[name] = np.array(
            [[hypervolume(run.points()[:at], ref=reference) / (whole_table or 1.0) for at in steps] for run in runs]
        )
        last = curves[name][:, -1]
        yield f"{name:<10}{last.mean():>8.3f}{last.std():>11.3f}{_thinking(runs):>12}"
    if out is not None:
        yield _save(curves, Path(out), "hypervolume", "share of the table's hypervolume", "queries")


def _at_budget(run: Replay, curve: np.ndarray, comparison: Comparison, table: Table) -> np.ndarray:
    """The curve after each query, with rungs after each whole training's worth of seconds: (queries,).

    Before the first whole training, what the worst network of the table has; a space that is used up stays as it ended.
    """
    if not comparison.rungs:
        return np.concatenate([curve, np.full(max(0, comparison.queries - len(curve)), curve[-1])])
    cost = float(table.rungs[-1].seconds.mean())
    made = np.searchsorted(run.seconds(), cost * np.arange(1, comparison.queries + 1), side="right")
    known_at = np.concatenate([[np.nan], curve])[made]
    return np.where(np.isnan(known_at), table.scores().min(), known_at)


def _thinking(runs: Sequence[Replay]) -> str:
    return f"{1000 * np.mean([query.thinking for run in runs for query in run.queries]):.0f} ms"


def _save(curves: dict[str, np.ndarray], folder: Path, name: str, ylabel: str, unit: str) -> str:
    from nas.report.curves import plot_curves

    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join([unit.replace(" ", "_"), *curves])]
    means = zip(*(runs.mean(0) for runs in curves.values()), strict=True)
    lines += [",".join([str(at), *(f"{value:.6f}" for value in row)]) for at, row in enumerate(means, 1)]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    xlabel = "architectures queried" if unit == "queries" else f"seconds, in {unit}"
    plot_curves(curves, folder / f"{name}.png", ylabel, log=name == "regret", xlabel=xlabel)
    return f"Saved {folder / f'{name}.csv'} and {folder / f'{name}.png'}"
