"""The best network of a small random search against ensembles of its best, on the test part.

    NAS_SHARED=../shared python results/training/ensembles/run.py

Twelve random architectures of a space are trained; the best one by validation score stands against ensembles of 3 and
of 5 of them, chosen greedily on the validation split. Test scores, with the number of test examples.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import torch

import nas.data
from nas.config.recipe import TrainingConfig
from nas.training.ensemble import average, select
from nas.training.health import Diverged
from nas.training.inference import outputs
from nas.training.loop import begin
from nas.training.score import score
from search_spaces import SPACES
from search_spaces.profile import profile

HERE = Path(__file__).parent
CANDIDATES = 12
SETS = (
    ("digits", "hybrid", 4),
    ("images/fashion_mnist_10k.npz", "hybrid", 2),
    ("series/JapaneseVowels.npz", "cnn", 12),
)


def main() -> None:
    torch.set_num_threads(1)
    lines = [
        "| data | space | test examples | best single | ensemble of 3 | ensemble of 5 |",
        "|---|---|---|---|---|---|",
    ]
    for name, space, epochs in SETS:
        path = name if name == "digits" else Path(os.environ["NAS_SHARED"]) / "data" / name
        dataset = nas.data.load(path)
        data, task, test = dataset.search, dataset.task, dataset.test.open()
        found: list[tuple[float, np.ndarray, np.ndarray]] = []
        rng = random.Random(0)
        while len(found) < CANDIDATES:
            architecture = SPACES[space]().sample(rng, task)
            if profile(architecture, task).macs > 2_000_000:
                continue
            training = begin(architecture, data, TrainingConfig(), epochs=epochs, seed=len(found))
            try:
                reports = [training.epoch() for _ in range(epochs)]
            except Diverged:
                continue
            both = (outputs(training.network, part.inputs, data) for part in (data.validation, test))
            found.append((reports[-1].score, *both))
        found.sort(key=lambda candidate: -candidate[0])
        validation = [candidate[1] for candidate in found]
        tests = [candidate[2] for candidate in found]
        results = [score(task, tests[0], test.targets)]
        for size in (3, 5):
            members = select(validation, data.validation.targets, task, size)
            results.append(score(task, average([tests[i] for i in members], task), test.targets))
        single, three, five = results
        lines.append(f"| {dataset.name} | {space} | {len(test)} | {single:.4f} | {three:.4f} | {five:.4f} |")
        print(lines[-1], flush=True)
        (HERE / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
