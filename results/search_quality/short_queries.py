"""Training seconds to a good test accuracy on nasbench201 c100 when queries may be trainings of 12 epochs."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas.benchmark.replay import Query, replay
from nas.benchmark.table import Table
from nas.strategies.strategy import Settings
from results.runs import Runs

SPACE, KEY, GOOD = "nasbench201", "short queries", 73.3
FACTOR = 20
QUANTILE, NEVER = "averaged_inverted_cdf", 1e12  # seconds; infinity has no mean
MOST = 40  # whole trainings' worth of seconds that a search may spend


def search(table: Table, strategy: str, seed: int) -> dict[str, Any]:
    """12 epochs first; after every FACTOR of them a whole training. Ends when `GOOD` is reached or MOST is spent."""
    last, scores, tests = len(table.rungs) - 1, table.scores(), table.columns[table.test]
    best = -1

    def enough(query: Query) -> bool:
        nonlocal best
        if query.rung == last and (best < 0 or scores[query.row] > scores[best]):
            best = query.row
        return best >= 0 and bool(tests[best] >= GOOD)

    run = replay(
        table,
        strategy,
        Settings(seed=seed),
        queries=1500,
        seconds=MOST * float(np.mean(table.rungs[-1].seconds)),
        rungs=True,
        factor=FACTOR,
        promote=True,
        enough=enough,
    )
    return {
        "seconds": float(run.seconds()[-1]) if best >= 0 and tests[best] >= GOOD else None,
        "queries": sum(query.rung == 0 for query in run.queries),
        "whole": sum(query.rung == last for query in run.queries),
    }


def collect(runs: Runs, table: Table, seeds: int) -> None:
    """All searches that are not there yet."""
    for name in ("guided", "evolution"):
        for seed in range(seeds):
            runs.once((KEY, name, seed), lambda name=name, seed=seed: search(table, name, seed))  # type: ignore[misc]


def report(runs: Runs, table: Table) -> list[str]:
    """A table of the hours that searches need, in the median over seeds."""
    out = [
        f"## Training seconds to a test accuracy of {GOOD} on c100",
        "",
        "| search | reached | median hours | quarters | short trainings | whole trainings |",
        "|---|---|---|---|---|---|",
    ]
    whole = [_seconds(table, line["rows"]) for line in runs.by_name(SPACE).get("guided", [])]
    found = {"guided, whole queries": (whole, "0", "all")} if whole else {}
    for name, lines in runs.by_name(KEY).items():
        made = [f"{np.median([line[part] for line in lines]):.0f}" for part in ("queries", "whole")]
        found[f"{name}, 12 epochs first"] = ([line["seconds"] or np.inf for line in lines], *made)
    for name, (seconds, *made) in found.items():
        low, middle, high = map(_hours, np.quantile(np.minimum(seconds, NEVER), [0.25, 0.5, 0.75], method=QUANTILE))
        reached = f"{np.isfinite(seconds).sum()}/{len(seconds)}"
        out.append(f"| {name} | {reached} | {middle} | {low} to {high} | {' | '.join(made)} |")
    return [*out, ""]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f}" if seconds < NEVER / 2 else "never"


def _seconds(table: Table, rows: list[int]) -> float:
    """Until the best by validation has a good test score; infinite where it never has."""
    scores, tests = table.scores(), table.columns[table.test]
    best = [rows[: at + 1][int(scores[rows[: at + 1]].argmax())] for at in range(len(rows))]
    good = np.flatnonzero(tests[best] >= GOOD)
    return float(table.rungs[-1].seconds[rows[: good[0] + 1]].sum()) if len(good) else np.inf
