"""An export takes the raw test file, of every kind that is read, and scores on it what the search has logged."""

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

from nas.data import Dataset, load
from nas.export.export import write
from nas.export.model_file import model
from nas.export.new_predictions import predictions
from nas.export.raw_inputs import RawInputs
from nas.export.verify import verify
from nas.final.raw_rows import ROWS
from nas.final.record import Check, write_raw
from nas.setup.problem import SPACE_OF
from nas.training.inference import outputs
from nas.training.score import score
from nas.training.whole_network import constants_of, whole_network
from search_spaces import build, load_space

Made = tuple[Any, dict[str, Any], Path]  # data, options, and the raw test file


def exported(made: Made, folder: Path) -> tuple[Path, Dataset, float, Check]:
    """An export of an untrained network, its data, and its score on the sealed test."""
    data = load(made[0], **made[1])
    space = load_space(SPACE_OF[data.schema.layout])  # type: ignore[union-attr]
    torch.manual_seed(0)
    architecture = space.sample(random.Random(3), data.task)
    network = build(architecture, data.task)
    state = {f"1.{name}": value for name, value in network.state_dict().items()}
    whole = whole_network(architecture, data.task, constants_of(data.search), state).eval()
    test = data.test.open()
    said = outputs(whole, test.inputs)
    check = Check(test.inputs, said, test.targets)
    final, out = folder / "final", folder / "export"
    for one in (final, out):
        one.mkdir()
    write_raw(data, final, len(test))
    assert data.schema is not None and data.preprocessing is not None
    write(out, model(architecture, data.task, whole), RawInputs(data.schema, data.preprocessing, final / ROWS))
    return out, data, score(data.task, said, test.targets), check


def rows_of_a_table(rng: np.random.Generator, count: int) -> pd.DataFrame:
    size, colour = rng.normal(20, 5, count).round(2), rng.choice(["red", "blue", "green"], count)
    day = pd.Timestamp("2021-01-31") + pd.to_timedelta(rng.integers(0, 900, count), unit="D")
    said = [" ".join(rng.choice(["fine", "bad", "late", "cheap", "good"], 4)) for _ in range(count)]
    table = pd.DataFrame({
        "code": rng.permutation(count) * 7919 % 100_003, "size": size, "colour": colour, "day": day, "said": said,
        "old": rng.random(count) > 0.5, "answer": np.where((size > 20) ^ (colour == "red"), "yes", "no"),
    })  # fmt: skip
    table.loc[::7, "size"] = np.nan
    table.loc[3::11, ["colour", "day"]] = None
    return table


def csv_table(folder: Path, rng: np.random.Generator) -> Made:
    """Mixed types, dates, blanks, decimal commas; the test part in another order of columns and another dialect."""
    table = rows_of_a_table(rng, 150)
    table[:110].to_csv(folder / "train.csv", index=False, sep=";", decimal=",", date_format="%d.%m.%Y")
    shuffled = table[110:][["said", "answer", "day", "old", "size", "code", "colour"]]
    shuffled.to_csv(folder / "test.csv", index=False, sep="\t", date_format="%d.%m.%Y", encoding="utf-16")
    shuffled.to_csv(folder / "as_trained.csv", index=False, sep=";", decimal=",", date_format="%d.%m.%Y")
    return folder / "train.csv", {"test": str(folder / "as_trained.csv"), "target": "answer"}, folder / "test.csv"


def nameless_table(folder: Path, rng: np.random.Generator) -> Made:
    x = rng.normal(size=(90, 3)).round(3)
    rows = pd.DataFrame(x).assign(y=np.where(x[:, 0] > 0, "a", "b"))
    for name, part in (("train", rows[:60]), ("test", rows[60:])):
        part.to_csv(folder / f"{name}.data", index=False, header=False)
    return folder / "train.data", {"test": str(folder / "test.data")}, folder / "test.data"


def parquet_table(folder: Path, rng: np.random.Generator) -> Made:
    """A regression; typed dates, categories and missing whole numbers."""
    table = rows_of_a_table(rng, 120).drop(columns="answer")
    table["colour"] = table["colour"].astype("category")
    table["doors"] = pd.array([None if row % 9 == 0 else row % 5 for row in range(120)], dtype="Int64")
    table["price"] = (table["size"].fillna(1) * 1000 + rng.normal(size=120)).round(2)
    table[:90].to_parquet(folder / "train.parquet")
    table[90:].to_parquet(folder / "test.parquet")
    options = {"test": str(folder / "test.parquet"), "target": "price", "metric": "rmse"}
    return folder / "train.parquet", options, folder / "test.parquet"


