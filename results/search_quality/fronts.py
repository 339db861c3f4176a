"""Accuracy against throughput on accel_nasbench: how much of the table's front 150 queries find.

Throughput is a recorded column: a search sees it, like the accuracy, for networks that it has queried and no other.
The hypervolume is counted from the worst accuracy and the worst throughput of the table, as a share of that of the
whole table.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from moocore import hypervolume

from nas.benchmark.replay import replay
from nas.benchmark.table import RecordedSpace, Table
from nas.strategies.strategy import Settings
from results.runs import Runs, half_interval
from results.search_quality.optuna_alone import proposals

SPACE, COLUMN, QUERIES = "accel_nasbench", "throughput_a100", 150
SEARCHES = ("guided", "evolution", "random", "nsga2", "tpe", "optuna NSGA-II", "optuna TPE")
SLOW = {"tpe": 5}  # seeds; groups of decisions take it half a second a proposal
AT = (50, 100, 150)


def everything(table: Table) -> np.ndarray:
    """Both objectives of all rows, to be small: (n, 2)."""
    return np.stack([-table.scores(), -table.columns[COLUMN]], axis=1)


def search(table: Table, name: str, seed: int) -> dict[str, Any]:
    """Rows queried, and seconds a proposal."""
    if not name.startswith("optuna"):
        run = replay(table, name, Settings(seed=seed), queries=QUERIES, objectives=("score", f"-{COLUMN}"))
        return {"rows": [q.row for q in run.queries], "thinking": float(np.mean([q.thinking for q in run.queries]))}
    points, space = everything(table), RecordedSpace.of(table)
    rows: list[int] = []
    began = time.perf_counter()
    for trial, proposal, study in proposals(space, name, seed, directions=2):
        rows.append(space.row(proposal))
        study.tell(trial, points[rows[-1]].tolist())
        if len(rows) == QUERIES:
            break
    return {"rows": rows, "thinking": (time.perf_counter() - began) / QUERIES}


def collect(runs: Runs, table: Table, seeds: int) -> None:
    """All searches that are not there yet."""
    for name in SEARCHES:
        for seed in range(min(seeds, SLOW.get(name, seeds))):
            runs.once((SPACE, name, seed), lambda name=name, seed=seed: search(table, name, seed))  # type: ignore[misc]


def report(runs: Runs, table: Table, folder: Path) -> list[str]:
    """A table, and the picture `accel_nasbench.png`."""
    points = everything(table)
    reference = points.max(0)
    whole = hypervolume(points, ref=reference)
    heads = " | ".join(f"hypervolume @{at}" for at in AT)
    out = [
        f"## {SPACE}: {table.rungs[-1].column} against {COLUMN}, {QUERIES} queries",
        "",
        f"Share of the hypervolume of all {len(table):,} networks, counted from the worst of the table "
        f"({-reference[0]:.2f} % and {-reference[1]:,.0f} images a second); mean and its 95 % interval.",
        "",
        f"| search | {heads} | ms a proposal | seeds |",
        "|---|---|---|---|---|---|",
    ]
    curves = {}
    for name, lines in runs.by_name(SPACE).items():
        found = np.array(
            [[hypervolume(points[line["rows"][:at]], ref=reference) for at in range(1, QUERIES + 1)] for line in lines]
        )
        shares = curves[f"{name} (n = {len(lines)})"] = found / whole
        cells = [f"{shares[:, at - 1].mean():.3f} ± {half_interval(shares[:, at - 1]):.3f}" for at in AT]
        thinking = 1000 * np.mean([line["thinking"] for line in lines])
        out.append(f"| {name} | {' | '.join(cells)} | {thinking:.0f} | {len(lines)} |")
    if curves:
        from nas.report.curves import plot_curves

        plot_curves(curves, folder / f"{SPACE}.png", "share of the hypervolume of the whole table")
    return [*out, ""]
