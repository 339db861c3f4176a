"""An export takes the raw test file, of every kind that is read, and scores on it what the search has logged."""

from __future__ import annotations

import ast
import csv
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from nas.config.data_options import DataOptions
from nas.data import Dataset, load
from nas.data.preprocessing import RULES
from nas.errors import InputError, SearchFailed
from nas.export import load_predictor
from nas.export.export import write
from nas.export.model_file import model
from nas.export.new_predictions import predictions
from nas.export.predict_file import predict_file
from nas.export.predictor import rows_of
from nas.export.raw_inputs import RawInputs
from nas.export.verify import verify
from nas.final.raw_rows import ROWS
from nas.final.record import Check, write_raw
from nas.setup.problem import space_for
from nas.training.inference import outputs
from nas.training.score import score
from nas.training.whole_network import constants_of, whole_network
from search_spaces import build

Made = tuple[Any, dict[str, Any], Path]  # data, options, and the raw test file


def exported(made: Made, folder: Path) -> tuple[Path, Dataset, float, Check]:
    """An export of an untrained network, its data, and its score on the sealed test."""
    data = load(made[0], **made[1])
    space = space_for("auto", data)
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
    return (
        folder / "train.csv",
        {"test": str(folder / "as_trained.csv"), "target": "answer", "ignore": "code"},
        folder / "test.csv",
    )


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
    options = {"test": str(folder / "test.parquet"), "target": "price", "metric": "rmse", "ignore": "code"}
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


@pytest.mark.parametrize("kind", [csv_table, pictures_of_a_table, long_series, folders_of_text])
def test_the_export_is_proved_from_raw_rows(
    kind: Callable[..., Made], tmp_path: Path, rng: np.random.Generator
) -> None:
    out, data, _, check = exported(kind(tmp_path, rng), tmp_path)
    proof = verify(out, check, data.task, tmp_path / "final" / ROWS)
    assert proof.raw == len(check.inputs) == len(data.test)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (parquet_table, "(values - self.shift)", "(values - 2 * self.shift)"),
        (csv_table, "for step in self.steps:\n            width", "for step in self.steps[:-1]:\n            width"),
        (csv_table, "table[step.column]", "list(table.values())[0]"),
    ],
)
def test_a_wrong_rule_fails_the_proof(
    kind: Callable[..., Made], right: str, wrong: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    out, data, _, check = exported(kind(tmp_path, rng), tmp_path)
    file = out / "predict.py"
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong))
    with pytest.raises(SearchFailed, match="The export in"):
        verify(out, check, data.task, tmp_path / "final" / ROWS)


@pytest.mark.parametrize("rules", RULES.values())
def test_the_file_needs_numpy_torch_and_for_pictures_pillow(rules: type, rng: np.random.Generator) -> None:
    made = {
        "arrays": ((4,), (0,)), "pictures": ("L", (8, 8)), "series": (1, 4, (0.0,)), "table": ((),),
        "text": ("bytes", 4), "joined": (("picture",), (RULES["pictures"]("L", (8, 8)),), (0,)),
            "forecast": ("day", "ISO8601", "months", 1.0, ("x",), (".",), (0.0,), (0,), 4, 2),
            "language": ("characters", 8, "abc"),
    }[rules.rules]  # type: ignore[attr-defined]  # fmt: skip
    text = predict_file(rules(*made), "classification")
    found = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    expected = {"numpy", "torch"} | ({"PIL"} if rules.rules in ("pictures", "joined") else set())  # type: ignore[attr-defined]
    assert found - sys.stdlib_module_names == expected
    assert "noqa" not in text and "def fitted" not in text


def test_rows_of_every_form_give_the_same(tmp_path: Path, rng: np.random.Generator) -> None:
    """In any order of the columns, with and without those that are no inputs."""
    out, _, _, check = exported(parquet_table(tmp_path, rng), tmp_path)
    predict = load_predictor(out)
    table = pd.read_parquet(tmp_path / "test.parquet")
    backwards = table[table.columns[::-1]]
    forms = [
        table, backwards, table.drop(columns=["price", "code"]), {name: table[name].tolist() for name in table},
        backwards.to_dict("records"), {name: table[name].to_numpy() for name in backwards},
        [{name: cell for name, cell in row.items() if not pd.isna(cell)} for row in table.to_dict("records")],
    ]  # fmt: skip
    for form in forms:
        np.testing.assert_allclose(predict(form).outputs, check.outputs, atol=1e-3, rtol=1e-6)
    one = predict(table.to_dict("records")[3])
    assert len(one) == 1 and one.answers[0] == pytest.approx(float(check.outputs[3, 0]), rel=1e-5)
    assert one.probabilities is None and predict.names == ("price",)


