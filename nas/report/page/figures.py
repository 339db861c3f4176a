"""Charts as SVG inside a page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def drawn(chart: Callable[..., Path], *arguments: Any) -> str:
    """A chart of `nas.report.charts`, whose last argument is the path, as an element of a page."""
    with tempfile.TemporaryDirectory() as folder:
        text = chart(*arguments, Path(folder) / "chart.svg").read_text(encoding="utf-8")
    return f'<div class="figure">{text[text.index("<svg") :]}</div>'
