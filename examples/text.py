"""Short texts in a column of a table: python text.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import nas

GOOD, BAD = ["fine", "lovely", "quick", "kind"], ["poor", "slow", "rude", "broken"]
THINGS = ["the room", "the food", "our host", "the lift", "the view", "breakfast"]


def reviews(number: int, seed: int = 0) -> pd.DataFrame:
    """Made-up reviews. "not" turns a word around, so single words do not tell everything."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(number):
        good, turned = bool(rng.integers(2)), rng.random() < 0.3
        word = rng.choice(BAD if good == turned else GOOD)
        texts.append(
            f"{rng.choice(THINGS)} was {'not ' if turned else ''}{word}, and we stayed {rng.integers(2, 9)} nights"
        )
        labels.append("good" if good else "bad")
    return pd.DataFrame({"review": texts, "label": labels})


def main(budget: str = "1m", **settings: Any) -> None:
    result = nas.search(reviews(800), layout="text", budget=budget, **settings)
    if result.final is not None and result.final.standing is not None:
        print(result.final.standing.headline)
    found = nas.load_predictor(result.exported)([{"review": "breakfast was not poor, and we stayed 3 nights"}])
    print(f"'breakfast was not poor' is {found.answers[0]}")


if __name__ == "__main__":
    main()
