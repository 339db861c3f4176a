"""Rules from raw rows to arrays: fitted on the training part, written as JSON, executed on new rows."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nas.data.dataset import statistics
from nas.data.preprocessing import RULES, from_json, to_json
from nas.data.preprocessing.arrays import ArrayRules
from nas.data.preprocessing.pictures import PictureRules
from nas.data.preprocessing.series import SeriesRules
from nas.data.preprocessing.table import Category, Date, Number, TableRules, Words, numbers
from nas.data.preprocessing.text import TextRules
from nas.data.schema import Schema
from nas.errors import InputError

ROWS = pd.DataFrame(
    {
        "size": [1.0, 2.0, np.nan, 4.0],
        "colour": ["red", "blue", "red", ""],
        "day": ["2024-01-01", "2024-02-01", "2024-03-01", ""],
        "said": ["a red car", "the car", "a bus", ""],
    }
)
TABLE = TableRules(
    (Number.fitted(ROWS["size"]), Category.fitted(ROWS["colour"]), Date.fitted(ROWS["day"], "ISO8601"),
     Words.fitted(ROWS["said"]))
)  # fmt: skip
SCHEMA = Schema("x", "table", "classification", "accuracy", classes=("a", "b"))
EVERY = [
    TABLE,
    dataclasses.replace(TABLE, steps=TABLE.steps[:1], series=True),
    ArrayRules((9, 8, 3), (2, 0, 1), dtype="uint8"),
    ArrayRules((9,), (0,), True),
    PictureRules("RGB", (16, 32), "file"),
    SeriesRules(2, 9, (0.5, 1.5)),
    SeriesRules(1, 9, (0.5,), False, ("x",), "sample", "step", (".",)),
    TextRules.fitted(["a red car and a red bus"] * 3, "said"),
    TextRules.fitted(["漢字かな" * 9], by="auto"),
]


@pytest.mark.parametrize("rules", EVERY, ids=lambda rules: rules.rules)
def test_rules_survive_json(rules: Any) -> None:
    again = from_json(to_json(rules, SCHEMA))
    assert again == rules and again.input_shape == rules.input_shape
    data = json.loads(to_json(rules, SCHEMA))["inputs"]
    assert data["rules"] in RULES and tuple(data["input_shape"]) == rules.input_shape


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": {"rules": "magic", "input_shape": [1]}}'])
def test_what_is_no_preprocessing(text: str) -> None:
    with pytest.raises(InputError, match="no preprocessing"):
        from_json(text)


def test_columns_are_matched_by_their_names() -> None:
    expected = TABLE.apply(ROWS)
    assert expected.shape == (4, *TABLE.input_shape) and len(TABLE.names()) == TABLE.input_shape[0]
    shuffled = ROWS[["said", "day", "size", "colour"]].assign(further=1)
    np.testing.assert_array_equal(TABLE.apply(shuffled), expected)
    with pytest.raises(InputError, match="Missing columns: size, said"):
        TABLE.apply(ROWS[["day", "colour"]])


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("typed", [True, False])
def test_numbers(decimal: str, typed: bool) -> None:
    values = np.array([1234.5, -2.25, 0.0, 7.0])
    cells = pd.Series(values if typed else [f"{value}".replace(".", decimal) for value in values], name="n")
    step = Number.fitted(cells, decimal)
    scaled = step.apply(cells)[:, 0]
    np.testing.assert_allclose(scaled * step.scale + step.shift, values)
    assert not step.flag
    with pytest.raises(InputError, match="example 2"):
        step.apply(pd.Series(["1", "one"], name="n"))


@pytest.mark.parametrize("empty", [None, np.nan, pd.NA, "", "NA"])
def test_empty_cells_among_objects_that_are_numbers(empty: Any) -> None:
    cells = pd.Series([1.5, empty, "2.5"], dtype=object, name="n")
    np.testing.assert_array_equal(numbers(cells), [1.5, np.nan, 2.5])


def test_thousands_of_a_decimal_comma() -> None:
    assert Number("n", 0.0, 1.0, 0.0, decimal=",").apply(pd.Series(["1.234,5"]))[0, 0] == 1234.5


def test_missing_numbers_become_the_median_with_a_flag() -> None:
    step = Number.fitted(pd.Series([1.0, 2.0, np.nan, 9.0], name="n"))
    made = step.apply(pd.Series([np.nan, 2.0], name="n"))
    np.testing.assert_array_equal(made[:, 1], [1, 0])
    assert made[0, 0] == made[1, 0]


@pytest.mark.parametrize("offset", [0.0, 1e9, 1.7e9, -1e12])
def test_small_steps_of_large_numbers_are_kept(offset: float) -> None:
    cells = pd.Series(offset + np.arange(360), name="n")
    rules = TableRules((Number.fitted(cells),))
    assert len(np.unique(rules.apply(cells.to_frame()))) == 360


def test_a_heavy_tail_is_scaled_by_quantiles() -> None:
    cells = pd.Series(np.exp(np.random.default_rng(0).normal(0, 3, 2000)), name="n")
    step = Number.fitted(cells)
    assert step.knots
    made = step.apply(cells)[:, 0]
    assert np.abs(made).max() < 4 and abs(made.mean()) < 0.1
    assert (np.diff(made[np.argsort(cells.to_numpy())]) >= 0).all()


def test_an_unseen_word_is_any_other() -> None:
    step = Category.fitted(pd.Series(["b", "a", "b", None], name="w"))
    assert step.words == ("", "a", "b")
    np.testing.assert_array_equal(
        step.apply(pd.Series(["a", "never", None])), [[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    )


def test_more_than_a_hundred_words_are_cut_to_the_most_frequent() -> None:
    cells = pd.Series([f"w{i}" for i in range(150)] + ["w3"] * 5, name="w")
    step = Category.fitted(cells)
    assert len(step.words) == 100 and "w3" in step.words


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-01-31", "2024-02-01"], "ISO8601"), (["31.01.2024", "01.02.2024"], "%d.%m.%Y"),
        ([1706659200, 1706745600], "s"), ([1706659200000, 1706745600000], "ms"),
        (pd.to_datetime(["2024-01-31", "2024-02-01"]), "ISO8601"),
    ],
)  # fmt: skip
def test_dates_of_every_form_are_the_same_moments(cells: Any, form: str) -> None:
    cells = pd.Series(cells, name="d")
    step = Date.fitted(cells, form)
    assert step.origin == pytest.approx(1706702400)
    np.testing.assert_allclose(step.apply(cells)[:, 0], [-1, 1])


def test_words_and_bytes() -> None:
    rules = TextRules.fitted(["The car!", "the car?", "a bus"], length_of := "said")
    assert rules.words == ("car", "the") and rules.column == length_of and rules.vocabulary == 4
    np.testing.assert_array_equal(rules.apply(["THE never car", "", None])[:, :3], [[3, 1, 2], [0, 0, 0], [0, 0, 0]])
    letters = TextRules.fitted(["abc"], by="bytes")
    np.testing.assert_array_equal(letters.apply(["ab"])[0, :3], [98, 99, 0])


def test_the_vocabulary_is_of_the_training_part_alone() -> None:
    from nas.data import load

    texts = [f"word {i} here {i}" for i in range(60)]
    data = load((texts, np.arange(60) % 2))
    assert isinstance(data.preprocessing, TextRules)
    train = set(" ".join(texts).split())
    assert set(data.preprocessing.words) < train


def test_series_are_cut_padded_and_masked() -> None:
    rules = SeriesRules(1, 3, (9.0,))
    made = rules.apply([np.array([[1.0, 2.0]]), np.array([1.0, np.nan, 3.0, 4.0])])
    np.testing.assert_array_equal(made, [[[1, 2, 9], [1, 1, 0]], [[1, 9, 3], [1, 0, 1]]])
    with pytest.raises(InputError, match="2 channels"):
        rules.apply([np.ones((2, 3))])


def test_arrays_of_another_shape_or_range_are_refused() -> None:
    rules = ArrayRules((4,), (0,), dtype="uint8")
    with pytest.raises(InputError, match="shape"):
        rules.apply(np.zeros((2, 5)))
    with pytest.raises(InputError, match="bytes"):
        rules.apply(np.full((2, 4), 300.0))
    with pytest.raises(InputError, match=r"whole numbers from 0 to 255, as in training, got e.g. 0.5"):
        rules.apply(np.full((2, 4), 0.5))
    assert rules.apply(np.full((2, 4), 7.0)).dtype == np.uint8


@pytest.mark.parametrize("seed", range(4))
def test_a_heavy_tail_of_many_rows_is_cut_into_bins_that_tell_rare_values_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rare = rng.choice(np.array([2_174.0, 3_103, 5_178, 7_298, 99_999]), 8_000)
    cells = pd.Series(np.where(rng.random(8_000) < 0.95, 0.0, rare), name="gain")
    step = Number.fitted(cells)
    made = step.apply(cells)
    assert made.shape == (8_000, sum(step.codes)) and sum(step.codes) == len(step.names()) == 6
    assert (np.diff(step.edges) > 0).all() and set(step.edges) == set(cells)
    for low, high in itertools.pairwise(sorted(set(cells))):
        column = step.names().index(f"gain from {low:g} to {high:g}")
        np.testing.assert_array_equal(made[:, column], cells >= high)
    again = TableRules.from_dict(json.loads(json.dumps(TableRules((step,)).to_dict())))
    np.testing.assert_array_equal(again.apply(cells.to_frame()), TableRules((step,)).apply(cells.to_frame()))
    assert statistics(made.astype(np.float32))[1][1:] == (1.0,) * 5


def test_few_rows_of_a_heavy_tail_are_not_cut_into_bins() -> None:
    assert not Number.fitted(pd.Series(np.exp(np.random.default_rng(0).normal(0, 3, 500)), name="n")).edges
