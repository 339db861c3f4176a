"""The confusion of classes, or said against true, and the worst mistakes, shown."""

from __future__ import annotations

import base64
import io
import json
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from nas.data.probabilities import probabilities
from nas.data.schema import FILE, Schema
from nas.final.raw_rows import ROWS
from nas.final.record import CHECK, Check
from nas.journal.directory import FINAL
from nas.report import charts
from nas.report.page.figures import drawn
from search_spaces.task import Task

WORST = 20
LONGEST = 220  # characters of a text or a row
DIM = 100  # brightest of a picture of bytes that is shown brighter than it is
STEPS = 200  # points of a series that are drawn


def mistakes(directory: Path, task: Task) -> str:
    """By the examples of the sealed test that the final has kept."""
    place = directory / FINAL
    if not (place / CHECK).is_file():
        return '<p class="soft">The sealed test has not been opened.</p>'
    check = Check.load(place / CHECK)
    schema = Schema.from_json((place / FILE).read_text(encoding="utf-8")) if (place / FILE).is_file() else None
    names = schema.classes if schema is not None else tuple(map(str, range(task.outputs)))
    count = len(check.targets)
    if task.kind == "classification" and not task.targets:
        said, true = check.outputs.argmax(axis=1), check.targets.astype(int)
        counts = np.zeros((task.outputs, task.outputs), int)
        np.add.at(counts, (true, said), 1)
        sure = probabilities(check.outputs)[np.arange(count), said]
        wrong = np.flatnonzero(said != true)
        worst = wrong[np.argsort(-sure[wrong], kind="stable")][:WORST]
        lines = [f"{names[said[k]]} ({sure[k]:.0%}), is {names[true[k]]}" for k in worst]
        chart = drawn(charts.confusion, counts, names)
        text = f"{len(wrong)} of {count} examples are wrong; shown are those that it was most certain of."
    elif task.kind == "regression" and not task.targets:
        far = np.abs(check.outputs - check.targets).max(axis=1)
        worst = np.argsort(-far, kind="stable")[:WORST]
        lines = [f"{_numbers(check.outputs[k])}, is {_numbers(check.targets[k])}" for k in worst]
        chart = drawn(charts.residuals, check.outputs, check.targets)
        text = f"Of {count} examples; shown are those that are farthest off."
    else:
        return f'<p class="soft">For a task of kind {escape(task.kind)} single mistakes are not shown.</p>'
    rows = _rows(place / ROWS)
    shown = (
        f"<figure>{_example(check.inputs[k], task, rows, int(k))}<figcaption>{escape(line)}</figcaption></figure>"
        for k, line in zip(worst, lines, strict=True)
    )
    return f'<p>{text}</p>{chart}<div class="mistakes">{"".join(shown)}</div>'


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{value:.4g}" for value in values[:4]) + (", …" if len(values) > 4 else "")


def _rows(path: Path) -> dict[str, list[Any]] | None:
    """The raw rows of a table or of texts, by column."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        described = json.loads(bytes(file["described"]))
    return described["columns"] if described.get("form") == "table" else None


def _example(values: np.ndarray, task: Task, rows: dict[str, list[Any]] | None, number: int) -> str:
    if rows is not None and all(len(cells) > number for cells in rows.values()):
        told = "; ".join(f"{name}: {cells[number]}" for name, cells in rows.items()) if len(rows) > 1 else str(
            next(iter(rows.values()))[number])  # fmt: skip
        return f"<blockquote>{escape(told if len(told) <= LONGEST else told[:LONGEST] + '…')}</blockquote>"
    if values.ndim == 3 and values.shape[0] in (1, 3):
        return f'<img alt="example {number}" src="data:image/png;base64,{_png(values)}">'
    if values.ndim == 2:
        return _lines(values)
    return f"<blockquote>{escape(_numbers(values.reshape(-1)))}</blockquote>"


def _png(values: np.ndarray) -> str:
    from matplotlib.image import imsave

    low, high = float(values.min()), float(values.max())
    whole = values.dtype == np.uint8 and high > DIM
    pixels = values if whole else (255 * (values - low) / max(high - low, 1e-9)).astype(np.uint8)
    colours = np.repeat(pixels, 3, axis=0) if len(pixels) == 1 else pixels
    file = io.BytesIO()
    imsave(file, np.ascontiguousarray(colours.transpose(1, 2, 0)), format="png")
    return base64.b64encode(file.getvalue()).decode()


def _lines(values: np.ndarray) -> str:
    """A series `(channels, length)` as lines."""
    step = max(1, values.shape[1] // STEPS)
    some = values[:4, ::step].astype(float)
    low, high = some.min(), max(some.max(), some.min() + 1e-9)
    colours = ("#3b6ea5", "#b5483a", "#5b8a3c", "#8a6d3b")
    lines = []
    for channel, colour in zip(some, colours, strict=False):
        points = " ".join(
            f"{100 * place / max(1, len(channel) - 1):.1f},{48 - 46 * (value - low) / (high - low):.1f}"
            for place, value in enumerate(channel)
        )
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="0.7"/>')
    return f'<svg viewBox="0 0 100 50" preserveAspectRatio="none">{"".join(lines)}</svg>'
