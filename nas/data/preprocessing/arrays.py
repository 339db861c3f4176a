"""Arrays as they are, but for the order of their axes and their type."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.cells import fields_of
from nas.errors import InputError


@dataclass(frozen=True)
class ArrayRules:
    """Inputs `(n, …)` of one shape.

    Args:
        shape: of one example in the source, without the examples' axis.
        order: of its axes; `(2, 0, 1)` brings channels that stand last to the front.
        new_axis: whether a channel axis of size 1 is put in front: grey pictures, series of one channel.
        dtype: `uint8` where all values of the training part are bytes, and no features, else `float32`.
    """

    rules: ClassVar[str] = "arrays"
    shape: tuple[int, ...]
    order: tuple[int, ...]
    new_axis: bool = False
    dtype: str = "float32"
    columns: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        moved = tuple(self.shape[axis] for axis in self.order)
        return (1, *moved) if self.new_axis else moved

    def apply(self, rows: Any) -> np.ndarray:
        x = np.asarray(rows)
        x = x[:, None] if x.ndim == 1 and self.shape == (1,) else x
        if x.dtype.kind not in "buif":
            raise InputError(f"Inputs must be numbers of shape {self.shape} each, got type {x.dtype}.")
        if x.shape[1:] != self.shape:
            raise InputError(f"Inputs must have shape {self.shape} each, got {x.shape[1:]}.")
        x = x.transpose(0, *(axis + 1 for axis in self.order))
        x = x[:, None] if self.new_axis else x
        if self.dtype == "uint8":
            if x.dtype.kind not in "bu" and not ((x >= 0) & (x <= 255)).all():
                raise InputError(f"Inputs must be bytes, 0 to 255, got values from {x.min()} to {x.max()}.")
            if x.dtype.kind == "f" and (x != np.round(x)).any():
                first = x[x != np.round(x)].ravel()[0]
                raise InputError(f"Inputs must be whole numbers from 0 to 255, as in training, got e.g. {first}.")
            return np.ascontiguousarray(x, dtype=np.uint8)
        with np.errstate(over="ignore"):
            made = np.ascontiguousarray(x, dtype=np.float32)
        finite = np.isfinite(made).reshape(len(made), -1).all(axis=1)
        if not finite.all():
            raise InputError(
                f"Inputs must be finite, but {int((~finite).sum())} of {len(made)} examples hold NaN or infinity, the "
                f"first is example {int(np.flatnonzero(~finite)[0]) + 1}."
            )
        return made

    def to_dict(self) -> dict[str, Any]:
        return {"rules": self.rules, "input_shape": list(self.input_shape), **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ArrayRules:
        return cls(**fields_of(cls, data))
