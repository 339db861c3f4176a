"""The mean of several networks trained alike, from different seeds, against one of them.

    NAS_SHARED=../shared python results/versus/members.py [--seconds S]

A known design is trained five times on the training split by the default recipe and scored on the validation split; the
test part stays sealed. So this says what `nas.final.further_members` does to a winner where time is left. A run goes on
where the last stopped.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "bench")]

import data as bench
import numpy as np
import torch

import nas.data
from nas.config.recipe import TrainingConfig
from nas.data.metrics import score_or_nan
from nas.training.inference import outputs
from nas.training.loop import begin
from results.machine import describe
from results.runs import Runs
from search_spaces import SPACES

MEMBERS, COUNTS = 5, (1, 2, 3, 5)
CASES: dict[str, tuple[str, str, str, int]] = {  # data set of results/bench: target, space, design, epochs
    "trec.csv": ("label", "text", "text_cnn", 10),
    "sms.csv": ("label", "text", "text_cnn", 10),
    "grammar.csv": ("label", "text", "text_cnn", 10),
    "adult.csv": ("income", "tabular", "mlp_plr", 12),
    "abalone.csv": ("rings", "tabular", "mlp_plr", 15),
    "friedman.csv": ("target", "tabular", "mlp_plr", 15),
    "clusters.npz": ("", "tabular", "mlp_plr", 15),
    "chirps.npz": ("", "sequence", "inception_time", 15),
    "ElectricDevices.npz": ("", "sequence", "inception_time", 15),
    "digits": ("", "cnn", "resnet9", 15),
}


def trained(folder: Path, name: str) -> dict[str, Any]:
    """The validation score of the mean of so many networks: over all choices of as many of the five."""
    target, space, design, epochs = CASES[name]
    found = nas.data.load(str(folder / name) if name != "digits" else name, **({"target": target} if target else {}))
    given, said = found.search, []
    for seed in range(MEMBERS):
        training = begin(SPACES[space]().known[design], given, TrainingConfig(), epochs=epochs, seed=seed)
        for _ in range(epochs):
            training.epoch()
        said.append(outputs(training.trained_network(), given.validation.inputs))
    scores = {}
    for count in COUNTS:
        means = [np.mean([said[one] for one in few], axis=0) for few in itertools.combinations(range(MEMBERS), count)]
        scores[str(count)] = float(
            np.mean([score_or_nan(given.task, mean, given.validation.targets) for mean in means])
        )
    return {"scores": scores, "examples": len(given.validation), "metric": given.task.metric}


def table(runs: Runs) -> str:
    out = [
        "| data | design | metric | " + " | ".join(f"{count} of 5" for count in COUNTS) + " | validation examples |",
        "|---" * (4 + len(COUNTS)) + "|",
    ]
    for line in runs.lines:
        (name,) = line["key"]
        values = " | ".join(f"{line['scores'][str(count)]:.4f}" for count in COUNTS)
        out.append(f"| {name} | {CASES[name][2]} | {line['metric']} | {values} | {line['examples']:,} |")
    gains = [100 * (line["scores"]["5"] - line["scores"]["1"]) for line in runs.lines]
    out += ["", f"Five instead of one: {np.mean(gains):+.2f} points on average, {min(gains):+.2f} at least."]
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    runs = Runs([HERE / "members.jsonl"], options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        bench.write(Path(folder))
        for name in CASES:
            runs.once((name,), functools.partial(trained, Path(folder), name))
            print(name, flush=True)
    text = (
        f"# The mean of several networks\n\nMeans over all choices of the five. {describe('torch')}.\n\n{table(runs)}\n"
    )
    (HERE / "members.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
