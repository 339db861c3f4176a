"""A network for a table as people have them, by scikit-learn's interface: python classifier.py"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

import nas


def customers(number: int, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Made-up customers with blanks, words and dates, and whether each of them left."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(number) < 0.1, np.nan, rng.integers(18, 90, number)),
            "plan": rng.choice(["basic", "family", "office"], number),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, number), unit="D"),
            "calls": rng.poisson(2, number),
        }
    )
    risk = frame["calls"] + 2 * (frame["plan"] == "basic") + rng.normal(0, 0.7, number)
    return frame, pd.Series(np.where(risk > 3, "left", "stayed"), name="what")


if __name__ == "__main__":
    x, y = customers(2_000)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
    model = nas.Classifier(budget="40s", verbose=True).fit(x_train, y_train)
    print(f"accuracy on rows that no one has seen: {model.score(x_test, y_test):.3f}")
    print(pd.DataFrame(model.predict_proba(x_test[:3]), columns=model.classes_))
