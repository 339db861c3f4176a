"""Weights handed on from a trained parent against a fresh start.

    NAS_SHARED=../shared python results/training/inheritance/run.py

Pairs of a random `hybrid` architecture and a mutation of it, Fashion-MNIST-10k (2,000 training examples). The parent is
trained for `EPOCHS` epochs; the child too, once fresh and once with the parent's weights. How many epochs does the heir
need to reach the final score of the fresh child, and does its first epoch rank the children as well as a fresh one's?
Pairs with so little in common that a search would begin afresh are passed over.
"""

from __future__ import annotations

import os
import random
import statistics
from dataclasses import replace
from pathlib import Path

import torch
from scipy.stats import kendalltau

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data import Split
from nas.training.begin import begin
from nas.training.inheritance import nearest
from search_spaces import SPACES
from search_spaces.profile import profile

HERE = Path(__file__).parent
PAIRS, EPOCHS = 10, 4


def main() -> None:
    torch.set_num_threads(1)
    data = nas.data.load(Path(os.environ["NAS_SHARED"]) / "data/images/fashion_mnist_10k.npz").search
    data = replace(data, train=Split(data.train.inputs[:2000], data.train.targets[:2000]))
    space, rng, config = SPACES["hybrid"](), random.Random(0), TrainingConfig()
    lines = [
        "| pair | handed on | parent | fresh child, first epoch | last | heir, first epoch | last "
        "| epochs to the fresh score |",
        "|---|---|---|---|---|---|---|---|",
    ]
    strangers = 0
    fresh_scores, first_fresh, first_heir, last_heir, needed = [], [], [], [], []
    while len(needed) < PAIRS:
        parent = space.sample(rng)
        child = space.mutate(parent, rng)
        if profile(parent, data.task).macs > 1_000_000 or child.fingerprint == parent.fingerprint:
            continue
        if nearest(child, [parent], data.task) is None:
            strangers += 1
            continue
        trained = begin(parent, data, config, epochs=EPOCHS, seed=0)
        score = [trained.epoch().score for _ in range(EPOCHS)][-1]
        fresh = begin(child, data, config, epochs=EPOCHS, seed=1)
        fresh_curve = [fresh.epoch().score for _ in range(EPOCHS)]
        handed_on = (parent, trained.network.state_dict())
        heir = begin(child, data, config, epochs=EPOCHS, seed=1, parent=handed_on)
        curve = [heir.epoch().score for _ in range(EPOCHS)]
        count = next((i for i, value in enumerate(curve, start=1) if value >= fresh_curve[-1]), EPOCHS + 1)
        share = heir.inheritance.share if heir.inheritance else 0.0
        fresh_scores.append(fresh_curve[-1])
        first_fresh.append(fresh_curve[0])
        first_heir.append(curve[0])
        last_heir.append(curve[-1])
        needed.append(count)
        lines.append(
            f"| {len(needed)} | {share:.0%} | {score:.3f} | {fresh_curve[0]:.3f} | {fresh_curve[-1]:.3f} | "
            f"{curve[0]:.3f} | {curve[-1]:.3f} | {count if count <= EPOCHS else 'never'} |"
        )
        print(lines[-1], flush=True)
    lines += [
        "",
        f"{strangers} pairs had too little in common. Epochs to the fresh child's score: median "
        f"{statistics.median(needed):g} of {EPOCHS}; "
        f"{sum(count < EPOCHS for count in needed)} of {PAIRS} heirs need fewer than {EPOCHS}, "
        f"{sum(count > EPOCHS for count in needed)} never get there.",
        f"Mean score after the first epoch: {statistics.mean(first_fresh):.3f} fresh, "
        f"{statistics.mean(first_heir):.3f} as heir; after the last: {statistics.mean(fresh_scores):.3f} and "
        f"{statistics.mean(last_heir):.3f}.",
        "Kendall tau with the fresh child's final score: "
        f"{kendalltau(first_fresh, fresh_scores)[0]:.2f} of its own first epoch, "
        f"{kendalltau(first_heir, fresh_scores)[0]:.2f} of the heir's first, "
        f"{kendalltau(last_heir, fresh_scores)[0]:.2f} of the heir's last ({PAIRS} pairs).",
    ]
    (HERE / "table.md").write_text("\n".join(lines) + "\n")
    print(lines[-1])


if __name__ == "__main__":
    main()
