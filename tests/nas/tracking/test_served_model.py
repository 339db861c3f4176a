"""What is served takes rows of JSON of every layout, and never reads a file of the server."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nas
from nas.errors import InputError
from nas.tracking import deploy
from nas.tracking.database import connect, make_database

Made = tuple[Any, list[Any], list[Any]]  # data, raw rows as the predictor takes them, the same rows as JSON


def pictures(folder: Path) -> Made:
    rng = np.random.default_rng(0)
    paths, texts = [], []
    for label, level in (("dark", 60), ("light", 190)):
        (folder / "data" / label).mkdir(parents=True)
        for number in range(30):
            picture = Image.fromarray(rng.integers(level - 50, level + 50, (8, 8), dtype=np.uint8))
            paths.append(folder / "data" / label / f"{number}.png")
            picture.save(paths[-1])
            held = io.BytesIO()
            picture.save(held, "png")
            texts.append(base64.b64encode(held.getvalue()).decode())
    return folder / "data", paths[::20], texts[::20]


def texts(folder: Path) -> Made:
    rng = np.random.default_rng(0)
    said = []
    for label, words in (("good", ["fine", "nice", "well"]), ("bad", ["poor", "late", "sad"])):
        (folder / "data" / label).mkdir(parents=True)
        for number in range(40):
            said.append(" ".join(rng.choice([*words, "it", "was"], 6)))
            (folder / "data" / label / f"{number}.txt").write_text(said[-1])
    return folder / "data", said[::30], said[::30]


def arrays(folder: Path) -> Made:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2, 12)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, y=(x[:, 0].mean(axis=1) > 0).astype(int))
    return folder / "data.npz", list(x[:3]), x[:3].tolist()


@pytest.mark.parametrize("make", [pictures, texts, arrays], ids=lambda one: one.__name__)
def test_rows_of_every_layout(make: Callable[[Path], Made], tmp_path: Path) -> None:
    import mlflow.pyfunc

    data, raw, rows = make(tmp_path)
    make_database(tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    nas.search(
        data, "auto", "1 trials", epochs=1, executor="local", strategy="random", known="off", directory=tmp_path / "s",
        tracking_uri="", baselines=("majority",), limits={"parameters": 200_000},
    )  # fmt: skip
    deploy(tmp_path / "s", make.__name__, "champion", uri, None)
    client, _ = connect(uri, "nas")
    served = mlflow.pyfunc.load_model(client.get_model_version_by_alias(make.__name__, "champion").source)
    expected = nas.load_predictor(tmp_path / "s")(raw if make is not arrays else np.array(raw))
    found = served.predict(rows)
    assert [one["prediction"] for one in found] == expected.answers
    for one, shares in zip(found, expected.probabilities, strict=True):
        assert list(one["probabilities"].values()) == pytest.approx(list(shares))
    wrong: list[list[Any]] = [[], [None], [{"some": 1}], [[1, [2]]]]
    if make is pictures:
        wrong += [[str(raw[0])], [base64.b64encode(os.fsencode(raw[0])).decode()], [3]]
    for one in wrong:
        with pytest.raises(Exception, match=r".") as error:
            served.predict(one)
        assert getattr(error.value, "error_code", "") in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST"), (one, error.value)


def test_an_export_that_takes_arrays_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("")
    with pytest.raises(InputError, match="takes arrays only"):
        deploy(tmp_path, "good", "champion", f"sqlite:///{tmp_path / 'x.db'}", None)
    assert not (tmp_path / "x.db").exists()
