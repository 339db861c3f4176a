"""One architecture as a drawing, in text for the terminal and as SVG for a browser: data flows downwards."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from html import escape
from typing import Any

from search_spaces.architecture import Architecture
from search_spaces.profile import complete, profile
from search_spaces.task import Task

LONGEST = 60
COLOURS = {
    "Stem": "#dbe7f5", "Conv": "#dbe7f5", "SeparableConv": "#dbe7f5", "InvertedBottleneck": "#dcefe0",
    "Residual": "#dcefe0", "Transformer": "#f6e3d3", "Recurrent": "#f3dbe3", "Downsample": "#e9e9ee", "Pool": "#e9e9ee",
    "Head": "#f5f0d0", "MLP": "#e6def2", "Embed": "#e6def2", "Patchify": "#e6def2",
}  # fmt: skip
BOX, GAP, WIDE, MARGIN = 44, 22, 420, 16


@dataclass(frozen=True)
class Box:
    """One cell in the drawing; `times` equal ones in a row are one box."""

    name: str
    details: str
    shape: tuple[int, ...]
    parameters: int
    macs: int
    times: int = 1


def boxes(architecture: Architecture, task: Task) -> list[Box]:
    """What is drawn, from the input to the output."""
    known = profile(architecture, task)
    found: list[Box] = []
    for cell, fact in zip(complete(architecture.cells, task), known.cells, strict=True):
        box = Box(_name(cell), details(cell), fact.shape, fact.parameters, fact.macs)
        last = found[-1] if found else None
        if last is not None and (last.name, last.details, last.shape) == (box.name, box.details, box.shape):
            total = (last.parameters + box.parameters, last.macs + box.macs)
            found[-1] = dataclasses.replace(last, parameters=total[0], macs=total[1], times=last.times + 1)
        else:
            found.append(box)
    return found


def text(architecture: Architecture, task: Task) -> str:
    """One line a cell: name, settings, output shape, parameters and their share as a bar.

    >>> from search_spaces.cells import Head, Stem
    >>> print(text(Architecture("tiny", (Stem(4), Head()), {}), Task((1, 8, 8), 3)))
    input            1x8x8
      Stem  width=4  4x8x8        44 ###########################
      Head               3        15 #########
    """
    rows = [(f"{_times(box)}{box.name}  {box.details}".rstrip(), box) for box in boxes(architecture, task)]
    width = max(len(label) for label, _ in rows)
    wide = max(len(sizes(box.shape)) for _, box in rows)
    total = max(1, sum(box.parameters for _, box in rows))
    lines = [f"{'input':<{width + 4}}{sizes(task.input_shape):>{wide}}"]
    for label, box in rows:
        bar = "#" * round(36 * box.parameters / total)
        lines.append(f"  {label:<{width}}  {sizes(box.shape):>{wide}}{box.parameters:>10,} {bar}".rstrip())
    return "\n".join(lines)


def line(architecture: Architecture, task: Task) -> str:
    """The same on one line: `8x8 > Stem width=4 > Head > 3`, and how many parameters."""
    found = boxes(architecture, task)
    parts = (f"{_times(box)}{box.name} {box.details}".strip() for box in found)
    total = sum(box.parameters for box in found)
    return f"{sizes(task.input_shape)} > {' > '.join(parts)} > {sizes(found[-1].shape)} ({total:,} parameters)"


def svg(architecture: Architecture, task: Task, title: str = "") -> str:
    """The same as a picture that needs nothing beside itself."""
    found = boxes(architecture, task)
    known = profile(architecture, task)
    top = MARGIN + 40
    height = top + len(found) * (BOX + GAP) + GAP + MARGIN
    head = escape(title or f"space {architecture.space}")
    facts = f"{known.parameters:,} parameters, {known.macs / 1e6:,.2f} M multiply-adds"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE + 2 * MARGIN} {height}" '
        f'width="{WIDE + 2 * MARGIN}" height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="13">',
        f'<rect width="100%" height="100%" fill="white"/><text x="{MARGIN}" y="{MARGIN + 12}" font-size="15" '
        f'font-weight="bold">{head}</text><text x="{MARGIN}" y="{MARGIN + 30}" fill="#666">{facts}</text>',
        _arrow(top, sizes(task.input_shape)),
    ]
    for place, box in enumerate(found):
        y = top + GAP + place * (BOX + GAP)
        parts.append(_box(box, y))
        parts.append(_arrow(y + BOX, sizes(box.shape)))
    return "\n".join([*parts, "</svg>", ""])


def _box(box: Box, y: int) -> str:
    label = escape(f"{_times(box)}{box.name}")
    right = MARGIN + WIDE - 10
    return (
        f'<rect x="{MARGIN}" y="{y}" width="{WIDE}" height="{BOX}" rx="6" fill="{COLOURS.get(box.name, "#eef0f2")}" '
        f'stroke="#8a94a0"/><text x="{MARGIN + 10}" y="{y + 18}" font-weight="bold">{label}</text>'
        f'<text x="{MARGIN + 10}" y="{y + 35}" fill="#444" font-size="12">{escape(box.details)}</text>'
        f'<text x="{right}" y="{y + 18}" text-anchor="end" fill="#444" font-size="12">{box.parameters:,}</text>'
    )


def _arrow(y: int, label: str) -> str:
    x = MARGIN + WIDE // 2
    end = y + GAP
    line = f"M{x} {y} V{end - 5} M{x - 4} {end - 7} L{x} {end - 1} L{x + 4} {end - 7}"
    return (
        f'<path d="{line}" stroke="#555" fill="none"/>'
        f'<text x="{x + 10}" y="{y + 15}" fill="#666" font-size="11">{label}</text>'
    )


def details(cell: Any) -> str:
    """The settings of a cell that differ from its defaults, in a few words."""
    if not dataclasses.is_dataclass(cell):
        return ""
    chosen = (field for field in dataclasses.fields(cell) if field.name != "outputs")
    values = {field.name: (getattr(cell, field.name), field.default) for field in chosen}
    line = ", ".join(f"{name}={_short(value)}" for name, (value, default) in values.items() if value != default)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} parts" if any(dataclasses.is_dataclass(part) for part in value) else str(list(value))
    return type(value).__name__ if dataclasses.is_dataclass(value) else str(value)


def _name(cell: Any) -> str:
    return type(cell).__name__.rsplit(":", 1)[-1].rstrip("]")


def _times(box: Box) -> str:
    return f"{box.times} x " if box.times > 1 else ""


def sizes(shape: tuple[int, ...]) -> str:
    """`3x32x32`."""
    return "x".join(map(str, shape))