def several_labels(folder: Path, rng: np.random.Generator) -> Made:
    x = rng.normal(size=(120, 4))
    table = pd.DataFrame(x, columns=list("abcd"))
    for place, name in enumerate(("sport", "news")):
        table[name] = (x[:, place] + rng.normal(size=120) > 0).astype(int)
    for name, part in (("train", table[:90]), ("test", table[90:])):
        part.to_json(folder / f"{name}.jsonl", orient="records", lines=True)
    options = {"test": str(folder / "test.jsonl"), "target": ("sport", "news")}
    return folder / "train.jsonl", options, folder / "test.jsonl"


def several_values(folder: Path, rng: np.random.Generator) -> Made:
    x = rng.normal(size=(90, 4)).astype(np.float32)
    y = x[:, :2] * 3 + 1
    np.savez(folder / "data.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    np.savez(folder / "new.npz", inputs=x[60:], targets=y[60:])
    return folder / "data.npz", {}, folder / "new.npz"


def pictures(folder: Path, rng: np.random.Generator) -> Made:
    """Turned by EXIF, with transparency, of 16 bits, palettes and CMYK."""
    turned = Image.Exif()
    turned[0x0112] = 6
    for part, count in (("train", 8), ("test", 5)):
        for label in ("cat", "dog"):
            place = folder / "root" / part / label
            place.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (20, 12 + number, 4), dtype=np.uint8)
                picture = Image.fromarray(pixels)
                if number % 5 == 0:
                    picture.convert("RGB").save(place / f"{number}.jpg", exif=turned)
                elif number % 5 == 1:
                    Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(place / f"{number}.png")
                elif number % 5 == 2:
                    picture.convert("RGB").convert("CMYK").save(place / f"{number}.jpg")
                else:
                    (picture if number % 5 == 3 else picture.convert("P")).save(place / f"{number}.png")
    return folder / "root", {}, folder / "root" / "test"


def pictures_of_a_table(folder: Path, rng: np.random.Generator) -> Made:
    (folder / "files").mkdir()
    for number in range(24):
        Image.fromarray(rng.integers(0, 256, (9, 9), dtype=np.uint8)).save(folder / "files" / f"{number}.png")
    table = pd.DataFrame({"file": [f"files/{number}.png" for number in range(24)], "label": ["a", "b"] * 12})
    table[:16].to_csv(folder / "train.csv", index=False)
    table[16:][["label", "file"]].to_csv(folder / "test.csv", index=False)
    return folder / "train.csv", {"test": str(folder / "test.csv")}, folder / "test.csv"


def ts_file(folder: Path, rng: np.random.Generator) -> Made:
    """Series of two channels and unequal length."""
    for name, count in (("train", 20), ("test", 12)):
        lines = ["@problemName x", "@classLabel true a b", "@data"]
        for number in range(count):
            length = int(rng.integers(8, 20))
            channels = [",".join(f"{value:.4f}" for value in rng.normal(size=length)) for _ in range(2)]
            lines.append(":".join([*channels, "ab"[number % 2]]))
        (folder / f"{name}.ts").write_text("\n".join(lines))
    return folder / "train.ts", {"test": str(folder / "test.ts")}, folder / "test.ts"


def long_series(folder: Path, rng: np.random.Generator) -> Made:
    """One row a step, in any order of the rows."""
    rows = []
    for number in range(36):
        for step in range(int(rng.integers(6, 12))):
            x, y = rng.normal(size=2).round(4)
            rows.append({"sample": f"s{number}", "step": step, "x": x, "y": y, "gesture": "ab"[number % 2]})
    table = pd.DataFrame(rows)
    is_test = table["sample"].isin([f"s{number}" for number in range(24, 36)])
    table[~is_test].to_csv(folder / "train.csv", index=False)
    table[is_test].to_csv(folder / "test.csv", index=False)
    return folder / "train.csv", {"test": str(folder / "test.csv"), "target": "gesture"}, folder / "test.csv"


def padded_series(folder: Path, rng: np.random.Generator) -> Made:
    """Length before channels, NaN behind the end."""
    x = rng.normal(size=(40, 9, 2))
    for number, length in enumerate(rng.integers(4, 10, 40)):
        x[number, length:] = np.nan
    y = np.arange(40) % 2
    np.savez(folder / "data.npz", x_train=x[:25], y_train=y[:25], x_test=x[25:], y_test=y[25:])
    return folder / "data.npz", {"axes": "NLC"}, folder / "data.npz"


