"""Tables in CSV files, and what is refused in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nas.data import load
from nas.errors import InputError


def test_table_with_words_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = "\n".join(f"{i % 9}.5, {'xyz'[i % 3]}, {'yes' if i % 2 else 'no'}" for i in range(30))
    path.write_text(f"age, letter, answer\n{rows}\n")
    data = load(path)
    assert data.columns == ("age", "letter = x", "letter = y", "letter = z")
    assert data.classes == ("no", "yes")
    assert data.search.std[1:] == (1.0, 1.0, 1.0)


def test_table_of_measurements_is_a_regression(tmp_path: Path) -> None:
    path = tmp_path / "sizes.csv"
    path.write_text("\n".join(f"{i},{i % 7},{i * 1.5}" for i in range(40)))
    assert load(path).task.kind == "regression"


def test_few_whole_numbers_are_classes_unless_said_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("\n".join(f"{i},{i % 7},{i % 5 + 1}" for i in range(40)))
    assert load(path).classes == ("1", "2", "3", "4", "5")
    assert load(path, kind="regression").task.outputs == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1,2\n3,4\n5,6,7\n", "row 3: 3 columns"),
        ("1,a\n", "three rows"),
        ("\n".join(f"{'?' if i == 4 else i},{i % 2}" for i in range(9)), "no number"),
        ("\n".join(f"word{i},{i % 2}" for i in range(200)), "distinct words"),
    ],
)
def test_tables(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        load(path)
