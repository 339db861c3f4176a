"""What a person may point at, and what is none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nas.data import load
from nas.errors import InputError

X, Y = np.random.default_rng(0).random((40, 6)).astype(np.float32), np.arange(40) % 4


def test_torch_tensors_and_named_labels() -> None:
    data = load((torch.rand(40, 1, 8, 8), np.array(["cat", "dog"] * 20)))
    assert data.classes == ("cat", "dog")
    assert data.task.outputs == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("digit", "Did you mean 'digits'"),
        ("nowhere", "Known names: digits"),
        (("digits",), "pair"),
        (7, "name, a path or a pair"),
        ((X, Y[:-1]), "40 inputs but 39 targets"),
        ((X[:0], Y[:0]), "empty"),
    ],
)
def test_what_is_no_data(data: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(data)


def test_an_unknown_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"\.parquet are not read"):
        load(path)
