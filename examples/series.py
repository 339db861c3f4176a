"""Series of two channels and of unequal length, as lists of arrays: python series.py"""

from __future__ import annotations

from typing import Any

import numpy as np

import nas


def gestures(number: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Made-up movements: circles one way, the other way, and to and fro; each (2, length)."""
    rng = np.random.default_rng(seed)
    series, kinds = [], rng.choice(["left", "right", "swing"], number)
    for kind in kinds:
        time = np.linspace(0, rng.uniform(6, 12), int(rng.integers(30, 60))) + rng.uniform(0, 6)
        second = {"left": np.sin(time), "right": -np.sin(time), "swing": np.cos(time)}[kind]
        series.append((np.stack([np.cos(time), second]) + rng.normal(0, 0.3, (2, len(time)))).astype(np.float32))
    return series, kinds


def main(budget: str = "1m", **settings: Any) -> None:
    result = nas.search((gestures(300), gestures(150, seed=1)), budget=budget, **settings)
    if result.final is not None and result.final.standing is not None:
        print(result.final.standing.headline)
    new, kinds = gestures(3, seed=2)
    print(f"{', '.join(kinds)}: taken for {', '.join(nas.load_predictor(result.exported)(new).answers)}")


if __name__ == "__main__":
    main()
