"""Data that no search could use is refused with the value, the rule and the way out."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nas.data import load
from nas.errors import InputError

X, Y = np.random.default_rng(0).random((40, 6)).astype(np.float32), np.arange(40) % 4
HOLED = X.copy()
HOLED[3, 2] = np.nan


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("digit", "Did you mean 'digits'"),
        ("nowhere", "Known names: digits"),
        (("digits",), "pair"),
        (7, "name, a path or a pair"),
        ((X, Y[:-1]), "40 inputs but 39 targets"),
        ((HOLED, Y), "row 3"),
        ((X, np.zeros(40, int)), "at least 2 classes"),
        ((X, np.where(Y == 1, np.nan, Y)), "targets must be finite"),
        ((X, np.r_[np.zeros(39, int), 1]), "too few examples"),
        ((X.astype(str), Y), "must be numbers"),
        ((X[:, 0], Y), "inputs must be"),
        ((X[:0], Y[:0]), "empty"),
        ((X, np.eye(4, dtype=int)[Y]), "argmax"),
        ((X, np.full(40, 0.5)), "nothing to learn"),
    ],
)
def test_names_and_arrays(data: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(data)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"validation_share": 0}, "between 0 and 1"),
        ({"test_share": 1.0}, "between 0 and 1"),
        ({"layout": "sideways"}, "layout"),
        ({"layout": "features"}, "cannot be read as `features`"),
        ({"kind": "poetry"}, "kind"),
    ],
)
def test_options(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        load("digits", **{"layout": "auto", **options} if "layout" not in options else options)


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_archives(tmp_path: Path) -> None:
    cases = [
        ({"x": X, "y": Y}, "Missing: x_train, y_train"),
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


def test_an_unknown_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"\.parquet are not read"):
        load(path)
