"""Whether a search that learns from an earlier one on other data finds good networks sooner, and what a bad past costs.

    NAS_SHARED=../shared .venv/bin/python results/predictor/learn_from/run.py [--seeds 10] [--seconds 600]

Replays of NAS-Bench-201. The past is a guided search of 100 queries on one data set, another for each seed; the search
is a guided one of 50 queries on the other, alone or with that past, with the past's scores shuffled, or reversed. All
searches of a seed are alike until the past speaks. Every search is a line in `runs.jsonl`; a run goes on where the last
stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np

from nas.benchmark.replay import replay
from nas.benchmark.table import Layout, Table, read
from nas.config.earlier_search import EarlierSearch
from nas.strategies.strategy import Settings
from results.machine import describe
from results.runs import write_readme
from search_spaces import SPACES, Task

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
TASKS = {"c10": Task((3, 32, 32), 10), "c100": Task((3, 32, 32), 100)}
PASTS = ("alone", "past", "shuffled past", "reversed past")
LONG, SHORT, AT = 100, 50, (5, 10, 20, 30, 50)


def table_of(data: str) -> Table:
    """Searched by the validation score of the whole training."""
    column = f"{data}_val_200_mean"
    path = SHARED / "bench/nasbench201.csv.gz"
    return read(path, SPACES["nasbench201"](), Layout((column,), f"{data}_test_200", task=TASKS[data]))


def search(table: Table, queries: int, seed: int, earlier: tuple[EarlierSearch, ...] = ()) -> list[int]:
    """Rows of the table in the order in which they were looked up."""
    run = replay(table, "guided", Settings(seed=seed, earlier=earlier), queries=queries)
    return [query.row for query in run.queries]


def past_of(table: Table, name: str, rows: list[int], kind: str, seed: int) -> tuple[EarlierSearch, ...]:
    if kind == "alone":
        return ()
    scores = table.scores()[rows]
    scores = {"shuffled past": np.random.default_rng(seed).permutation(scores), "reversed past": -scores}.get(
        kind, scores
    )
    return (EarlierSearch("replayed", name, tuple(table.decisions[row] for row in rows), tuple(map(float, scores))),)


def collect(seeds: int, limit: float) -> None:
    file = HERE / "runs.jsonl"
    known = {tuple(json.loads(line)["key"]) for line in file.read_text().splitlines()} if file.exists() else set()
    tables = {name: table_of(name) for name in TASKS}
    began = time.monotonic()
    for seed in range(seeds):
        for source, target in (("c10", "c100"), ("c100", "c10")):
            missing = [kind for kind in PASTS if (target, kind, seed) not in known]
            if not missing or time.monotonic() - began > limit:
                continue
            past = search(tables[source], LONG, 1000 + seed)
            for kind in missing:
                pasts = past_of(tables[source], source, past, kind, seed)
                rows = search(tables[target], SHORT, seed, pasts)
                with file.open("a") as out:
                    out.write(json.dumps({"key": (target, kind, seed), "rows": rows}) + "\n")


def report() -> str:
    lines = [json.loads(line) for line in (HERE / "runs.jsonl").read_text().splitlines()]
    out = [f"Taken on: {describe('numpy', 'scikit-learn', 'optuna')}.", ""]
    for target in TASKS:
        table = table_of(target)
        scores = table.scores()
        out += [
            f"## A search on {target} of NAS-Bench-201",
            "",
            "Regret: what the best network found lacks to the best there is, by validation accuracy in percent; mean "
            "and 95 % interval over seeds.",
            "",
            f"| it learns from | {' | '.join(f'regret @{at}' for at in AT)} | best found | seeds |",
            f"|{'---|' * (len(AT) + 3)}",
        ]
        for kind in PASTS:
            runs = [line["rows"] for line in lines if line["key"][:2] == [target, kind]]
            if not runs:
                continue
            curves = scores.max() - np.maximum.accumulate(scores[np.array(runs)], axis=1)
            half = 1.96 * curves.std(0, ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.full(SHORT, np.nan)
            cells = " | ".join(f"{curves[:, at - 1].mean():.2f} ± {half[at - 1]:.2f}" for at in AT)
            out.append(f"| {kind} | {cells} | {(curves[:, -1] <= 0).sum()}/{len(runs)} | {len(runs)} |")
        out.append("")
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    chosen = parser.parse_args()
    collect(chosen.seeds, chosen.seconds)
    text = report()
    print(text)
    write_readme(HERE, "Learning from earlier searches", text)


if __name__ == "__main__":
    main()
