"""Series of unequal length: cropped or padded at the end to one length."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.cells import columns_of, fields_of, is_table, numbers, words
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
        parts = list(self.series_of(rows).values()) if self.series and is_table(rows) else rows
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
        if is_table(row):
            [values] = self.series_of(row).values()
            return values
        one = np.asarray(row, np.float64)
        return one[None] if one.ndim == 1 else one

    def series_of(self, rows: Any) -> dict[str, np.ndarray]:
        """The series `(channels, steps)` of a table by their names, in the order in which they first appear."""
        table = columns_of(rows, self.columns)
        steps = numbers(table[self.step], name=self.step)
        channels = np.stack(
            [numbers(table[name], mark, name) for name, mark in zip(self.names, self.decimals, strict=True)]
        )
        places: dict[str, list[int]] = {}
        for place, key in enumerate(words(table[self.series])):
            places.setdefault(key, []).append(place)
        found = {key: np.array(one) for key, one in places.items()}
        return {key: channels[:, one[np.argsort(steps[one], kind="stable")]] for key, one in found.items()}

    def to_dict(self) -> dict[str, Any]:
        return {"rules": self.rules, "input_shape": list(self.input_shape), **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SeriesRules:
        return cls(**fields_of(cls, data))
