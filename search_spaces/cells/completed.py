"""A network's cells with what only the task knows: the head's outputs, and what its first cell embeds."""

from __future__ import annotations

import dataclasses
from typing import Any

from search_spaces.cells.embed import Embed
from search_spaces.cells.head import Head


def completed(
    cells: tuple[Any, ...], outputs: int, vocabulary: int = 0, columns: tuple[int, ...] = ()
) -> tuple[Any, ...]:
    """The cells, with an embedding in front where tokens need one, and a head at the end where there is none."""
    if columns and cells and getattr(cells[0], "takes_columns", False):
        cells = (dataclasses.replace(cells[0], columns=columns), *cells[1:])
    if vocabulary:
        first = cells[0] if cells and getattr(cells[0], "takes_tokens", False) else None
        embed = dataclasses.replace(first or Embed(), vocabulary=vocabulary)
        cells = (embed, *(cells[1:] if first else cells))
    last = cells[-1] if cells and isinstance(cells[-1], Head) else None
    head = dataclasses.replace(last or Head(), outputs=outputs)
    return (*(cells[:-1] if last else cells), head)
