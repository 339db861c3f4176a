"""Trainings on a CUDA device: number formats, recorded steps, memory against its prediction, several on one GPU.

    NAS_SHARED=../shared .venv/bin/python results/gpu/run.py

Samples of named spaces on CIFAR-10-10k. Seconds are of an epoch on 8,000 pictures after one to warm up, validation
included. `table.md` is written beside this script.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import torch

from nas.config.recipe import TrainingConfig
from nas.data import load
from nas.execution.placement import gpu_share
from nas.training.loop import begin
from nas.training.memory import predicted
from results.machine import describe
from search_spaces import SPACES, Architecture
from search_spaces.profile import profile

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data"
PICTURES = SHARED / "images/cifar10_10k.npz"
BATCH, EPOCHS = 128, 2
FORMATS = ("float32", "bf16", "fp16", "auto")
TOGETHER = (1, 2, 4)


def networks(task: Any) -> dict[str, Architecture]:
    found = {
        "cnn resnet9": SPACES["cnn"]().known["wide_resnet9"],
        "residual resnet20": SPACES["residual"]().known["resnet20"],
    }
    for name in ("hybrid", "transformer"):
        found[f"{name}, a sample"] = SPACES[name]().sample(random.Random(1), task)
    return found


def epochs(architecture: Architecture, data: Any, device: str, **recipe: Any) -> tuple[float, float]:
    """Seconds of the median epoch after the first, and the last score."""
    training = begin(
        architecture, data, TrainingConfig(batch_size=BATCH, **recipe), epochs=EPOCHS, seed=0, device=device
    )  # fmt: skip
    reports = [training.epoch() for _ in range(EPOCHS)]
    return statistics.median(report.seconds for report in reports[1:]), reports[-1].score


def formats(data: Any, device: str) -> list[str]:
    out = [
        "| network | parameters | format | seconds an epoch | recorded steps (`cuda_graph`) | score |",
        "|---|---|---|---|---|---|",
    ]
    for name, architecture in networks(data.task).items():
        size = profile(architecture, data.task).parameters
        for one in FORMATS:
            seconds, score = epochs(architecture, data, device, precision=one)
            try:
                graph = f"{epochs(architecture, data, device, precision=one, cuda_graph=True)[0]:.2f}"
            except Exception as error:
                graph = f"failed: {type(error).__name__}: {str(error)[:80]}"
            out.append(f"| {name} | {size:,} | {one} | {seconds:.2f} | {graph} | {score:.4f} |")
    return out


def memory(data: Any, device: str) -> list[str]:
    out = [
        "| network | format | predicted peak, MiB | measured, MiB | share of this GPU |",
        "|---|---|---|---|---|",
    ]
    whole = torch.cuda.get_device_properties(0).total_memory
    for name, architecture in networks(data.task).items():
        for one in ("float32", "bf16"):
            recipe = TrainingConfig(batch_size=BATCH, precision=one)
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            training = begin(architecture, data, recipe, epochs=1, seed=0, device=device)
            training.epoch()
            measured = torch.cuda.max_memory_allocated() - before
            expected = predicted(architecture, data.task, recipe, BATCH).peak
            share = gpu_share(expected, whole)
            out.append(f"| {name} | {one} | {expected / 2**20:.0f} | {measured / 2**20:.0f} | {share:g} |")
            del training
    return out


def _beside(device: str, ready: Any, go: Any, found: Any) -> None:
    data = load(PICTURES).search
    architecture = networks(data.task)["cnn resnet9"]
    training = begin(architecture, data, TrainingConfig(batch_size=BATCH), epochs=6, seed=0, device=device)
    training.epoch()
    ready.release()
    go.wait()
    began = time.monotonic()
    for _ in range(5):
        training.epoch()
    found.put(time.monotonic() - began)


def together(data: Any, device: str) -> list[str]:
    out = ["| trainings at once on one GPU | seconds an epoch of each | epochs a second, all |", "|---|---|---|"]
    context = multiprocessing.get_context("spawn")
    for count in TOGETHER:
        ready, go, found = context.Semaphore(0), context.Event(), context.Queue()
        started = [context.Process(target=_beside, args=(device, ready, go, found)) for _ in range(count)]
        for one in started:
            one.start()
        for _ in started:
            ready.acquire()
        go.set()
        seconds = [found.get() / 5 for _ in started]
        for one in started:
            one.join()
        out.append(f"| {count} | {statistics.mean(seconds):.2f} | {count / statistics.mean(seconds):.2f} |")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    device = parser.parse_args().device
    data = load(PICTURES).search
    card = torch.cuda.get_device_name(0) if device == "cuda" else "CPU"
    out = ["# Trainings on a GPU", "", f"{card}; {describe('torch')}."]
    sections = {"Several trainings on one GPU": together, "Memory": memory, "Number formats": formats}
    for title, section in sections.items():
        if device == "cuda" or section is not memory:
            out += ["", f"## {title}", "", *section(data, device)]
            (HERE / "table.md").write_text("\n".join(out) + "\n")  # as far as it has come


if __name__ == "__main__":
    main()