def texts_of_a_table(folder: Path, rng: np.random.Generator) -> Made:
    said = [" ".join(rng.choice(list("abcdefgh"), 9)) + ', "quoted"' for _ in range(60)]
    table = pd.DataFrame({"label": ["ham", "spam"] * 30, "message": said})
    table[:40].to_csv(folder / "train.csv", index=False)
    table[40:].to_csv(folder / "test.csv", index=False)
    return folder / "train.csv", {"test": str(folder / "test.csv")}, folder / "test.csv"


def lines_of_text(folder: Path, rng: np.random.Generator) -> Made:
    lines = [f"{'NUM:x' if row % 2 else 'LOC:y'} {' '.join(rng.choice(list('abcdefgh'), 7))} ?" for row in range(60)]
    (folder / "train.txt").write_text("\n".join(lines[:40]))
    (folder / "test.txt").write_text("\n".join(lines[40:]))
    return folder / "train.txt", {"test": str(folder / "test.txt")}, folder / "test.txt"


def folders_of_text(folder: Path, rng: np.random.Generator) -> Made:
    for part, count in (("train", 9), ("test", 5)):
        for label in ("good", "bad"):
            place = folder / "root" / part / label
            place.mkdir(parents=True)
            for number in range(count):
                (place / f"{number}.txt").write_text(" ".join(rng.choice(list("abcdefgh"), 9)))
    return folder / "root", {}, folder / "root" / "test"


def arrays_beside(folder: Path, rng: np.random.Generator) -> Made:
    """Pictures with their channels last, bytes."""
    x, y = rng.integers(0, 256, (40, 9, 9, 3), dtype=np.uint8), np.arange(40) % 2
    for part, rows in (("train", slice(0, 25)), ("test", slice(25, 40))):
        np.save(folder / f"x_{part}.npy", x[rows])
        np.save(folder / f"y_{part}.npy", y[rows])
    return folder / "x_train.npy", {}, folder / "x_test.npy"


def tensors(folder: Path, rng: np.random.Generator) -> Made:
    x, y = torch.from_numpy(rng.normal(size=(60, 5)).astype(np.float32)), torch.arange(60) % 3
    torch.save({"x_train": x[:40], "y_train": y[:40], "x_test": x[40:], "y_test": y[40:]}, folder / "data.pt")
    return folder / "data.pt", {}, folder / "data.pt"


KINDS = [
    csv_table, nameless_table, parquet_table, several_labels, several_values, pictures, pictures_of_a_table, ts_file,
    long_series, padded_series, texts_of_a_table, lines_of_text, folders_of_text, arrays_beside, tensors,
]  # fmt: skip


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_raw_test_file_scores_what_the_sealed_test_did(
    kind: Callable[..., Made], tmp_path: Path, rng: np.random.Generator
) -> None:
    made = kind(tmp_path, rng)
    out, data, sealed, check = exported(made, tmp_path)
    said = predictions(out, made[2], part="test" if made[2] == made[0] else "")
    assert said.score == pytest.approx(sealed, rel=1e-6, abs=1e-6) and said.scored == len(data.test)
    assert len(said.found.answers) == len(data.test)
    if kind is not several_values:
        assert sorted(said.found.outputs.ravel()) == pytest.approx(sorted(check.outputs.ravel()), abs=1e-5)


@pytest.mark.parametrize(
    "kind", [csv_table, parquet_table, pictures, pictures_of_a_table, long_series, ts_file, lines_of_text]
)
def test_the_export_is_proved_from_raw_rows(
    kind: Callable[..., Made], tmp_path: Path, rng: np.random.Generator
) -> None:
    out, data, _, check = exported(kind(tmp_path, rng), tmp_path)
    if kind is csv_table:
        proof = verify(out, check, data.task, tmp_path / "final" / ROWS)
        assert proof.raw == len(check.inputs) == len(data.test)
        spoiled = (out / "predict.py").read_text().replace("(values - self.shift)", "(values - 2 * self.shift)")
        (out / "predict.py").write_text(spoiled)
        with pytest.raises(Exception, match="does not compute what was trained|on raw rows"):
            verify(out, check, data.task, tmp_path / "final" / ROWS)
