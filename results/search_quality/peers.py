"""NePS and Syne Tune on the same recorded benchmarks, at the same number of queries. Runs in an environment of its own.

    python3.11 -m venv PEERS && PEERS/bin/pip install syne-tune[basic]==0.16 neural-pipeline-search==0.17 pandas
    NAS_SHARED=../shared PEERS/bin/python results/search_quality/peers.py [--seeds 20] [--seconds 600]

Imports nothing of ours: decisions are plain categorical parameters, and scores are looked up in the CSV file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("NAS_SHARED", HERE.parent.parent.parent / "shared"))
QUERIES = 100
Options = dict[str, list[str]]
Key = tuple[str, ...]


def benchmarks() -> Iterator[tuple[str, Options, dict[Key, int], np.ndarray]]:
    """Name, options of each decision, row of each combination, validation scores."""
    table = pandas.read_csv(SHARED / "bench/nasbench201.csv.gz")
    keys = [tuple(re.findall(r"([a-z0-9_]+)~\d", text)) for text in table.arch_str]
    ops = sorted({op for key in keys for op in key})
    edges = {f"edge{place}": ops for place in range(6)}
    yield "nasbench201", edges, {key: row for row, key in enumerate(keys)}, table.c100_val_200_mean.to_numpy()
    table = pandas.read_csv(SHARED / "bench/nasbench_macro.csv.gz", dtype={"arch": str})
    places = {f"place{place}": ["0", "1", "2"] for place in range(8)}
    yield "nasbench_macro", places, {tuple(text): row for row, text in enumerate(table.arch)}, table.acc1.to_numpy()


def syne_tune(name: str) -> Callable[[Options, Callable[[Key], float], int], float]:
    """A Syne Tune searcher, asked and told directly; returns its seconds."""

    def run(options: Options, evaluate: Callable[[Key], float], seed: int) -> float:
        import datetime

        from syne_tune.backend.trial_status import Trial
        from syne_tune.config_space import choice
        from syne_tune.optimizer.schedulers.single_objective_scheduler import SingleObjectiveScheduler

        space = {path: choice(values) for path, values in options.items()}
        scheduler = SingleObjectiveScheduler(space, metric="score", do_minimize=False, searcher=name, random_seed=seed)
        thinking = 0.0
        for number in range(QUERIES):
            began = time.perf_counter()
            suggestion = scheduler.suggest()
            thinking += time.perf_counter() - began
            trial = Trial(number, suggestion.config, datetime.datetime.now())
            score = evaluate(tuple(suggestion.config[path] for path in options))
            scheduler.on_trial_add(trial)
            began = time.perf_counter()
            scheduler.on_trial_complete(trial, {"score": score})
            thinking += time.perf_counter() - began
        return thinking

    return run


def neps(name: str) -> Callable[[Options, Callable[[Key], float], int], float]:
    """A NePS optimizer through its own run loop, whose whole overhead counts."""

    def run(options: Options, evaluate: Callable[[Key], float], seed: int) -> float:
        import logging
        import random
        import tempfile

        import neps as library
        import torch

        logging.disable(logging.WARNING)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - NePS draws from the global generators
        torch.manual_seed(seed)
        choices = {path: library.Categorical(choices=tuple(values)) for path, values in options.items()}
        globals()["Decisions"] = space = type("Decisions", (library.PipelineSpace,), choices)  # it pickles the class
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            library.run(
                lambda **config: -evaluate(tuple(config[path] for path in options)),
                pipeline_space=space(),
                root_directory=f"{folder}/run",  # a folder that is there already counts as an old run
                optimizer=name,
                total_evaluations_to_spend=QUERIES,
            )
        return time.perf_counter() - began

    return run


PEERS = {
    "Syne Tune TPE (KDE)": syne_tune("kde"),
    "Syne Tune evolution": syne_tune("regularized_evolution"),
    "NePS evolution": neps("neps_regularized_evolution"),
    "NePS Bayesian optimisation": neps("bayesian_optimization"),
}
SLOW = {"NePS Bayesian optimisation": 3}  # seeds; minutes a search


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    file = HERE / "peers.jsonl"
    known = {tuple(json.loads(line)["key"]) for line in file.read_text().splitlines()} if file.exists() else set()
    began = time.monotonic()
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    commit = said.stdout.strip()
    for bench, options, rows, scores in benchmarks():
        for name, search in PEERS.items():
            for seed in range(min(chosen.seeds, SLOW.get(name, chosen.seeds))):
                if (bench, name, seed) in known or chosen.only not in name or time.monotonic() - began > chosen.seconds:
                    continue
                asked: list[int] = []

                def evaluate(key: Key, asked: list[int] = asked, rows: dict[Key, int] = rows) -> float:
                    asked.append(rows[key])
                    return float(scores[asked[-1]])  # noqa: B023 - called within the loop's body

                thinking = search(options, evaluate, seed)
                line: dict[str, Any] = {
                    "key": [bench, name, seed],
                    "rows": asked[:QUERIES],
                    "thinking": thinking / QUERIES,
                    "commit": commit,
                }
                with file.open("a") as out:
                    out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
