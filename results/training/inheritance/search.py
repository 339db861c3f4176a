"""Whole searches with and without inherited weights: what they find, and whether inheritance changes the order.

    NAS_SHARED=../shared python results/training/inheritance/search.py

`hybrid`, Fashion-MNIST at half resolution (2,048 training examples, 512 for validation), `TRIALS` trials in process,
the same seeds with and without. The best of each search is trained anew, from fresh weights, for twice as many epochs
over `AGAIN` seeds and scored on 4,000 other examples. For the order, the first seed's candidates are trained in full
from fresh weights: Kendall tau of their scores at the search's first rung with those.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import kendalltau

import nas
from nas.data import Dataset, Split, TrainingData, load
from nas.training.begin import begin
from nas.training.fidelity import Fidelity

HERE = Path(__file__).parent
TRIALS, EPOCHS, SEEDS, AGAIN = 20, 9, 3, 1
RUNG = 1  # EPOCHS / 9
RECIPE = nas.TrainingConfig(fidelity=Fidelity(resolution=0.5))


def opened() -> tuple[tuple[np.ndarray, np.ndarray], Dataset, Split]:
    """Arrays to search on, the same as a data set, and other examples for the test."""
    whole = load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    x, y = whole.train.inputs, whole.train.targets
    arrays = x[:3200], y[:3200]
    return arrays, load(arrays), Split(x[3200:7200], y[3200:7200])


def fresh(one: nas.Candidate, data: TrainingData, epochs: int, seed: int) -> float:
    training = begin(one.architecture, data, RECIPE, epochs=epochs, seed=seed)
    return [training.epoch().score for _ in range(epochs)][-1]


def tau(result: nas.SearchResult, data: TrainingData) -> tuple[float, int]:
    """Of the scores at the first rung with those of full trainings from fresh weights, and of how many candidates."""
    reached = [one for one in result.candidates if len(one.scores) >= RUNG]
    full = [fresh(one, data, EPOCHS, one.seed) for one in reached]
    return float(kendalltau([one.scores[RUNG - 1] for one in reached], full)[0]), len(reached)


def main() -> None:
    torch.set_num_threads(1)
    arrays, dataset, others = opened()
    held_out = replace(dataset.search, validation=others)
    lines = [
        "| seed | weights | heirs | CPU seconds | best in the search | trained anew, test |",
        "|---|---|---|---|---|---|",
    ]
    found: dict[str, list[float]] = {"off": [], "on": []}
    taus = {}
    for seed in range(SEEDS):
        for inherit in ("off", "on"):
            with tempfile.TemporaryDirectory() as folder:
                started = time.process_time()
                result = nas.search(
                    arrays, "hybrid", f"{TRIALS} trials", directory=Path(folder) / "s", seed=seed, inherit=inherit,
                    epochs=EPOCHS, training=RECIPE, limits={"macs": 1_500_000}, executor="local", tracking_uri="",
                    final=False,
                )  # fmt: skip
                seconds = time.process_time() - started
            best = result.best
            again = [fresh(best, held_out, 2 * EPOCHS, turn) for turn in range(AGAIN)]
            found[inherit].append(statistics.mean(again))
            heirs = sum(one.parent is not None for one in result.candidates)
            kind = "inherited" if inherit == "on" else "fresh"
            lines.append(
                f"| {seed} | {kind} | {heirs} | {seconds:.0f} | {best.score:.3f} | {statistics.mean(again):.3f} |"
            )
            print(lines[-1], flush=True)
            if seed == 0:
                taus[inherit] = tau(result, dataset.search)
                print(taus, flush=True)
    off, on = taus["off"], taus["on"]
    lines += [
        "",
        f"Mean of the tests: {statistics.mean(found['off']):.3f} fresh, {statistics.mean(found['on']):.3f} inherited. "
        f"Kendall tau of the scores after epoch {RUNG} with full trainings from fresh weights, seed 0: "
        f"{off[0]:.2f} fresh ({off[1]} candidates), {on[0]:.2f} inherited ({on[1]}).",
    ]
    (HERE / "search.md").write_text("\n".join(lines) + "\n")
    print(lines[-1])


if __name__ == "__main__":
    main()
