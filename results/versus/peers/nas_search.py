"""What the comparison is about: `nas search DATA --budget S`, with nothing else said.

python results/versus/peers/nas_search.py DATA.npz --seconds S [--seed N] [--space NAME] [--layout NAME]
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()  # imports are part of what a person waits for

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import nas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--space", default="auto")
    parser.add_argument("--layout", default="auto")
    parser.add_argument("--executor", default="auto")
    parser.add_argument("--cpus-per-trial", type=int, default=1)
    given = parser.parse_args()
    settings = {} if given.layout == "auto" else {"layout": given.layout}
    settings |= {"executor": given.executor, "cpus_per_trial": given.cpus_per_trial}
    with tempfile.TemporaryDirectory() as folder:
        left = given.seconds - (time.monotonic() - BEGAN)
        result = nas.search(
            str(given.data), given.space, f"{left:.0f}s", seed=given.seed, directory=Path(folder) / "search",
            tracking_uri="", **settings,
        )  # fmt: skip
    line = {"peer": "nas_search", "data": given.data.stem, "seed": given.seed, "test": round(result.best.test_score, 4)}
    final = result.final
    more = {
        "trials": len(result.candidates),
        "parameters": result.best.parameters,
        "winner": result.best.source,
        "epochs": final.winner.epochs,
        "refitted": final.winner.refitted,
        "validation": round(final.winner.validation_score, 4),
        "verdict": final.standing.headline if final.standing else "",
        "spent": {name: round(seconds, 1) for name, seconds in result.spent.items()},
    }
    print(json.dumps({**line, "seconds": round(time.monotonic() - BEGAN, 1), **more}), flush=True)


if __name__ == "__main__":
    main()
