"""A search whose predictor knows nothing: it loses its slots, and evolution does as well as ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pytest

from nas.benchmark.replay import replay
from nas.benchmark.table import Rung, Table
from nas.strategies.strategy import Settings
from predictors import PREDICTORS
from predictors.predictor import Prediction
from search_spaces import SPACES, Architecture, Task
from search_spaces.catalog.nasbench_macro import from_string

SEEDS = range(6)


class Shuffled:
    """Learns from scores that were given to the wrong networks."""

    def __init__(self, **given: Any) -> None:
        self.inner = PREDICTORS["ridge"](**given)

    @property
    def out_of_fold(self) -> Any:
        return self.inner.out_of_fold

    def fit(self, architectures: Sequence[Architecture], scores: np.ndarray) -> Self:
        self.inner.fit(architectures, np.random.default_rng(len(scores)).permutation(scores))
        return self

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        return self.inner.predict(architectures)


@pytest.fixture(scope="module")
def table() -> Table:
    """A tenth of nasbench_macro: every other place is for large blocks, the others against; some neighbours quarrel."""
    names = [np.base_repr(number, 3).zfill(8) for number in range(0, 3**8, 10)]
    scores = [sum((-1) ** i * int(digit) for i, digit in enumerate(name)) - 2.0 * ("21" in name) for name in names]
    noise = np.random.default_rng(0).normal(0, 0.3, len(names))
    whole = Rung("score", np.ones(len(names)))
    decisions = tuple(from_string(name) for name in names)
    columns = {"score": scores + noise}
    return Table(SPACES["nasbench_macro"](), Task((3, 32, 32), 10), decisions, columns, (whole,), "score")


def test_a_predictor_of_shuffled_labels_loses_its_slots_and_the_search_is_as_good_as_evolution(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PREDICTORS, "shuffled", Shuffled)
    monkeypatch.setattr("nas.strategies.ranking.POOL", 200)
    useless = [replay(table, "guided", Settings(seed=seed, predictor="shuffled"), queries=60) for seed in SEEDS]
    evolution = [replay(table, "evolution", Settings(seed=seed), queries=60) for seed in SEEDS]
    sound = replay(table, "guided", Settings(predictor="ridge"), queries=60)
    shares = [np.mean([query.source == "predictor" for query in run.queries[30:]]) for run in useless]
    assert np.median(shares) == 0
    assert np.mean(shares) < 0.1
    assert np.mean([query.source == "predictor" for query in sound.queries[30:]]) > 0.5
    ends = np.array([[run.curve()[-1] for run in runs] for runs in (useless, evolution)])
    noise = np.sqrt((ends.var(1, ddof=1) / len(SEEDS)).sum())
    assert ends[0].mean() >= ends[1].mean() - 2 * noise
    assert sound.curve()[-1] >= ends[0].mean()
