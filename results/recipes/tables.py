"""Muon against AdamW on columns of a table: score and seconds of equally many epochs.

    NAS_SHARED=../shared .venv/bin/python results/recipes/tables.py [--seeds 2] [--epochs 8]

Trained on the training split of adult and abalone, scored on the validation split; the test parts stay sealed. Each
run is a line of `tables.jsonl`; a run goes on where the last stopped. Writes `tables.md`.
"""

from __future__ import annotations

import argparse
import json
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
from search_spaces import SPACES

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data" / "tables"
LINES = HERE / "tables.jsonl"
DATA = {"abalone": SHARED / "abalone.csv", "adult": SHARED / "adult-train.csv"}
DESIGNS = ("mlp", "mlp_plr")
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "muon": {"optimizer": "muon"},
    "adamw": {"optimizer": "adamw"},
    "adamw .001": {"optimizer": "adamw", "learning_rate": 0.001},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=8)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    lines = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {tuple(line["key"]) for line in lines}
    known = SPACES["tabular"]().known
    for name, path in DATA.items():
        data = load(path).search
        for seed in range(asked.seeds):
            for design in DESIGNS:
                for optimizer in OPTIMIZERS:
                    key = (name, design, optimizer, asked.epochs, seed)
                    if key in done:
                        continue
                    recipe = TrainingConfig(**OPTIMIZERS[optimizer])
                    training = begin(known[design], data, recipe, epochs=asked.epochs, seed=seed)
                    began = time.process_time()
                    scores = [training.epoch().score for _ in range(asked.epochs)]
                    seconds = round(time.process_time() - began, 2)
                    line = {"key": key, "best": max(scores), "last": scores[-1], "cpu_seconds": seconds}
                    lines.append(line)
                    with LINES.open("a") as file:
                        print(json.dumps(line), file=file)
    LINES.parent.joinpath("tables.md").write_text(table(lines))


def table(lines: list[dict]) -> str:
    head = f"| data | design | epochs | seeds | optimizer | best | last | CPU seconds |\n{'|---' * 8}|\n"
    rows = {}
    for line in lines:
        name, design, optimizer, epochs, _ = line["key"]
        rows.setdefault((name, design, epochs, optimizer), []).append(line)
    body = ""
    for (name, design, epochs, optimizer), some in sorted(rows.items()):
        mean = [sum(one[what] for one in some) / len(some) for what in ("best", "last", "cpu_seconds")]
        numbers = f"{mean[0]:.4f} | {mean[1]:.4f} | {mean[2]:.1f}"
        body += f"| {name} | {design} | {epochs} | {len(some)} | {optimizer} | {numbers} |\n"
    what = "Accuracy (adult) and R² (abalone) on the validation split"
    return f"# Muon against AdamW on tables\n\n{what}, means over seeds. {describe('torch')}.\n\n{head}{body}"


if __name__ == "__main__":
    main()
