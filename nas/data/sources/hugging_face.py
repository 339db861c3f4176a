"""Data sets that the library `datasets` has saved to a folder (`save_to_disk`); pyarrow alone reads them.

Format: https://huggingface.co/docs/datasets/process#save
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from nas.data.sources.frame import Frame
from nas.data.sources.tables import plain
from nas.errors import InputError

PARTS = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}
DICTIONARY, STATE, INFO = "dataset_dict.json", "state.json", "dataset_info.json"


def is_hugging_face(path: Path) -> bool:
    """Whether `datasets` has saved a data set, or several parts of one, to this folder."""
    return (path / DICTIONARY).is_file() or ((path / STATE).is_file() and (path / INFO).is_file())


def read_hugging_face(path: Path) -> dict[str, Frame]:
    """The table of each part: `train`, and `validation` and `test` where the source has them.

    Columns of class numbers get the names of their classes; the last such column is what is predicted.

    Raises:
        InputError: parts of other names, a column of pictures or sound, or files that cannot be read.
    """
    if not (path / DICTIONARY).is_file():
        return {"train": _frame(path, path.name)}
    names = _json(path / DICTIONARY).get("splits", [])
    unknown = [name for name in names if name not in PARTS]
    if unknown or "train" not in names:
        raise InputError(
            f"{path} has the parts {', '.join(names)}; `train` is needed, and beside it `validation` and `test` are "
            f"read. Name the folder of one part: {path / names[0] if names else path}."
        )
    return {PARTS[name]: _frame(path / name, path.name) for name in names}


def _frame(path: Path, name: str) -> Frame:
    import pyarrow as pa

    info, tables = _json(path / INFO), []
    for entry in _json(path / STATE).get("_data_files", []):
        file = path / entry["filename"]
        try:
            with pa.memory_map(str(file)) as source:
                tables.append(pa.ipc.open_stream(source).read_all())
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{file} is no readable Arrow file: {error}. It may be cut off.") from None
    if not tables:
        raise InputError(f"{path} names no data files in {STATE}.")
    features: dict[str, Any] = info.get("features", {})
    media = {key: one["_type"] for key, one in features.items() if one.get("_type") in ("Image", "Audio", "Video")}
    if media:
        held = ", ".join(f"{key} ({kind})" for key, kind in media.items())
        raise InputError(
            f"{path} has columns of pictures or sound: {held}. Save pictures to one folder a class, or as arrays in an "
            ".npz file."
        )
    cells = pa.concat_tables(tables).to_pandas()
    labels = [key for key, one in features.items() if one.get("_type") == "ClassLabel"]
    for key in labels:
        words = dict(enumerate(features[key]["names"]))
        cells[key] = pd.Series([words.get(number) for number in cells[key]], dtype=object)  # -1 is no label
    targets = tuple(labels[-1:])
    reading = {"format": "Hugging Face datasets"}
    return Frame(plain(cells, str(path)), name, path, reading, targets=targets)


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
