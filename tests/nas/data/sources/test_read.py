"""What a person may point at, and what is none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from nas.data import load
from nas.errors import InputError

RNG = np.random.default_rng(0)
X, Y = np.random.default_rng(0).random((60, 6)).astype(np.float32), np.arange(60) % 3
FRAME = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "w": np.array(["p", "q"])[Y % 2]})
NAMED = FRAME.assign(label=np.array(["x", "y", "z"])[Y])
SERIES = [RNG.random((2, int(length))) for length in RNG.integers(6, 20, 60)]


class Pairs(torch.utils.data.Dataset):
    """Pictures with their numbers."""

    def __len__(self) -> int:
        return 60

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        if place >= 60:
            raise IndexError
        return torch.full((1, 8, 8), float(place)), place % 3


WRITERS = {
    "parquet": lambda path: NAMED.to_parquet(path),
    "feather": lambda path: NAMED.to_feather(path),
    "jsonl": lambda path: NAMED.to_json(path, orient="records", lines=True),
    "json": lambda path: NAMED.to_json(path, orient="records"),
    "csv": lambda path: NAMED.to_csv(path, index=False),
    "tsv": lambda path: NAMED.to_csv(path, index=False, sep="\t"),
    "arff": lambda path: path.write_text(
        "% made here\n@RELATION r\n@attribute a numeric\n@attribute 'b' REAL\n@attribute w {p,q}\n"
        "@attribute label {x,y,z}\n\n@DATA\n" + NAMED.to_csv(index=False, header=False)
    ),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_every_kind_of_table_says_the_same(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    WRITERS[ending](path)
    data, frame = load(path), load(NAMED)
    assert data.classes == ("x", "y", "z") and data.columns == frame.columns
    np.testing.assert_allclose(data.search.train.inputs, frame.search.train.inputs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("ending", ["parquet", "feather", "jsonl", "arff", "pt", "npz", "ts", "npy"])
def test_files_that_are_cut_off_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="table"):
        load(path)
    path.write_bytes(b'{"a": 1, "b\n\x80')
    with pytest.raises(InputError, match="table"):
        load(path)


@pytest.mark.parametrize(
    ("data", "shape", "classes"),
    [
        ((torch.rand(60, 1, 8, 8), np.array(["cat", "dog"] * 30)), (1, 8, 8), ("cat", "dog")),
        (((X, Y), (X[:9], Y[:9])), (6,), ("0", "1", "2")),
        (((X, Y), (X[:12], Y[:12]), (X[:9], Y[:9])), (6,), ("0", "1", "2")),
        ((X.tolist(), Y.tolist()), (6,), ("0", "1", "2")),
        ({"x": X, "y": Y}, (6,), ("0", "1", "2")),
        ({"train_images": X, "train_labels": Y, "test_images": X, "test_labels": Y}, (6,), ("0", "1", "2")),
        ({"a": X[:, 0], "b": X[:, 1], "label": Y}, (2,), ("0", "1", "2")),
        (NAMED, (5,), ("x", "y", "z")),
        ((FRAME, pd.Series(Y)), (5,), ("0", "1", "2")),
        ((FRAME, pd.DataFrame({"kind": Y})), (5,), ("0", "1", "2")),
        (((FRAME, Y), (FRAME[["w", "b", "a"]], Y)), (5,), ("0", "1", "2")),
        (Pairs(), (1, 8, 8), ("0", "1", "2")),
        (torch.utils.data.DataLoader(Pairs(), batch_size=7), (1, 8, 8), ("0", "1", "2")),
        ((SERIES, Y), (3, 19), ("0", "1", "2")),
        (([one.T for one in SERIES], Y), (3, 19), ("0", "1", "2")),
        (([one[0] for one in SERIES], Y), (2, 19), ("0", "1", "2")),
        ((X, pd.Categorical(["a", "b"] * 30, categories=["a", "b", "never"])), (6,), ("a", "b")),
        ((X, Y > 0), (6,), ("False", "True")),
        ((X, np.where(Y > 0, 1.0, -1.0)), (6,), ("-1", "1")),
    ],
)
def test_objects(data: Any, shape: tuple[int, ...], classes: tuple[str, ...]) -> None:
    found = load(data)
    assert (found.task.input_shape, found.classes) == (shape, classes)
    again = found.preprocessing.apply(found.test.open_rows())  # type: ignore[union-attr]
    np.testing.assert_array_equal(again, found.test.open().inputs)


def test_a_table_with_a_test_part_and_a_file_for_it_is_refused(tmp_path: Path) -> None:
    FRAME.assign(target=Y).to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(InputError, match=r"has a part test of its own\. Leave --test out"):
        load(((FRAME, Y), (FRAME, Y)), test=str(tmp_path / "test.csv"))


def test_sparse_inputs_are_unpacked_and_masked_ones_refused() -> None:
    scipy_sparse = pytest.importorskip("scipy.sparse")
    assert load((scipy_sparse.csr_matrix(X), Y)).task.input_shape == (6,)
    with pytest.raises(InputError, match=r"masked.*filled"):
        load((np.ma.masked_greater(X, 0.9), Y))


@pytest.mark.parametrize(
    ("keys", "roles"),
    [
        (("X", "y"), {"x": "X", "y": "y"}),
        (("images", "labels"), {"x": "images", "y": "labels"}),
        (("data", "target"), {"x": "data", "y": "target"}),
        (("features", "targets"), {"x": "features", "y": "targets"}),
        (("X_train", "Y_train"), {"x": "X_train", "y": "Y_train"}),
        (("trainX", "trainY"), {"x": "trainX", "y": "trainY"}),
        (("train_images", "train_labels"), {"x": "train_images", "y": "train_labels"}),
    ],
)
@pytest.mark.parametrize("ending", ["npz", "pt", "npy"])
def test_common_names_of_arrays_are_known(
    tmp_path: Path, keys: tuple[str, str], roles: dict[str, str], ending: str
) -> None:
    path = tmp_path / f"data.{ending}"
    if ending == "npz":
        np.savez(path, **{keys[0]: X, keys[1]: Y})
    elif ending == "pt":
        torch.save({keys[0]: torch.tensor(X), keys[1]: torch.tensor(Y)}, path)
    else:
        np.save(tmp_path / f"{keys[0]}.npy", X)
        np.save(tmp_path / f"{keys[1]}.npy", Y)
        path = tmp_path / f"{keys[0]}.npy"
    data = load(path)
    assert data.task.input_shape == (6,) and data.classes == ("0", "1", "2")
    assert data.schema is not None and set(roles.values()) <= set(
        data.schema.reading["arrays"].replace(".npy", "").split(", ")
    )


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "dev"])
def test_own_validation_and_test_arrays(tmp_path: Path, validation: str) -> None:
    path = tmp_path / "data.npz"
    parts = {"train": X, validation: X[:12], "test": X[:9]}
    np.savez(path, **{f"{part}_images": x for part, x in parts.items()},
             **{f"{part}_labels": Y[: len(x), None] for part, x in parts.items()})  # fmt: skip
    data = load(path)
    assert (len(data.search.train), len(data.search.validation), len(data.test)) == (60, 12, 9)


@pytest.mark.parametrize("length", [5, 23, 24, 140])
def test_long_rows_of_an_archive_are_series_and_short_ones_columns(tmp_path: Path, length: int) -> None:
    np.savez(tmp_path / "rows.npz", x_train=RNG.random((60, length)), y_train=Y)
    shape = (1, length) if length >= 24 else (length,)
    assert load(tmp_path / "rows.npz").task.input_shape == shape
    assert load(tmp_path / "rows.npz", layout="table").task.input_shape == (length,)


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (torch.rand(5, 5), "one tensor"),
        ({"layer.weight": torch.rand(5), "layer.bias": torch.rand(5)}, "weights of a network"),
        ({"x": torch.rand(5, 5)}, "Missing: y_train"),
        (Pairs(), "safely"),
    ],
)
def test_tensors_that_are_no_data(tmp_path: Path, held: Any, says: str) -> None:
    torch.save(held, tmp_path / "data.pt")
    with pytest.raises(InputError, match=says):
        load(tmp_path / "data.pt")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("digit", "Did you mean 'digits'"),
        ("nowhere", "Known names: digits"),
        (("digits",), "pair"),
        (7, "name, a path"),
        (X, "without targets"),
        ((X, Y, X, Y), r"\(X_test, y_test\)"),
        ((X, Y[:-1]), "60 inputs but 59 targets"),
        ((iter(X), iter(Y)), "the inputs of the training part must be an array with one entry per example, got <"),
        ((X, 3), "the targets of the training part must be an array with one entry per example, got 3"),
        ((FRAME, Y[:-1]), "60 inputs but 59 targets"),
        ((X[:0], Y[:0]), "empty"),
        ((X, [None] * 20 + [1, 2] * 20), "20 of 60 targets are empty"),
        ((X, pd.date_range("2024-01-01", periods=60)), "dates"),
        ((X, Y + 1j), "complex"),
        (([*SERIES[:-1], np.ones((3, 4))], Y), "same channels"),
        ({"a": X[:, 0], "b": Y[:5]}, "equally long"),
        ({"first": X, "second": X}, "must hold the arrays"),
        ((FRAME.assign(target=1), Y), "column 'target' already"),
    ],
)
def test_what_is_no_data(data: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(data)


def test_an_unknown_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "data.docx"
    path.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"\.docx are not read.*\.parquet"):
        load(path)


def ts_file(path: Path, lengths: list[int], channels: int = 2, tags: str = "@classLabel true slow fast\n") -> Path:
    lines = [
        ":".join([*(",".join(f"{value:.3f}" for value in RNG.random(length)) for _ in range(channels)),
                  "slow" if number % 2 else "fast"])
        for number, length in enumerate(lengths)
    ]  # fmt: skip
    path.write_text(f"# made here\n@problemName gestures\n@timeStamps false\n{tags}@data\n" + "\n".join(lines))
    return path


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("lengths", [[10] * 40, [8 + i % 7 for i in range(40)]], ids=["equal", "unequal"])
def test_ts_files(tmp_path: Path, channels: int, lengths: list[int]) -> None:
    data = load(ts_file(tmp_path / "gestures.ts", lengths, channels))
    assert data.task.input_shape == (channels + 1, max(lengths)) and data.classes == ("fast", "slow")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@timeStamps true\n@data\n(0,1),(1,2):a\n", "time stamps"),
        ("@classLabel true a b\n", "no .ts file"),
        ("@data\n1,2,x:a\n", "line 2: 'x' is no number"),
        ("@data\n1,2:3,4:a\n1,2:b\n", "line 3: 1 channels"),
        ("@data\n1,2,3\n", "line 2: no label"),
    ],
)
def test_ts_files_that_are_broken(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "broken.ts").write_text(text)
    with pytest.raises(InputError, match=says):
        load(tmp_path / "broken.ts")


@pytest.mark.parametrize("channels_last", [False, True])
def test_series_padded_with_nan_are_told_by_their_ends(channels_last: bool) -> None:
    x = np.full((60, 2, 20), np.nan)
    for number, one in enumerate(SERIES):
        x[number, :, : one.shape[1]] = one
    data = load((x.transpose(0, 2, 1), Y), axes="NLC") if channels_last else load((x, Y))
    assert data.task.input_shape == (3, 19)
    assert data.schema is not None and any("padded" in note for note in data.schema.notes)
    np.testing.assert_array_equal(np.unique(data.search.train.inputs[:, -1]), [0, 1])


@pytest.mark.parametrize("shape", [(60, 50, 3), (60, 100, 12), (60, 21, 20)])
def test_axes_that_can_be_read_in_two_ways_are_asked_about(shape: tuple[int, ...]) -> None:
    x = RNG.random(shape)
    with pytest.raises(InputError, match=r"two ways.*--axes NLC.*--axes NCL"):
        load((x, Y))
    assert load((x, Y), axes="NLC").task.input_shape == (shape[2], shape[1])
    assert load((x, Y), axes="ncl").task.input_shape == shape[1:]


@pytest.mark.parametrize(
    ("axes", "says"),
    [("NLCH", "names 4 axes"), ("NHW", None), ("NCH", "does not fit"), ("NQX", "every axis by a letter")],
)
def test_axes_that_are_named(axes: str, says: str | None) -> None:
    x = RNG.random((60, 10, 30))
    if says is None:
        assert load((x, Y), axes=axes).task.input_shape == (1, 10, 30)
        return
    with pytest.raises(InputError, match=says):
        load((x, Y), axes=axes)
