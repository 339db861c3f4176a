"""Recorded benchmarks as files: which columns are read, and what does not fit."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

import pytest

from nas.benchmark.table import PUBLISHED, Columns, RecordedSpace, Table, read_known
from nas.errors import InputError
from search_spaces import SPACES
from search_spaces.catalog.nasbench_macro import from_string

SPACE = SPACES["nasbench_macro"]()


def test_rows_are_architectures_with_numbers(table: Table) -> None:
    assert set(table.columns) == {"acc1", "mean_acc", "short", "time"}
    assert table.scores().max() == table.columns["acc1"].max()
    assert table.rungs[0].seconds[0] == pytest.approx(1.0)


def test_what_is_not_recorded_becomes_the_nearest_that_is(table: Table) -> None:
    space = RecordedSpace.of(table)
    rng = random.Random(1)
    for _ in range(50):
        assert 0 <= space.row(space.sample(rng)) < len(table)
    known = table.decisions[7]
    assert space.row(space.replay(known)) == 7
    assert space.size() == len(table)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("arch,acc1\n", "no rows"),
        ("arch,acc1,mean_acc\n0121,90,90\n", "line 2"),
        ("arch,mean_acc\n00000000,90\n", "acc1"),
        ("arch,acc1,mean_acc\n00000000,good,90\n", "acc1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    with pytest.raises(InputError, match=said):
        read_known(file, SPACE)


def test_empty_numbers_are_nan(tmp_path: Path) -> None:
    file = tmp_path / "gap.csv"
    file.write_text("arch,acc1,mean_acc,extra\n00000000,90,91,\n00000001,92,93,5\n")
    table = read_known(file, SPACE)
    assert math.isnan(table.columns["extra"][0])
    assert table.decisions[1] == from_string("00000001")


def own_table(folder: Path, *columns: str) -> Path:
    """Two networks of nasbench201 as a person records them: decisions by path, and these columns."""
    file = folder / "mine.csv"
    space = SPACES["nasbench201"]()
    rows = [space.sample(random.Random(seed)).decisions for seed in range(2)]
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, [*rows[0], *columns])
        writer.writeheader()
        writer.writerows([{**row, **dict.fromkeys(columns, 10 + place)} for place, row in enumerate(rows)])
    return file


@pytest.mark.parametrize(
    ("columns", "named", "searched", "test", "seconds"),
    [
        (["X"], Columns(score="X"), ("X",), "X", [1, 1]),
        (["X", "Y"], Columns(score="X", test="Y"), ("X",), "Y", [1, 1]),
        (["X", "Z"], Columns(score="X", seconds="Z"), ("X",), "X", [10, 11]),
        (["X", "Z"], Columns(score="X", rungs={"Z": 0.5}), ("Z", "X"), "X", [1, 1]),
        (["score"], Columns(), ("score",), "score", [1, 1]),
        (["score", "Z"], Columns(rungs={"Z": 0.5}), ("Z", "score"), "score", [1, 1]),
        (["c100_val_200_mean"], Columns(), ("c100_val_200_mean",), "c100_val_200_mean", [1, 1]),
        (["c100_val_200_mean", "c100_test_200"], Columns(), ("c100_val_200_mean",), "c100_test_200", [1, 1]),
        (["X", "c100_test_200"], Columns(score="X"), ("X",), "X", [1, 1]),
        (["X", "c100_train_time_200_s"], Columns(score="X"), ("X",), "X", [10, 11]),
    ],
)
def test_a_published_column_is_asked_of_a_table_that_has_it_only(
    tmp_path: Path, columns: list[str], named: Columns, searched: tuple[str, ...], test: str, seconds: list[float]
) -> None:
    table = read_known(own_table(tmp_path, *columns), SPACES["nasbench201"](), named)
    assert tuple(rung.column for rung in table.rungs) == searched
    assert table.test == test
    assert table.rungs[-1].seconds.tolist() == seconds


@pytest.mark.parametrize("space", sorted(PUBLISHED))
def test_a_table_with_all_published_columns_is_read_as_published(space: str) -> None:
    layout = PUBLISHED[space]
    there = [*layout.columns, layout.test, layout.seconds, "other"]
    assert Columns().layout(SPACES[space](), there) == layout


def test_a_table_without_any_known_column_is_told_which_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column of numbers 'c100_val_200_mean'"):
        read_known(own_table(tmp_path, "X"), SPACES["nasbench201"]())


def test_a_table_of_another_space_is_refused(path: Path) -> None:
    with pytest.raises(InputError, match="line 2: not a network of 'nasbench201'"):
        read_known(path, SPACES["nasbench201"](), Columns(score="acc1"))
