"""What a table is understood to be: target, columns, groups, time, and what is left out or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nas.data import Dataset, load
from nas.data.schema import Schema
from nas.errors import InputError

N = 120
CALM = np.random.default_rng(0).normal(size=N)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def words(*choices: str, seed: int = 1, n: int = N) -> np.ndarray:
    return rng(seed).choice(choices, n)


def frame(**columns: Any) -> pd.DataFrame:
    """Two numbers and words, and further columns before the last, `mood`."""
    base = {"a": rng(2).normal(size=N), "b": rng(3).normal(size=N), "w": words("x", "y", "z")}
    return pd.DataFrame({**base, **columns, "mood": np.where(CALM + base["a"] > 0, "calm", "loud")})


def read(data: pd.DataFrame, tmp_path: Path | None = None, **options: Any) -> tuple[Dataset, Schema]:
    """Through a file where there is a folder; what the preprocessing says of the test rows is what the test holds."""
    source: Any = data
    if tmp_path is not None:
        source = tmp_path / "table.csv"
        data.to_csv(source, index=False)
    found = load(source, **options)
    assert found.schema is not None and found.preprocessing is not None
    again = found.preprocessing.apply(found.test.open_rows())
    np.testing.assert_array_equal(again, found.test.open().inputs)
    return found, found.schema


def role(schema: Schema, name: str) -> str:
    return next(column.role for column in schema.columns if column.name == name)


@pytest.mark.parametrize("name", ["target", "label", "class", "y", "Class", "LABEL", "Target"])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_target_is_taken_by_its_name_wherever_it_stands(tmp_path: Path, name: str, place: int) -> None:
    data = frame().rename(columns={"mood": name})
    order = [column for column in data.columns if column != name]
    order.insert(place, name)
    schema = read(data[order], tmp_path)[1]
    assert schema.targets == (name,) and "by its name" in schema.why_target


@pytest.mark.parametrize("name", ["a", "w", "mood"])
def test_the_target_that_is_named_is_taken_and_shown(tmp_path: Path, name: str) -> None:
    data, schema = read(frame(), tmp_path, target=name)
    assert schema.targets == (name,) and schema.why_target == "--target"
    assert any(line.startswith(f"Target: {name}") for line in schema.lines())
    assert data.task.kind == ("regression" if name == "a" else "classification")


def test_else_the_last_column_is_the_target(tmp_path: Path) -> None:
    assert "the last column" in read(frame(), tmp_path)[1].why_target


def test_the_last_column_is_passed_by_when_it_cannot_be_predicted(tmp_path: Path) -> None:
    data = frame().assign(said=[f"one of {i} long texts here" for i in range(N)])
    assert read(data, tmp_path)[1].targets == ("mood",)


@pytest.mark.parametrize("option", ["target", "ignore", "keep", "time", "group"])
def test_a_column_that_is_not_there_is_named(tmp_path: Path, option: str) -> None:
    with pytest.raises(InputError, match=f"--{option} 'moot'.*Did you mean 'mood'"):
        read(frame(), tmp_path, **{option: "moot"})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Id", range(1, N + 1)),
        ("id", range(N)),
        ("row", rng(4).permutation(N)),
        ("customer_id", rng(5).permutation(10 * N)[:N]),
        ("PassengerId", range(1000, 1000 + N)),
    ],
)
def test_a_column_that_numbers_the_rows_is_left_out_with_a_warning(tmp_path: Path, name: str, values: Any) -> None:
    data = frame(**{name: list(values)}).sort_values("mood")
    schema = read(data, tmp_path)[1]
    assert role(schema, name) == "left out"
    assert any(repr(name) in warning and "--keep" in warning for warning in schema.warnings)
    assert role(read(data, tmp_path, keep=name)[1], name) == "feature"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([f"T-{i}" for i in range(N)], "different words"),
        (["same"] * N, "one value"),
        ([""] * N, "empty"),
        ([3.0] + [np.nan] * (N - 1), "missing"),
    ],
)
def test_columns_that_nothing_can_be_learned_from_are_left_out(tmp_path: Path, values: list[Any], why: str) -> None:
    schema = read(frame(extra=values), tmp_path)[1]
    column = next(column for column in schema.columns if column.name == "extra")
    assert column.role == "left out" and why in column.why


@pytest.mark.parametrize("empty", ["", "NA", "nan", "?", "null", "N/A", "-"])
def test_missing_numbers_are_filled_and_flagged(tmp_path: Path, empty: str) -> None:
    cells = [empty if i % 5 == 0 else f"{i * 0.5}" for i in rng(1).permutation(N)]
    data, schema = read(frame(late=cells), tmp_path)
    assert "late is missing" in data.columns
    flag = data.search.train.inputs[:, data.columns.index("late is missing")]
    assert 0 < flag.mean() < 0.5
    assert next(column for column in schema.columns if column.name == "late").missing == pytest.approx(0.2)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d %b %Y", "%m/%d/%Y"]
)
def test_dates_become_parts_and_never_words(tmp_path: Path, form: str) -> None:
    days = pd.Series(pd.date_range("2023-01-14 08:30", periods=N, freq="31h")).sample(frac=1, random_state=1)
    data, schema = read(frame(day=days.dt.strftime(form).to_numpy()), tmp_path)
    assert next(column for column in schema.columns if column.name == "day").type == "date"
    assert {"day elapsed", "day year sin", "day week cos"} <= set(data.columns)


@pytest.mark.parametrize(("factor", "name"), [(1, "unix_time"), (1000, "stamp_ms"), (1, "seen")])
def test_seconds_since_1970_keep_their_resolution(tmp_path: Path, factor: int, name: str) -> None:
    seconds = (1_767_225_600 + 10 * np.arange(N)) * factor
    data, schema = read(frame(**{name: seconds}), tmp_path)
    assert next(column for column in schema.columns if column.name == name).type == "date"
    elapsed = np.concatenate([part.inputs[:, data.columns.index(f"{name} elapsed")] for part in
                              (data.search.train, data.search.validation, data.test.open())])  # fmt: skip
    assert len(np.unique(elapsed)) == N


@pytest.mark.parametrize("name", ["person", "subject", "p", "batch"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_groups_stay_in_one_part_and_are_not_learned_from(tmp_path: Path, name: str, shuffled: bool) -> None:
    groups = np.repeat([f"P{i:02}" for i in range(24)], 10)
    data = pd.DataFrame({name: groups, "a": rng(1).normal(size=240), "b": rng(2).normal(size=240)})
    data["state"] = np.where(pd.Series(groups).str[1:].astype(int) % 3 == 0, "ill", "well")
    data = data.sample(frac=1, random_state=0) if shuffled else data
    found, schema = read(data, tmp_path)
    assert role(schema, name) == "group" and schema.parts is not None and "by group" in schema.parts.how
    test = set(found.test.open_rows()[name])
    assert len(found.test) == 10 * len(test)
    assert any("--group none" in warning for warning in schema.warnings)
    free = read(data, tmp_path, group="none")[1]
    assert role(free, name) == "feature"


def test_a_group_that_is_named_divides(tmp_path: Path) -> None:
    data = frame(team=[f"t{i % 11}" for i in range(N)])
    found, schema = read(data, tmp_path, group="team")
    assert role(schema, "team") == "group"
    rest = set(data["team"]) - set(found.test.open_rows()["team"])
    assert len(found.test) == sum(data["team"].isin(set(data["team"]) - rest))


@pytest.mark.parametrize(
    "when", [pd.date_range("2023-01-01", periods=300).strftime("%Y-%m-%d"), np.arange(300), np.arange(1, 301)], ids=str
)
def test_a_walk_through_time_is_tested_on_its_last_part(tmp_path: Path, when: Any) -> None:
    data = pd.DataFrame(
        {"day": when, "noise": rng(1).normal(size=300), "sales": 500 + rng(2).normal(size=300).cumsum()}
    )
    found, schema = read(data, tmp_path)
    assert schema.parts is not None and "by time" in schema.parts.how
    assert list(found.test.open_rows()["day"]) == [str(value) for value in list(when)[-60:]]
    assert any("--time none" in warning for warning in schema.warnings)
    assert "at random" in read(data, tmp_path, time="none")[1].parts.how  # type: ignore[union-attr]


def test_a_time_that_is_named_divides_classes_too(tmp_path: Path) -> None:
    data = frame(hour=rng(9).permutation(N))
    found = read(data, tmp_path, time="hour")[0]
    assert min(map(int, found.test.open_rows()["hour"])) >= N - len(found.test)


@pytest.mark.parametrize("numbers", [True, False])
def test_a_column_that_gives_the_target_away_is_warned_of(tmp_path: Path, numbers: bool) -> None:
    mood = frame()["mood"] == "calm"
    leak = mood + rng(1).random(N) * 0.5 if numbers else np.where(mood, "yes", "no")
    assert any("'leak' alone tells" in warning for warning in read(frame(leak=leak), tmp_path)[1].warnings)


def test_copies_of_rows_are_reported(tmp_path: Path) -> None:
    data = pd.concat([frame(), frame().head(20)])
    assert any("exact copies" in warning for warning in read(data, tmp_path)[1].warnings)


@pytest.mark.parametrize(("share", "warned"), [(0.02, True), (0.4, False)])
def test_rare_positives_are_warned_of_with_the_majority_s_score(tmp_path: Path, share: float, warned: bool) -> None:
    n = 500
    data = pd.DataFrame({"a": rng(1).normal(size=n), "b": rng(2).normal(size=n)})
    data["verdict"] = np.where(np.arange(n) < share * n, "fraud", "ok")
    schema = read(data, tmp_path)[1]
    assert any("balanced_accuracy" in warning for warning in schema.warnings) is warned
    assert schema.majority == pytest.approx(1 - share, abs=0.02)


def test_rare_classes_are_for_training_only_and_all_named(tmp_path: Path) -> None:
    data = frame()
    data["state"] = ["a"] * 70 + ["b"] * 47 + ["c", "d", "d"]
    found, schema = read(data, tmp_path)
    assert any("c (1), d (2)" in warning for warning in schema.warnings)
    assert set(found.classes) == {"a", "b", "c", "d"}
    assert 2 not in found.test.open().targets


def test_too_many_rare_classes_are_refused_together(tmp_path: Path) -> None:
    data = frame()
    data["state"] = [f"only {i}" if i < 40 else "rest" for i in range(N)]
    with pytest.raises(InputError, match=r"only 0 \(1\), only 1 \(1\).*20 more"):
        read(data, tmp_path)


@pytest.mark.parametrize("choice", ["drop", "class"])
def test_blank_labels_are_asked_about(tmp_path: Path, choice: str) -> None:
    data = frame()
    data.loc[rng(1).permutation(N)[:30], "mood"] = ""
    with pytest.raises(
        InputError, match=r"table\.csv, line \d+: 30 of 120 rows.*--blank-target drop.*--blank-target class"
    ):
        read(data, tmp_path)
    found, schema = read(data, tmp_path, blank_target=choice)
    assert ("(blank)" in found.classes) == (choice == "class")
    assert sum(schema.counts) == (N if choice == "class" else 90)


@pytest.mark.parametrize("empty", ["NA", "", "?"])
def test_missing_numbers_of_a_target_are_left_out_with_a_warning(tmp_path: Path, empty: str) -> None:
    data = frame()
    data["grade"] = [empty if i % 10 == 0 else f"{i % 37 / 3:.2f}" for i in range(N)]
    found, schema = read(data, tmp_path)
    assert found.task.kind == "regression"
    assert any("12 of 120 rows have no target" in warning and "line 2" in warning for warning in schema.warnings)


@pytest.mark.parametrize("order", [["text", "label"], ["label", "text"]])
@pytest.mark.parametrize("several", [False, True])
def test_a_table_of_texts_is_read_as_text(tmp_path: Path, order: list[str], several: bool) -> None:
    said = [
        f"you {'won a prize' if i % 3 == 0 else 'need to call'} number {i if several else i % 30}" for i in range(N)
    ]
    data = pd.DataFrame({"text": said, "label": np.where(np.arange(N) % 3 == 0, "spam", "ham")})[order]
    found, schema = read(data, tmp_path)
    assert schema.layout == "text" and found.task.vocabulary > 5 and len(found.task.input_shape) == 1
    assert schema.targets == ("label",)


def test_texts_beside_other_columns_are_an_input_or_words(tmp_path: Path) -> None:
    said = [f"the {word} thing was {i} there" for i, word in enumerate(words("red", "blue"))]
    found, schema = read(frame(said=said), tmp_path)
    assert schema.layout == "joined" and [one.name for one in schema.inputs] == ["numbers", "text"]
    found, schema = read(frame(said=said), tmp_path, layout="table")
    assert schema.layout == "table" and "said has red" in found.columns
    assert read(frame(said=said), tmp_path, layout="text")[1].layout == "text"


@pytest.mark.parametrize("ending", ["wav", "png", "mp4"])
def test_paths_that_lead_nowhere_are_refused(tmp_path: Path, ending: str) -> None:
    with pytest.raises(InputError, match="--ignore file"):
        read(frame(file=[f"folder/{i}.{ending}" for i in range(N)]), tmp_path)
    assert read(frame(file=[f"folder/{i}.{ending}" for i in range(N)]), tmp_path, ignore="file")[1].layout == "table"


def test_several_targets(tmp_path: Path) -> None:
    data = frame(first=rng(1).normal(size=N), second=rng(2).normal(size=N))
    found, schema = read(data, tmp_path, target=("first", "second"))
    assert (found.task.outputs, found.task.kind, found.classes) == (2, "regression", ("first", "second"))
    data = frame(first=words("yes", "no"), second=rng(2).integers(0, 2, N))
    found, schema = read(data, tmp_path, target=("first", "second"))
    assert (found.task.kind, schema.counts[1]) == ("multilabel", data["second"].sum())


def test_own_parts_are_matched_by_the_names_of_columns(tmp_path: Path) -> None:
    data = frame()
    for name, rows in (("test", slice(0, 30)), ("validation", slice(30, 50)), ("train", slice(50, None))):
        data.iloc[rows][list(data.columns)[:: 1 if name == "train" else -1]].to_csv(
            tmp_path / f"{name}.csv", index=False
        )
    found = load(tmp_path / "train.csv", test=str(tmp_path / "test.csv"), validation=str(tmp_path / "validation.csv"))
    assert (len(found.search.train), len(found.search.validation), len(found.test)) == (70, 20, 30)
    np.testing.assert_array_equal(found.classes, ["calm", "loud"])
    expected = (data["mood"].iloc[:30] == "loud").to_numpy().astype(int)
    np.testing.assert_array_equal(found.test.open().targets, expected)


def test_labels_of_a_test_part_may_end_in_a_dot(tmp_path: Path) -> None:
    data = frame()
    data.to_csv(tmp_path / "train.csv", index=False, header=False)
    data.assign(mood=data["mood"] + ".").to_csv(tmp_path / "test.csv", index=False, header=False)
    assert load(tmp_path / "train.csv", test=str(tmp_path / "test.csv")).classes == ("calm", "loud")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data.drop(columns="a"), "test part has no column 'a'"),
        (lambda data: data.drop(columns="mood"), "no column 'mood'"),
        (lambda data: data.assign(mood="furious"), "without a training example: 'furious'"),
    ],
)
def test_a_test_part_that_does_not_fit_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    frame().to_csv(tmp_path / "train.csv", index=False)
    change(frame()).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(InputError, match=says):
        load(tmp_path / "train.csv", test=str(tmp_path / "test.csv"))


def test_a_row_a_step_is_read_as_series(tmp_path: Path) -> None:
    rows = [
        {
            "sample": f"s{i}",
            "step": step,
            "x": np.sin(step * (1 + i % 2)),
            "z": step,
            "kind": "fast" if i % 2 else "slow",
        }
        for i in range(40)
        for step in range(8 + i % 9)
    ]
    found, schema = read(pd.DataFrame(rows), tmp_path)
    assert schema.layout == "series" and found.task.input_shape == (3, 16)
    assert sum(schema.counts) == 40
    assert read(pd.DataFrame(rows), tmp_path, layout="table", group="sample")[1].layout == "table"


def test_wide_columns_are_a_series_when_asked(tmp_path: Path) -> None:
    data = pd.DataFrame(rng(1).normal(size=(60, 20)), columns=[f"t{i}" for i in range(20)]).assign(
        label=["a", "b"] * 30
    )
    assert read(data, tmp_path, layout="series")[0].task.input_shape == (1, 20)


def test_types_of_a_dataframe_are_kept() -> None:
    data = frame(
        flag=rng(1).random(N) > 0.5,
        whole=pd.array([1, None, 3, 4] * (N // 4), dtype="Int64"),
        kind=pd.Categorical(words("p", "q"), categories=["p", "q", "never"]),
        when=pd.date_range("2024-01-01", periods=N, tz="UTC"),
    )
    found, schema = read(data)
    types = {column.name: column.type for column in schema.columns}
    assert (types["flag"], types["whole"], types["kind"], types["when"]) == ("flag", "number", "flag", "date")
    assert "whole is missing" in found.columns


def test_the_schema_is_written_and_read_again(tmp_path: Path) -> None:
    schema = read(frame(), tmp_path)[1]
    assert Schema.from_json(schema.to_json()) == schema
    schema.save(tmp_path)
    assert Schema.from_json((tmp_path / "schema.json").read_text(encoding="utf-8")) == schema
    with pytest.raises(InputError, match="no schema"):
        Schema.from_json("{}")


@pytest.mark.parametrize("cell", ["inf", "-inf"])
@pytest.mark.parametrize("typed", [False, True])
def test_infinite_numbers_are_named(tmp_path: Path, cell: str, typed: bool) -> None:
    data = frame(late=[float(cell) if i == 7 else i * 0.5 for i in range(N)])
    with pytest.raises(InputError, match=r"row 8, column 'late'" if typed else r"line 9, column 'late'"):
        read(data, None if typed else tmp_path)


def test_a_word_among_the_numbers_of_a_test_part_is_named(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "train.csv", index=False)
    frame().assign(a=["much" if i == 3 else "1" for i in range(N)]).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(InputError, match=r"test\.csv, the test part.*'a'.*'much'"):
        load(tmp_path / "train.csv", test=str(tmp_path / "test.csv"))


@pytest.mark.parametrize("labels", [("spam", "ham"), ("1", "0")])
@pytest.mark.parametrize("first", [True, False])
def test_texts_without_a_header(tmp_path: Path, labels: tuple[str, str], first: bool) -> None:
    rows = [(labels[i % 2], f"you {'won a big' if i % 2 == 0 else 'need the'} thing {i}") for i in range(80)]
    lines = [f'"{label}","{text}"' if first else f'"{text}","{label}"' for label, text in rows]
    (tmp_path / "sms.csv").write_text("\n".join(lines))
    data = load(tmp_path / "sms.csv")
    assert data.schema is not None and data.schema.layout == "text" and set(data.classes) == set(labels)
