"""Plain `nas search FILE` on every kind of data, no flags but the test part; then `nas predict` on raw rows.

    NAS_SHARED=../shared .venv/bin/python results/data_kinds/run.py [--budget 3m] [--only NAME]

What was understood of each is what `nas data FILE` shows. Where the source has a test part of its own, predicting its
raw rows with the export must give the score of the sealed test. Each search is a line of `runs.jsonl`; a run goes on
where the last stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np
import pandas as pd

from nas.config.data_options import DataOptions
from nas.export.new_predictions import predictions
from results.machine import commit, describe

SHARED = Path(os.environ.get("NAS_SHARED", HERE.parents[1].parent / "shared")) / "data"
RUNS = HERE / "runs.jsonl"
HEAD = (
    "data",
    "budget",
    "space",
    "metric",
    "sealed test",
    "`nas predict` on the raw test part",
    "verdict, or refusal",
    "commit",
)
NAS = Path(sys.executable).with_name("nas")


@dataclass(frozen=True)
class Source:
    """What is searched.

    Args:
        test: a file of its own for the test part. inside: whether the test part lies in `data` itself.
        flags: others that a person has to write. made: whether `write_sales` makes it.
    """

    data: str
    test: str = ""
    inside: bool = False
    flags: tuple[str, ...] = ()
    made: bool = False


SOURCES = {
    "fashion_mnist_10k": Source("images/fashion_mnist_10k.npz", inside=True),
    "cifar10_10k": Source("images/cifar10_10k.npz", inside=True),
    "ElectricDevices": Source("series/ElectricDevices.npz", inside=True),
    "FordA": Source("series/FordA.npz", inside=True),
    "ECG5000": Source("series/ECG5000.npz", inside=True),
    "GunPoint": Source("series/GunPoint.npz", inside=True),
    "JapaneseVowels": Source("series/JapaneseVowels.npz", inside=True),
    "adult": Source("tables/adult-train.csv", test="tables/adult-test.csv"),
    "abalone": Source("tables/abalone.csv"),
    "TREC": Source("text/TREC.train.all", test="text/TREC.test.all"),
    "sms_spam": Source("text/sms_spam.csv"),
    "tinyshakespeare": Source("text/tinyshakespeare.txt"),
    "sales": Source("sales.csv", test="later.csv", flags=("--target", "sales", "--horizon", "7"), made=True),
}


def write_sales(folder: Path) -> None:
    """Three years of a shop: a trend, weeks, years, days of reduced prices, noise; the last half year in a file."""
    rng, days = np.random.default_rng(0), np.arange(1_096)
    reduced = rng.random(len(days)) < 0.1
    sales = 100 + 0.05 * days + 10 * np.sin(2 * np.pi * days / 7) + 15 * np.sin(2 * np.pi * days / 365.25)
    sales += 12 * np.roll(reduced, 1) + rng.normal(0, 3, len(days))
    dates = pd.date_range("2021-01-01", periods=len(days)).strftime("%Y-%m-%d")
    table = pd.DataFrame({"date": dates, "reduced": reduced.astype(int), "sales": sales.round(2)})
    table[:-182].to_csv(folder / "sales.csv", index=False)
    table[-182:].to_csv(folder / "later.csv", index=False)


def searched(name: str, budget: str) -> dict[str, Any]:
    source = SOURCES[name]
    with tempfile.TemporaryDirectory() as folder:
        out, lies = Path(folder) / "search", Path(folder) if source.made else SHARED
        if source.made:
            write_sales(lies)
        command = [str(NAS), "search", str(lies / source.data), "--budget", budget, "--directory", str(out)]
        command += ["--test", str(lies / source.test)] if source.test else []
        command += [*source.flags, "--tracking-uri", "", "--json", "--quiet"]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        line: dict[str, Any] = {"seconds": round(time.monotonic() - began, 1), "exit": done.returncode}
        if done.returncode:
            return {**line, "said": done.stderr.strip().splitlines()[-1][:300] if done.stderr.strip() else ""}
        found = json.loads(done.stdout)
        line |= {name: found[name] for name in ("space", "metric")}
        line |= {"score": found["final"]["test_score"], "headline": found["final"]["headline"]}
        if source.test or source.inside:
            file, part = (source.test, "") if source.test else (source.data, "test")
            line["raw"] = predictions(out, lies / file, DataOptions(), part).score
        return line


def table(lines: list[dict[str, Any]]) -> str:
    out = [
        "# Every kind of data, by plain `nas search FILE`",
        "",
        f"{describe('torch').rpartition(', commit')[0]}; one search each, on one core; the other core did other work.",
        "",
        f"| {' | '.join(HEAD)} |",
        "|---" * len(HEAD) + "|",
    ]
    for line in lines:
        if line["exit"]:
            cells = ["", "", f"exit {line['exit']}", "", line["said"]]
        else:
            raw = line.get("raw")
            same = "" if raw is None else "the same to 1e-6" if abs(raw - line["score"]) <= 1e-6 else f"**{raw}**"
            cells = [line["space"], line["metric"], f"{line['score']:.4f}", same, line["headline"].partition("; ")[2]]
        out.append(f"| {line['data']} | {line['budget']} | {' | '.join(cells)} | {line['commit']} |")
    return "\n".join(out) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--only", choices=SOURCES, nargs="*", default=list(SOURCES))
    asked = parser.parse_args()
    lines = [json.loads(line) for line in RUNS.read_text().splitlines()] if RUNS.exists() else []
    done = {(line["data"], line["budget"]) for line in lines}
    for name in asked.only:
        there = SOURCES[name].made or (SHARED / SOURCES[name].data).exists()
        if (name, asked.budget) not in done and there:
            line = {"data": name, "budget": asked.budget, **searched(name, asked.budget), "commit": commit()}
            lines.append(line)
            with RUNS.open("a") as file:
                print(json.dumps(line), file=file)
    (HERE / "table.md").write_text(table(lines))


if __name__ == "__main__":
    main()
