"""Blocks of features, and scores as Gaussian ranks."""

from __future__ import annotations

import random

import numpy as np

from predictors.features import Features, GaussianRanks, Standard, gaussian_ranks, recipe, side_by_side
from search_spaces import SPACES, Architecture, Task

SPACE, TASK = SPACES["cnn"](), Task((3, 16, 16), 10)
SOME = [SPACE.sample(random.Random(seed)) for seed in range(5)]


def test_ranks_and_back() -> None:
    scores = np.array([0.1, 5.0, 5.0, -3.0, 7.5])
    labels = GaussianRanks.of(scores)
    np.testing.assert_allclose(labels.scores(gaussian_ranks(scores)), scores)
    beyond = labels.scores(np.array([-9.0, 9.0]))
    assert beyond[0] < -3.0
    assert beyond[1] > 7.5
    assert (labels.deviations(np.zeros(2), np.array([0.1, 1.0])) > 0).all()


def test_blocks_have_a_row_each_and_hold_what_is_added() -> None:
    blocks = Features(SPACE, TASK, {"history": lambda some: np.ones((len(some), 2))}).blocks(SOME)
    assert list(blocks) == ["decisions", "structure", "cost", "history"]
    assert {len(block) for block in blocks.values()} == {5}


def test_recipe_is_read_from_the_decisions_and_nothing_else() -> None:
    block = recipe([("training.learning_rate", (0.1, 0.01, 0.001))])
    decisions = {**SOME[0].decisions, "training.learning_rate": 1}
    trained = Architecture.known_closed(SOME[0].space, SOME[0].cells, decisions, None)
    assert block([trained])[:, :3].tolist() == [[0, 1, 0]]
    assert not block(SOME)[:, :3].any()
    assert block([]).shape == (0, block(SOME).shape[1])


def test_standardised_columns_vary_and_outliers_are_clipped() -> None:
    rows = np.column_stack([np.arange(10.0), np.ones(10)])
    standard = Standard.of({"a": rows})
    scaled = standard({"a": rows})["a"]
    assert scaled.shape == (10, 1)
    np.testing.assert_allclose([scaled.mean(), scaled.std()], [0, 1], atol=1e-12)
    assert standard({"a": rows * 1000})["a"].max() == 5


def test_without_a_column_learners_get_zeros() -> None:
    assert side_by_side({"a": np.ones((3, 0))}, ("a", "missing")).tolist() == [[0], [0], [0]]
