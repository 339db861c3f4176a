"""What makes the last training of a search better: recipe, design, and whether it may go on from weights that exist.

    NAS_SHARED=../shared .venv/bin/python results/recipes/last_training.py [--device cuda] [--workers 12]

ResNet-9 on CIFAR-10-10k, for several numbers of epochs. Trained on the training split, scored on the validation split;
the test part stays sealed. Each run is a line in `last_training.jsonl`; a run goes on where the last stopped. With
`--time` the seconds of an epoch on this processor are measured instead, on as many threads as the process may use.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import multiprocessing
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np
import torch
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.data import load
from nas.training.loop import Training, begin
from results.runs import half_interval
from search_spaces import Space
from search_spaces.cells import ConvStage, Downsample, Head, Stem

DATA = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data/images/cifar10_10k.npz"
RUNS = HERE / "last_training.jsonl"
WIDE = (Stem(32), ConvStage(64, depth=2), Downsample(128), ConvStage(depth=2), Downsample(128, "max"), Head("max"))


def resnet9(width: int, init: str = "default", activation: str = "relu") -> tuple[Any, ...]:
    """As in https://github.com/davidcpage/cifar10-fast, so many channels in place of 64."""
    more = {"init": init, "activation": activation}
    return (
        Stem(width, activation=activation),
        ConvStage(2 * width, depth=2, **more),
        ConvStage(4 * width, depth=0, **more),
        ConvStage(8 * width, depth=2, **more),
        Head("max"),
    )


DESIGNS = {
    "resnet9 16": resnet9(16),
    "resnet9 24": resnet9(24),
    "resnet9 16 dirac": resnet9(16, "dirac"),
    "resnet9 16 gelu": resnet9(16, activation="gelu"),
    "resnet9 of before": WIDE,
}
AUGMENTED: dict[str, Any] = {"augmentation": "crop+flip"}
ONE_CYCLE = {**AUGMENTED, "optimizer": "sgd", "learning_rate": 0.2, "weight_decay": 5e-4, "ema": 0.0,
             "schedule": "triangular", "warmup": 0.2, "label_smoothing": 0.1, "batch_size": 128}  # fmt: skip
RECIPES: dict[str, dict[str, Any]] = {
    "default": AUGMENTED,
    "one cycle of SGD": ONE_CYCLE,
    "one cycle of SGD, averaging .995": {**ONE_CYCLE, "ema": 0.995},
    "weight decay .05": {**AUGMENTED, "weight_decay": 0.05},
    "weight decay .1": {**AUGMENTED, "weight_decay": 0.1},
    "label smoothing .2": {**AUGMENTED, "label_smoothing": 0.2},
    "batch 64": {**AUGMENTED, "batch_size": 64},
    "batch 250": {**AUGMENTED, "batch_size": 250},
    "mixup .2": {**AUGMENTED, "mixup": 0.2},
    "cutout": {"augmentation": "crop+flip+cutout"},
    "rate .01": {**AUGMENTED, "learning_rate": 0.01},
    "rate .04": {**AUGMENTED, "learning_rate": 0.04},
    "flips averaged": {**AUGMENTED, "test_time_flip": True},
    "flips averaged, weight decay .05": {**AUGMENTED, "test_time_flip": True, "weight_decay": 0.05},
    "smaller pictures first": AUGMENTED,
    "a quarter, then on from its weights": AUGMENTED,
    "half, then on from its weights": AUGMENTED,
}
FIRST = ("default", "one cycle of SGD", "weight decay .05", "smaller pictures first", "flips averaged",
         "a quarter, then on from its weights", "half, then on from its weights")  # fmt: skip
SETTINGS = [
    *[("resnet9 16", name, 28) for name in RECIPES],
    *[("resnet9 16", name, epochs) for epochs in (14, 56) for name in FIRST],
    *[(design, name, 28) for design in DESIGNS if design != "resnet9 16" for name in ("default", "weight decay .05")],
]
SMALLER, SMALLER_UNTIL = 0.75, 0.5  # of the side, of the epochs


