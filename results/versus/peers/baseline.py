"""One of the project's own baselines alone, with the whole time: boosted trees, MiniRocket, tf-idf with a linear model.

    NAS_SHARED=../shared python results/versus/peers/baseline.py DATA --seconds S [--seed N] --name rocket

`DATA` is a name of `results/versus/data.py`, since tables and texts have no archive of their own.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()  # imports are part of what a person waits for

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from data import read

from nas.baselines import BASELINES
from nas.training.score import score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", choices=BASELINES, required=True)
    given = parser.parse_args()
    dataset = read(given.data, given.seed)
    left = max(1.0, given.seconds - (time.monotonic() - BEGAN))
    fitted = BASELINES[given.name].train(dataset.search, left, given.seed)
    test = dataset.test.open()
    value = score(dataset.task, fitted.predict(test.inputs), test.targets)
    line = {"peer": given.name, "data": given.data, "seed": given.seed, "test": round(value, 4)}
    print(json.dumps({**line, "seconds": round(time.monotonic() - BEGAN, 1), "note": fitted.note}), flush=True)


if __name__ == "__main__":
    main()
