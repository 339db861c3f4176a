"""A large text is understood exactly as a small one is."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest

from nas.data.load import load
from nas.data.sources import delimited, large_text
from nas.errors import InputError

KINDS = {
    "whole": lambda rng: str(rng.randrange(1000)),
    "decimal": lambda rng: f"{rng.gauss(0, 1):.3f}",
    "some empty": lambda rng: rng.choice(["", "NA", "1.5", "2.25", "7"]),
    "codes": lambda rng: f"{rng.randrange(50):03d}",
    "whole floats": lambda rng: f"{rng.randrange(9)}.0",
    "words": lambda rng: rng.choice(["red", " green", 'bl"ue', "two\nlines"]),
    "exponents": lambda rng: f"{rng.random():.4e}",
    "signs": lambda rng: rng.choice(["+1.5", "-2.5", ".5", "3."]),
}


def table(seed: int, delimiter: str, header: bool, rows: int = 60) -> str:
    rng = random.Random(seed)
    names = rng.sample(sorted(KINDS), 5)
    lines = [[*names, "label"]] if header else []
    lines += [[*(KINDS[name](rng) for name in names), "yes" if number % 3 else "no"] for number in range(rows)]
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
    return "\n".join(quoted) + "\n"


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text is large, and its parts are small."""
    monkeypatch.setattr(delimited, "LARGE", 0)
    monkeypatch.setattr(large_text, "ROWS", 7)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_give_the_same(
    tmp_path: Path, seed: int, delimiter: str, header: bool, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(table(seed, delimiter, header))
    small = load(path)
    request.getfixturevalue("large")
    big = load(path)
    assert big.fingerprint == small.fingerprint
    assert small.schema is not None and big.schema is not None
    for one, other in zip(small.schema.columns, big.schema.columns, strict=True):
        assert dataclasses.replace(one, samples=()) == dataclasses.replace(other, samples=())
    np.testing.assert_array_equal(big.search.train.inputs, small.search.train.inputs)


@pytest.mark.usefixtures("large")
def test_columns_of_plain_numbers_are_numbers_and_others_stay_texts(tmp_path: Path) -> None:
    rows = "".join(f"{k},{k / 7:.4f},{k:03d},{k}.0,w{k % 3}\n" for k in range(20))
    path = tmp_path / "t.csv"
    path.write_text("whole,decimal,code,floats,words\n" + rows)
    kinds = [kind.kind for kind in delimited.read_delimited(path, delimited.DataOptions()).cells.dtypes]
    assert kinds[:2] == ["i", "f"]
    assert set(kinds[2:]).isdisjoint("if")


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("wrong", ["1,2\n", "1,2,3,4\n"])
def test_rows_of_another_length_are_named(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,label\n" + "1,2,3\n" * 500 + wrong + "1,2,3\n")
    with pytest.raises(InputError, match="line 502 has"):
        delimited.read_delimited(path, delimited.DataOptions())


@pytest.mark.usefixtures("large")
def test_a_row_is_found_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 30)
    assert delimited.read_delimited(path, delimited.DataOptions()).at(12).endswith("line 14")
