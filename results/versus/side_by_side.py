"""Several peers at once, each on two cores of its own: quicker than `run.py`, and only as fair as the cores are alike.

    NAS_SHARED=../shared .venv/bin/python results/versus/side_by_side.py [--seconds 470] [--run]

With `--run` every row of `JOBS` is started, pinned to its cores (`taskset`), and adds a line to `side_by_side.jsonl`;
the machine needs two cores for each row. Without it only `side_by_side.md` is written anew.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data"
LINES = HERE / "side_by_side.jsonl"
LOCAL = ["--executor", "local", "--cpus-per-trial", "2"]
SEARCH = ["--space", "auto", *LOCAL]
CIFAR, FASHION = "images/cifar10_10k.npz", "images/fashion_mnist_10k.npz"
JOBS = (
    *[
        (peer, CIFAR, ["--seed", seed, *more])
        for seed in ("0", "1")
        for peer, more in (("nas_search", SEARCH), ("resnet9", []))
    ],
    *[(peer, FASHION, ["--seed", "0", *more]) for peer, more in (("nas_search", SEARCH), ("resnet9", []))],
    ("nas_search", "series/ElectricDevices.npz", ["--seed", "0", *SEARCH]),
    ("nas_search", "series/ECG5000.npz", ["--seed", "0", *SEARCH]),
)
NOTE = """# Side by side

One run each, on two cores of an Intel Xeon host with 16 cores and no other work (torch 2.11, Python 3.12; searches in
process with two threads, no GPU, no MLflow). `first`: before the final compared its entrants after equal epochs, with
half of the time for the final; `second`: with it, and .65 of the time; `third`: .75 of the time, going on from weights,
mirrored pictures; before the first design of the space was an entrant and the best epoch was kept. One seed says
little: a difference of one point between two rows is within what another seed gives.

"""
HEAD = (
    "data",
    "seconds",
    "peer",
    "version",
    "test accuracy",
    "trials",
    "winner",
    "last epochs",
    "verdict of the search",
)


def started(place: int, job: tuple[str, str, list[str]], seconds: float) -> subprocess.Popen[str]:
    peer, data, more = job
    command = ["taskset", "-c", f"{2 * place},{2 * place + 1}", sys.executable, str(HERE / "peers" / f"{peer}.py")]
    command += [str(SHARED / data), "--seconds", str(seconds), *more]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def finished(peer: subprocess.Popen[str]) -> str:
    """The line that a peer printed last; "" where it failed."""
    lines = peer.communicate()[0].strip().splitlines()
    return lines[-1] if lines and peer.returncode == 0 else ""


def row(line: dict[str, Any]) -> str:
    verdict = line.get("verdict", "").partition("; ")[2]
    cells = [line["data"], line["budget"], line["peer"], line.get("version", ""), line["test"], line.get("trials", "")]
    cells += [line.get("winner", ""), line.get("epochs", ""), verdict]
    return _cells(cells)


def _cells(values: Sequence[Any]) -> str:
    return f"| {' | '.join(map(str, values))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=470.0)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--version", default="", help="a word for the lines of this run")
    asked = parser.parse_args()
    if asked.run:
        with LINES.open("a") as out, ThreadPoolExecutor(len(JOBS)) as pool:
            running = [pool.submit(finished, started(place, job, asked.seconds)) for place, job in enumerate(JOBS)]
            for one in as_completed(running):
                if one.result():
                    line = {**json.loads(one.result()), "budget": asked.seconds, "version": asked.version}
                    print(json.dumps(line), file=out, flush=True)
    lines = [json.loads(line) for line in LINES.read_text().splitlines()]
    lines.sort(key=lambda line: (line["data"], line["budget"], line["peer"]))
    (HERE / "side_by_side.md").write_text(
        NOTE + "\n".join([_cells(HEAD), "|---" * len(HEAD) + "|", *map(row, lines)]) + "\n"
    )


if __name__ == "__main__":
    main()
