"""Score against multiply-adds, within a limit on the time of a prediction on this machine: python front.py"""

from __future__ import annotations

from typing import Any

import nas


def main(budget: str = "1m", **settings: Any) -> None:
    limits = {"latency": 0.01}  # seconds for one picture
    result = nas.search("digits", "cnn", budget, objectives=("score", "macs"), limits=limits, **settings)
    found = nas.open(result.directory)
    print(found.front[["number", "score", "macs", "parameters"]])
    smallest = int(found.front.sort_values("macs")["number"].iloc[0])
    print(f"the smallest of the front lies in {found.export('smallest', trial=smallest)}")


if __name__ == "__main__":
    main()
