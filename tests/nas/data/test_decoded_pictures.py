"""Many pictures are decoded once, and mapped into memory from then on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas.data import decoded_pictures
from nas.data.load import load
from nas.errors import InputError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of two classes, all of which are many."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / label / f"{number}.png")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(decoded_pictures, "MANY_BYTES", 0)
    return tmp_path / "pictures"


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (folder.parent / "cache").rglob("*") if path.is_file()}


def test_mapped_pictures_are_those_that_lie_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = load(folder)
    monkeypatch.setattr(decoded_pictures, "MANY_BYTES", 1 << 30)
    held = load(folder)
    assert mapped.fingerprint == held.fingerprint
    assert isinstance(mapped.search.train.inputs.base, np.memmap)
    assert mapped.search.mean == held.search.mean


def test_a_second_search_decodes_nothing(folder: Path) -> None:
    load(folder)
    before = files(folder)
    load(folder)
    assert files(folder) == before
    assert len(before) == 3


def test_a_picture_that_has_changed_is_decoded_anew(folder: Path) -> None:
    first = load(folder)
    for number in range(12):
        Image.new("RGB", (16, 16), "white").save(folder / "cat" / f"{number}.png")
        os.utime(folder / "cat" / f"{number}.png", (1, 1))
    again = load(folder)
    assert again.fingerprint != first.fingerprint
    assert len(files(folder)) == 6


def test_a_picture_that_cannot_be_read_leaves_nothing_behind(folder: Path) -> None:
    good = (folder / "dog" / "3.png").read_bytes()
    (folder / "dog" / "3.png").write_bytes(good[:-200])  # its size can be read, its pixels cannot
    with pytest.raises(InputError, match=r"3\.png cannot be read"):
        load(folder)
    assert not [name for name in files(folder) if name.endswith(".part")]


def test_too_little_room_is_said_before_anything_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = decoded_pictures.shutil.disk_usage(folder)
    monkeypatch.setattr(decoded_pictures.shutil, "disk_usage", lambda place: usage._replace(free=10))
    with pytest.raises(InputError, match="XDG_CACHE_HOME"):
        load(folder)
    assert not files(folder)
