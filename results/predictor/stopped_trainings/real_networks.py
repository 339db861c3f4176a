"""The same on real trainings: the `hybrid` networks of results/predictor/learning_curves, some taken as stopped.

    NAS_SHARED=../shared .venv/bin/python results/predictor/stopped_trainings/real_networks.py

Of 40 networks 34 are learned from, of which the 22 that score best at a rung are whole; the other 6 are ranked by what
they end with. 40 draws; the intervals are over draws of the same 40 networks. Writes `real_networks.md`.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))

import numpy as np

import nas.data
from predictors import PREDICTORS
from predictors.extrapolation import early, ends
from predictors.metrics import kendall_tau
from predictors.two_fidelity import TwoFidelities
from results.machine import describe
from results.predictor.learning_curves.run import EPOCHS, RUNGS, SHARED
from results.runs import half_interval
from results.training.rank_fidelity.networks import MOST_MACS, hybrid_then, networks

TRAINED = HERE.parent / "learning_curves" / "runs.jsonl"
LEARNED, WHOLE, DRAWS = 34, 22, 40


def taus(name: str, rung: int) -> tuple[list[float], list[float]]:
    """Kendall's tau with estimated ends as labels, and by two fidelities, draw by draw."""
    data = nas.data.load(SHARED / f"data/images/{name}.npz").search
    drawn = networks(name, data.task)
    lines = [json.loads(line) for line in TRAINED.read_text().splitlines()]
    known = {line["key"][1]: line["scores"] for line in lines if line["key"][0] == name}
    numbers = [number for number in sorted(known) if len(known[number]) == EPOCHS]
    scores = np.array([known[number] for number in numbers])
    found: tuple[list[float], list[float]] = ([], [])
    for draw in range(DRAWS):
        order = np.random.default_rng(draw).permutation(len(numbers))
        inside, outside = order[:LEARNED], order[LEARNED:]
        inside = inside[np.argsort(-scores[inside, rung - 1])]
        whole = [place < WHOLE for place in range(LEARNED)]
        curves = [scores[row] if full else scores[row, :rung] for row, full in zip(inside, whole, strict=True)]
        make = partial(PREDICTORS["auto"], space=hybrid_then(), task=data.task, seed=draw)
        two: Any = TwoFidelities(make, early(curves, whole), np.array(whole), np.random.default_rng(draw))
        for predictor, values in zip((make(), two), found, strict=True):
            predictor.fit([drawn[numbers[row]] for row in inside], ends(curves, whole)[0])
            mean = predictor.predict([drawn[numbers[row]] for row in outside]).mean
            values.append(kendall_tau(mean, scores[outside, -1]))
    return found


def main() -> None:
    out = [
        "| data | stopped after epoch | estimated ends as labels | two fidelities | difference |",
        "|---|---|---|---|---|",
    ]
    for name in MOST_MACS:
        for rung in RUNGS:
            plain, two = map(np.array, taus(name, rung))
            cells = [f"{one.mean():.3f} ± {half_interval(one):.3f}" for one in (plain, two, two - plain)]
            out.append(f"| {name} | {rung} | {' | '.join(cells)} |")
    text = "\n".join([*out, "", f"Taken on: {describe('torch', 'numpy', 'scikit-learn')}.", ""])
    (HERE / "real_networks.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
