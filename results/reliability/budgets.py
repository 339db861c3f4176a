"""How well a time limit holds where one training takes much of it: heavy spaces on CIFAR-10, by the command line.

    NAS_SHARED=… python results/reliability/budgets.py [--seconds S]

Every search is `nas search` as a person types it, final and export included, as a process of its own. What is there is
not run again, but for other code. Of every search: seconds of wall clock from the start of the process to its end, and
of these what the search itself says. A refusal before anything is spent is an outcome too.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE.parent)]


import machine

from nas.journal.journal import read
from results.runs import Runs

DATA = "data/images/cifar10_10k.npz"
SPACES = ("darts", "autoformer_tiny", "nasbench201")
BUDGETS = (60, 120)
EXECUTORS = ("local", "ray")
README, BEGIN, END = HERE / "README.md", "<!-- budgets -->", "<!-- end of budgets -->"


def search(space: str, budget: int, executor: str) -> dict[str, Any]:
    """One search; what it took and what came of it."""
    with tempfile.TemporaryDirectory(prefix="budgets-") as folder:
        data = str(Path(os.environ["NAS_SHARED"]) / DATA)
        words = f"--space {space} --budget {budget}s --executor {executor} --directory {folder}/s --json".split()
        command = [sys.executable, "-m", "nas.cli.main", "search", data, *words, "--tracking-uri", ""]
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - began
        there = (Path(folder) / "s").exists()
        elapsed = round(read(Path(folder) / "s").elapsed, 1) if there else None
    found = {
        "seconds": round(seconds, 1),
        "elapsed": elapsed,
        "exit": done.returncode,
        "load": round(os.getloadavg()[0], 1),
    }
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return {**found, "trained": 0, "said": " ".join(done.stderr.split()).rpartition("nas: ")[2]}
    return {**found, **summary(document)}


def summary(document: dict[str, Any]) -> dict[str, Any]:
    """What of a search's document says how its budget was spent."""
    final = document["final"]
    return {
        "trained": sum(bool(trial["scores"]) for trial in document["trials"]),
        "said": "" if final is None else final["headline"],
    }


def held(line: dict[str, Any]) -> str:
    """Whether it ended within 5 % or 10 s of its budget, by the search's clock; the process is never shorter."""
    budget, elapsed = line["key"][1], line["elapsed"]
    most = budget + max(0.05 * budget, 10.0)
    if elapsed is None:
        return "yes" if line["seconds"] <= most else "not known"
    return "yes" if elapsed <= most else "no"


def table(lines: list[dict[str, Any]]) -> str:
    head = "| code | space | budget, s | executor | search, s | process, s | held | trained | load | outcome |"
    rows = [
        f"| {code} | {space} | {budget} | {executor} | {line['elapsed'] or ''} | {line['seconds']} | {held(line)} | "
        f"{line['trained']} | {line['load']} | {line['said']} |"
        for line in lines
        for space, budget, executor, code in [line["key"]]
    ]
    return "\n".join([head, "|---|---|---|---|---|---|---|---|---|---|", *rows])


def main() -> None:
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else float("inf")
    runs = Runs([HERE / "budgets.jsonl"], seconds)
    for budget in BUDGETS:
        for space in SPACES:
            for executor in EXECUTORS:
                runs.once(
                    (space, budget, executor, machine.commit()), functools.partial(search, space, budget, executor)
                )
    text = f"{table(runs.lines)}\n\n{machine.describe('torch', 'ray')}"
    print(text)
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
