"""Searches beside what one would take instead, one after another on one core of this machine.

    NAS_SHARED=../shared .venv/bin/python results/versus/one_core.py [--core 0] [--run]

With `--run` every row of `JOBS` that is not in `one_core.jsonl` yet is started, pinned to that core (`taskset`).
Without it only `one_core.md` is written anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from results.machine import commit, describe

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data"
LINES = HERE / "one_core.jsonl"
CIFAR, FASHION = "images/cifar10_10k.npz", "images/fashion_mnist_10k.npz"
JOBS = (
    ("nas_search", CIFAR, 600),
    ("nas_search", CIFAR, 900),
    ("resnet9", CIFAR, 900),
    ("nas_search", FASHION, 480),
    ("resnet9", FASHION, 480),
    ("nas_search", "series/ElectricDevices.npz", 480),
    ("nas_search", "series/ECG5000.npz", 300),
)
HEAD = ("data", "peer", "seconds", "test accuracy", "trials", "winner", "last epochs", "verdict of the search")


def run(core: int) -> None:
    known = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(line["peer"], line["data"], line["budget"]) for line in known}
    for peer, data, seconds in JOBS:
        if (peer, Path(data).stem, seconds) in done:
            continue
        command = ["taskset", "-c", str(core), sys.executable, str(HERE / "peers" / f"{peer}.py"), str(SHARED / data)]
        command += ["--seconds", str(seconds), *(["--executor", "local"] if peer == "nas_search" else [])]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        line = {**json.loads(said.strip().splitlines()[-1]), "budget": seconds, "commit": commit()}
        with LINES.open("a") as file:
            print(json.dumps(line), file=file)


def table() -> str:
    rows: list[list[Any]] = []
    for line in sorted(map(json.loads, LINES.read_text().splitlines()), key=lambda one: (one["data"], one["peer"])):
        verdict = line.get("verdict", "").partition("; ")[2]
        rows.append([line["data"], line["peer"], f"{line['seconds']:.0f}", line["test"], line.get("trials", ""),
                     line.get("winner", ""), f"{line['epochs']:g}" if "epochs" in line else "", verdict])  # fmt: skip
    body = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    return (
        "# On one core\n\nOne run each, one seed, pinned to one core; the other core did other work. "
        f"{describe('torch')}. Searches are `nas search DATA --budget S` in process. ResNet-9 ends after 60 epochs at "
        "most. A difference of one point between two rows is within what another seed gives.\n\n"
        f"| {' | '.join(HEAD)} |\n{'|---' * len(HEAD)}|\n"
        f"{body}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--run", action="store_true")
    asked = parser.parse_args()
    if asked.run:
        run(asked.core)
    (HERE / "one_core.md").write_text(table())


if __name__ == "__main__":
    main()
