"""Texts in folders and lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nas.data import load
from nas.errors import InputError

SAID = {"good": "what a fine and pleasant day {}", "bad": "what an awful rainy night {}"}


def lines(n: int, labels: tuple[str, ...] = ("good", "bad")) -> str:
    return "\n".join(f"{labels[i % 2]} {SAID[['good', 'bad'][i % 2]].format(i % 9)}, really" for i in range(n)) + "\n"


@pytest.mark.parametrize("ending", ["all", "txt", "dat"])
@pytest.mark.parametrize("labels", [("good", "bad"), ("0", "1"), ("__label__a", "__label__b")])
def test_a_label_and_a_text_a_line(tmp_path: Path, ending: str, labels: tuple[str, str]) -> None:
    train, test = tmp_path / f"train.{ending}", tmp_path / f"test.{ending}"
    train.write_text(lines(60, labels).replace(", really", ", really, truly", 7))
    test.write_text(lines(20, labels))
    data = load(train, test=str(test), layout="text")
    assert data.schema is not None and data.schema.layout == "text"
    assert data.classes == tuple(sorted(labels)) and len(data.test) == 20
    np.testing.assert_array_equal(
        data.preprocessing.apply(data.test.open_rows()),
        data.test.open().inputs,  # type: ignore[union-attr]
    )


@pytest.mark.parametrize("parts", [[""], ["train", "test"], ["train", "val", "test"]])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_folder_of_text_files(tmp_path: Path, parts: list[str], encoding: str) -> None:
    for part in parts:
        for label, text in SAID.items():
            for number in range(10):
                path = tmp_path / part / label / f"{number}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes((text.format(number) + " süß schön").encode(encoding))
    data = load(tmp_path)
    assert data.classes == ("bad", "good") and data.task.vocabulary > 5
    assert len(data.test) == (20 if "test" in parts else 4)


def test_running_text_is_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "play.txt"
    path.write_text("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n" * 30)
    with pytest.raises(InputError, match="running text"):
        load(path)
