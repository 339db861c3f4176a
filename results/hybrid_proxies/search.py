"""Whole searches with and without `--proxies`: what they find with equal numbers of trainings.

    NAS_SHARED=../shared .venv/bin/python results/hybrid_proxies/search.py [--seeds 6]

`hybrid` on CIFAR-10-10k, where proxies helped the predictor, at half resolution: 4,000 training examples, 1,000 for
validation, `TRIALS` trials of 5 epochs in process. The best of each search is trained anew for twice as many epochs,
with two seeds, and scored on 3,000 other examples. Each search is a line in `searches.jsonl`; the table is `search.md`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import torch

import nas
from nas.config.recipe import Fidelity
from nas.data import Split, load
from nas.training.loop import begin
from results.machine import describe
from results.runs import Runs, half_interval, taken_at

SHARED = Path(os.environ.get("NAS_SHARED", ROOT.parent / "shared"))
TRIALS, EPOCHS, AGAIN = 40, 5, 2
RECIPE = nas.TrainingConfig(fidelity=Fidelity(resolution=0.5))


def search(arrays: tuple[np.ndarray, np.ndarray], others: Split, proxies: bool, seed: int) -> dict[str, Any]:
    """Scores of all candidates, CPU seconds, and what the best comes to when it is trained anew."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        result = nas.search(
            arrays, "hybrid", f"{TRIALS} trials", directory=Path(folder) / "s", seed=seed, proxies=proxies,
            epochs=EPOCHS, training=RECIPE, limits={"macs": 2_000_000}, executor="local", tracking_uri="", final=False,
        )  # fmt: skip
        seconds = time.process_time() - began
    held_out = replace(load(arrays).search, validation=others)
    tests = []
    for turn in range(AGAIN):
        training = begin(result.best.architecture, held_out, RECIPE, epochs=2 * EPOCHS, seed=turn)
        tests.append([training.epoch().score for _ in range(2 * EPOCHS)][-1])
    by_predictor = [one.score for one in result.candidates if one.source == "predictor" and one.usable]
    return {
        "score": result.best.score,
        "test": statistics.mean(tests),
        "seconds": seconds,
        "by_predictor": len(by_predictor),
        "mean_by_predictor": statistics.mean(by_predictor) if by_predictor else None,
    }


def table(lines: Sequence[dict[str, Any]]) -> str:
    """What each search found, and the difference between the two kinds."""
    out = [
        "| seed | proxies | CPU seconds | proposed by the predictor | their mean score | best | trained anew, test |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        seed, proxies = line["key"]
        mean = "-" if line["mean_by_predictor"] is None else f"{line['mean_by_predictor']:.3f}"
        found = f"{line['by_predictor']} | {mean} | {line['score']:.3f} | {line['test']:.3f}"
        out.append(f"| {seed} | {'on' if proxies else 'off'} | {line['seconds']:.0f} | {found} |")
    known = {tuple(line["key"]): line for line in lines}
    pairs = [(known[seed, True], known[seed, False]) for seed, on in known if on and (seed, False) in known]
    for name in ("score", "test"):
        gains = np.array([on[name] - off[name] for on, off in pairs])
        out += ["", f"On minus off, `{name}`: {gains.mean():+.4f} ± {half_interval(gains):.4f} ({len(gains)} pairs)."]
    return "\n".join([*out, "", f"Taken on: {describe('torch', 'numpy', 'scikit-learn')}; at {taken_at(lines)}.", ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=6)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    whole = load(SHARED / "data/images/cifar10_10k.npz").search
    x, y = whole.train.inputs, whole.train.targets
    arrays, others = (x[:5000], y[:5000]), Split(x[5000:], y[5000:])
    runs = Runs([HERE / "searches.jsonl"])
    for seed in range(chosen.seeds):
        for proxies in (False, True):
            runs.once((seed, proxies), lambda p=proxies, s=seed: search(arrays, others, p, s))  # type: ignore[misc]
    (HERE / "search.md").write_text(table(runs.lines))
    print(table(runs.lines))


if __name__ == "__main__":
    main()
