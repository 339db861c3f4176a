"""Searches on recorded benchmarks: our strategies, Optuna's samplers, NePS and Syne Tune, at equal numbers of queries.

    NAS_SHARED=../shared .venv/bin/python results/search_quality/run.py [--seeds 20] [--seconds 600]
    python3.11 -m venv PEERS && PEERS/bin/pip install syne-tune[basic]==0.16 neural-pipeline-search==0.17 pandas
    NAS_SHARED=../shared PEERS/bin/python results/search_quality/peers.py --seeds 20

Each search is a line in `runs.jsonl` (peers: `peers.jsonl`); a run goes on where the last stopped.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

import time

import numpy as np

from nas.benchmark.replay import replay
from nas.benchmark.table import RecordedSpace, Table, read_known
from nas.report.curves import plot_curves
from nas.search import LAG
from nas.strategies.strategy import Settings
from results.machine import describe
from results.runs import Runs, half_interval, main, taken_at
from results.search_quality import fronts, short_queries
from results.search_quality.optuna_alone import proposals
from search_spaces import SPACES

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parent.parent.parent / "shared"))
SCORE = ("nasbench201", "nasbench_macro")
BESIDE = f"guided, lag {LAG}"
SEARCHES = ("guided", BESIDE, "evolution", "random", "tpe", "optuna TPE", "optuna GP", "optuna NSGA-II")
SLOW = {"optuna GP": 5}  # seeds; minutes a search
QUERIES = 100


def table_of(name: str) -> Table:
    return read_known(SHARED / f"bench/{name}.csv.gz", SPACES[name]())


def search(table: Table, name: str, seed: int) -> dict[str, Any]:
    """Rows queried, and seconds a proposal."""
    if not name.startswith("optuna"):
        settings = Settings(seed=seed, lag=LAG if name == BESIDE else 0)
        run = replay(table, name.split(",")[0], settings, queries=QUERIES)
        return {"rows": [q.row for q in run.queries], "thinking": float(np.mean([q.thinking for q in run.queries]))}
    space, rows = RecordedSpace.of(table), []
    began = time.perf_counter()
    for trial, proposal, study in proposals(space, name, seed):
        rows.append(space.row(proposal))
        study.tell(trial, -float(table.scores()[rows[-1]]))
        if len(rows) == QUERIES:
            break
    return {"rows": rows, "thinking": (time.perf_counter() - began) / QUERIES}


def collect(runs: Runs, seeds: int) -> None:
    fronts.collect(runs, table_of(fronts.SPACE), seeds)
    for space in SCORE:
        table = table_of(space)
        for name in SEARCHES:
            for seed in range(min(seeds, SLOW.get(name, seeds))):
                runs.once((space, name, seed), lambda name=name, seed=seed: search(table, name, seed))  # type: ignore[misc]  # noqa: B023
    short_queries.collect(runs, table_of(short_queries.SPACE), seeds)


def report(runs: Runs) -> str:
    out = [f"Taken on: {describe('numpy', 'scikit-learn', 'optuna')}; searches at {taken_at(runs.lines)}.", ""]
    for space in SCORE:
        out += whole_queries(runs, space, table_of(space))
    out += short_queries.report(runs, table_of(short_queries.SPACE))
    return "\n".join([*out, *fronts.report(runs, table_of(fronts.SPACE), HERE)])


def whole_queries(runs: Runs, space: str, table: Table) -> list[str]:
    """A table of all searches, and a picture of their regret."""
    scores, tests = table.scores(), table.columns[table.test]
    best = int(scores.argmax())
    out = [
        f"## {space}: {table.rungs[-1].column} searched, {table.test} reported, {QUERIES} queries",
        "",
        f"Best by validation {scores[best]:.2f}, its test {tests[best]:.2f}; best test of all {tests.max():.2f}.",
        "",
        "| search | test @20 | test @50 | test @100 | best found | within (median) | ms a proposal | seeds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    curves = {}
    for name, lines in runs.by_name(space).items():
        rows = np.array([line["rows"] for line in lines])
        chosen = np.array([[row[: at + 1][scores[row[: at + 1]].argmax()] for at in range(QUERIES)] for row in rows])
        curves[f"{name} (n = {len(lines)})"] = scores[best] - scores[chosen]
        when = [int(hits[0]) + 1 for row in rows if len(hits := np.flatnonzero(scores[row] == scores[best]))]
        value = tests[chosen]
        half = half_interval(value[:, -1])
        thinking = 1000 * np.mean([line["thinking"] for line in lines])
        within = f"{np.median(when):.0f}" if when else "-"
        test = f"{value[:, 19].mean():.2f} | {value[:, 49].mean():.2f} | {value[:, -1].mean():.2f} ± {half:.2f}"
        out.append(f"| {name} | {test} | {len(when)}/{len(lines)} | {within} | {thinking:.0f} | {len(lines)} |")
    plot_curves(curves, HERE / f"{space}.png", f"regret of {table.rungs[-1].column}, points", log=True)
    return [*out, ""]


if __name__ == "__main__":
    main(HERE, "Search quality", collect, report, "peers.jsonl")
