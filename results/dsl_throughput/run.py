"""Candidates a second on one core: sample, fingerprint, profile and encode, cold and warm, beside PyGlove and NePS.

    python results/dsl_throughput/run.py [--peers PYTHON]

Writes table.md, throughput.json and throughput.png beside this file. PyGlove and NePS are installed from PyPI into an
environment of their own in a temporary folder, unless `--peers` names an interpreter that has them. Times are CPU times
of one thread, so that other work on the machine disturbs them little.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

import matplotlib as mpl

mpl.use("Agg")
import torch
from machine import describe
from matplotlib import pyplot as plt

from search_spaces import SPACES, Task, profile
from search_spaces.cells.facts import facts
from search_spaces.encoding import encode
from search_spaces.profile import complete

TASKS = {"hybrid": Task((1, 28, 28), 10), "nasbench201": Task((3, 32, 32), 10), "mobilenet_v3": Task((3, 32, 32), 10)}
STEPS = ("sample", "fingerprint", "profile", "encode")
PEERS = ("pyglove==0.4.5", "neural-pipeline-search==0.17.0")
COLD, WARM, REPEATS = 1_000, 3_000, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="an interpreter that has PyGlove and NePS")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warm_up()
    found = {name: measure(name, task) for name, task in TASKS.items()}
    alone = sampling_alone()
    peers = peer_rates(arguments.peers)
    result = {"machine": describe("torch", "numpy"), "spaces": found, "nasbench201_sampling": {"ours": alone, **peers}}
    (HERE / "throughput.json").write_text(json.dumps(result, indent=1) + "\n")
    (HERE / "table.md").write_text(table(result))
    plot(result)
    print(table(result))


def warm_up() -> None:
    """What torch imports and sets up at first use is nobody's candidate."""
    space, task = SPACES["cnn"](), Task((2, 9, 9), 3)
    encode([space.sample(random.Random(0))], space, task)


def measure(name: str, task: Task) -> dict:
    """Candidates a second: cold from nothing known, warm with new samples of a space whose cells are known."""
    space = SPACES[name]()
    start = time.process_time()
    rng = random.Random(0)
    pool = [space.sample(rng) for _ in range(COLD)]
    _ = [architecture.fingerprint for architecture in pool]
    _ = [profile(architecture, task) for architecture in pool]
    encode(pool, space, task)
    cold = COLD / (time.process_time() - start)
    repeats = [warm(space, task, random.Random(seed)) for seed in range(1, REPEATS + 1)]
    best = min(repeats, key=sum)
    return {
        "cold": cold,
        "warm": WARM / sum(best),
        "steps": {step: WARM / seconds for step, seconds in zip(STEPS, best, strict=True)},
        "milliseconds_per_fact": milliseconds_per_fact(pool, task),
    }


def warm(space, task, rng) -> list[float]:
    seconds = []
    start = time.process_time()
    pool = [space.sample(rng) for _ in range(WARM)]
    seconds.append(time.process_time() - start)
    for step in (
        lambda: [architecture.fingerprint for architecture in pool],
        lambda: [profile(architecture, task) for architecture in pool],
        lambda: encode(pool, space, task),
    ):
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return seconds


def milliseconds_per_fact(pool, task) -> float:
    """A new (cell, shape): built and run on the meta device; compound cells count as the parts they are made of."""
    facts.cache_clear()
    wanted = {}
    for architecture in pool:
        shapes = profile(architecture, task).shapes
        wanted.update(dict.fromkeys(zip(complete(architecture.cells, task), shapes, strict=False)))
    facts.cache_clear()
    start = time.process_time()
    for cell, shape in wanted:
        facts(cell, shape)
    return (time.process_time() - start) / facts.cache_info().misses * 1e3


def sampling_alone() -> float:
    space, rng = SPACES["nasbench201"](), random.Random(0)
    space.sample(rng)
    start = time.process_time()
    for _ in range(WARM):
        space.sample(rng)
    return WARM / (time.process_time() - start)


def peer_rates(python: str | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        if python is None:
            venv.create(folder, with_pip=True)
            python = str(Path(folder) / "bin" / "python")
            subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
        command = [python, "-W", "ignore", str(HERE / "peers.py"), str(WARM)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def table(result: dict) -> str:
    lines = ["# Candidates a second on one core", "", f"{result['machine']}.", ""]
    lines += ["| space | cold | warm | " + " | ".join(STEPS) + " | ms per new (cell, shape) |"]
    lines += ["|---|" + "--:|" * (len(STEPS) + 3)]
    for name, row in result["spaces"].items():
        steps = " | ".join(f"{row['steps'][step]:,.0f}" for step in STEPS)
        numbers = f"{row['cold']:,.0f} | **{row['warm']:,.0f}** | {steps} | {row['milliseconds_per_fact']:.2f}"
        lines.append(f"| {name} | {numbers} |")
    lines += ["", f"Cold: {COLD:,} samples from nothing known. Warm: {WARM:,} new samples, best of {REPEATS}.", ""]
    lines += ["Sampling a space of the shape of NAS-Bench-201 alone (ours resolves the whole network of 20 cells):", ""]
    lines += ["| | samples a second |", "|---|--:|"]
    lines += [f"| {name} | {rate:,.0f} |" for name, rate in result["nasbench201_sampling"].items()]
    return "\n".join(lines) + "\n"


def plot(result: dict) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), constrained_layout=True)
    names = list(result["spaces"])
    for shift, kind, colour in ((-0.2, "cold", "#b9c6d6"), (0.2, "warm", "#3b6ea5")):
        heights = [result["spaces"][name][kind] for name in names]
        left.bar([place + shift for place in range(len(names))], heights, 0.4, label=kind, color=colour)
    left.axhline(5_000, color="grey", linewidth=0.8, linestyle="--")
    left.set_xticks(range(len(names)), names)
    left.set_title("sample + fingerprint + profile + encode")
    left.set_ylabel("candidates a second")
    left.legend()
    rates = result["nasbench201_sampling"]
    right.bar(list(rates), list(rates.values()), color=["#3b6ea5", "#b9c6d6", "#b9c6d6"])
    right.set_yscale("log")
    right.set_title("sampling NAS-Bench-201's shape")
    figure.savefig(HERE / "throughput.png", dpi=120)


if __name__ == "__main__":
    main()
