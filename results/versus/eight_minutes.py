"""Eight minutes of search beside eight minutes of a fixed ResNet-9, three seeds, one core each, all at once.

    NAS_SHARED=../shared .venv/bin/python results/versus/eight_minutes.py [--run] [--machine "16 cores of …"]

With `--run` every job is started, pinned to a core of its own (`taskset`), and adds a line to `eight_minutes.jsonl`;
the machine needs 12 cores. Without it only `eight_minutes.md` is written anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np

from results.machine import commit, describe
from results.runs import half_interval, taken_at

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data/images"
LINES = HERE / "eight_minutes.jsonl"
SECONDS, SEEDS, DATA = 480, (0, 1, 2), ("cifar10_10k", "fashion_mnist_10k")
PEERS = {"nas_search": ["--executor", "local"], "resnet9": []}
JOBS = [(peer, data, seed) for seed in SEEDS for data in DATA for peer in PEERS]


def run(core: int, job: tuple[str, str, int]) -> dict[str, Any]:
    peer, data, seed = job
    command = ["taskset", "-c", str(core), sys.executable, str(HERE / "peers" / f"{peer}.py")]
    command += [str(SHARED / f"{data}.npz"), "--seconds", str(SECONDS), "--seed", str(seed), *PEERS[peer]]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout
    return {**json.loads(said.strip().splitlines()[-1]), "seed": seed}


def cells(lines: list[dict[str, Any]]) -> list[str]:
    """Scores by seed, their mean and its 95 % interval, and what was trained for how long."""
    lines = sorted(lines, key=lambda line: int(line["seed"]))
    scores = np.array([line["test"] for line in lines])
    trained = ", ".join(f"{line.get('winner', 'ResNet-9')} {line['epochs']:.0f}" for line in lines)
    each = ", ".join(f"{score:.4f}" for score in scores)
    return [each, f"{scores.mean():.4f} ± {half_interval(scores):.4f}", trained]


def table(lines: list[dict[str, Any]]) -> str:
    rows = [
        "| data | peer | test accuracy by seed | mean, 95 % | network, epochs of its last training |",
        "|---" * 5 + "|",
    ]
    for data in DATA:
        found = {peer: [one for one in lines if (one["data"], one["peer"]) == (data, peer)] for peer in PEERS}
        rows += [f"| {data} | {peer} | {' | '.join(cells(some))} |" for peer, some in found.items()]
        ours, theirs = (np.array([one["test"] for one in some]) for some in found.values())
        gap = 100 * (ours.mean() - theirs.mean())
        half = 100 * float(np.hypot(half_interval(ours), half_interval(theirs)))
        rows.append(f"| | **search less ResNet-9** | | **{gap:+.1f} ± {half:.1f} points** | |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--machine", default="")
    asked = parser.parse_args()
    if asked.run:
        where = {"machine": asked.machine or describe("torch"), "commit": commit()}
        with LINES.open("a") as out, ThreadPoolExecutor(len(JOBS)) as pool:
            for one in as_completed([pool.submit(run, core, job) for core, job in enumerate(JOBS)]):
                print(json.dumps({**one.result(), **where}), file=out, flush=True)
    lines = [json.loads(line) for line in LINES.read_text().splitlines()]
    machine = ", ".join(dict.fromkeys(line["machine"] for line in lines))
    (HERE / "eight_minutes.md").write_text(
        "# Eight minutes on one core\n\n`nas search DATA --budget 8m` in process, nothing else said, beside a fixed "
        "ResNet-9 that is trained for the whole time by the field's recipe (`peers/resnet9.py`). Every run on a core "
        f"of its own, all at once: {machine}; commit {taken_at(lines)}. The test parts have 2,000 pictures, so one "
        f"score is known to about 1.6 points on CIFAR-10-10k and 1.2 on Fashion-MNIST-10k.\n\n{table(lines)}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