def test_answers_of_classes_and_labels(tmp_path: Path, rng: np.random.Generator) -> None:
    for kind in (csv_table, several_labels):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        out, data, _, check = exported(kind(folder, rng), folder)
        found = load_predictor(out)(data.test.open_rows())
        assert found.probabilities.shape == check.outputs.shape and found.names == data.classes
        if data.task.kind == "classification":
            np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
            assert found.answers == [data.classes[place] for place in check.outputs.argmax(axis=1)]
        else:
            chosen = found.probabilities > 0.5
            assert found.answers == [
                {name for name, yes in zip(found.names, row, strict=True) if yes} for row in chosen
            ]


def test_an_unseen_category_and_an_empty_cell_are_read(tmp_path: Path, rng: np.random.Generator) -> None:
    out, *_ = exported(csv_table(tmp_path, rng), tmp_path)
    row = {"size": "20,5", "colour": "mauve", "day": "", "said": None, "old": "perhaps"}
    found = load_predictor(out)([row, {**row, "colour": "beige"}])
    np.testing.assert_array_equal(found.outputs[0], found.outputs[1])
    table = pd.read_csv(tmp_path / "as_trained.csv", sep=";")
    table.assign(colour="mauve").to_csv(tmp_path / "mauve.csv", index=False, sep=";")
    [note] = predictions(out, tmp_path / "mauve.csv").notes
    assert f"column 'colour': {len(table)} cells" in note and "'mauve'" in note


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"size": "x"}, "column 'size'.*'x' is no number"), ({"size": "1.5"}, "column 'size'.*'1.5' is no number"),
        ({"day": "2021-01-31"}, "column 'day'.*'2021-01-31' is no date of the form %d.%m.%Y"),
        ({"sizes": "1"}, "Unknown columns.*'sizes'"),
    ],
)  # fmt: skip
def test_cells_and_columns_that_are_refused(
    row: dict[str, str], said: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    out, *_ = exported(csv_table(tmp_path, rng), tmp_path)
    good = {"size": "20,5", "colour": "red", "day": "31.01.2021", "said": "good", "old": "True"}
    with pytest.raises(InputError, match=f"(?i){said}"):
        load_predictor(out)([good, {**good, **row}])
    with pytest.raises(InputError, match="Missing columns: 'day', 'said'"):
        load_predictor(out)([{"size": "1", "colour": "red", "old": "True"}])
    with pytest.raises(InputError, match="There are no rows"):
        load_predictor(out)({name: [] for name in good})


def test_predict_py_is_a_command_without_pandas(tmp_path: Path, rng: np.random.Generator) -> None:
    out, data, _, check = exported(csv_table(tmp_path, rng), tmp_path)
    (tmp_path / "empty").mkdir()
    code = (
        "import runpy, sys\nfor name in ('nas', 'pandas', 'scipy', 'search_spaces'): sys.modules[name] = None\n"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )

    def run(file: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-c", code, str(out / "predict.py"), str(tmp_path / file)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "empty", check=False)

    done = run("as_trained.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["prediction"] for row in rows] == [data.classes[place] for place in check.outputs.argmax(axis=1)]
    lines = (tmp_path / "as_trained.csv").read_text().splitlines()
    lines[4] = "fine;yes;soon;True;1,5;7;red"
    (tmp_path / "wrong.csv").write_text("\n".join(lines))
    done = run("wrong.csv")
    assert done.returncode == 2 and "line 5, column 'day': 'soon' is no date" in done.stderr


def wrong_files(folder: Path) -> dict[str, str]:
    """Files for the export of `csv_table`, with what is said of them."""
    lines = (folder / "as_trained.csv").read_text().splitlines()
    files = {
        "no_column.csv": ("\n".join(line.rsplit(";", 1)[0] for line in lines), "Missing columns: 'colour'"),
        "word.csv": ("\n".join([*lines[:7], "fine;yes;;True;many;7;red", *lines[7:]]), "line 8, column 'size': 'many'"),
        "empty.csv": ("", "is empty"),
        "header.csv": (lines[0], "has no rows"),
        "ragged.csv": ("\n".join([*lines, "a;b"]), "rows must have 7 columns"),
        "thousands.csv": (f"{lines[0]}\nfine;yes;;True;1.234;7;red", "can be read in two ways"),
        "picture.png": ("no picture", "is no table"),
    }
    for name, (text, _) in files.items():
        (folder / name).write_text(text)
    return {name: said for name, (_, said) in files.items()} | {"nowhere.csv": "no file or folder"}


def test_a_file_that_cannot_be_predicted_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    out, *_ = exported(csv_table(tmp_path, rng), tmp_path)
    for name, said in wrong_files(tmp_path).items():
        with pytest.raises(InputError, match=said):
            predictions(out, tmp_path / name)
    found = predictions(out, tmp_path / "thousands.csv", DataOptions(decimal=","))
    assert found.scored == 1


def test_an_archive_of_one_array_is_the_inputs_and_of_several_is_refused(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    out, _, _, check = exported(arrays_beside(tmp_path, rng), tmp_path)
    predictor = load_predictor(out)
    np.savez(tmp_path / "one.npz", anything=check.inputs)
    rows, _ = rows_of(predictor, [tmp_path / "one.npz"])
    assert np.array_equal(rows, check.inputs)
    np.savez(tmp_path / "two.npz", inputs=check.inputs, targets=check.targets)
    with pytest.raises(InputError, match=r"holds the arrays inputs, targets\. Give a file with the inputs alone"):
        rows_of(predictor, [tmp_path / "two.npz"])


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path, rng: np.random.Generator) -> None:
    made = pictures(tmp_path, rng)
    out, *_ = exported(made, tmp_path)
    (made[2] / "cat" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.png cannot be read as a picture"):
        predictions(out, made[2])
    with pytest.raises(InputError, match="several parts"):
        predictions(out, tmp_path / "root")
    loose = made[2] / "dog" / "0.jpg"
    assert predictions(out, loose).found.rows == (str(loose),)


def test_targets_that_cannot_be_compared_give_no_score(tmp_path: Path, rng: np.random.Generator) -> None:
    out, *_ = exported(csv_table(tmp_path, rng), tmp_path)
    table = pd.read_csv(tmp_path / "as_trained.csv", sep=";", decimal=",")
    table.assign(answer="maybe").to_csv(tmp_path / "other.csv", index=False)
    found = predictions(out, tmp_path / "other.csv")
    assert found.score is None and "none of the classes: maybe" in found.why
    table.assign(answer=[None, *table["answer"][1:]]).to_csv(tmp_path / "blank.csv", index=False)
    assert predictions(out, tmp_path / "blank.csv").scored == len(table) - 1
    table.drop(columns="answer").to_csv(tmp_path / "none.csv", index=False)
    assert (found := predictions(out, tmp_path / "none.csv")).score is None and not found.why


def test_a_table_of_one_column_needs_no_delimiter(tmp_path: Path, rng: np.random.Generator) -> None:
    out, *_ = exported(texts_of_a_table(tmp_path, rng), tmp_path)
    said = pd.read_csv(tmp_path / "test.csv")["message"]
    expected = predictions(out, tmp_path / "test.csv").found.answers
    (tmp_path / "new.csv").write_text("message\n" + "\n".join(said.str.replace('"', "")))
    assert len(predictions(out, tmp_path / "new.csv").found) == len(said)
    said.to_frame().to_csv(tmp_path / "quoted.csv", index=False)
    assert predictions(out, tmp_path / "quoted.csv").found.answers == expected


def test_lines_half_of_which_begin_with_a_class(tmp_path: Path, rng: np.random.Generator) -> None:
    made = lines_of_text(tmp_path, rng)
    out, *_ = exported(made, tmp_path)
    lines = made[2].read_text().splitlines()
    plain = [line.split(None, 1)[1] for line in lines]
    (tmp_path / "plain.txt").write_text("\n".join(plain))
    assert predictions(out, tmp_path / "plain.txt").found.answers == predictions(out, made[2]).found.answers
    (tmp_path / "mixed.txt").write_text("\n".join([*lines[:15], *plain[15:]]))
    with pytest.raises(InputError, match="line 16: it does not begin with a class, but 15 of 20"):
        predictions(out, tmp_path / "mixed.txt")


def test_an_export_of_before_takes_arrays_only(tmp_path: Path) -> None:
    before = Path(__file__).parents[2] / "data" / "before" / "finished" / "export"
    with pytest.raises(InputError, match="takes arrays only"):
        load_predictor(before)
    with pytest.raises(InputError, match="no export"):
        load_predictor(tmp_path)
