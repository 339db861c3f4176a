"""Folders of pictures, and what is refused in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from nas.data import load
from nas.errors import InputError


def picture(path: Path, mode: str, size: tuple[int, int], value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path)


def test_folder_of_pictures_is_resized_to_a_common_size(tmp_path: Path) -> None:
    for i in range(6):
        picture(tmp_path / "red" / f"{i}.png", "RGB", (20 + i, 10), 200)
        picture(tmp_path / "grey" / f"{i}.jpg", "L", (20, 10), 90)
    (tmp_path / "red" / "notes.txt").write_text("not a picture")
    data = load(str(tmp_path))
    assert data.task.input_shape == (3, 10, 20)
    assert data.classes == ("grey", "red")
    assert load(tmp_path, size=(8, 8)).task.input_shape == (3, 8, 8)


def test_folder_of_grey_pictures_with_train_and_test(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for i in range(5):
            picture(tmp_path / part / "a" / f"{i}.png", "L", (100, 50), i)
            picture(tmp_path / part / "b" / f"{i}.png", "L", (100, 50), 200 + i)
    data = load(tmp_path)
    assert data.task.input_shape == (1, 32, 64)
    assert len(data.test) == 10


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        load(tmp_path)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(4):
            Image.effect_noise((32, 32), 50).save(tmp_path / label / f"{i}.png")
    (tmp_path / "b" / "2.png").write_bytes((tmp_path / "b" / "1.png").read_bytes()[:300])
    with pytest.raises(InputError, match=r"2\.png cannot be read"):
        load(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "secret.png")
    inside = tmp_path / "pictures"
    for label in "ab":
        (inside / label).mkdir(parents=True)
        Image.new("L", (8, 8)).save(inside / label / "1.png")
    (inside / "a" / "2.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(InputError, match="leads out of"):
        load(inside)
