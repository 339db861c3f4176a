"""Few examples: is a network trained anew for as many epochs as were best on the validation part, or for all of them?

    NAS_SHARED=../shared .venv/bin/python results/recipes/epochs.py [--seconds S]

A known design is trained on 240 examples and scored on 60 after each of 33 epochs. Then it is trained anew on all 300,
for the best number of epochs and for all 33, and both are scored on the rest of the data set. *Behind*: how many
standard errors of a score the last four epochs are below the best one and the four after it. *By the rule*: all epochs
where that is at most one and the score is a share of right answers, as in `nas/final/refit.py`. A run goes on where the
last stopped. Data sets are those of results/bench.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import statistics
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
from nas.data.dataset import Split
from nas.data.metrics import score_or_nan
from nas.final.choice import SHARES, standard_error
from nas.final.refit import AFTER, settled
from nas.training.inference import outputs
from nas.training.loop import begin
from results.machine import describe
from results.runs import Runs
from search_spaces import SPACES

EPOCHS, SEEDS, EXAMPLES, HELD = 33, 3, 300, 60
CASES = {  # target, space, design
    "chirps.npz": ("", "sequence", "inception_time"),
    "order.npz": ("", "sequence", "inception_time"),
    "JapaneseVowels.npz": ("", "sequence", "inception_time"),
    "cancer.csv": ("target", "tabular", "mlp_plr"),
    "clusters.npz": ("", "tabular", "mlp_plr"),
    "friedman.csv": ("target", "tabular", "mlp_plr"),
    "diabetes.csv": ("target", "tabular", "mlp_plr"),
    "abalone.csv": ("rings", "tabular", "mlp_plr"),
    "sms.csv": ("label", "text", "text_cnn"),
    "trec.csv": ("label", "text", "text_cnn"),
}


def run(folder: Path, name: str, seed: int) -> dict[str, Any]:
    target, space, design = CASES[name]
    found = nas.data.load(str(folder / name), **({"target": target} if target else {}))
    given, task = found.search, found.task
    parts = (given.train, given.validation, found.test.open())
    x, y = (np.concatenate([getattr(part, what) for part in parts]) for what in ("inputs", "targets"))
    rows = np.random.default_rng(seed).permutation(len(x))
    few = rows[: min(EXAMPLES, int(0.6 * len(x)))]
    train, held, rest = (Split(x[some], y[some]) for some in (few[HELD:], few[:HELD], rows[len(few) :]))

    def trained(on: Split, epochs: int) -> tuple[list[float], float]:
        inside = dataclasses.replace(given, train=on, validation=held)
        training = begin(SPACES[space]().known[design], inside, TrainingConfig(), epochs=epochs, seed=seed)
        scores = [training.epoch().score for _ in range(epochs)]
        return scores, score_or_nan(task, outputs(training.trained_network(), rest.inputs), rest.targets)

    scores, _ = trained(train, EPOCHS)
    best = int(np.argmax(scores)) + 1
    worth = settled(scores, best)
    behind = (worth - statistics.fmean(scores[-AFTER:])) / max(1e-9, standard_error(worth, task.metric, HELD))
    every = Split(x[few], y[few])
    of_best, of_all = trained(every, best)[1], trained(every, EPOCHS)[1]
    by_rule = of_all if behind <= 1 and task.metric in SHARES else of_best
    return {"best": best, "behind": behind, "of_best": of_best, "of_all": of_all, "by_rule": by_rule}


def table(runs: Runs) -> str:
    out = [
        "| data | best epoch | behind at the end | anew, best epochs | anew, 33 epochs | by the rule |",
        "|---" * 6 + "|",
    ]
    gains = []
    for name in CASES:
        lines = [line for line in runs.lines if line["key"][0] == name]
        if lines:
            mean = {what: statistics.fmean(line[what] for line in lines) for what in ("of_best", "of_all", "by_rule")}
            best = ", ".join(str(line["best"]) for line in lines)
            behind = ", ".join(f"{line['behind']:.1f}" for line in lines)
            cells = [name, best, behind, *(f"{value:.4f}" for value in mean.values())]
            out.append(f"| {' | '.join(cells)} |")
            gains.append(100 * (mean["by_rule"] - mean["of_best"]))
    return "\n".join([*out, "", f"The rule less the best epochs: {statistics.fmean(gains):+.2f} points on average."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    runs = Runs([HERE / "epochs.jsonl"], options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        bench.write(Path(folder))
        for name in CASES:
            for seed in range(SEEDS):
                runs.once((name, seed), functools.partial(run, Path(folder), name, seed))
                print(name, seed, flush=True)
    text = f"# How many epochs, with few examples\n\nTest accuracy or R². {describe('torch')}.\n\n{table(runs)}\n"
    (HERE / "epochs.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
