"""Test examples as they stand in the source, in one file that a clean interpreter reads: an export is proved from them.

The file is a NumPy archive without pickles. `described` is JSON in UTF-8 bytes: the `form` of the rows, and what NumPy
does not hold. `nas.export.verify` reads it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.data.preprocessing import Preprocessing
from nas.data.preprocessing.cells import is_missing, is_table, words
from nas.data.preprocessing.forecast import ForecastRules
from nas.data.preprocessing.joined import JoinedRules
from nas.data.preprocessing.language import LanguageRules
from nas.data.preprocessing.pictures import PictureRules
from nas.data.preprocessing.series import SeriesRules

ROWS = "rows.npz"
MOST_BYTES = 64 << 20  # of picture files


def save_rows(path: Path, rows: Any, rules: Preprocessing, examples: int) -> None:
    """Writes the first examples of raw rows, see `SealedTest.open_rows`. Of pictures at most 64 MiB of files are kept.

    Args:
        examples: how many, at most.
    """
    described, arrays = _described(rows, rules, examples)
    data = np.frombuffer(json.dumps(described, ensure_ascii=False).encode(), np.uint8)
    np.savez(path, **{**arrays, "described": data})  # type: ignore[arg-type]


def _described(rows: Any, rules: Preprocessing, examples: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if isinstance(rules, JoinedRules):
        return _joined(rows, rules, examples)
    if isinstance(rules, LanguageRules):
        tokens = rules.tokens(rows)[: (examples + 1) * rules.length]
        return {"form": "text", "text": rules.text_of(tokens.tolist())}, {}
    arrays: dict[str, np.ndarray] = {}
    described: dict[str, Any] = {"form": "array"}
    if is_table(rows):
        rows = _first(rows, rules, examples)
        described = {"form": "table", "columns": {name: _plain(rows[name]) for name in rows.columns}}
    elif isinstance(rows, np.ndarray):
        arrays["rows"] = rows[:examples]
    elif isinstance(rules, SeriesRules):
        described = {"form": "series", "count": len(rows[:examples])}
        arrays |= {f"series {number}": np.asarray(one) for number, one in enumerate(rows[:examples])}
    else:
        described = {"form": "list", "values": _plain(rows[:examples])}
    if isinstance(rules, PictureRules):
        paths = described["columns"][rules.column] if rules.column else described["values"]
        files = _files([Path(rules.folder, path.strip()) for path in paths])
        arrays |= {f"file {number}": data for number, data in enumerate(files)}
        described |= {"column": rules.column, "names": [Path(name).suffix for name in paths[: len(files)]]}
        for name, cells in described.get("columns", {}).items():
            described["columns"][name] = cells[: len(files)]
    return described, arrays


def _joined(rows: Any, rules: JoinedRules, examples: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Of several inputs: each by its name, or one table with the files of all columns of pictures."""
    arrays: dict[str, np.ndarray] = {}
    shown = [part for part in rules.parts if isinstance(part, PictureRules)]
    if rules.by_name:
        cells = {name: rows[name] for name, part in zip(rules.names, rules.parts, strict=True) if part in shown}
    else:
        cells = {part.column: rows[part.column] for part in shown}
    files = {}
    for (name, paths), part in zip(cells.items(), shown, strict=True):
        files[name] = _files([Path(part.folder, str(path).strip()) for path in paths[:examples]])
        examples = min(examples, len(files[name]))
    if rules.by_name:
        inputs = {}
        for name, part in zip(rules.names, rules.parts, strict=True):
            inputs[name], held = _described(rows[name], part, examples)
            arrays |= {f"{name} {key}": array for key, array in held.items()}
        return {"form": "named", "inputs": inputs}, arrays
    table = rows.iloc[:examples]
    described: dict[str, Any] = {"form": "table", "columns": {name: _plain(table[name]) for name in table.columns}}
    described["pictures"] = []
    for number, (column, held_files) in enumerate(files.items()):
        names = [Path(str(path).strip()).suffix for path in table[column]]
        described["pictures"].append({"column": column, "names": names})
        arrays |= {f"column {number} file {place}": data for place, data in enumerate(held_files[:examples])}
    return described, arrays


def _first(rows: pd.DataFrame, rules: Preprocessing, examples: int) -> pd.DataFrame:
    """Rows of the first examples, which may be several each."""
    if isinstance(rules, ForecastRules):
        return rows[rules.first_windows(rows, examples)]
    if not (isinstance(rules, SeriesRules) and rules.series):
        return rows.iloc[:examples]
    keys = words(rows[rules.series])
    kept = set(list(dict.fromkeys(keys))[:examples])
    return rows[[key in kept for key in keys]]


def _files(paths: Sequence[Path]) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    left = MOST_BYTES
    for path in paths:
        left -= path.stat().st_size
        if left < 0:
            break
        found.append(np.frombuffer(path.read_bytes(), np.uint8))
    return found


def _plain(cells: Any) -> list[Any]:
    """Cells as JSON knows them."""
    return [_cell(cell) for cell in cells]


def _cell(cell: Any) -> Any:
    if is_missing(cell):
        return None
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, str | bool | int | float):
        return cell
    return cell.isoformat() if isinstance(cell, datetime.date) else str(cell)
