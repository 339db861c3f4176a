"""One vector for each category of a table against one for each of its words: score and seconds of equally many epochs.

    NAS_SHARED=../shared .venv/bin/python results/recipes/columns.py [--seeds 2] [--epochs 6]

The known designs of `tabular` that embed columns, trained on the training split of adult (8 categories of up to 42
words), scored on the validation split; the test part stays sealed. Each run is a line of `columns.jsonl`; a run goes on
where the last stopped. Writes `columns.md`.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import torch

from nas.config.recipe import TrainingConfig
from nas.data.load import load
from nas.training.loop import begin
from results.machine import describe
from results.runs import Runs
from search_spaces import SPACES

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data" / "tables"
DESIGNS = ("mlp_plr", "ft_transformer", "tabm_mini_piecewise")
WAYS = ("a vector a category", "a vector a word")


def trained(data: Any, design: str, way: str, epochs: int, seed: int) -> dict[str, Any]:
    """Best and last score, and CPU seconds of an epoch."""
    if way == WAYS[1]:
        data = dataclasses.replace(data, task=dataclasses.replace(data.task, columns=()))
    training = begin(SPACES["tabular"]().known[design], data, TrainingConfig(), epochs=epochs, seed=seed)
    began = time.process_time()
    scores = [training.epoch().score for _ in range(epochs)]
    each = (time.process_time() - began) / epochs
    return {"best": max(scores), "last": scores[-1], "cpu_seconds": round(each, 2)}


def table(runs: Runs) -> str:
    out = ["| design | tokens | epochs | seeds | best | last | CPU seconds of an epoch |", "|---" * 7 + "|"]
    keys = sorted({tuple(line["key"][:3]) for line in runs.lines})
    for design, way, epochs in keys:
        some = [line for line in runs.lines if line["key"][:3] == [design, way, epochs]]
        best, last, seconds = (sum(line[what] for line in some) / len(some) for what in ("best", "last", "cpu_seconds"))
        out.append(f"| {design} | {way} | {epochs} | {len(some)} | {best:.4f} | {last:.4f} | {seconds:.1f} |")
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = load(SHARED / "adult-train.csv").search
    runs = Runs([HERE / "columns.jsonl"], asked.seconds)
    for seed in range(asked.seeds):
        for design in DESIGNS:
            for way in WAYS:
                key = (design, way, asked.epochs, seed)
                runs.once(key, lambda d=design, w=way, s=seed: trained(data, d, w, asked.epochs, s))
                print(*key, flush=True)
    text = "# Vectors for the categories of a table\n\nAccuracy on the validation split of adult, means over seeds. "
    text += f"{describe('torch')}.\n\n{table(runs)}\n"
    (HERE / "columns.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
