"""What an export answers to the history of a series. This code, with `ForecastRules`, becomes `predict.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.data.preprocessing.cells import is_table
from nas.errors import InputError
from nas.export.predictor import Predictions, Predictor


@dataclass(frozen=True, eq=False)
class Forecasts(Predictions):
    """What the network says of the next steps of some series; `outputs` hold the steps of a target side by side.

    Args:
        targets: names of what is predicted.
        time: name of the column of time. times: of each series the moments of the steps.
        series: name of the column that tells series apart, "" where there is one.
    """

    targets: tuple[str, ...] = ()
    time: str = ""
    times: Sequence[Sequence[str]] = ()
    series: str = ""

    @property
    def answers(self) -> list[Any]:
        """Of each series its next steps, as mappings of column names to values."""
        found = []
        for times, row in zip(self.times, self.outputs, strict=True):
            steps = row.reshape(len(self.targets), -1).T.tolist()
            pairs = zip(times, steps, strict=True)
            found.append([{self.time: when, **dict(zip(self.targets, step, strict=True))} for when, step in pairs])
        return found

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """Header and rows of a table: one row a step."""
        header = [*([self.series] if self.series else []), self.time, *self.targets]
        rows = []
        for place, steps in enumerate(self.answers):
            before = [self.rows[place]] if self.series else []
            rows += [[*before, *step.values()] for step in steps]
        return header, rows


class Forecaster(Predictor):
    """A network that predicts the next steps of series, with the rules by which their history becomes its inputs."""

    def __call__(self, rows: Any, ignore: Sequence[str] = ()) -> Forecasts:
        """The steps that follow some history.

        Args:
            rows: of each series at least as many steps as a window has, in any order: a list of mappings, a mapping
                of columns or a DataFrame. Columns are matched by their names.
            ignore: further columns that rows may have.

        Raises:
            InputError: missing or unknown columns, all of them named; a cell that cannot be read; too few steps.
        """
        table = self._history(rows, ignore)
        inputs = self.rules.apply(table)
        if not len(inputs):
            raise InputError("There are no rows.")
        return Forecasts(
            self.kind,
            self.names,
            self._outputs(inputs),
            self.rules.names_of(table),
            (),
            tuple(self.rules.names[place] for place in self.rules.targets),
            self.rules.time,
            self.rules.next_times(table),
            self.rules.series,
        )

    def backtest(self, rows: Any, ignore: Sequence[str] = ()) -> tuple[np.ndarray, np.ndarray]:
        """What the network would have said at every step of a history, and what came: both `(n, outputs)`.

        A step counts that has a whole window before it and known values behind it; series after series, each in the
        order of time.
        """
        inputs, targets = self.rules.windows(self._history(rows, ignore))
        return (self._outputs(inputs) if len(inputs) else targets), targets

    def _history(self, rows: Any, ignore: Sequence[str]) -> dict[str, Any]:
        if not is_table(rows):
            raise InputError(f"Rows must have names: {', '.join(self.columns)}; got {type(rows).__name__}.")
        return self._known(rows, ignore)