class Smaller(nn.Module):
    """Pictures at a share of their side, as long as `on`."""

    def __init__(self) -> None:
        super().__init__()
        self.on = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(x, scale_factor=SMALLER, mode="area") if self.on else x


def started(design: str, name: str, epochs: int, seed: int, device: str) -> Training:
    recipe = TrainingConfig(**RECIPES[name])
    architecture = Space("one", *DESIGNS[design]).sample(random.Random(0))
    return begin(architecture, load(DATA).search, recipe, epochs=epochs, seed=seed, device=device)


def trained(design: str, name: str, epochs: int, seed: int, device: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    began, scores = time.monotonic(), []
    first = {"a quarter, then on from its weights": epochs // 4, "half, then on from its weights": epochs // 2}
    if name in first:
        before = started(design, name, first[name], seed, device)
        scores += [before.epoch().score for _ in range(first[name])]
        training = started(design, name, epochs - first[name], seed + 1000, device)
        training._network.load_state_dict(before.network.state_dict())
        training = _with_average_of(training)
    else:
        training = started(design, name, epochs, seed, device)
    smaller = Smaller()
    if name == "smaller pictures first":
        training._normalize = nn.Sequential(training._normalize, smaller)
    while not training.finished:
        smaller.on = training.epochs_done < SMALLER_UNTIL * epochs
        scores.append(training.epoch().score)
    key = [design, name, epochs, seed]
    return {"key": key, "scores": [round(one, 4) for one in scores], "seconds": round(time.monotonic() - began, 1)}


def _with_average_of(training: Training) -> Training:
    """The averaged weights begin where the weights do."""
    if training._step.average is not None:
        training._step.average.network.load_state_dict(training._network.state_dict())
    return training


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []


def collect(asked: argparse.Namespace) -> None:
    done = {tuple(line["key"]) for line in lines()}
    waiting = [(*one, seed) for seed in range(asked.seeds) for one in SETTINGS if (*one, seed) not in done]
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.workers, mp_context=context) as pool, RUNS.open("a") as out:
        jobs = [pool.submit(trained, *one, asked.device) for one in waiting]
        for job in as_completed(jobs):
            if job.cancelled():
                continue
            out.write(json.dumps({**job.result(), "device": asked.device}) + "\n")
            out.flush()
            if time.monotonic() - began > asked.seconds:
                pool.shutdown(wait=False, cancel_futures=True)
                os._exit(0)


def table() -> str:
    known = lines()
    out = [
        "# The last training",
        "",
        "ResNet-9 on CIFAR-10-10k: 8,000 pictures to train on, score on the 2,000 of the validation split in percent,",
        "mean and 95 % interval over seeds. Trained on one NVIDIA H100 (torch 2.11, Python 3.12).",
        "",
        "| design | recipe | epochs | score | seeds |",
        "|---|---|---|---|---|",
    ]
    for setting in SETTINGS:
        last = 100 * np.array([line["scores"][-1] for line in known if line["key"][:3] == list(setting)])
        if len(last):
            design, name, epochs = setting
            out.append(
                f"| {design} | {name} | {epochs} | {last.mean():.2f} ± {half_interval(last):.2f} | {len(last)} |"
            )
    return "\n".join(out) + "\n"


def seconds_of_epochs() -> None:
    threads = len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    for design in DESIGNS:
        for name in ("default", "one cycle of SGD"):
            training = started(design, name, 3, 0, "cpu")
            took = [training.epoch().seconds for _ in range(3)]
            print(json.dumps({"design": design, "recipe": name, "threads": threads, "seconds": round(min(took), 2)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--time", action="store_true", help="measure the seconds of an epoch on this processor")
    asked = parser.parse_args()
    if asked.time:
        seconds_of_epochs()
        return
    collect(asked)
    (HERE / "last_training.md").write_text(table())


if __name__ == "__main__":
    main()
