"""Large tables in text files, read part by part: columns of plain numbers are kept as numbers, which take less memory.

What a table is understood to be does not depend on this: a column becomes numbers only where each cell of it says the
same as a text and as a number.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nas.data.preprocessing.cells import NO_NUMBER

LARGE = 32 << 20  # characters, from which a text is read part by part
ROWS = 50_000  # of a part
WHOLE = r"0|-?[1-9]\d{0,14}"  # as `str(int(text))` writes it
DECIMAL = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"


def typed_cells(data: bytes, delimiter: str, skip: int) -> pd.DataFrame:
    """Cells of a table, numbered by its records, columns by their places: int64, float64, or texts.

    Args:
        data: the table in UTF-8. skip: records at its beginning that are left out.

    Raises:
        pandas.errors.ParserError: a record with more cells than the first.
    """
    width = next(_parts(data, delimiter, 0, rows=1)).shape[1]
    numbers: dict[int, list[np.ndarray]] = {place: [] for place in range(width)}
    for part in _parts(data, delimiter, skip):
        for place in list(numbers):
            values = _numbers(part.iloc[:, place])
            if values is None:
                del numbers[place]
            else:
                numbers[place].append(values)
    columns: dict[int, Any] = {}
    for place in list(numbers):
        values = np.concatenate(numbers.pop(place))
        said = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        if len(said) and (values.dtype.kind == "i" or (said != np.round(said)).any()):
            columns[place] = values
    others = [place for place in range(width) if place not in columns]
    if others:
        texts = pd.concat(list(_parts(data, delimiter, skip, others)), ignore_index=True)
        columns |= {place: texts[place] for place in others}
    index = pd.RangeIndex(skip, skip + len(next(iter(columns.values()))))
    return pd.DataFrame({place: _on(columns[place], index) for place in range(width)}, index=index, copy=False)


def _on(values: Any, index: pd.Index) -> pd.Series:
    return values.set_axis(index) if isinstance(values, pd.Series) else pd.Series(values, index=index, copy=False)


def _parts(
    data: bytes, delimiter: str, skip: int, columns: Sequence[int] | None = None, rows: int = 0
) -> Iterator[pd.DataFrame]:
    """Parts of a table of so many rows, by default `ROWS`; cells as texts without the spaces around them."""
    with pd.read_csv(
        io.BytesIO(data), encoding="utf-8", sep=delimiter, header=None, dtype=str, keep_default_na=False,
        skipinitialspace=True, engine="c", skip_blank_lines=True, usecols=columns, chunksize=rows or ROWS,
    ) as reader:  # fmt: skip
        for part in reader:
            part = part.iloc[skip:] if skip else part
            skip = 0
            yield part.apply(lambda column: column.str.strip())


def _numbers(cells: pd.Series) -> np.ndarray | None:
    """int64, or float64 with NaN for what says nothing; None where another cell is no plain number."""
    if cells.str.fullmatch(WHOLE).all():
        return cells.to_numpy().astype(np.int64)
    nothing = cells.isin(NO_NUMBER)
    if not cells[~nothing].str.fullmatch(DECIMAL).all():
        return None
    return pd.to_numeric(cells.mask(nothing)).to_numpy(np.float64, na_value=np.nan)
