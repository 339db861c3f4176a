"""Few examples: candidates of the search are trained and scored on several folds."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import nas
from nas.config.recipe import TrainingConfig
from nas.data.dataset import FOLDS
from nas.data.load import load
from nas.training.crossed import begin_crossed, folds_of
from nas.training.loop import begin
from search_spaces import SPACES


def frame(rows: int, kind: str = "classes") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    y = np.where(x[:, 0] + x[:, 1] > 0, "high", "low") if kind == "classes" else x[:, 0] * 2 + rng.normal(size=rows)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": y})


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_each_example_validates_once_at_most_and_never_where_it_trains(kind: str) -> None:
    data = load(frame(300, kind)).search
    assert data.crossed
    folds = folds_of(data)
    assert len(folds) == FOLDS
    seen: list[bytes] = []
    for fold in folds:
        held = [row.tobytes() for row in fold.validation.inputs]
        assert not {*held} & {row.tobytes() for row in fold.train.inputs}
        assert len(fold.train) + len(fold.validation) == len(data.train) + len(data.validation)
        assert len(held) == pytest.approx(len(data.validation), rel=0.1)
        seen += held
    assert len(seen) == len(set(seen))


def test_rare_classes_are_never_taken_from_the_training() -> None:
    table = frame(200)
    table.loc[:3, "y"] = "rare"
    for fold in folds_of(load(table).search):
        assert {0, 1, 2} <= {*fold.train.targets.tolist()}


def test_where_it_is_not_done(tmp_path: Path) -> None:
    assert not load(frame(1600)).search.crossed
    assert not load(frame(300), time="a").search.crossed
    for name, rows in (("validation", 100), ("all", 300)):
        frame(rows).to_csv(tmp_path / f"{name}.csv", index=False)
    assert not load(tmp_path / "all.csv", validation=str(tmp_path / "validation.csv")).search.crossed


def test_scores_are_means_and_a_checkpoint_goes_on_exactly() -> None:
    data = load(frame(300)).search
    space = SPACES["mlp"]()
    architecture = space.sample(random.Random(0), data.task)
    how = {"epochs": 3, "seed": 1}
    alone = [begin(architecture, fold, TrainingConfig(), **how) for fold in folds_of(data)]
    crossed = begin_crossed(architecture, data, TrainingConfig(), **how)
    first = crossed.epoch(float("inf"))
    assert first.score == pytest.approx(np.mean([one.epoch().score for one in alone]))
    again = begin_crossed(architecture, data, TrainingConfig(), **how)
    again.load_state_dict(copy.deepcopy(crossed.state_dict()))  # as a file would hold it
    for training in (crossed, again):
        training.epoch(float("inf"))
    assert again.epochs_done == crossed.epochs_done == 2 and not crossed.finished
    for one, other in zip(crossed.trained_network().parameters(), again.trained_network().parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_search_says_so_and_ends_well(tmp_path: Path) -> None:
    result = nas.search(frame(300), "mlp", "3 trials", epochs=2, executor="local", tracking_uri="",
                        directory=tmp_path / "s", known="off", baselines=("majority",))  # fmt: skip
    assert result.final is not None and result.exported is not None
    assert f"{FOLDS} folds" in (tmp_path / "s" / "schema.json").read_text()
