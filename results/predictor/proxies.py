"""Our proxies against published ones, and against the accuracy, on nasbench201 with CIFAR-10 batches.

    NAS_SHARED=../shared .venv/bin/python results/predictor/proxies.py [--architectures 300] [--batch 16] [--cells 1]

Appends one line for each architecture to `proxies.jsonl` and goes on where it stopped; writes `proxies.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))

import numpy as np
import pandas
import torch
from scipy.stats import spearmanr

from predictors.proxies import PROXIES, measure
from search_spaces import Task
from search_spaces.catalog.nasbench201 import from_string, nasbench201

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parent.parent.parent / "shared"))
TASK = Task((3, 32, 32), 10)
PUBLISHED = {
    name: f"zc_c10_{name}"
    for name in ("synflow", "jacov", "nwot", "snip", "grad_norm", "grasp", "fisher", "zen", "l2_norm")
}


def batch(count: int) -> tuple[np.ndarray, np.ndarray]:
    data = np.load(SHARED / "data/images/cifar10_10k.npz")
    chosen = np.random.default_rng(0).choice(len(data["x_train"]), count, replace=False)
    pictures = data["x_train"][chosen].transpose(0, 3, 1, 2).astype(np.float32) / 255
    mean, std = pictures.mean((0, 2, 3), keepdims=True), pictures.std((0, 2, 3), keepdims=True)
    return (pictures - mean) / std, data["y_train"][chosen].astype(int)


def collect(table: pandas.DataFrame, count: int, size: int, cells: int, limit: float, names: list[str]) -> None:
    """Measures until `count` are there or `limit` seconds have gone."""
    file = HERE / "proxies.jsonl"
    known = {_key(line) for line in map(json.loads, file.read_text().splitlines())} if file.exists() else set()
    live = table[table.zc_c10_synflow.notna()].sample(count, random_state=0)
    inputs, targets = batch(size)
    space, began = nasbench201(cells=cells), time.monotonic()
    for _index, row in live.iterrows():
        if (int(row["index"]), cells, size) in known or time.monotonic() - began > limit:
            continue
        architecture = space.replay(from_string(row.arch_str))
        line = {"index": int(row["index"]), "batch": size, "cells": cells, "values": {}, "seconds": {}}
        for name in names:
            start = time.process_time()
            line["values"].update(measure(architecture, TASK, inputs, targets, names=[name]))
            line["seconds"][name] = round(time.process_time() - start, 3)
        with file.open("a") as out:
            out.write(json.dumps(line) + "\n")


def _key(line: dict[str, Any]) -> tuple[int, int, int]:
    return line["index"], line["cells"], line["batch"]


def report(table: pandas.DataFrame) -> str:
    """A table for each number of cells and size of batches."""
    groups: dict[tuple[int, ...], list[dict[str, Any]]] = {}
    for line in map(json.loads, (HERE / "proxies.jsonl").read_text().splitlines()):
        groups.setdefault(_key(line)[1:], []).append(line)
    return "\n\n".join(_table(table, lines) for lines in groups.values())


def _table(table: pandas.DataFrame, lines: list[dict[str, Any]]) -> str:
    rows = table.set_index("index").loc[[line["index"] for line in lines]]
    out = [
        f"Spearman on {len(lines)} architectures of nasbench201 without dead branches, {lines[0]['cells']} of the "
        f"benchmark's 5 cells a stage, batches of {lines[0]['batch']} CIFAR-10 pictures, one seed.",
        "",
        "| proxy | ours and published | ours and accuracy | published and accuracy | CPU s |",
        "|---|---|---|---|---|",
    ]
    for name in lines[0]["values"]:
        ours = np.array([line["values"][name] for line in lines], dtype=float)
        with_test = spearmanr(ours, rows.c10_test_200, nan_policy="omit").statistic
        cost = np.mean([line["seconds"][name] for line in lines])
        if name in PUBLISHED:
            theirs = rows[PUBLISHED[name]]
            both = f"{spearmanr(ours, theirs, nan_policy='omit').statistic:.3f}"
            their_test = f"{spearmanr(theirs, rows.c10_test_200).statistic:.3f}"
        else:
            both = their_test = "-"
        out.append(f"| {name} | {both} | {with_test:.3f} | {their_test} | {cost:.2f} |")
    counts = ((name, spearmanr(rows[name], rows.c10_test_200).statistic) for name in ("c10_params_M", "c10_flops_M"))
    out += [f"| ({name}) | - | {value:.3f} | - | - |" for name, value in counts]
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--architectures", type=int, default=300)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--names", nargs="*", default=list(PROXIES))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    table = pandas.read_csv(SHARED / "bench/nasbench201.csv.gz")
    collect(table, chosen.architectures, chosen.batch, chosen.cells, chosen.seconds, chosen.names)
    text = report(table)
    print(text)
    notes = HERE / "proxies_notes.md"
    (HERE / "proxies.md").write_text(text + "\n" + ("\n" + notes.read_text() if notes.exists() else ""))


if __name__ == "__main__":
    main()
