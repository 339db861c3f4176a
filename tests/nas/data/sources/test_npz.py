"""NumPy archives, and what is refused in them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.data import load
from nas.errors import InputError

X, Y = np.random.default_rng(0).random((40, 6)).astype(np.float32), np.arange(40) % 4


def test_npz_with_a_test_part_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "waves.npz"
    x = np.random.default_rng(0).random((40, 30)).astype(np.float32)
    np.savez(path, x_train=x, y_train=Y + 3, x_test=x[:8], y_test=Y[:8] + 3)
    data = load(path)
    assert data.name == "waves"
    assert data.task.input_shape == (1, 30)
    assert data.classes == ("3", "4", "5", "6")
    assert data.test.open().targets.tolist() == [0, 1, 2, 3] * 2


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_archives(tmp_path: Path) -> None:
    cases = [
        ({"z": X, "w": Y}, "Missing: x_train, y_train"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "Missing: y_test"),
        ({"x_train": X, "y_train": Y, "x_test": X[:, :3], "y_test": Y}, "must be equal"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 9}, "without a training example"),
        ({"x_train": X, "y_train": np.array([{}] * 40)}, "never Python objects"),
    ]
    for number, (arrays, says) in enumerate(cases):
        with pytest.raises(InputError, match=says):
            load(save(tmp_path / f"{number}.npz", **arrays))


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"not a zip")
    with pytest.raises(InputError, match="is no readable"):
        load(path)


def test_an_announced_size_is_checked_before_memory_is_taken(tmp_path: Path) -> None:
    """The header claims 8 TB: nothing may be allocated for it."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train.npy", header.getvalue() + b"\0" * 64)
        archive.writestr("y_train.npy", header.getvalue() + b"\0" * 64)
    with pytest.raises(InputError, match="announces"):
        load(path)


def test_an_archive_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.data.sources.npz.LIMIT_BYTES", 100)
    with pytest.raises(InputError, match="unpacks to"):
        load(save(tmp_path / "large.npz", x_train=X, y_train=Y))
