"""A folder of pictures: one sub-folder a class, or `train/` and `test/` with one sub-folder a class in each."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.sources.raw import Raw
from nas.errors import InputError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
LARGEST_SIDE = 64  # pixels, unless the caller gives a size
MOST_PIXELS = 100_000_000  # of one picture
LIMIT_BYTES = 4 << 30  # of all pictures, resized

Labelled = list[tuple[Path, str]]


def read_pictures(root: Path, size: tuple[int, int] | None = None) -> Raw:
    """Pictures as uint8 `(n, channels, height, width)`, all of one size: one channel when all are grey, else three.

    Args:
        size: height and width in pixels; by default the median of the pictures, at most 64 on the longer side.

    Raises:
        InputError: no pictures, a picture that cannot be read, a link that leads out of the folder, too much data.
    """
    parts = {path.name for path in _subfolders(root)}
    if {"train", "test"} <= parts and parts <= {"train", "test"}:
        train, test = _pictures(root, root / "train"), _pictures(root, root / "test")
    else:
        train, test = _pictures(root, root), []
    if not train:
        raise InputError(
            f"{root} holds no pictures. Expected one sub-folder for each class with files ending in "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    grey, median = _survey([path for path, _ in train + test])
    height, width = size or median
    if len(train + test) * height * width * (1 if grey else 3) > LIMIT_BYTES:
        raise InputError(f"{root}: {len(train + test)} pictures of {height} x {width} take more than 4 GiB.")
    x, y = _read_all(train, grey, (height, width))
    if not test:
        return Raw(root.resolve().name, x, y, layout="pictures")
    return Raw(root.resolve().name, x, y, *_read_all(test, grey, (height, width)), layout="pictures")


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _pictures(root: Path, folder: Path) -> Labelled:
    """Every picture below `folder` with its class, in a fixed order; links out of `root` are refused."""
    inside = root.resolve()
    found: Labelled = []
    for subfolder in _subfolders(folder):
        for path in sorted(subfolder.rglob("*")):
            if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
                continue
            if not path.resolve().is_relative_to(inside):
                raise InputError(f"{path} is a link that leads out of {root}. Copy the picture into the folder.")
            found.append((path, subfolder.name))
    return found


def _open(path: Path) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path)
        if picture.width * picture.height > MOST_PIXELS:
            raise InputError(f"{path} has {picture.width} x {picture.height} pixels; at most {MOST_PIXELS} are read.")
        return picture
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read as a picture ({error}). Repair or remove it.") from error


def _survey(paths: Sequence[Path]) -> tuple[bool, tuple[int, int]]:
    """Whether all are grey; median height and width, scaled down to at most `LARGEST_SIDE`."""
    grey, heights, widths = True, [], []
    for path in paths:
        with _open(path) as picture:
            grey = grey and picture.mode in ("1", "L", "LA", "I", "I;16", "F")
            heights.append(picture.height)
            widths.append(picture.width)
    height, width = statistics.median(heights), statistics.median(widths)
    scale = min(1.0, LARGEST_SIDE / max(height, width))
    return grey, (max(1, round(height * scale)), max(1, round(width * scale)))


def _read_all(labelled: Labelled, grey: bool, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    height, width = size
    x = np.empty((len(labelled), 1 if grey else 3, height, width), dtype=np.uint8)
    for row, (path, _) in enumerate(labelled):
        with _open(path) as picture:
            try:
                resized = picture.convert("L" if grey else "RGB").resize((width, height))
            except (OSError, ValueError, SyntaxError) as error:
                raise InputError(f"{path} cannot be read as a picture ({error}). Repair or remove it.") from error
        pixels = np.asarray(resized)
        x[row] = pixels[None] if grey else pixels.transpose(2, 0, 1)
    return x, np.array([label for _, label in labelled])
