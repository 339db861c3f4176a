"""Series of unequal length: cropped or padded at the end to one length."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nas.errors import InputError


@dataclass(frozen=True)
class SeriesRules:
    """Series `(channels, length)` to `(channels, length)` of one length, and a channel that tells what is padding.

    Args:
        channels: of the source, without the mask.
        length: of every example; longer ones lose their end.
        fill: of each channel: what stands for padding and missing values, the mean of the training part.
        mask: whether a last channel holds 1 where a value was there and 0 where padding stands.
        names: of the channels, where the source names them.
    """

    rules: ClassVar[str] = "series"
    channels: int
    length: int
    fill: tuple[float, ...]
    mask: bool = True
    names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (self.channels + self.mask, self.length)

    def apply(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        x = np.empty((len(rows), *self.input_shape), np.float32)
        for number, row in enumerate(rows):
            one = np.asarray(row, np.float64)
            one = one[None] if one.ndim == 1 else one
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

    def to_dict(self) -> dict[str, Any]:
        return {"rules": self.rules, "input_shape": list(self.input_shape), **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SeriesRules:
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})
