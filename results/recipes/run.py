"""What a recipe is worth, by kind of data: known designs trained for a given number of epochs, one setting changed.

    NAS_SHARED=../shared .venv/bin/python results/recipes/run.py [--device cuda] [--workers 8] [--seeds 3]

Trained on the training split, scored on the validation split; the test part stays sealed. Each run is a line in
`runs.jsonl`; a run goes on where the last stopped.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np
import torch

from nas.config.recipe import TrainingConfig
from nas.data import load
from nas.training.loop import begin
from results.machine import describe
from results.runs import half_interval
from search_spaces import SPACES

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data"
RUNS = HERE / "runs.jsonl"


@dataclass(frozen=True)
class Setting:
    """A data set, a known design of a space, how long it is trained, and what is changed from the first recipe."""

    data: str
    space: str
    design: str
    epochs: int
    recipes: dict[str, dict[str, Any]]


AUGMENTED = {"augmentation": "crop+flip"}
PICTURES = {
    "default of before": {"augmentation": "none"},
    "crop+flip": AUGMENTED,
    "crop+flip+cutout": {"augmentation": "crop+flip+cutout"},
    "label smoothing 0": {**AUGMENTED, "label_smoothing": 0.0},
    "label smoothing .1": {**AUGMENTED, "label_smoothing": 0.1},
    "label smoothing .2": {**AUGMENTED, "label_smoothing": 0.2},
    "mixup .2": {**AUGMENTED, "mixup": 0.2},
    "cutmix 1": {**AUGMENTED, "cutmix": 1.0},
    "triangular": {**AUGMENTED, "schedule": "triangular"},
    "no averaging": {**AUGMENTED, "ema": 0.0},
    "averaging .995": {**AUGMENTED, "ema": 0.995},
    "adamw": {**AUGMENTED, "optimizer": "adamw"},
    "sgd": {**AUGMENTED, "optimizer": "sgd"},
    "weight decay .05": {**AUGMENTED, "weight_decay": 0.05},
    "weight decay .1": {**AUGMENTED, "weight_decay": 0.1},
    "flips averaged": {**AUGMENTED, "test_time_flip": True},
}
SERIES = {
    "default of before": {},
    "jitter+scale": {"augmentation": "jitter+scale"},
    "jitter+scale+mask": {"augmentation": "jitter+scale+mask"},
    "label smoothing .1": {"label_smoothing": 0.1},
    "adamw": {"optimizer": "adamw"},
    "weight decay .1": {"weight_decay": 0.1},
    "mixup .2": {"mixup": 0.2},
    "dropout .2": {"dropout": 0.2},
}
TABLES = {
    "default of before": {},
    "adamw": {"optimizer": "adamw"},
    "label smoothing 0": {"label_smoothing": 0.0},
    "dropout .1": {"dropout": 0.1},
    "dropout .3": {"dropout": 0.3},
    "weight decay .1": {"weight_decay": 0.1},
    "batch 512": {"batch_size": 512},
    "averaging .995": {"ema": 0.995},
}
SETTINGS = [
    Setting("images/cifar10_10k.npz", "cnn", "wide_resnet9", 12, PICTURES),
    Setting("images/cifar10_10k.npz", "cnn", "wide_resnet9", 40, PICTURES),
    Setting("images/fashion_mnist_10k.npz", "cnn", "wide_resnet9", 12, PICTURES),
    Setting("series/ECG5000.npz", "sequence", "inception_time", 60, SERIES),
    Setting("series/ElectricDevices.npz", "sequence", "inception_time", 12, SERIES),
    Setting("series/JapaneseVowels.npz", "sequence", "inception_time", 60, SERIES),
]


def trained(place: int, name: str, seed: int, device: str) -> dict[str, Any]:
    setting = SETTINGS[place]
    torch.set_num_threads(1)
    data = load(SHARED / setting.data).search
    architecture = SPACES[setting.space]().known[setting.design]
    recipe = TrainingConfig(**setting.recipes[name])
    began = time.monotonic()
    training = begin(architecture, data, recipe, epochs=setting.epochs, seed=seed, device=device)
    scores = [round(training.epoch().score, 4) for _ in range(setting.epochs)]
    key = [setting.data, setting.design, setting.epochs, name, seed]
    return {"key": key, "scores": scores, "seconds": round(time.monotonic() - began, 1), "device": device}


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []


def collect(asked: argparse.Namespace) -> None:
    done = {tuple(line["key"]) for line in lines()}
    waiting = [
        (place, name, seed)
        for seed in range(asked.seeds)
        for place, setting in enumerate(SETTINGS)
        for name in setting.recipes
        if asked.only in setting.data
        and (setting.data, setting.design, setting.epochs, name, seed) not in done
        and (SHARED / setting.data).exists()
    ]
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.workers, mp_context=context) as pool, RUNS.open("a") as out:
        jobs = [pool.submit(trained, *one, asked.device) for one in waiting]
        for job in as_completed(jobs):
            if not job.cancelled() and job.exception() is None:
                out.write(json.dumps(job.result()) + "\n")
                out.flush()
            if time.monotonic() - began > asked.seconds:
                pool.shutdown(wait=False, cancel_futures=True)
                break


def table() -> str:
    known = lines()
    devices = ", ".join(sorted({line["device"] for line in known}))
    out = [
        "# Recipes by kind of data",
        "",
        f"{describe('torch')}; trained on: {devices}. Validation accuracy in percent, mean and 95 % interval",
        "over seeds.",
    ]
    for setting in SETTINGS:
        rows = []
        for name in setting.recipes:
            key = [setting.data, setting.design, setting.epochs, name]
            last = 100 * np.array([line["scores"][-1] for line in known if line["key"][:4] == key])
            if len(last):
                rows.append(f"| {name} | {last.mean():.2f} ± {half_interval(last):.2f} | {len(last)} |")
        if rows:
            out += ["", f"## {Path(setting.data).stem}, {setting.design}, {setting.epochs} epochs", ""]
            out += ["| recipe | score | seeds |", "|---|---|---|", *rows]
    return "\n".join(out) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    collect(asked)
    (HERE / "table.md").write_text(table())


if __name__ == "__main__":
    main()
