"""Tables in text files: what is found in them, and what is refused."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest

from nas.data import load
from nas.data.sources.delimited import found_delimiter
from nas.errors import InputError

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(60, 3)).round(3)
LABELS = np.array(["calm", "loud"])[(NUMBERS[:, 0] > 0).astype(int)]


def table(
    delimiter: str = ",", decimal: str = ".", header: bool = True, columns: str = "abc", last: bool = True
) -> str:
    """Three columns of numbers and one of labels."""
    rows = [[f"{value}".replace(".", decimal) for value in row] for row in NUMBERS.tolist()]
    rows = [[*row, label] if last else [label, *row] for row, label in zip(rows, LABELS, strict=True)]
    names = [*columns, "mood"] if last else ["mood", *columns]
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    return "\n".join(delimiter.join(row) for row in ([names] if header else []) + quoted) + "\n"


@pytest.mark.parametrize(
    ("delimiter", "decimal", "header"), [*itertools.product([",", ";", "\t", "|"], [".", ","], [True, False])]
)
@pytest.mark.parametrize("ending", ["csv", "txt", "data"])
def test_delimiter_decimal_mark_and_header_are_found(
    tmp_path: Path, delimiter: str, decimal: str, header: bool, ending: str
) -> None:
    path = tmp_path / f"moods.{ending}"
    path.write_text(table(delimiter, decimal, header))
    data = load(path)
    assert data.schema is not None
    assert data.classes == ("calm", "loud")
    assert data.schema.reading["header"] == ("yes" if header else "no")
    assert data.schema.targets == ("mood" if header else "column 4",)
    assert [column.type for column in data.schema.columns] == ["number"] * 3 + ["flag"]
    rows = data.test.open_rows()
    np.testing.assert_array_equal(data.preprocessing.apply(rows), data.test.open().inputs)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_encoding_is_found_and_stated(tmp_path: Path, encoding: str, stated: str, delimiter: str) -> None:
    text = table(delimiter, columns="äöü").replace("calm", "süß").replace("loud", "größer")
    path = tmp_path / "umlauts.csv"
    path.write_bytes(text.encode(encoding))
    data = load(path)
    assert data.schema is not None
    assert data.classes == ("größer", "süß")
    assert data.schema.reading["encoding"] == stated
    assert data.schema.features == ("ä", "ö", "ü")


def test_an_encoding_of_another_script_is_found_or_named(tmp_path: Path) -> None:
    rows = "\n".join(f"{i * 7 % 11}.5;{'красный' if i % 2 else 'зелёный'}" for i in range(60))
    path = tmp_path / "цвет.csv"
    path.write_bytes(f"число;цвет\n{rows}\n".encode("cp1251"))
    assert load(path, encoding="cp1251").classes == ("зелёный", "красный")
    assert load(path).classes == ("зелёный", "красный")


@pytest.mark.parametrize("name", ["table.csv.gz", "table.tsv.gz"])
def test_packed_tables(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(table("\t" if "tsv" in name else ",").encode()))
    assert load(path).classes == ("calm", "loud")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cut off"):
        load(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_header_that_stands_in_the_middle_again_is_left_out(tmp_path: Path, delimiter: str) -> None:
    lines = table(delimiter).splitlines()
    path = tmp_path / "joined.txt"
    path.write_text("\n".join([*lines[:20], lines[0], *lines[20:]]))
    data = load(path)
    assert data.schema is not None and sum(data.schema.counts) == 60
    assert any("header" in note for note in data.schema.notes)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_table_of_words_has_its_header_seen(tmp_path: Path, delimiter: str) -> None:
    rng = np.random.default_rng(1)
    rows = [[str(rng.choice(["red", "blue"])), str(rng.choice(["big", "small", "tiny"]))] for _ in range(50)]
    lines = [["colour", "size", "class"], *([*row, "yes" if row[0] == "red" else "no"] for row in rows)]
    path = tmp_path / "words.csv"
    path.write_text("\n".join(delimiter.join(line) for line in lines))
    assert load(path).classes == ("no", "yes")
    path.write_text("\n".join(delimiter.join(line) for line in lines[1:]))
    data = load(path)
    assert data.schema is not None and data.schema.reading["header"] == "no" and data.classes == ("no", "yes")
    assert load(path, header="yes").schema.reading["header"] == "yes"  # type: ignore[union-attr]


def test_commas_in_quotes_stay_in_their_cell(tmp_path: Path) -> None:
    rows = "\n".join(f'"{i % 3}, number",{i % 7},{"a" if i % 2 else "b"}' for i in range(60))
    path = tmp_path / "quoted.csv"
    path.write_text(f"what,count,kind\n{rows}\n")
    data = load(path)
    assert data.schema is not None and [column.name for column in data.schema.columns] == ["what", "count", "kind"]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2,5\n2,5;3,5\n", ";"),
        ("1,5;2,5;x\n2,5;3,5;y\n", ";"),
        ("a,b\n1.5,2.5\n2.5,3.5\n", ","),
        ("a\tb\n1,5\tone, two\n2,5\tthree\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ("one line\nand another\n", None),
        ("a,b\n1,2,3\n1\n", None),
    ],
)
def test_the_delimiter_that_gives_clean_cells_is_taken(text: str, delimiter: str | None) -> None:
    assert found_delimiter(text) == delimiter


def test_thousands_or_decimals_is_asked(tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 5};{i % 9 + 1},{i * 37 % 900 + 100}" for i in range(40))
    path = tmp_path / "amounts.csv"
    path.write_text(f"a;b\n{rows}\n")
    with pytest.raises(InputError, match=r"two ways.*--decimal"):
        load(path)
    data = load(path, decimal=",")
    assert data.search.target_mean[0] < 11


def test_a_table_with_words_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = "\n".join(f"{i % 9}.5, {'xyz'[i % 3]}, {'yes' if i % 2 else 'no'}" for i in range(30))
    path.write_text(f"age, letter, answer\n{rows}\n")
    data = load(path)
    assert data.columns == ("age", "letter = x", "letter = y", "letter = z", "letter = (any other)")
    assert data.classes == ("no", "yes")
    assert data.search.std[1:] == (1.0,) * 4


def test_a_table_of_measurements_is_a_regression(tmp_path: Path) -> None:
    path = tmp_path / "sizes.csv"
    path.write_text("\n".join(f"{i * 3 % 41},{i % 7},{i * 1.5}" for i in range(40)))
    assert load(path).task.kind == "regression"


def test_few_whole_numbers_are_classes_unless_said_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("\n".join(f"{i * 3 % 41},{i % 7},{i % 5 + 1}" for i in range(40)))
    assert load(path).classes == ("1", "2", "3", "4", "5")
    assert load(path, kind="regression").task.outputs == 1


LONG = "\n".join(f"{i % 7},{i % 3}" for i in range(60))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n3,4\n5,6,7\n" + LONG, "line 4 has 3"),
        ("a,b\n" + LONG.replace("\n", "\n\n", 3) + "\n1,2,3\n1\n", "line 65 has 3, line 66 has 1"),
        ("1,a\n2,b", "at least 3"),
        ("a,a,b\n" + "\n".join(f"{i},{i},{i % 2}" for i in range(9)), "named twice: 'a'"),
        ("a,b\n" + "\n".join(f"{'none at all' if i == 7 else i * 3 % 41},{i % 2}" for i in range(40)), "line 9.*'a'.*none at all"),  # noqa: E501
        ("word,b\n" + "\n".join(f"word{i},{i % 2}" for i in range(200)), "200 different words"),
        ("", "is empty"),
        ("  \n \n", "is empty"),
        ("just text\nwithout any order, really\nat all\n", "no delimiter"),
        ("a,b\n" + "\n".join(f"{i % 5},same" for i in range(30)), "at least 2 classes"),
        ("a,b\n" + "\n".join(f"constant,{i % 2}" for i in range(30)), "no column is left"),
        ("\0\1\2,\0\3\4" * 30, "zero bytes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        load(path)
