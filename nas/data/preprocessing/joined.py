"""Several named inputs laid end to end in one vector, each by rules of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.arrays import ArrayRules
from nas.data.preprocessing.cells import columns_of
from nas.data.preprocessing.pictures import PictureRules
from nas.data.preprocessing.series import SeriesRules
from nas.data.preprocessing.table import TableRules
from nas.data.preprocessing.text import TextRules
from nas.errors import InputError

KINDS: dict[str, Any] = {
    "arrays": ArrayRules, "pictures": PictureRules, "series": SeriesRules, "table": TableRules, "text": TextRules,
}  # fmt: skip


@dataclass(frozen=True)
class JoinedRules:
    """Rows with several inputs to float32 `(n, length of all)`, in the order of `names`.

    Args:
        names: of the inputs. parts: the rules of each.
        vocabularies: of each, number of distinct tokens; 0 for real numbers.
        by_name: whether rows are the raw rows of each input under its name; else they are one table, from which every
            input takes its columns.
    """

    rules: ClassVar[str] = "joined"
    names: tuple[str, ...]
    parts: tuple[Any, ...]
    vocabularies: tuple[int, ...]
    by_name: bool = False

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (sum(math.prod(part.input_shape) for part in self.parts),)

    @property
    def columns(self) -> tuple[str, ...]:
        if self.by_name:
            return self.names
        return tuple(dict.fromkeys(column for part in self.parts for column in part.columns))

    def apply(self, rows: Any) -> np.ndarray:
        table = columns_of(rows, self.columns)
        found = []
        for name, part, vocabulary in zip(self.names, self.parts, self.vocabularies, strict=True):
            values = part.apply(table[name] if self.by_name else table)
            if vocabulary and values.size and not 0 <= values.min() <= values.max() < vocabulary:
                raise InputError(
                    f"Tokens of {name!r} must lie between 0 and {vocabulary - 1}, as in training; got "
                    f"{values.min():g} to {values.max():g}."
                )
            found.append(values.reshape(len(values), math.prod(part.input_shape)).astype(np.float32))
        lengths = {name: len(values) for name, values in zip(self.names, found, strict=True)}
        if len(set(lengths.values())) > 1:
            raise InputError(f"All inputs must have as many rows, got {lengths}.")
        return np.ascontiguousarray(np.concatenate(found, axis=1))

    def to_dict(self) -> dict[str, Any]:
        return {
            "rules": self.rules,
            "input_shape": list(self.input_shape),
            "by_name": self.by_name,
            "inputs": [
                {"name": name, "vocabulary": vocabulary, **part.to_dict()}
                for name, part, vocabulary in zip(self.names, self.parts, self.vocabularies, strict=True)
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> JoinedRules:
        inputs = data["inputs"]
        return cls(
            tuple(one["name"] for one in inputs),
            tuple(KINDS[one["rules"]].from_dict(one) for one in inputs),
            tuple(one["vocabulary"] for one in inputs),
            data["by_name"],
        )
