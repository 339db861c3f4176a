"""Series of unequal length: cropped or padded at the end to one length."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from nas.data.preprocessing.table import column_of, numbers, word
from nas.errors import InputError


@dataclass(frozen=True)
class SeriesRules:
    """Series `(channels, length)` to `(channels, length)` of one length, and a channel that tells what is padding.

    Rows are arrays `(channels, length)`, or a DataFrame with one row a step: then `series` tells its column of the
    series, which come in the order in which they first appear, `step` its column of the order within one, and `names`
    its columns of the channels.

    Args:
        channels: of the source, without the mask.
        length: of every example; longer ones lose their end.
        fill: of each channel: what stands for padding and missing values, the mean of the training part.
        mask: whether a last channel holds 1 where a value was there and 0 where padding stands.
        names, decimals: of the channels' columns.
    """

    rules: ClassVar[str] = "series"
    channels: int
    length: int
    fill: tuple[float, ...]
    mask: bool = True
    names: tuple[str, ...] = ()
    series: str = ""
    step: str = ""
    decimals: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.channels + self.mask, self.length)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.series, self.step, *self.names) if self.series else ()

    def apply(self, rows: Any) -> np.ndarray:
        parts = self._series_of(rows) if isinstance(rows, pd.DataFrame) else rows
        x = np.empty((len(parts), *self.input_shape), np.float32)
        for number, row in enumerate(parts):
            one = self._values(row)
            if one.shape[0] != self.channels:
                raise InputError(f"Series {number}: {one.shape[0]} channels, but {self.channels} were trained.")
            one = one[:, : self.length]
            whole = np.full((self.channels, self.length), np.nan)
            whole[:, : one.shape[1]] = one
            there = ~np.isnan(whole)
            x[number, : self.channels] = np.where(there, whole, np.array(self.fill)[:, None])
            if self.mask:
                x[number, -1] = there.any(axis=0)
        return x

    def _values(self, row: Any) -> np.ndarray:
        if isinstance(row, pd.DataFrame):
            order = np.argsort(numbers(row[self.step]), kind="stable")
            channels = [
                numbers(column_of(row, name), mark) for name, mark in zip(self.names, self.decimals, strict=True)
            ]
            return np.stack(channels)[:, order]
        one = np.asarray(row, np.float64)
        return one[None] if one.ndim == 1 else one

    def _series_of(self, rows: pd.DataFrame) -> list[pd.DataFrame]:
        missing = [name for name in self.columns if name not in rows.columns]
        if missing:
            raise InputError(f"Missing columns: {', '.join(missing)}. There are: {', '.join(map(str, rows.columns))}.")
        keys = pd.Series([word(cell) for cell in rows[self.series]], index=rows.index)
        return [rows[keys == key] for key in dict.fromkeys(keys)]

    def to_dict(self) -> dict[str, Any]:
        return {"rules": self.rules, "input_shape": list(self.input_shape), **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SeriesRules:
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**fields)
