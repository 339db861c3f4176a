"""A ranking that is there before the first training: what is learned, kept in a file, refused, and said."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor

from predictors import PREDICTORS, predictor_named
from predictors.metrics import kendall_tau
from predictors.pretrained import Group, NoRanker, Ranker, load_ranker
from predictors.pretrained.columns import RELATIVE, TASK, columns
from predictors.pretrained.ranker import SHIPPED
from predictors.pretrained.trees import DEPTH, LEAF, RATE, SHARE_OF_COLUMNS, SHARE_OF_ROWS, TREES, Trees
from search_spaces import SPACES, Architecture, Choice, Repeat, Space, Task, profile
from search_spaces.cells import Conv, Head, Stem

PICTURES = Task((3, 16, 16), 10)


def drawn(space: str, count: int, seed: int = 0) -> tuple[Architecture, ...]:
    rng = random.Random(seed)
    return tuple(SPACES[space]().sample(rng, PICTURES) for _ in range(count))


def group(space: str, count: int = 60) -> Group:
    """Networks whose worth is known: deep ones are good, wide ones bad."""
    architectures = drawn(space, count)
    facts = [profile(one, PICTURES) for one in architectures]
    worth = np.array([fact.layers - 0.3 * np.log(fact.parameters) for fact in facts])
    return Group(SPACES[space](), PICTURES, architectures, worth)


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    return Ranker.fitted([group("cnn"), group("hybrid")])


def test_orders_networks_of_a_space_that_it_has_not_seen(ranker: Ranker) -> None:
    other = group("residual")
    assert kendall_tau(ranker(other.architectures, other.space, PICTURES), other.scores) > 0.4


def test_the_unit_and_the_level_of_a_groups_scores_do_not_matter() -> None:
    one = group("cnn", 40)
    other = Group(one.space, one.task, one.architectures, 7 + 100 * one.scores)
    first, second = (Ranker.fitted([each])(one.architectures, one.space, PICTURES) for each in (one, other))
    np.testing.assert_allclose(first, second)


def test_trees_say_what_scikit_learn_says() -> None:
    rng = np.random.default_rng(0)
    values, targets = rng.normal(size=(200, 12)).astype(np.float32), rng.normal(size=200)
    known = GradientBoostingRegressor(
        n_estimators=TREES, learning_rate=RATE, max_depth=DEPTH, min_samples_leaf=LEAF, subsample=SHARE_OF_ROWS,
        max_features=SHARE_OF_COLUMNS, random_state=3,
    ).fit(values, targets)  # fmt: skip
    np.testing.assert_allclose(Trees.fitted(values, targets, 3)(values), known.predict(values), atol=1e-5)


def test_a_file_says_the_same(ranker: Ranker, tmp_path: Path) -> None:
    ranker.save(tmp_path / "mine.npz")
    networks, space = drawn("cnn", 20), SPACES["cnn"]()
    again = load_ranker(tmp_path / "mine.npz")
    np.testing.assert_array_equal(again(networks, space, PICTURES), ranker(networks, space, PICTURES))
    predictor = predictor_named(str(tmp_path / "mine.npz"))(space=space, task=PICTURES, seed=0)
    np.testing.assert_array_equal(predictor.predict(networks).mean, ranker(networks, space, PICTURES))


def test_files_that_hold_no_ranking_are_refused(ranker: Ranker, tmp_path: Path) -> None:
    def broken(name: str, **changes: object) -> Path:
        about = {"version": 1, "names": ranker.names, "kinds": ranker.kinds, **changes}
        arrays = {**ranker.trees.arrays(), **{k: v for k, v in changes.items() if isinstance(v, np.ndarray)}}
        plain = {k: v for k, v in about.items() if not isinstance(v, np.ndarray)}
        np.savez(tmp_path / name, about=np.array(json.dumps(plain)), **arrays)
        return tmp_path / name

    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "objects.npz", about=np.array([{"a": 1}], dtype=object))
    np.savez(tmp_path / "other.npz", x_train=np.zeros(3))
    endless = ranker.trees.left.copy()
    endless[0, 0] = 0
    files = [
        (tmp_path / "nowhere.npz", "holds no ranking"),
        (tmp_path / "text.npz", "holds no ranking"),
        (tmp_path / "objects.npz", "holds no ranking"),
        (tmp_path / "other.npz", "holds no ranking"),
        (broken("version.npz", version=7), "version 7"),
        (broken("names.npz", names=["one"]), "without a name"),
        (broken("endless.npz", left=endless), "before its parent"),
        (broken("far.npz", right=ranker.trees.right + 1000), "not there"),
    ]
    for file, said in files:
        with pytest.raises(NoRanker, match=said):
            load_ranker(file)


def test_cells_and_tasks_that_it_has_never_seen_are_said_and_ranked_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    only_cnn = Ranker.fitted([group("cnn")])
    task = Task((3, 40), 1, "regression")
    space = SPACES["sequence"]()
    networks = [space.sample(random.Random(seed), task) for seed in range(5)]
    with caplog.at_level(logging.WARNING, logger="nas"):
        assert np.isfinite(only_cnn(networks, space, task)).all()
    assert "never seen" in caplog.text
    assert "Recurrent" in caplog.text
    assert "regression of series" in caplog.text


def test_columns_are_relative_to_the_space() -> None:
    networks = drawn("cnn", 200, seed=5)
    table = columns(networks, SPACES["cnn"](), PICTURES)
    assert np.isfinite(table.values).all()
    assert set(TASK) <= set(table.names)
    away = table.in_order([f"log_macs{RELATIVE}"])[:, 0]
    assert abs(away.mean()) < 0.5
    assert 0.5 < away.std() < 1.5
    assert not table.in_order(["Nowhere.count"]).any()


def test_a_space_with_one_network_is_ranked() -> None:
    space = Space("one", Stem(16), Repeat(Conv(16), times=Choice(1, 2)), Head())
    assert len(load_ranker()([space.sample(random.Random(0))], space, PICTURES)) == 1


def test_too_few_networks_are_refused() -> None:
    small = group("cnn", 5)
    with pytest.raises(ValueError, match="at least 10"):
        Ranker.fitted([small])


def test_the_shipped_ranking_is_small_and_there_before_any_label() -> None:
    assert SHIPPED.stat().st_size < 1_000_000
    space = SPACES["hybrid"]()
    predictor = PREDICTORS["pretrained"](space=space, task=PICTURES, seed=0)
    said = predictor.predict(drawn("hybrid", 30))
    assert said.mean.std() > 0
    assert (said.std > 0).all()


def test_a_ranking_turned_round_loses_its_weight(ranker: Ranker, tmp_path: Path) -> None:
    """The stack weighs the ranking by this run's own trainings: one that is wrong does little harm."""
    trees = ranker.trees
    replace(ranker, trees=replace(trees, value=-trees.value, start=-trees.start)).save(tmp_path / "wrong.npz")
    learned, others = group("cnn", 100), slice(50, None)
    taus = {}
    for name in ("auto", str(tmp_path / "wrong.npz")):
        predictor = predictor_named(name)(space=learned.space, task=PICTURES, seed=0)
        predictor.fit(learned.architectures[:50], learned.scores[:50])
        taus[name] = kendall_tau(predictor.predict(learned.architectures[others]).mean, learned.scores[others])
    assert taus[str(tmp_path / "wrong.npz")] > taus["auto"] - 0.1
