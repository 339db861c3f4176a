"""Series in `.ts` files of the UEA archive: channels parted by colons, the class last.

Format: https://www.aeon-toolkit.org/en/stable/api_reference/file_specifications/ts.html
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nas.config.data_options import DataOptions
from nas.data.sources.encoding import decoded
from nas.data.sources.raw import Raw
from nas.errors import InputError


def read_ts(path: Path, options: DataOptions, unlabelled: bool = False) -> tuple[Raw, list[np.ndarray]]:
    """Targets in a `Raw` whose inputs stand for nothing, and the series `(channels, length)`, NaN where missing.

    Args:
        unlabelled: whether a file without labels will do, which says so (`@classLabel false`); they are empty then.

    Raises:
        InputError: no `@data`, time stamps, rows of other channels, cells that are no numbers.
    """
    text, encoding, notes = decoded(path, options.encoding)
    tags: dict[str, str] = {}
    series: list[np.ndarray] = []
    labels: list[str] = []
    in_data = False
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith(("#", "%")):
            continue
        if not in_data:
            if line.startswith("@"):
                tag, _, value = line[1:].partition(" ")
                tags[tag.lower()] = value.strip()
                in_data = tag.lower() == "data"
            continue
        if tags.get("timestamps", "").lower() == "true":
            raise InputError(f"{path}: series with time stamps are not read. Write values only (@timeStamps false).")
        *channels, label = line.split(":")
        if _has_no_labels(tags):
            channels, label = [*channels, label], ""
        if not channels:
            raise InputError(f"{path}, line {number}: no label after the last colon.")
        rows = [_numbers(path, number, channel) for channel in channels]
        length = max(map(len, rows))
        one = np.full((len(rows), length), np.nan)
        for place, row in enumerate(rows):
            one[place, : len(row)] = row
        if series and len(one) != len(series[0]):
            raise InputError(f"{path}, line {number}: {len(one)} channels, the first series has {len(series[0])}.")
        series.append(one)
        labels.append(label.strip())
    if not in_data or not series:
        raise InputError(f"{path} is no .ts file: it needs @data and series after it. It may be cut off.")
    if _has_no_labels(tags) and not unlabelled:
        raise InputError(f"{path} says that it has no labels (@classLabel false). Series to learn from need them.")
    real = "targetlabel" in tags and tags["targetlabel"].lower().startswith("true")
    targets = _targets(labels) if real else np.array(labels)
    raw = Raw(
        path.stem, np.zeros((len(series), 1)), targets, kind="regression" if real else "classification",
        why_layout="a .ts file", reading={"format": ".ts", "encoding": encoding}, notes=notes,
    )  # fmt: skip
    return raw, series


def _has_no_labels(tags: dict[str, str]) -> bool:
    said = [tags[name].lower().split()[:1] for name in ("classlabel", "targetlabel") if name in tags]
    return bool(said) and all(words == ["false"] for words in said)


def _numbers(path: Path, line: int, channel: str) -> list[float]:
    values = []
    for cell in channel.split(","):
        cell = cell.strip()
        try:
            values.append(np.nan if cell in ("?", "NaN", "nan") else float(cell))
        except ValueError:
            raise InputError(f"{path}, line {line}: {cell!r} is no number.") from None
    return values


def _targets(labels: list[str]) -> np.ndarray:
    return np.array([float(label) for label in labels])
