"""Plain `nas search DATA`: for every kind of data the space that is made for it, and the words that say so."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from nas.config.search_config import AUTO, SearchConfig
from nas.data import load
from nas.errors import InputError
from nas.setup.problem import MANY, SPACE_OF, joint_space, space_for, why_space
from search_spaces.network import build

RNG = np.random.default_rng(0)
N = 60
CODES = np.arange(N) % 3
WORDS = np.array(["ash", "birch", "cedar"])[CODES]
VALUES = RNG.random(N)
SENTENCES = [" ".join(RNG.choice(["good", "bad", "ugly", "nice", "film", "day"], 6)) for _ in range(N)]


def pictures(folder: Path) -> Path:
    for number, word in enumerate(WORDS):
        (folder / word).mkdir(exist_ok=True)
        Image.fromarray(RNG.integers(0, 256, (9, 9, 3)).astype(np.uint8)).save(folder / word / f"{number}.png")
    return folder


def listed_pictures(folder: Path) -> Path:
    paths = sorted(str(path.relative_to(folder)) for path in pictures(folder).rglob("*.png"))
    pd.DataFrame({"path": paths, "price": VALUES}).to_csv(folder / "list.csv", index=False)
    return folder / "list.csv"


def text_folder(folder: Path) -> Path:
    for number, word in enumerate(WORDS):
        (folder / word).mkdir(exist_ok=True)
        (folder / word / f"{number}.txt").write_text(SENTENCES[number])
    return folder


def time_series(folder: Path) -> Path:
    rows = [",".join(f"{v:.3f}" for v in RNG.random(12)) + f":{word}" for word in WORDS]
    path = folder / "waves.ts"
    path.write_text("@problemName waves\n@univariate true\n@classLabel true ash birch cedar\n@data\n" + "\n".join(rows))
    return path


def file(frame: dict[str, Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "data.csv"
        pd.DataFrame(frame).to_csv(path, index=False)
        return path

    return write


def arrays(**held: np.ndarray) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez(folder / "data.npz", **held)
        return folder / "data.npz"

    return write


TABLE = {"a": RNG.random(N), "b": RNG.choice(["x", "y"], N), "c": [None, *RNG.random(N - 1)]}
DAYS = {"day": pd.date_range("2020-01-01", periods=N), "a": RNG.random(N)}
LONG = {"id": np.repeat(np.arange(N), 4), "step": np.tile(np.arange(4), N), "v": RNG.random(4 * N)}
WIDE = {f"t{step}": RNG.random(N) for step in range(12)}
BYTES = RNG.integers(0, 256, (N, 8, 8)).astype(np.uint8)
TOKENS = RNG.integers(1, 900, (N, 10))

CASES: dict[str, tuple[Any, str, str, dict[str, Any]]] = {  # what writes the data, its layout, its kind, options
    "built in": (lambda folder: "digits", "pictures", "classification", {}),
    "a folder of pictures": (pictures, "pictures", "classification", {}),
    "a list of pictures": (listed_pictures, "pictures", "regression", {}),
    "grey pictures": (arrays(X=BYTES, y=CODES), "pictures", "classification", {}),
    "pictures, channels last": (arrays(X=RNG.random((N, 8, 8, 3)), y=CODES), "pictures", "classification", {}),
    "pictures, channels first": (arrays(X=RNG.random((N, 3, 8, 8)), y=VALUES), "pictures", "regression", {}),
    "pictures of one pixel": (lambda folder: (RNG.random((N, 1, 1, 1)), CODES), "pictures", "classification", {}),
    "pictures with labels": (lambda folder: (BYTES, RNG.integers(0, 2, (N, 2))), "pictures", "multilabel", {}),
    "a file of series": (time_series, "series", "classification", {}),
    "series of channels": (arrays(X=RNG.random((N, 2, 12)), y=CODES), "series", "classification", {}),
    "series with values": (lambda folder: (RNG.random((N, 2, 12)), VALUES), "series", "regression", {}),
    "series of one step": (lambda folder: (RNG.random((N, 1, 1)), CODES), "pictures", "classification", {}),
    "two steps": (lambda folder: (RNG.random((N, 1, 2)), CODES), "series", "classification", {}),
    "unequal series": (
        lambda folder: ([RNG.random((2, 3 + k % 3)) for k in range(N)], CODES), "series", "classification", {}
    ),
    "a row a step": (file({**LONG, "label": np.repeat(WORDS, 4)}), "series", "classification", {}),
    "a row a series": (file({**WIDE, "label": WORDS}), "series", "classification", {"layout": "series"}),
    "a table": (file({**TABLE, "label": WORDS}), "table", "classification", {}),
    "a table with values": (file({**TABLE, "price": VALUES}), "table", "regression", {}),
    "a table by time": (file({**DAYS, "sales": np.arange(N) + VALUES}), "table", "regression", {}),
    "a table with labels": (
        file({**TABLE, "red": CODES % 2, "big": CODES // 2}), "table", "multilabel", {"target": ("red", "big")}
    ),
    "a table with two values": (
        file({**TABLE, "p": VALUES, "q": VALUES**2}), "table", "regression", {"target": ("p", "q")}
    ),
    "one feature": (lambda folder: (RNG.random((N, 1)), CODES), "table", "classification", {}),
    "features": (arrays(X=RNG.random((N, 5)), y=VALUES), "table", "regression", {}),
    "a column of texts": (file({"review": SENTENCES, "label": WORDS}), "text", "classification", {}),
    "texts with values": (file({"review": SENTENCES, "stars": VALUES}), "text", "regression", {}),
    "a folder of texts": (text_folder, "text", "classification", {}),
    "a list of texts": (lambda folder: (SENTENCES, CODES), "text", "classification", {}),
    "a list of words": (lambda folder: (list(WORDS), CODES), "text", "classification", {}),
    "tokens": (arrays(X=TOKENS, y=CODES), "tokens", "classification", {"layout": "tokens"}),
    "one token": (lambda folder: (TOKENS[:, :1], CODES), "tokens", "classification", {"layout": "tokens"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_space_that_is_made_for_the_data(name: str, tmp_path: Path) -> None:
    write, layout, kind, options = CASES[name]
    dataset = load(write(tmp_path), **options)
    assert dataset.schema is not None
    assert (dataset.schema.layout, dataset.schema.kind) == (layout, kind)
    space = space_for(AUTO, dataset)
    assert space.name == SPACE_OF[layout]
    assert why_space(AUTO, dataset) == f"made for {MANY[layout]}; --space names another"
    joint, rng = joint_space(space, SearchConfig(), dataset), random.Random(0)
    few = torch.from_numpy(dataset.search.train.inputs[:4]).float()
    for _ in range(3):
        network = build(joint.sample(rng).architecture, dataset.task).eval()
        assert network(few).shape == (4, dataset.task.outputs)


def test_every_layout_has_a_space_and_a_person_may_name_another() -> None:
    assert {case[1] for case in CASES.values()} == set(SPACE_OF) == set(MANY)
    dataset = load((RNG.random((N, 5)), CODES))
    assert space_for("mlp", dataset).name == "mlp" and why_space("mlp", dataset) == ""


@pytest.mark.parametrize("largest", [300, 5_000])
@pytest.mark.parametrize("padded", [False, True])
def test_numbers_that_may_stand_for_words_are_read_as_nobody_says(largest: int, padded: bool) -> None:
    tokens = (largest ** RNG.random((200, 12))).astype(np.int64)  # the rank of a word, by Zipf's law
    if padded:
        tokens = np.where(np.arange(12) < RNG.integers(2, 12, (200, 1)), tokens, 0)
    with pytest.raises(InputError, match=r"two ways: .* --layout tokens\. As features: --layout table"):
        load((tokens, np.arange(200) % 2))
    for layout in ("tokens", "table"):
        assert load((tokens, np.arange(200) % 2), layout=layout).schema.layout == layout  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "x",
    [
        np.stack([RNG.integers(low, high, N) for low, high in ((18, 90), (0, 90_000), (0, 2), (0, 9))], axis=1),
        RNG.integers(0, 256, (N, 64)),
        RNG.integers(-900, 900, (N, 8)),
        RNG.integers(0, 900, (N, 3)),
    ],
    ids=["columns of a table", "pixels", "below zero", "few columns"],
)  # fmt: skip
def test_other_whole_numbers_are_features(x: np.ndarray) -> None:
    assert load((x, CODES)).schema.layout == "table"  # type: ignore[union-attr]


def test_rows_that_look_like_series_are_warned_of() -> None:
    steps = np.sin(np.linspace(0, 6, 40)[None] + RNG.random((N, 1)) * 6)
    schema = load((steps, CODES)).schema
    assert schema is not None and schema.layout == "table"
    assert any("--layout series" in one for one in schema.warnings)
    for x, options in ((RNG.random((N, 40)), {}), (steps, {"layout": "table"}), (steps[:, :10], {})):
        assert not any("series" in one for one in load((x, CODES), **options).schema.warnings)  # type: ignore[union-attr]
