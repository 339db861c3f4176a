"""How much better the winner looked when it was chosen than it is: its validation score less its test score.

    NAS_SHARED=../shared python results/versus/gap.py [--seconds S]

Whole searches in process, one core. *Search*: the best score of the search phase, by which networks come into the
final. *Final*: the score of the winner after its last training on the training part alone. *Fixed*: the same difference
of a linear model and of boosted trees with nothing chosen, so how much easier this validation part is than this test
part. *Chosen*: final less fixed, so what choosing has added.
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
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nas
import nas.data
from nas.data.dataset import Split
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
    with tempfile.TemporaryDirectory() as folder:
        how = {"executor": "local", "tracking_uri": "", "export": False, "directory": f"{folder}/s"}
        found = nas.search(_path(data), budget=BUDGET, seed=seed, **how)
    assert found.final is not None
    winner = found.final.winner
    best = max(trial.score for trial in found.candidates if trial.usable)
    return {"search": best, "final": winner.validation_score, "test": winner.trial.test_score, "epochs": winner.epochs}


def fixed(data: str) -> float:
    """Mean of two fixed models' validation score less test score, in points. Both learn the training part alone."""
    found = nas.data.load(_path(data))
    classes = found.task.kind == "classification"
    parts = [_rows(split, found.task.vocabulary) for split in (found.search.train, found.search.validation)]
    (x, y), validation, test = *parts, _rows(found.test.open(), found.task.vocabulary)
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300) if classes else RidgeCV())
    trees = (HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor)(max_iter=40, random_state=0)
    models = [model.fit(x, y) for model in (linear, trees)]
    return 100 * float(np.mean([model.score(*validation) - model.score(*test) for model in models]))


def _rows(split: Split, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs as vectors, of texts how often each token is met, and targets."""
    targets = np.asarray(split.targets).ravel()
    if not vocabulary:
        return np.asarray(split.inputs, dtype=np.float32).reshape(len(targets), -1), targets
    return np.stack([np.bincount(row, minlength=vocabulary)[1:500] for row in split.inputs.astype(int)]), targets


def _path(data: str) -> str:
    return data if data == "digits" else str(Path(os.environ["NAS_SHARED"]) / "data" / data)


def table(runs: Runs) -> str:
    """A line a data set, in points, with the 95 % interval of the mean over searches."""
    head = "| data | searches | test | search less test | final less test | fixed | chosen |"
    rows, every = [head, "|---" * 7 + "|"], []
    for name, lines in runs.by_name().items():
        search, final = ([100 * (line[part] - line["test"]) for line in lines] for part in ("search", "final"))
        easier = fixed(DATA[name])
        chosen = [value - easier for value in final]
        every += chosen
        test = np.mean([line["test"] for line in lines])
        cells = [name, len(lines), f"{test:.4f}", _mean(search), _mean(final), f"{easier:+.2f}", _mean(chosen)]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    rows.append(f"| **all** | {len(runs.lines)} | | | | | {_mean(every)} |")
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
