"""The first twenty trials of real searches, by a ranking that has seen neither their data nor anything made of it.

    NAS_SHARED=../shared python results/cold_start/first_trials.py [--seconds S]

Searches of 20 trials without early stopping, known designs or a final, of 2 epochs on 2,500 examples of each data set,
one thread, networks of at most 5 million multiply-adds.
Each is a line of `first_trials.jsonl`, and a run goes on where the last stopped; `first_trials.md` is written from it.
A training that failed counts in no mean.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "bench")]

import data
import numpy as np
import torch

import nas
from nas.benchmark.recording import read
from predictors.pretrained import Ranker
from results.machine import describe
from results.runs import Runs, half_interval, taken_at

TRIALS, EPOCHS, SEEDS, MOST_MACS = 20, 2, range(5), 5_000_000
WAYS = ("pretrained", "guided", "random", "evolution", "tpe")
SEARCHED = {
    "fashion_mnist_10k.npz": ("cnn", ""),
    "ElectricDevices.npz": ("hybrid", ""),
    "trec.csv": ("text", "label"),
}


def left_out(name: str, folder: Path) -> Path:
    """The file of a ranking that has seen other data only."""
    file = folder / f"without-{name}.npz"
    if not file.exists():
        Ranker.fitted([one.group() for one in read(HERE.parent / "bench/recorded") if one.data != name]).save(file)
    return file


def search(source: Path, way: str, seed: int, folder: Path) -> dict[str, Any]:
    space, target = SEARCHED[source.name]
    predictor = str(left_out(source.name.partition(".")[0], folder)) if way == "pretrained" else "auto"
    with tempfile.TemporaryDirectory() as directory:
        found = nas.search(
            str(source), space, f"{TRIALS} trials", strategy="guided" if way in ("pretrained", "guided") else way,
            predictor=predictor, seed=seed, directory=Path(directory) / "search", executor="local", tracking_uri="",
            final=False, early_stopping=False, known="off", epochs=EPOCHS,
            limits={"macs": MOST_MACS},
            **({"target": target} if target else {}),
        )  # fmt: skip
    scores = [trial.score for trial in sorted(found.candidates, key=lambda trial: trial.number)]
    return {"scores": [round(100 * score, 2) for score in scores]}


def table(runs: Runs) -> str:
    out = [
        "| data, space | way | mean of trials 1 to 10 | mean of 1 to 20 | best of 20 | seeds | commit |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (space, _) in SEARCHED.items():
        for way in WAYS:
            lines = [line for line in runs.lines if line["key"][:2] == [name, way]]
            if lines:
                kept = [line["scores"] for line in lines]
                values = [np.array([np.nanmean(s[:10]) for s in kept]), np.array([np.nanmean(s) for s in kept])]
                values.append(np.array([np.nanmax(s) for s in kept]))
                cells = [f"{one.mean():.1f} ± {half_interval(one):.1f}" for one in values]
                out.append(f"| {name}, `{space}` | {way} | {' | '.join(cells)} | {len(kept)} | {taken_at(lines)} |")
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--ways", nargs="*", default=WAYS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    runs = Runs([HERE / "first_trials.jsonl"], options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        data.write(Path(folder))
        for seed in SEEDS:
            for name in SEARCHED:
                for way in options.ways:
                    run = functools.partial(search, Path(folder) / name, way, seed, Path(folder))
                    runs.once((name, way, seed), run)
                    print(name, way, seed, flush=True)
    text = f"# The first twenty trials\n\nValidation accuracy in percent. {describe('torch')}.\n\n{table(runs)}\n"
    (HERE / "first_trials.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
