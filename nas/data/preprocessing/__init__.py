"""Preprocessing: rules fitted on the training part that turn raw rows into the arrays a network takes.

A preprocessing is plain data and can be executed. Its JSON is `preprocess.json` in an export. The `predict.py` beside
it holds the code of these very classes, without what fits them: what predicts is what trained. So what `apply` calls
needs NumPy alone (and Pillow, for pictures).

What `apply` takes are raw rows, as `SealedTest.open_rows` gives them and as people have them:

    table      a DataFrame, a mapping of columns or a list of mappings, with the source's names, in any order; further
               columns are left aside
    text       the same, or a list of str
    pictures   the same with a column of paths, or a list of paths
    series     a list of arrays (channels, length), of any lengths; a table with one row a step
    arrays     an array of the source's own axes and type
    forecast   a table with one row a step of time, in any order; of long ones the last window is taken
    language   a text, or a list of texts whose ends are taken
    joined     a table, or a mapping of several inputs by name, each with its raw rows
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Protocol

import numpy as np

from nas.data.preprocessing.arrays import ArrayRules
from nas.data.preprocessing.forecast import ForecastRules
from nas.data.preprocessing.joined import JoinedRules
from nas.data.preprocessing.language import LanguageRules
from nas.data.preprocessing.pictures import PictureRules
from nas.data.preprocessing.series import SeriesRules
from nas.data.preprocessing.table import TableRules
from nas.data.preprocessing.text import TextRules
from nas.data.schema import Schema
from nas.errors import InputError

FILE = "preprocess.json"
RULES: dict[str, Any] = {
    rules.rules: rules
    for rules in (
        ArrayRules,
        ForecastRules,
        JoinedRules,
        LanguageRules,
        PictureRules,
        SeriesRules,
        TableRules,
        TextRules,
    )
}  # by the word that stands as `rules` in the JSON


class Preprocessing(Protocol):
    """What all rules have in common.

    Attributes:
        rules: `arrays`, `forecast`, `joined`, `language`, `pictures`, `series`, `table` or `text`.
        input_shape: of one example, as in `Task`.
        columns: names of the source's columns that are read; empty where it has none.
    """

    rules: ClassVar[str]

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    @property
    def columns(self) -> tuple[str, ...]: ...

    def apply(self, rows: Any) -> np.ndarray:
        """`(n, *input_shape)`, uint8 or float32, C-contiguous.

        Raises:
            InputError: a missing column, all of them named; a cell that cannot be read, with its row and column.
        """

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, with `rules` and `input_shape`."""


def joined_rules(parts: dict[str, Preprocessing], by_name: bool) -> JoinedRules:
    """The rules of several inputs in one, see `JoinedRules`."""
    words = (part.vocabulary if isinstance(part, TextRules) else 0 for part in parts.values())
    return JoinedRules(tuple(parts), tuple(parts.values()), tuple(words), by_name)


def parts_of(rules: Preprocessing) -> tuple[Preprocessing, ...]:
    """The rules of all inputs: the rules themselves where there is one input."""
    return rules.parts if isinstance(rules, JoinedRules) else (rules,)


def to_json(preprocessing: Preprocessing, schema: Schema) -> str:
    """`preprocess.json`: the rules, the names of the outputs, and the source's further columns, which rows may have."""
    outputs: dict[str, Any] = {
        "kind": schema.kind, "names": list(schema.classes), "targets": list(schema.targets)
    }  # fmt: skip
    if schema.heads:
        outputs["heads"] = [{"name": one.name, "kind": one.kind, "names": list(one.classes)} for one in schema.heads]
    described = {
        "inputs": preprocessing.to_dict(),
        "outputs": outputs,
        "vocabulary": schema.vocabulary,
        "further_columns": [one.name for one in schema.columns if one.name not in preprocessing.columns],
    }
    return json.dumps(described, indent=1, ensure_ascii=False)


def from_json(text: str) -> Preprocessing:
    """The preprocessing that `to_json` wrote.

    Raises:
        InputError: anything else.
    """
    try:
        data = json.loads(text)["inputs"]
        found: Preprocessing = RULES[data["rules"]].from_dict(data)
        return found
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"This is no preprocessing that `nas` wrote: {error!r}.") from None
