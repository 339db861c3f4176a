"""Pictures: a folder with one sub-folder a class, or a table with a column of paths."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas.config.data_options import DataOptions
from nas.data.preprocessing.pictures import GREY_MODES, PictureRules, opened
from nas.data.reading import Part, Reading
from nas.data.sources.class_folders import class_folders
from nas.errors import InputError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
SMALLEST_SIDE, LARGEST_SIDE = 8, 128  # pixels, unless the caller gives a size
LIMIT_BYTES = 64 << 30  # of all pictures, resized; see `decoded_pictures`
SIXTEEN_BIT = ("I", "I;16", "I;16L", "I;16B")


def read_pictures(root: Path, options: DataOptions) -> Reading:
    """Pictures with the names of their folders as classes.

    Raises:
        InputError: no pictures, a picture that cannot be read, folders that can be read in two ways, too much data.
    """
    found = class_folders(root, SUFFIXES, "pictures", options)
    parts = {
        name: Part([str(path) for path, _ in files], np.array([label for _, label in files]))
        for name, files in found.parts.items()
    }
    every = [Path(path) for part in parts.values() for path in part.rows]
    mode, size, notes, shown = surveyed(every, options, str(root))
    rules = PictureRules(mode, size)
    names = sorted({label for _, label in found.parts["main"]})
    if all(name.isdigit() for name in names) and names != sorted(names, key=int):
        notes.append("outputs are in the alphabetical order of the folders' names: " + ", ".join(names[:4]) + ", …")
    return Reading(
        name=root.resolve().name,
        layout="pictures",
        why_layout="a folder of pictures, one folder a class" + (" in each part" if len(parts) > 1 else ""),
        main=parts["main"],
        validation=parts.get("validation"),
        test=parts.get("test"),
        fit=lambda rows: rules,
        kind="classification",
        targets=("folder",),
        why_target="the name of the folder",
        notes=(*found.notes, *notes),
        warnings=tuple(found.warnings),
        shown=shown,
    )


def surveyed(
    paths: Sequence[Path], options: DataOptions, name: str
) -> tuple[str, tuple[int, int], list[str], dict[str, Any]]:
    """Mode and size that pictures get, notes on what is done to them, and what the schema shows.

    Grey when all are grey. Height and width are powers of two at or above the median, from 8 to 128.

    Raises:
        InputError: a picture that cannot be read; more than 64 GiB.
    """
    grey, heights, widths, sizes = True, [], [], set()
    counts = dict.fromkeys(("turned by EXIF", "laid on white", "of 16 bits", "of CMYK colours"), 0)
    for path in paths:
        with opened(path) as picture:
            grey = grey and picture.mode in GREY_MODES
            turned = picture.getexif().get(0x0112, 1) not in (0, 1)
            counts["turned by EXIF"] += turned
            counts["laid on white"] += picture.has_transparency_data
            counts["of 16 bits"] += picture.mode in SIXTEEN_BIT
            counts["of CMYK colours"] += picture.mode == "CMYK"
            size = (picture.width, picture.height) if turned else (picture.height, picture.width)
            heights.append(size[0])
            widths.append(size[1])
            sizes.add(size)
    mode = "L" if grey else "RGB"
    height, width = options.size or (_side(heights), _side(widths))
    if len(paths) * height * width * (1 if grey else 3) > LIMIT_BYTES:
        raise InputError(
            f"{name}: {len(paths)} pictures of {height} x {width} take more than 64 GiB. Make them smaller: --size 64."
        )
    notes = [f"{count} pictures are {what}" for what, count in counts.items() if count]
    smallest, largest = min(sizes), max(sizes)
    given = f"{smallest[0]} x {smallest[1]}" if len(sizes) == 1 else (
        f"{len(sizes)} sizes, {smallest[0]} x {smallest[1]} to {largest[0]} x {largest[1]}")  # fmt: skip
    if sizes != {(height, width)}:
        notes.append(
            f"pictures of {given} become {height} x {width}, their sides' ratio is not kept; --size changes it"
        )
    shown = {"size": (height, width), "mode": mode, "channels": 1 if grey else 3}
    return mode, (height, width), notes, shown


def _side(sides: Sequence[int]) -> int:
    power = 1 << max(0, int(np.ceil(np.log2(statistics.median(sides)))))
    return min(max(SMALLEST_SIDE, power), LARGEST_SIDE)


def rules_for(
    paths: Sequence[str], column: str, folder: Path, options: DataOptions
) -> tuple[Callable[[Any], PictureRules], list[str], dict[str, Any]]:
    """The fit of a column of paths, notes, and what the schema shows.

    Raises:
        InputError: paths that lead to no file, with their number.
    """
    missing = [path for path in paths if not (folder / path).is_file()]
    if missing:
        raise InputError(
            f"Column {column!r} looks like paths of pictures, but {len(missing)} of {len(paths)} lead to no file, the "
            f"first to {folder / missing[0]}. Paths begin in the table's folder. Leave the column out: --ignore "
            f"{column}."
        )
    mode, size, notes, shown = surveyed([folder / path for path in paths], options, column)
    rules = PictureRules(mode, size, column, str(folder))
    return lambda rows: rules, notes, shown
