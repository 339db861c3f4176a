"""Whether training-free scores help the predictor to rank networks of `hybrid` that were trained in full.

    NAS_SHARED=../shared .venv/bin/python results/hybrid_proxies/run.py fashion_mnist_10k

The networks and their scores are those of results/training/rank_fidelity (5 epochs, two seeds, their mean). Proxies are
taken on 32 pictures; they and their CPU seconds are kept in DATA.jsonl, and the table in DATA.md. Compared are `auto`
with and without them: its tau out of fold on all networks, and on the networks left over when it learns from few.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import torch

import nas.data
from nas.data.dataset import TrainingData
from predictors import PREDICTORS
from predictors.metrics import kendall_tau
from predictors.proxies import PROXIES, as_quantiles, measure
from results.machine import describe
from results.runs import write_readme
from results.training.rank_fidelity.networks import MOST_MACS, hybrid_then, networks
from results.training.rank_fidelity.networks import rows as trainings
from search_spaces import Architecture

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
FOLD_SEEDS, SPLITS = 10, 16
BATCH = 32
NAMES = ("expressivity", "snip", "jacov", "progressivity")  # of those that help, chosen after seeing the tables
SETS: dict[str, Sequence[str]] = {"none": (), f"{', '.join(NAMES)} (the four)": NAMES, "all": tuple(PROXIES)}


def batch(data: TrainingData) -> tuple[np.ndarray, np.ndarray]:
    """Training examples as networks see them."""
    rows = np.random.default_rng(0).permutation(len(data.train))[:BATCH]
    mean, std = (np.asarray(one, dtype=np.float32).reshape(-1, 1, 1) for one in (data.mean, data.std))
    return (data.train.inputs[rows].astype(np.float32) - mean) / std, data.train.targets[rows]


def measured(data: TrainingData, name: str, architectures: Sequence[Architecture]) -> list[dict[str, Any]]:
    """Proxies and seconds of each network, taken once."""
    file = HERE / f"{name}.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    inputs, targets = batch(data)
    for architecture in architectures[len(rows) :]:
        row: dict[str, Any] = {}
        for proxy in PROXIES:
            began = time.process_time()
            values = measure(architecture, data.task, inputs, targets, names=(proxy,))
            row[proxy] = [values[proxy], time.process_time() - began]
        rows.append(row)
        with file.open("a") as out:
            out.write(json.dumps(row) + "\n")
    return rows


def block(architectures: Sequence[Architecture], values: dict[str, np.ndarray]) -> dict[str, Callable[..., np.ndarray]]:
    """The extra block of features; none where there are no values."""
    if not values:
        return {}
    quantiles, places = as_quantiles(values), {id(one): place for place, one in enumerate(architectures)}
    return {"proxies": lambda some: quantiles[[places[id(one)] for one in some]]}


def taus(data: TrainingData, architectures: list[Architecture], scores: np.ndarray, extra: Any) -> list[np.ndarray]:
    """Out of fold on all, then on what is left when 10 and 20 are learned from: arrays over seeds."""
    make = lambda seed: PREDICTORS["auto"](space=hybrid_then(), task=data.task, seed=seed, extra=extra)  # noqa: E731
    all_of_them = [kendall_tau(make(s).fit(architectures, scores).out_of_fold.mean, scores) for s in range(FOLD_SEEDS)]
    found = [np.array(all_of_them)]
    for labels in (10, 20):
        each = []
        for seed in range(SPLITS):
            order = np.random.default_rng(seed).permutation(len(scores))
            inside, outside = order[:labels], order[labels:]
            predictor = make(seed).fit([architectures[i] for i in inside], scores[inside])
            each.append(kendall_tau(predictor.predict([architectures[i] for i in outside]).mean, scores[outside]))
        found.append(np.array(each))
    return found


def report(name: str) -> list[str]:
    rows = trainings(name)
    data = nas.data.load(SHARED / f"data/images/{name}.npz").search
    architectures = networks(name, data.task)
    ends = np.array([[row[f"full {seed}"]["epochs"][-1]["averaged"] for seed in (0, 1)] for row in rows])
    scores, found = ends.mean(1), measured(data, name, architectures)
    values = {p: np.array([np.nan if one[p][0] is None else one[p][0] for one in found], dtype=float) for p in PROXIES}
    seconds = {p: float(np.mean([one[p][1] for one in found])) for p in PROXIES}
    counts = {key: kendall_tau(np.array([row[key] for row in rows]), scores) for key in ("parameters", "macs")}
    out = [
        f"## {len(rows)} networks on {name}",
        "",
        f"Kendall's tau with the score: parameters {counts['parameters']:.2f}, multiply-adds {counts['macs']:.2f}; of "
        f"the two seeds with each other {kendall_tau(ends[:, 0], ends[:, 1]):.2f}.",
        "",
        "| proxy | tau | CPU s a network |",
        "|---|---|---|",
        *(
            f"| {p} | {kendall_tau(np.nan_to_num(values[p], nan=-1e30), scores):+.2f} | {seconds[p]:.3f} |"
            for p in sorted(PROXIES, key=lambda p: -kendall_tau(np.nan_to_num(values[p], nan=-1e30), scores))
        ),
        f"| {', '.join(NAMES)} together | | {sum(seconds[name] for name in NAMES):.3f} |",
        "",
        "| features of `auto` | tau out of fold, all | tau on the rest, 10 labels | 20 labels |",
        "|---|---|---|---|",
    ]
    plain: list[np.ndarray] = []
    for label, names in SETS.items():
        each = taus(data, architectures, scores, block(architectures, {one: values[one] for one in names}))
        plain = plain or each
        cells = [
            f"{a.mean():.3f} ({(a - b).mean():+.3f} ± {_half(a - b):.3f})" for a, b in zip(each, plain, strict=True)
        ]
        out.append(f"| proxies: {label} | {' | '.join(cells)} |")
    return [*out, ""]


def _half(values: np.ndarray) -> float:
    return float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", choices=MOST_MACS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    table = [*report(chosen.data), f"Taken on: {describe('torch', 'numpy', 'scikit-learn')}.", ""]
    (HERE / f"{chosen.data}.md").write_text("\n".join(table))
    text = "\n".join((HERE / f"{name}.md").read_text() for name in MOST_MACS if (HERE / f"{name}.md").exists())
    print(text)
    write_readme(HERE, "Training-free scores on hybrid networks", text)


if __name__ == "__main__":
    main()
