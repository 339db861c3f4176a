"""`Classifier` and `Regressor`: raw rows of every form in, scikit-learn's tools around them."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nas
from nas.errors import InputError
from search_spaces import Space
from search_spaces.catalog import SPACES
from search_spaces.errors import SpaceError

RNG = np.random.default_rng(0)
N = 60
CODES = RNG.integers(0, 3, N)
WORDS = np.array(["cedar", "ash", "birch"])[CODES]
VALUES = RNG.random(N) * 1e9
TABLE = pd.DataFrame(
    {
        "number": 2 * RNG.random(N) + CODES,
        "blank": np.where(RNG.random(N) < 0.3, np.nan, RNG.random(N)),
        "word": RNG.choice(["a", "b", None], N),
        "date": pd.date_range("2020-01-01", periods=N)[RNG.permutation(N)],
        "flag": RNG.random(N) < 0.5,
        "category": pd.Categorical(RNG.choice(["x", "y"], N)),
        "whole": pd.array([None, *RNG.integers(0, 50, N - 1)], dtype="Int64"),
        "mixed": pd.Series([None, "2", 3.5, *RNG.random(N - 3)], dtype=object),
        "target": RNG.random(N),
    },
    index=pd.Index(RNG.permutation(N), name="Id"),
)
TEXTS = [" ".join(RNG.choice(["good", "bad", "ugly", "nice", "film"], 4)) for _ in range(N)]
INPUTS: dict[str, tuple[Any, str, str]] = {  # what is given, the layout that is read, and the space it is searched in
    "table": (TABLE, "table", "tabular"),
    "array": (RNG.random((N, 4)), "table", "tabular"),
    "list of lists": (RNG.random((N, 4)).tolist(), "table", "tabular"),
    "array of objects": (TABLE[["number", "word", "flag"]].to_numpy(object), "table", "tabular"),
    "array with None": (np.array([[1, None, "a"], [2, 3.0, "b"]] * (N // 2), dtype=object), "table", "tabular"),
    "grey pictures": (RNG.integers(0, 256, (N, 8, 8)).astype(np.uint8), "pictures", "hybrid"),
    "colour pictures": (RNG.integers(0, 256, (N, 8, 8, 3)).astype(np.uint8), "pictures", "hybrid"),
    "series": (RNG.random((N, 2, 12)), "series", "sequence"),
    "unequal series": ([RNG.random((2, 5 + k % 4)) for k in range(N)], "series", "sequence"),
    "unequal series, channels last": ([RNG.random((5 + k % 4, 2)) for k in range(N)], "series", "sequence"),
    "texts": (TEXTS, "text", "text"),
    "a column of texts": (pd.Series(TEXTS, name="review"), "text", "text"),
    "few short texts": (np.array(["good", "bad film", "ugly"])[CODES], "text", "text"),
}  # fmt: skip


def quick(kind: Any = nas.Classifier, **asked: Any) -> Any:
    """An estimator whose search takes a fraction of a second."""
    asked["settings"] = {"epochs": 2, **asked.get("settings", {})}
    return kind(**{"budget": "2 trials", "final": False, **asked})


@pytest.fixture(scope="module")
def fitted() -> Any:
    """On a table of columns of all types."""
    return quick().fit(TABLE, WORDS)


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_of_every_form(name: str) -> None:
    x, layout, space = INPUTS[name]
    model = quick().fit(x, WORDS)
    assert (model.schema_.layout, model.architecture_.space) == (layout, space)
    assert model.classes_.tolist() == ["ash", "birch", "cedar"] == list(model.schema_.classes)
    likely = model.predict_proba(x)
    assert likely.shape == (N, 3) and np.allclose(likely.sum(axis=1), 1)
    assert (model.predict(x) == model.classes_[likely.argmax(axis=1)]).all()
    one = x.iloc[:1] if hasattr(x, "iloc") else x[:1]
    assert np.allclose(model.predict_proba(one), likely[:1], atol=1e-5)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(x), likely)


def test_tokens_are_named_and_unknown_ones_refused() -> None:
    tokens = RNG.integers(0, 30, (N, 9))
    model = quick(options={"layout": "tokens"}).fit(tokens, WORDS)
    assert model.architecture_.space == "text"
    with pytest.raises(InputError, match="token 30, but only tokens below 30"):
        model.predict(tokens + 1 + (29 - tokens.max()))


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array(["10", "9", "1"])[CODES], ["1", "10", "9"]),
        (np.array([" a", "a", "NA"])[CODES], [" a", "NA", "a"]),
        (np.array(["2020-01-01", "2020-01-02", "2020-01-03"])[CODES], ["2020-01-01", "2020-01-02", "2020-01-03"]),
        (CODES == 0, [False, True]),
        (CODES * 1.0 - 1, [-1.0, 0.0, 1.0]),
        (CODES * 10**9, [0, 10**9, 2 * 10**9]),
        (pd.Series(WORDS, dtype="category", name="number"), ["ash", "birch", "cedar"]),
    ],
)
def test_classes_are_given_back_as_they_came(y: Any, classes: list[Any]) -> None:
    for x in (TABLE, TABLE[["number", "blank"]].fillna(0).to_numpy()):
        model = quick().fit(x, y)
        assert model.classes_.tolist() == classes
        assert set(model.predict(x).tolist()) <= set(classes)


def test_the_right_class_is_predicted() -> None:
    x = np.eye(3)[CODES] + 0.01 * RNG.random((N, 3))
    y = np.array(["9", "10", "1"])[CODES]
    assert quick(settings={"epochs": 30}).fit(x, y).score(x, y) > 0.9
    frame = pd.DataFrame(x, columns=["p", "q", "r"])
    assert quick(settings={"epochs": 30}).fit(frame, y).score(frame, y) > 0.9


def test_labels_that_hold_at_once() -> None:
    x = RNG.integers(0, 2, (N, 4)).astype(float)
    model = quick(settings={"epochs": 30}).fit(x, x[:, :2].astype(int))
    assert model.predict_proba(x).shape == (N, 2) and model.classes_.tolist() == [0, 1]
    assert (model.predict(x) == x[:, :2]).mean() > 0.8


@pytest.mark.parametrize("name", [name for name in INPUTS if name != "few short texts"])
def test_values_of_every_form_of_input(name: str) -> None:
    x = INPUTS[name][0]
    model = quick(nas.Regressor).fit(x, VALUES)
    found = model.predict(x)
    assert found.shape == (N,) and abs(np.median(found) - VALUES.mean()) < 3 * VALUES.std()


def test_values_are_values_whatever_they_look_like() -> None:
    moments = pd.Series(np.sort(RNG.integers(10**9, 2 * 10**9, N)), name="time")
    for y in (moments, CODES, CODES.astype(bool).astype(float), np.stack([VALUES, CODES], axis=1)):
        model = quick(nas.Regressor).fit(TABLE, y)
        assert model.schema_.kind == "regression" and model.predict(TABLE).shape == np.shape(y)


def test_a_line_is_learned() -> None:
    x = RNG.random((200, 2)).astype(np.float32)
    y = 1000 + 300 * x[:, 0] - 100 * x[:, 1]
    assert quick(nas.Regressor, settings={"epochs": 40}).fit(x, y).score(x, y) > 0.8


def test_rows_of_a_table_may_come_in_any_order_of_columns(fitted: Any) -> None:
    assert fitted.feature_names_in_.tolist() == list(TABLE.columns) and fitted.n_features_in_ == 9
    likely = fitted.predict_proba(TABLE)
    assert np.array_equal(fitted.predict_proba(TABLE[list(TABLE)[::-1]]), likely)
    assert np.array_equal(fitted.predict_proba(TABLE.astype({"flag": object, "category": object})), likely)
    with pytest.warns(UserWarning, match="left aside: more, and more"):
        assert np.array_equal(fitted.predict_proba(TABLE.assign(more=1, **{"and more": 2})), likely)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert np.allclose(fitted.predict_proba(TABLE.to_numpy(object)), likely)
    unseen = TABLE.assign(word="never seen", number=np.nan)
    assert np.isfinite(fitted.predict_proba(unseen)).all()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (TABLE.drop(columns=["number", "word"]), "lacks 2 of the columns .*: number, word. There are: blank"),
        (TABLE.assign(number="much"), "Column 'number', example 1: 'much' is no number, and 59"),
        (TABLE.iloc[:0], "no rows"),
        (TABLE.to_numpy(object)[:, :3], "3 features, but Classifier is expecting 9"),
    ],
)
def test_rows_that_cannot_be_predicted(fitted: Any, x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fitted.predict(x)


def test_a_column_that_could_be_taken_for_the_target_is_a_feature() -> None:
    frame = pd.DataFrame({"Target": RNG.random(N), "label": CODES, "y": RNG.random(N)})
    model = quick().fit(frame, pd.Series(WORDS, name="label"))
    assert model.schema_.targets == ("label (y)",)
    assert set(model.preprocessing_.columns) == set(frame)


def test_each_row_is_an_example_also_where_rows_look_like_steps() -> None:
    frame = pd.DataFrame({"id": np.repeat(np.arange(12), 5), "step": np.tile(np.arange(5), 12), "v": RNG.random(N)})
    model = quick(options={"group": "none"}).fit(frame, np.repeat(["a", "b", "c"], 20))
    assert model.predict(frame).shape == (N,)


def test_features_may_grow_beyond_what_was_trained_on() -> None:
    counts = RNG.integers(0, 5, (N, 3))
    model = quick().fit(counts, WORDS)
    assert not np.array_equal(model.predict_proba(counts + 0.5), model.predict_proba(counts))
    assert np.isfinite(model.predict_proba(counts * 1000 - 7)).all()
    pictures = RNG.integers(0, 256, (N, 8, 8)).astype(np.uint8)
    model = quick().fit(pictures, WORDS)
    assert np.array_equal(model.predict_proba(pictures.astype(float)), model.predict_proba(pictures))
    with pytest.raises(InputError, match="whole numbers from 0 to 255, as in training"):
        model.predict(pictures / 255)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"budget": "soon"}, "soon"),
        ({"space": "no such space"}, "no such space"),
        ({"metric": "r2"}, "Unknown metric of a classification 'r2'"),
        ({"options": {"lay": "table"}}, "Unknown option 'lay'"),
        ({"options": {"target": "word"}}, "X and y tell already: target"),
        ({"options": {"metric": "macro_f1"}, "metric": "log_loss"}, "Give one of them"),
        ({"settings": {"seed": 3}}, "'seed' .random_state."),
        ({"settings": {"layout": "table"}}, "`options` is for that"),
        ({"settings": {"epoch": 3}}, "Unknown setting 'epoch'"),
        ({"limits": {"size": 3}}, "Unknown limit 'size'"),
        ({"training": {"rate": 0.1}}, "rate"),
    ],
)
def test_what_is_asked_is_checked_in_fit(asked: dict[str, Any], message: str, tmp_path: Path) -> None:
    model = quick(directory=tmp_path / "kept").fit(TABLE, WORDS)
    kept = sorted((tmp_path / "kept").iterdir())
    model.set_params(**asked)
    with pytest.raises((InputError, SpaceError), match=message):
        model.fit(TABLE, WORDS)
    assert sorted((tmp_path / "kept").iterdir()) == kept
    with pytest.raises(NotFittedError):
        model.predict(TABLE)


def test_arrays_must_be_finite() -> None:
    x = RNG.random((N, 3))
    x[7, 1] = np.nan
    with pytest.raises(InputError, match=r"NaN or inf.* in 1 of 60 rows, first in row 7"):
        quick().fit(x, WORDS)
    assert quick().fit(pd.DataFrame(x), WORDS).predict(pd.DataFrame(x)).shape == (N,)


def test_tools_of_scikit_learn() -> None:
    x = np.eye(3)[CODES] + 0.1 * RNG.random((N, 3))
    assert cross_val_score(quick(), x, WORDS, cv=3).shape == (3,)
    few = Space("few", *SPACES["tabular"]().cells)
    found = GridSearchCV(quick(), {"space": ["tabular", few], "metric": ["log_loss"]}, cv=2).fit(x, WORDS)
    assert found.best_estimator_.architecture_.space == getattr(found.best_params_["space"], "name", "tabular")
    assert found.best_estimator_.schema_.metric == "log_loss"
    pipe = make_pipeline(StandardScaler(), quick(nas.Regressor)).fit(x, VALUES)
    assert pipe.predict(x).shape == (N,)
    pipe.set_params(regressor__budget="1 trials")
    assert clone(pipe)[-1].get_params()["budget"] == "1 trials"


def test_the_same_number_repeats_a_search() -> None:
    x = RNG.random((N, 4))
    first, again, other = (quick(random_state=seed).fit(x, WORDS).predict_proba(x) for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    drawn = [quick(random_state=np.random.RandomState(5)).fit(x, WORDS).predict_proba(x) for _ in range(2)]
    assert np.array_equal(*drawn)


def test_a_pickle_holds_plain_data(fitted: Any) -> None:
    text = pickle.dumps(fitted)
    assert b"torch" not in text and b"_removal" not in text
    for same in (pickle.loads(text), copy.deepcopy(fitted)):
        assert np.array_equal(same.predict_proba(TABLE), fitted.predict_proba(TABLE))
        assert same.directory_ is None and isinstance(same.network_, torch.nn.Module)
        with pytest.raises(InputError, match="directory"):
            same.export("anywhere")


def test_a_temporary_directory_goes_with_its_estimator() -> None:
    x = RNG.random((N, 3))
    model = quick().fit(x, WORDS)
    first = model.directory_
    assert len(nas.open(first).candidates) == 2
    second = model.fit(x, WORDS).directory_
    assert not first.exists() and second.exists()
    del model
    gc.collect()
    assert not second.exists()


def test_a_final_in_a_kept_directory(tmp_path: Path) -> None:
    x = np.eye(3)[CODES].astype(np.float32) + 0.1
    model = quick(directory=tmp_path / "kept", final=True).fit(x, WORDS)
    assert model.directory_.parent == tmp_path / "kept"
    final = nas.open(model.directory_).final
    assert final is not None and not final.baselines
    assert (model.validation_score_, model.test_score_) == (final.winner.validation_score, final.winner.test_score)
    assert not (model.directory_ / "export").exists()
    other = quick(directory=tmp_path / "kept", final=True).fit(x, WORDS)
    assert other.directory_ != model.directory_
    made = pickle.loads(pickle.dumps(model)).export(tmp_path / "export")
    written = nas.load(made)(torch.from_numpy(x)).softmax(1).detach().numpy()
    assert np.allclose(written, model.predict_proba(x), atol=1e-5)


def test_what_a_search_says_is_shown_only_when_asked(capfd: pytest.CaptureFixture[str]) -> None:
    x = RNG.random((N, 3))
    quick().fit(x, WORDS)
    assert capfd.readouterr() == ("", "")
    quick(verbose=True).fit(x, WORDS)
    assert "Space: tabular (made for tables; --space names another)" in capfd.readouterr().out


def test_classes_are_shown_by_their_names(fitted: Any) -> None:
    [target] = [column for column in fitted.schema_.columns if column.role == "target"]
    assert (target.type, target.samples) == ("category", ("ash", "birch", "cedar"))


def test_what_is_suspicious_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="column 'nr' is left out: it numbers the rows"):
        quick().fit(pd.DataFrame({"nr": np.arange(N), "v": RNG.random(N)}), WORDS)


def test_the_package_loads_no_heavy_library_until_it_is_asked_for_one() -> None:
    code = (
        "import sys, nas; dir(nas); print(*sorted({'sklearn', 'torch', 'pandas', 'ray', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("kind", "y", "message"),
    [
        (nas.Regressor, WORDS, "not compatible with arrays of bytes.strings"),
        (nas.Regressor, np.where(np.arange(N) == 3, np.inf, VALUES), "Input y contains infinity"),
        (nas.Regressor, np.zeros(N), "nothing to learn"),
        (nas.Classifier, VALUES, "Unknown label type: continuous"),
        (nas.Classifier, WORDS[:-1], "60 rows, but y has 59"),
        (nas.Classifier, np.where(np.arange(N) == 3, None, WORDS), "1 of 60 targets are empty"),
        (nas.Classifier, np.where(np.arange(N) == 3, "oak", "ash"), "too few examples"),
        (nas.Classifier, np.full(N, "ash"), "at least 2 classes"),
        (nas.Classifier, np.stack([CODES, CODES], axis=1), "multiclass-multioutput|should be a 1d array"),
    ],
)
def test_targets_that_cannot_be_learned(kind: Any, y: Any, message: str) -> None:
    for x in (TABLE, TABLE[["number"]].to_numpy()):
        with pytest.raises(ValueError, match=message):
            quick(kind).fit(x, y)
