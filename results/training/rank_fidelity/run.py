"""Which short training puts architectures into the order that full training does, per second spent.

    NAS_SHARED=../shared python results/training/rank_fidelity/run.py fashion_mnist_10k --architectures 40

Architectures are random samples of `hybrid` as it was then (networks.py), of at most 1.2M multiply-adds (CIFAR-10:
2M), on Fashion-MNIST-10k or CIFAR-10-10k. The truth is the validation score after 5 epochs, trained with two seeds.
Rows are appended to DATA.jsonl, so that an interrupted run goes on; table.py reads them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

import nas.data
from nas.config.recipe import Fidelity, TrainingConfig
from nas.training.health import Diverged
from nas.training.inference import predict
from nas.training.loop import Training, begin
from search_spaces.profile import profile

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))

from results.training.rank_fidelity.networks import MOST_MACS, drawn

FULL = 5
PLAIN = TrainingConfig(optimizer="adamw", ema=0.0, precision="float32")
RECIPES: dict[str, tuple[int, TrainingConfig]] = {
    "annealed, 1 epoch": (1, PLAIN),
    "annealed, 2 epochs": (2, PLAIN),
    "annealed, 2 epochs, Muon": (2, replace(PLAIN, optimizer="muon")),
    "constant rate, 2 epochs, averaged weights": (2, replace(PLAIN, schedule="constant", warmup=0.3, ema=0.98)),
    "half resolution, 4 epochs": (4, replace(PLAIN, fidelity=Fidelity(resolution=0.5))),
    "a quarter of the examples, 6 epochs": (6, replace(PLAIN, fidelity=Fidelity(subset=0.25))),
    "half width, 4 epochs": (4, replace(PLAIN, fidelity=Fidelity(width=0.5))),
    "half resolution and width, 6 epochs": (6, replace(PLAIN, fidelity=Fidelity(resolution=0.5, width=0.5))),
}


def plain_score(training: Training) -> float:
    """Score of the weights themselves, beside the averaged ones that the report holds."""
    network = torch.nn.Sequential(training._normalize, training._network)
    result = predict(network, training._validation, layout=training._layout)
    return float((result.argmax(1) == training._validation_targets).float().mean())


def train(architecture, data, epochs: int, config: TrainingConfig, seed: int) -> dict:
    started = time.process_time()
    rows = []
    try:
        training = begin(architecture, data, config, epochs=epochs, seed=seed)
        for _ in range(epochs):
            report = training.epoch()
            plain = plain_score(training) if config.ema else report.score
            rows.append({"score": plain, "averaged": report.score, "seconds": time.process_time() - started})
    except Diverged as error:
        rows.append({"score": 0.0, "averaged": 0.0, "seconds": time.process_time() - started, "reason": str(error)})
    return {"epochs": rows}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", choices=MOST_MACS)
    parser.add_argument("--architectures", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=90)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = nas.data.load(Path(os.environ["NAS_SHARED"]) / f"data/images/{options.data}.npz").search
    path = HERE / f"{options.data}.jsonl"
    known = {json.loads(line)["number"] for line in path.read_text().splitlines()} if path.exists() else set()
    started = time.time()
    for number, architecture in zip(range(1, options.architectures + 1), drawn(options.data, data.task), strict=False):
        if number in known:
            continue
        if time.time() - started > 60 * options.minutes:
            break
        facts = profile(architecture, data.task)
        row = {"number": number, "parameters": facts.parameters, "macs": facts.macs}
        for seed in (0, 1):
            row[f"full {seed}"] = train(architecture, data, FULL, replace(PLAIN, ema=0.98), seed)
        for name, (epochs, config) in RECIPES.items():
            row[name] = train(architecture, data, epochs, config, 2)
        with path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(
            number, round(time.time() - started), [row[n]["epochs"][-1]["score"] for n in row if " " in n], flush=True
        )


if __name__ == "__main__":
    main()
