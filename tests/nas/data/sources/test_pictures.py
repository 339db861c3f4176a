"""Pictures: folders, tables of paths, what is done to them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nas.data import load
from nas.data.preprocessing.pictures import PictureRules
from nas.errors import InputError

RNG = np.random.default_rng(0)


def picture(path: Path, mode: str, size: tuple[int, int], value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path)


def noise(path: Path, size: tuple[int, int] = (16, 16), mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = size[::-1] if mode == "L" else (*size[::-1], 3)
    Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8)).save(path)


def folder(root: Path, *classes: str, each: int = 6, ending: str = "png") -> Path:
    for name in classes:
        for number in range(each):
            noise(root / name / f"{number}.{ending}")
    return root


@pytest.mark.parametrize(
    ("size", "expected"),
    [((6, 6), (8, 8)), ((20, 20), (32, 32)), ((64, 30), (32, 64)), ((128, 128), (128, 128)), ((300, 200), (128, 128))],
)
def test_the_size_is_a_power_of_two_by_the_median(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    for name in "ab":
        for number in range(5):
            noise(tmp_path / name / f"{number}.png", size)
    data = load(tmp_path)
    assert data.task.input_shape == (1, *expected)
    assert data.schema is not None and data.schema.size == expected
    assert any("--size" in note for note in data.schema.notes) == (size[::-1] != expected)
    assert load(tmp_path, size="12x10").task.input_shape == (1, 12, 10)
    assert load(tmp_path, size=96).task.input_shape == (1, 96, 96)


def test_a_folder_of_colour_and_grey_pictures(tmp_path: Path) -> None:
    for i in range(6):
        picture(tmp_path / "red" / f"{i}.png", "RGB", (20 + i, 10), 200)
        picture(tmp_path / "grey" / f"{i}.jpg", "L", (20, 10), 90)
    (tmp_path / "red" / "notes.txt").write_text("not a picture")
    data = load(str(tmp_path))
    assert data.task.input_shape == (3, 16, 32)
    assert data.classes == ("grey", "red")
    rows = data.test.open_rows()
    np.testing.assert_array_equal(data.preprocessing.apply(rows), data.test.open().inputs)  # type: ignore[union-attr]


@pytest.mark.parametrize("validation", ["val", "valid", "Validation", "dev", None])
@pytest.mark.parametrize("test", ["test", "Test", "testing", None])
@pytest.mark.parametrize("train", ["train", "Training"])
def test_folders_of_parts_are_parts_and_no_classes(
    tmp_path: Path, train: str, validation: str | None, test: str | None
) -> None:
    for part, each in ((train, 10), (validation, 4), (test, 5)):
        if part is not None:
            folder(tmp_path / part, "NORMAL", "ILL", each=each)
    data = load(tmp_path)
    assert data.classes == ("ILL", "NORMAL")
    if test is not None:
        assert len(data.test) == 10
        assert all(Path(path).parent.parent.name == test for path in data.test.open_rows())
    if validation is not None:
        assert len(data.search.validation) == 8


@pytest.mark.parametrize("part", ["test", "val", "Train"])
@pytest.mark.parametrize("labelled", [False, True])
def test_a_part_beside_classes_is_asked_about(tmp_path: Path, part: str, labelled: bool) -> None:
    folder(tmp_path, "OK", "NG", each=10)
    for number in range(6):
        noise(tmp_path / part / ("OK" if labelled else "") / f"{number}.png")
    with pytest.raises(InputError, match=f"two ways.*--keep {part}.*--ignore {part}"):
        load(tmp_path)
    assert load(tmp_path, ignore=part).classes == ("NG", "OK")
    assert load(tmp_path, keep=part).classes == tuple(sorted(["NG", "OK", part]))


@pytest.mark.parametrize("inside", ["", "train"])
def test_pictures_without_a_class_are_refused(tmp_path: Path, inside: str) -> None:
    for number in range(6):
        noise(tmp_path / inside / f"{number}.png")
    with pytest.raises(InputError, match="no labels"):
        load(tmp_path)


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", "__MACOSX", ".thumbs", "__pycache__"])
@pytest.mark.parametrize("inside", ["", "a"])
def test_what_programs_leave_is_left_out(tmp_path: Path, hidden: str, inside: str) -> None:
    folder(tmp_path, "a", "b", each=6)
    noise(tmp_path / inside / hidden / "0-copy.png")
    noise(tmp_path / inside / hidden / "a" / "1-copy.png")
    noise(tmp_path / "a" / "._0.png")
    data = load(tmp_path)
    assert data.schema is not None and data.schema.counts == (6, 6)


def turned(picture: Image.Image, orientation: int, path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif, quality=95)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_exif_is_applied(tmp_path: Path, orientation: int, ending: str) -> None:
    shade = np.zeros((16, 16), np.uint8)
    shade[:4] = 255
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = Image.fromarray(shade)
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    path = tmp_path / f"turned.{ending}"
    turned(stored, orientation, path)
    found = PictureRules("L", (16, 16)).apply([path])[0, 0]
    np.testing.assert_allclose(found, shade, atol=6)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_transparent_pixels_lie_on_white(tmp_path: Path, mode: str) -> None:
    alpha = np.zeros((8, 8), np.uint8)
    alpha[2:6, 2:6] = 255
    black = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    black.putalpha(Image.fromarray(alpha))
    path = tmp_path / "icon.png"
    (black if mode == "RGBA" else black.convert(mode)).save(path, **({"transparency": 0} if mode == "P" else {}))
    found = PictureRules("L", (8, 8)).apply([path])[0, 0]
    if mode != "P":
        np.testing.assert_array_equal(found, 255 - alpha)
    else:
        assert found.max() == 255


@pytest.mark.parametrize(("ending", "dtype"), [("png", np.uint16), ("tif", np.uint16), ("tif", np.int32)])
def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path, ending: str, dtype: Any) -> None:
    values = np.linspace(0, 65535, 64).reshape(8, 8).astype(dtype)
    path = tmp_path / f"deep.{ending}"
    Image.fromarray(values).save(path)
    found = PictureRules("L", (8, 8)).apply([path])[0, 0]
    np.testing.assert_allclose(found, values / 257, atol=1)


@pytest.mark.parametrize("mode", ["CMYK", "1", "P", "YCbCr", "L", "RGB"])
def test_every_mode_becomes_the_one_of_the_rules(tmp_path: Path, mode: str) -> None:
    ending = {"CMYK": "jpg", "YCbCr": "jpg"}.get(mode, "png")
    Image.new("RGB", (9, 9), (255, 255, 255)).convert(mode).save(tmp_path / f"white.{ending}")
    for wanted in ("L", "RGB"):
        assert PictureRules(wanted, (4, 4)).apply([tmp_path / f"white.{ending}"]).min() > 250


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize(("delimiter", "header"), [(",", True), (";", True), ("\t", False)])
@pytest.mark.parametrize("below", ["", "photos/"])
def test_a_table_of_paths(tmp_path: Path, kind: str, delimiter: str, header: bool, below: str) -> None:
    lines = [f"file{delimiter}wear"] if header else []
    for number in range(40):
        value = number * 0.37 if kind == "regression" else ("worn" if number % 2 else "good")
        noise(tmp_path / below / f"tool_{number}.png")
        lines.append(f"{below}tool_{number}.png{delimiter}{value}")
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines))
    for source in (path, tmp_path):
        if source == tmp_path and not below:
            continue
        data = load(source)
        assert (data.task.kind, data.task.input_shape) == (kind, (1, 16, 16))
    rows = data.test.open_rows() if below else load(path).test.open_rows()
    assert list(rows.columns) == (["file", "wear"] if header else ["column 1", "column 2"])


def test_a_missing_file_of_a_table_is_named(tmp_path: Path) -> None:
    folder(tmp_path, "a", each=10)
    lines = ["file,wear", *(f"a/{number}.png,{number * 0.3}" for number in range(12))]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"2 of 12 lead to no file.*10\.png"):
        load(tmp_path / "list.csv")


def test_copies_in_two_parts_and_two_classes_are_reported(tmp_path: Path) -> None:
    folder(tmp_path / "train", "a", "b")
    folder(tmp_path / "test", "a", "b")
    (tmp_path / "test" / "a" / "9.png").write_bytes((tmp_path / "train" / "a" / "1.png").read_bytes())
    (tmp_path / "train" / "b" / "9.png").write_bytes((tmp_path / "train" / "a" / "2.png").read_bytes())
    schema = load(tmp_path).schema
    assert schema is not None and len(schema.warnings) == 2


def test_classes_that_are_numbers_have_their_order_stated(tmp_path: Path) -> None:
    folder(tmp_path, *map(str, range(12)), each=4)
    data = load(tmp_path)
    assert data.classes[:3] == ("0", "1", "10")
    assert data.schema is not None and any("alphabetical" in note for note in data.schema.notes)


@pytest.mark.parametrize("ending", ["wav", "mp3", "mp4"])
def test_sound_and_film_are_named(tmp_path: Path, ending: str) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / f"0.{ending}").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"audio|video"):
        load(tmp_path)


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        load(tmp_path)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    folder(tmp_path, "a", "b", each=4)
    Image.effect_noise((32, 32), 50).save(tmp_path / "b" / "2.png")
    (tmp_path / "b" / "2.png").write_bytes((tmp_path / "b" / "2.png").read_bytes()[:300])
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
