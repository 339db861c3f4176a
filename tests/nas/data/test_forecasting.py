"""Tables with a column of time, read as windows and the values that follow them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nas.baselines import BASELINES, for_task
from nas.config.data_options import DataOptions
from nas.data import Dataset, load
from nas.data.preprocessing.forecast import ForecastRules
from nas.data.time_grid import found_season, grid_of
from nas.errors import InputError
from nas.training.score import score

N = 240
FREQUENCIES = {  # pandas' name: what the schema calls a step, and the season that is found
    "D": ("day", 7),
    "h": ("hour", 24),
    "15min": ("15 minutes", 12),
    "W": ("week", 12),
    "MS": ("month", 12),
    "ME": ("month", 12),
    "QS": ("quarter", 4),
    "YS": ("year", 12),
    "B": ("weekday", 5),
}


def values(n: int = N, season: int = 7, seed: int = 0) -> np.ndarray:
    rng, t = np.random.default_rng(seed), np.arange(n)
    return 50 + 0.1 * t + 10 * np.sin(2 * np.pi * t / season) + rng.normal(0, 0.5, n)


def table(n: int = N, freq: str = "D", season: int = 7, form: str = "%Y-%m-%d") -> pd.DataFrame:
    when = pd.date_range("2015-01-05", periods=n, freq=freq)
    return pd.DataFrame({"date": when.strftime(form), "sales": values(n, season)})


def read(data: Any, **said: Any) -> Dataset:
    return load(data, options=DataOptions(**{"horizon": 5, **said}))


def rules_of(dataset: Dataset) -> ForecastRules:
    assert isinstance(dataset.preprocessing, ForecastRules)
    return dataset.preprocessing


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_steps_season_and_the_times_that_follow(freq: str) -> None:
    says, season = FREQUENCIES[freq]
    form = "%Y-%m-%d %H:%M:%S" if freq in ("h", "15min") else "%Y-%m-%d"
    dataset = read(table(freq=freq, season=season, form=form))
    assert dataset.schema is not None and dataset.schema.forecast is not None
    assert dataset.schema.forecast.step == says
    assert dataset.schema.forecast.season == season
    rows = dataset.test.open_rows()
    expected = pd.date_range(rows["date"].iloc[-1], periods=6, freq=freq)[1:].strftime(form)
    assert rules_of(dataset).next_times(rows) == [list(expected)]


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%m/%d/%Y", "%d %b %Y"])
def test_times_are_written_as_in_the_source(form: str) -> None:
    dataset = read(table(form=form))
    assert rules_of(dataset).next_times(dataset.test.open_rows())[0][0] == (
        pd.Timestamp("2015-01-05") + pd.Timedelta(days=N)
    ).strftime(form)


def test_months_without_a_day_and_counts() -> None:
    months = read(table(freq="MS", season=12, form="%Y-%m"))
    rows = months.test.open_rows()
    assert rules_of(months).next_times(rows) == [["2035-02", "2035-03", "2035-04", "2035-05", "2035-06"]]
    counted = read(pd.DataFrame({"hour": np.arange(10, 10 + 3 * N, 3), "load": values()}), time="hour")
    assert rules_of(counted).step == 3
    assert rules_of(counted).next_times(counted.test.open_rows())[0][:2] == [str(10 + 3 * N), str(13 + 3 * N)]


def test_windows_lie_within_one_part_and_say_what_follows_them() -> None:
    frame = table()
    dataset = read(frame, window=14)
    y = frame["sales"].to_numpy(np.float32)
    place = {value: row for row, value in enumerate(y.tolist())}
    parts = [dataset.search.train, dataset.search.validation, dataset.test.open()]
    begins = [0, 154, 192]
    ends = [154, 192, N]
    for part, begin, end in zip(parts, begins, ends, strict=True):
        assert len(part) == end - begin - 14 - 5 + 1
        for window, after in zip(part.inputs[:, 0], part.targets, strict=True):
            first = place[float(window[0])]
            assert begin <= first and first + 19 <= end
            np.testing.assert_array_equal(y[first : first + 14], window)
            np.testing.assert_array_equal(y[first + 14 : first + 19], after)
    assert dataset.schema is not None and dataset.schema.parts is not None
    assert (dataset.schema.parts.train, dataset.schema.parts.test) == (len(parts[0]), len(parts[2]))
    inputs, targets = rules_of(dataset).windows(dataset.test.open_rows())
    np.testing.assert_array_equal(inputs, parts[2].inputs)
    np.testing.assert_array_equal(targets, parts[2].targets)


def test_rows_in_any_order_are_sorted_and_said() -> None:
    frame = table()
    shuffled = frame.sample(frac=1, random_state=0)
    there, sorted_ = read(shuffled), read(frame)
    assert there.fingerprint == sorted_.fingerprint
    assert there.schema is not None and any("sorted" in note for note in there.schema.notes)
    assert sorted_.schema is not None and not sorted_.schema.notes


def test_gaps_get_the_value_before_and_are_never_a_target() -> None:
    frame = table().drop(index=[50, 51, 100])
    frame.loc[120, "sales"] = np.nan
    dataset = read(frame, window=10)
    assert dataset.schema is not None and dataset.schema.forecast is not None
    assert dataset.schema.forecast.missing == 3
    notes = " ".join(dataset.schema.notes)
    assert "1 empty cells" in notes and "windows are left out" in notes
    steps = rules_of(dataset).series_of(frame)[""].values[0]
    assert np.flatnonzero(np.isnan(steps)).tolist() == [50, 51, 100, 120]
    window = rules_of(dataset).windows(frame.iloc[30:70])[0]
    at = [one for one in window[:, 0] if one[-1] == np.float32(frame["sales"][49])]
    assert any(one[-1] == one[-3] == np.float32(frame["sales"][49]) for one in at)


def test_several_series_below_each_other() -> None:
    frames = [table(120).assign(shop=shop, sales=values(120) * (1 + place)) for place, shop in enumerate("abc")]
    frame = pd.concat(frames, ignore_index=True)
    dataset = read(frame, window=14)
    assert dataset.schema is not None and dataset.schema.forecast is not None
    assert dataset.schema.forecast.series == "shop"
    assert len(dataset.test.open()) == 3 * (24 - 14 - 5 + 1)
    rules = rules_of(dataset)
    assert rules.names_of(frame) == ("a", "b", "c")
    assert rules.apply(frame).shape == (3, 1, 14)
    assert read(frame, window=14, group="shop").fingerprint == dataset.fingerprint
    np.testing.assert_allclose(rules.apply(frame)[1, 0], 2 * values(120)[-14:], rtol=1e-6)


def test_several_targets_and_further_channels() -> None:
    frame = table().assign(price=values(seed=1), note="x", open=lambda rows: rows["sales"] * 2)
    dataset = read(frame, target=("sales", "open"), window=14)
    assert dataset.task.outputs == 10 and dataset.task.input_shape == (3, 14)
    assert dataset.classes[:6] == ("sales +1", "sales +2", "sales +3", "sales +4", "sales +5", "open +1")
    test = dataset.test.open()
    np.testing.assert_allclose(test.targets[:, 5:], 2 * test.targets[:, :5], rtol=1e-6)
    assert dataset.schema is not None
    assert {one.name: one.role for one in dataset.schema.columns}["note"] == "left out"


def test_a_table_indexed_by_time_and_parts_of_their_own(tmp_path: Path) -> None:
    indexed = table().assign(date=lambda rows: pd.to_datetime(rows["date"])).set_index("date").rename_axis(None)
    assert read(indexed).fingerprint == read(table()).fingerprint
    table().iloc[:192].to_csv(tmp_path / "early.csv", index=False)
    table().iloc[192:].to_csv(tmp_path / "late.csv", index=False)
    own = read(str(tmp_path / "early.csv"), test=str(tmp_path / "late.csv"))
    assert own.fingerprint == read(table()).fingerprint
    assert own.schema is not None and own.schema.parts is not None
    assert "own test part" in own.schema.parts.how
    with pytest.raises(InputError, match="must begin later"):
        read(str(tmp_path / "late.csv"), test=str(tmp_path / "early.csv"))


def test_the_schema_says_it_all_and_comes_back() -> None:
    dataset = read(table(), window=14, metric="mae")
    assert dataset.schema is not None
    lines = "\n".join(dataset.schema.lines())
    for what in ("next 5 steps of sales", "last 14 steps", "one step is a day", "Season: 7 steps", "windows to train",
                 "training 2015-01-05 to 2015-06-07 (154 steps)", "made best: MAE"):  # fmt: skip
        assert what in lines
    assert type(dataset.schema).from_json(dataset.schema.to_json()) == dataset.schema
    assert type(dataset.task).from_data(dataset.task.to_data()) == dataset.task
    assert "forecast" not in load("iris").schema.to_json()  # type: ignore[union-attr]


def test_metrics_are_in_their_own_units() -> None:
    dataset = read(table(), window=14)
    test = dataset.test.open()
    missed = test.targets + 3.0
    errors = dataset.task.forecast.errors  # type: ignore[union-attr]
    assert score(dataset.task, missed, test.targets) == pytest.approx(-3.0 / errors[0], rel=1e-5)
    frame = table()["sales"].to_numpy()[:154]
    assert errors[0] == pytest.approx(np.abs(frame[7:] - frame[:-7]).mean())
    other = read(table(), window=14, metric="smape").task
    two, four = np.full((1, 5), 2.0), np.full((1, 5), 4.0)
    assert score(other, two, four) == pytest.approx(-200 * 2 / 6)
    assert score(other, two * 0, four * 0) == 0.0


def test_baselines_repeat_the_last_season_or_value() -> None:
    dataset = read(table(), window=14)
    assert for_task(dataset.task)[:2] == ["seasonal_naive", "last_value"]
    window = np.arange(14, dtype=np.float32)[None, None]
    season, last = (BASELINES[name].train(dataset.search, 1.0) for name in ("seasonal_naive", "last_value"))
    assert season.predict(window).tolist() == [[7, 8, 9, 10, 11]]
    assert last.predict(window).tolist() == [[13] * 5]
    assert season.validation_score > last.validation_score
    none = read(
        pd.DataFrame(
            {"t": pd.date_range("2020-01-01", periods=N), "x": np.random.default_rng(0).normal(size=N).cumsum()}
        )
    )
    assert "seasonal_naive" not in for_task(none.task)
    assert dataset.schema is not None and dataset.schema.majority == pytest.approx(season.validation_score)


def test_no_season_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    days = grid_of([np.arange(400) * 86_400.0], True)
    assert days is not None
    assert [found_season(rng.normal(size=400).cumsum(), days) for _ in range(20)] == [1] * 20
    assert found_season(np.ones(50), days) == 1


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[30, 31]]], ignore_index=True)


def irregular(frame: pd.DataFrame) -> pd.DataFrame:
    when = pd.to_datetime(frame["date"]) + pd.to_timedelta(np.where(np.arange(len(frame)) == 77, 9, 0), "h")
    return frame.assign(date=when.dt.strftime("%Y-%m-%d %H:%M:%S"))


def scattered(frame: pd.DataFrame) -> pd.DataFrame:
    days = np.sort(np.random.default_rng(0).choice(5_000, len(frame), replace=False))
    return frame.assign(date=(pd.Timestamp("2010-01-01") + pd.to_timedelta(days, "D")).strftime("%Y-%m-%d"))


WRONG = {  # what is done to the table, what is asked for, what is said
    "no horizon": (None, {"horizon": None, "kind": "forecasting"}, "needs to know how many steps"),
    "window alone": (None, {"horizon": None, "window": 7}, "begins with --horizon"),
    "horizon of 0": (None, {"horizon": 0}, "`horizon` must be"),
    "horizon in words": (None, {"horizon": "a week"}, "`horizon` must be"),
    "two kinds": (None, {"kind": "classification"}, "Leave one of them out"),
    "unknown time": (None, {"time": "dates"}, "Did you mean 'date'"),
    "no time": (lambda frame: frame.drop(columns="date").assign(other=1.5), {}, "no column holds dates"),
    "time none": (None, {"time": "none"}, "needs a column of time"),
    "two times": (lambda frame: frame.assign(shipped=frame["date"]), {}, "several columns of dates"),
    "time of words": (lambda frame: frame.assign(who=["ann", "bob", "cid"] * 80), {"time": "who"}, "tells no time"),
    "empty time": (lambda frame: frame.assign(date=frame["date"].where(frame.index != 9)), {}, "row 10: .* is empty"),
    "twice": (twice, {}, "row 241: the time stands in table, row 31 already; 2 rows repeat"),
    "irregular": (irregular, {}, "row 78, column 'date': .* irregular"),
    "scattered": (scattered, {}, "irregular"),
    "words": (lambda frame: frame.assign(who=["ann", "bob", "cid"] * 80), {"target": "who"}, "is of numbers"),
    "time as target": (None, {"target": "date", "time": "date"}, "cannot be predicted"),
    "ignored target": (None, {"target": "sales", "ignore": "sales"}, "cannot be left out"),
    "too short": (lambda frame: frame.head(20), {"horizon": 7}, "too few for --horizon 7"),
    "too long a window": (None, {"window": 60}, "With this horizon a window may have 33 steps"),
    "constant": (lambda frame: frame.assign(sales=3.0), {}, "nothing to learn"),
    "unknown metric": (None, {"metric": "accuracy"}, "metric of a forecast"),
    "one row": (lambda frame: frame.head(1), {}, "no steps of time"),
    "no numbers": (lambda frame: frame.assign(sales=["a", "b"] * 120), {}, "no column of numbers"),
    "pictures": (None, {"layout": "pictures"}, "not from `--layout pictures`"),
    "series by the time": (None, {"group": "date"}, "tells no series"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused(what: str) -> None:
    change, said, message = WRONG[what]
    frame = table() if change is None else change(table())
    with pytest.raises(InputError) as refused:
        read(frame, **said)
    assert re.search(message, str(refused.value)), str(refused.value)


def test_arrays_and_folders_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such table"):
        read("digits")
    with pytest.raises(InputError, match="no such table"):
        read(tmp_path)
    with pytest.raises(InputError, match="no such table"):
        read((np.zeros((30, 3)), np.zeros(30)))
