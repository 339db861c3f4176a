"""Whole searches by strategy, compared after the final: does `guided` with known designs end with a better network?

    NAS_SHARED=../shared python results/versus/strategies.py [--seeds 0 1 …]

Each is `nas search` of one minute in process on one core. `guided` is as shipped; `pretrained` is `guided` with a
ranking that was learned from other data sets. The others have no known designs, as a person who gives our spaces to
Optuna's TPE, to evolution or to random draws has none; the recipe, the final and the test part are the same. A run goes
on where the last stopped. Processes with different seeds may run at once, one a core.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "cold_start")]

import numpy as np
import torch
from first_trials import left_out

import nas
from results.machine import describe
from results.runs import Runs, half_interval, taken_at

BUDGET, SEEDS = "60s", 10
WAYS = ("guided", "pretrained", "tpe", "evolution", "random")
DATA = {
    "TREC": {"data": "text/TREC.train.all", "test": "text/TREC.test.all"},
    "abalone": {"data": "tables/abalone.csv"},
}
BENCH_NAMES = {"TREC": "trec", "abalone": "abalone"}  # of the same data in results/bench


def searched(data: str, way: str, seed: int, rankings: Path) -> dict[str, Any]:
    """One search: its winner's score on the sealed test, and who that is."""
    ours = way in ("guided", "pretrained")
    predictor = str(left_out(BENCH_NAMES[data], rankings)) if way == "pretrained" else "auto"
    with tempfile.TemporaryDirectory() as folder:
        given = {what: str(Path(os.environ["NAS_SHARED"]) / "data" / path) for what, path in DATA[data].items()}
        found = nas.search(
            **given, budget=BUDGET, strategy="guided" if ours else way, known="auto" if ours else "off",
            predictor=predictor, baselines="off", seed=seed, executor="local", tracking_uri="", export=False,
            directory=f"{folder}/s",
        )  # fmt: skip
    assert found.final is not None
    winner = found.final.winner
    return {
        "test": winner.trial.test_score,
        "validation": winner.validation_score,
        "trials": len(found.candidates),
        "source": winner.trial.source,
    }


def table(runs: Runs) -> str:
    out = [
        "| data | strategy | test accuracy or R², percent, 95 % | `guided` less it | trials | seeds | commit |",
        "|---|---|---|---|---|---|---|",
    ]
    for data in DATA:
        scores = {way: {line["key"][2]: line for line in lines} for way, lines in runs.by_name(data).items()}
        for way in WAYS:
            if way not in scores:
                continue
            lines = list(scores[way].values())
            test = 100 * np.array([line["test"] for line in lines])
            both = sorted(scores[way].keys() & scores["guided"].keys())
            less = 100 * np.array([scores["guided"][seed]["test"] - scores[way][seed]["test"] for seed in both])
            ahead = "" if way == "guided" else f"{less.mean():+.2f} ± {half_interval(less):.2f}"
            trials = np.mean([line["trials"] for line in lines])
            out.append(
                f"| {data} | {way} | {test.mean():.2f} ± {half_interval(test):.2f} | {ahead} | {trials:.0f} "
                f"| {len(lines)} | {taken_at(lines)} |"
            )
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seeds", type=int, nargs="*", default=range(SEEDS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    file = HERE / "strategies.jsonl"
    runs = Runs([file], options.seconds)
    with tempfile.TemporaryDirectory() as rankings:
        for seed in options.seeds:
            for data in DATA:
                for way in WAYS:
                    runs.once((data, way, seed), functools.partial(searched, data, way, seed, Path(rankings)))
                    print(data, way, seed, flush=True)
    text = f"# Strategies, after the final\n\nSearches of {BUDGET} on one core. {describe('torch')}.\n\n"
    text += f"{table(Runs([file]))}\n"
    (HERE / "strategies.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
