"""How much better the winner looked when it was chosen than it is: its validation score less its test score.

    NAS_SHARED=../shared python results/versus/gap.py [--seconds S]

Whole searches in process, one core, on data of which all parts are alike, so that nothing but the choice lies between
the scores. *Search*: the best score of the search phase, by which networks come into the final. *Final*: the score by
which the winner was chosen there, after its last training on the training part alone.
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np

import nas
from results.machine import describe
from results.runs import Runs, half_interval, taken_at

BUDGET, SEEDS = "90s", 5
DATA = {
    "digits": "digits",
    "Fashion-MNIST-10k": "images/fashion_mnist_10k.npz",
    "sms_spam": "text/sms_spam.csv",
    "abalone, R²": "tables/abalone.csv",
}


def searched(data: str, seed: int) -> dict[str, Any]:
    """One search: the best score of its search phase, of its final, and on the sealed test."""
    path = data if data == "digits" else str(Path(os.environ["NAS_SHARED"]) / "data" / data)
    with tempfile.TemporaryDirectory() as folder:
        found = nas.search(
            path, budget=BUDGET, seed=seed, executor="local", tracking_uri="", export=False, directory=f"{folder}/s"
        )
    assert found.final is not None
    winner = found.final.winner
    best = max(trial.score for trial in found.candidates if trial.usable)
    return {"search": best, "final": winner.validation_score, "test": winner.trial.test_score, "epochs": winner.epochs}


def table(runs: Runs) -> str:
    """A line a data set, in points, with the 95 % interval of the mean over searches."""
    rows = ["| data | searches | test | search less test | final less test |", "|---|---|---|---|---|"]
    every: dict[str, list[float]] = {"search": [], "final": []}
    for name, lines in runs.by_name().items():
        gaps = {part: [100 * (line[part] - line["test"]) for line in lines] for part in every}
        for part, values in gaps.items():
            every[part] += values
        test = np.mean([line["test"] for line in lines])
        rows.append(f"| {name} | {len(lines)} | {test:.4f} | {_mean(gaps['search'])} | {_mean(gaps['final'])} |")
    rows.append(f"| **all** | {len(runs.lines)} | | {_mean(every['search'])} | {_mean(every['final'])} |")
    return "\n".join(rows)


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):+.2f} ± {half_interval(np.array(values)):.2f}"


def main() -> None:
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else float("inf")
    runs = Runs([HERE / "gap.jsonl"], seconds)
    for seed in range(SEEDS):
        for name, data in DATA.items():
            runs.once((name, seed), functools.partial(searched, data, seed))
    about = __doc__.split("\n\n")[2].strip()
    text = (
        f"# How much better the winner looked than it is\n\n{about}\n\n{table(runs)}\n\n"
        f"`python results/versus/gap.py`, {BUDGET} a search, one core, commits {taken_at(runs.lines)}. "
        f"{describe('torch', 'ray')}.\n"
    )
    (HERE / "gap.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
