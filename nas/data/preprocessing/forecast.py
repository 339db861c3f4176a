"""Tables with a column of time to windows of equal steps, and to the values that follow them."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.cells import DAY, WrongCell, columns_of, fields_of, numbers, seconds_of, words
from nas.errors import InputError

SECONDS, MONTHS, WEEKDAYS, COUNT = "seconds", "months", "weekdays", "count"  # what steps are counted in
OFF_GRID = 0.1  # of a step, that a moment may lie beside its place


@dataclass(frozen=True, eq=False)
class Steps:
    """One series on its grid.

    Args:
        values: float64 `(channels, steps)`, NaN where nothing is known.
        last: the moment of its last step, see `ForecastRules.moments`.
        day: of the month, of its first row.
    """

    values: np.ndarray
    last: float
    day: int


@dataclass(frozen=True)
class ForecastRules:
    """Rows of a table, one a step (and series), to windows `(channels, window)` of the last steps.

    Rows may come in any order. Steps that are missing, and missing cells, get the last value before them, and at the
    beginning the mean of the training part.

    Args:
        time: column of the moments. format: see `cells.seconds_of`; empty where they are numbers.
        unit: `seconds`, `months`, `weekdays` (Monday to Friday) or `count`. step: from one row to the next, in it.
        names, decimals: of the columns that are channels. fill: their means in the training part.
        targets: which channels are predicted.
        horizon: steps that are predicted.
        series: column that tells series apart; empty where there is one.
        month_end: whether steps of months are their last days.
        every: of all windows of a long history every so many one is looked at.
    """

    rules: ClassVar[str] = "forecast"
    time: str
    format: str
    unit: str
    step: float
    names: tuple[str, ...]
    decimals: tuple[str, ...]
    fill: tuple[float, ...]
    targets: tuple[int, ...]
    window: int
    horizon: int
    series: str = ""
    month_end: bool = False
    every: int = 1

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (len(self.names), self.window)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.time, *([self.series] if self.series else []), *self.names)

    def apply(self, rows: Any) -> np.ndarray:
        """The last window of every series, in the order in which they first appear."""
        found = []
        for name, one in self.series_of(rows).items():
            steps = one.values.shape[1]
            if steps < self.window:
                whose = f"Series {name!r} has" if self.series else "There are"
                raise InputError(f"{whose} {steps} steps of time, but {self.window} are needed to go on from.")
            found.append(self._filled(one.values)[:, -self.window :])
        return np.ascontiguousarray(np.stack(found) if found else np.empty((0, *self.input_shape)), dtype=np.float32)

    def windows(self, rows: Any) -> tuple[np.ndarray, np.ndarray]:
        """Every window whose following values are all known: `(n, channels, window)`, `(n, targets x horizon)`.

        Series after series, each in the order of time.
        """
        inputs, targets = [np.empty((0, *self.input_shape), np.float32)], []
        targets.append(np.empty((0, len(self.targets) * self.horizon), np.float32))
        for one in self.series_of(rows).values():
            count = one.values.shape[1] - self.window - self.horizon + 1
            if count < 1:
                continue
            starts = np.arange(0, count, self.every)
            there = np.lib.stride_tricks.sliding_window_view(one.values[list(self.targets)], self.horizon, axis=1)
            after = there[:, starts + self.window].transpose(1, 0, 2).reshape(len(starts), -1)
            kept = np.isfinite(after).all(axis=1)
            before = np.lib.stride_tricks.sliding_window_view(self._filled(one.values), self.window, axis=1)
            inputs.append(before[:, starts[kept]].transpose(1, 0, 2).astype(np.float32))
            targets.append(after[kept].astype(np.float32))
        return np.concatenate(inputs), np.concatenate(targets)

    def first_windows(self, rows: Any, most: int) -> np.ndarray:
        """Which rows are needed for the first so many of `windows`, bool `(rows,)`.

        Rows stand series after series, each in the order of time.
        """
        keys = words(columns_of(rows, self.columns)[self.series]) if self.series else [""] * len(rows)
        kept, left, place = np.zeros(len(keys), bool), most, 0
        for name, one in self.series_of(rows).items():
            count = keys.count(name)
            steps = max(0, one.values.shape[1] - self.window - self.horizon + 1)
            if steps <= left * self.every:
                kept[place : place + count] = True
            elif left > 0:  # of the last series as many rows as steps: where some are missing, that is a few more
                kept[place : place + left * self.every + self.window + self.horizon - 1] = True
            left -= -(-steps // self.every)
            place += count
        return kept

    def names_of(self, rows: Any) -> tuple[str, ...]:
        """Of the series, in the order of `apply`; one empty name where there is one."""
        return tuple(self.series_of(rows))

    def next_times(self, rows: Any) -> list[list[str]]:
        """Of every series the moments of the next steps, as they are written in the source."""
        return [
            [self.written(self._later(one, ahead + 1)) for ahead in range(self.horizon)]
            for one in self.series_of(rows).values()
        ]

    def series_of(self, rows: Any) -> dict[str, Steps]:
        """The series of a table by their names.

        Raises:
            WrongCell: a cell that cannot be read, a moment that is missing, stands twice or beside the grid.
        """
        table = columns_of(rows, self.columns)
        when = self.moments(table[self.time])
        channels = np.stack(
            [numbers(table[name], mark, name) for name, mark in zip(self.names, self.decimals, strict=True)]
        )
        keys = words(table[self.series]) if self.series else [""] * len(when)
        places: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, []).append(place)
        found = {}
        for key, listed in places.items():
            at = np.array(listed)[np.argsort(when[listed], kind="stable")]
            steps = self.placed(when[at], at)
            values = np.full((len(self.names), int(steps[-1]) + 1), np.nan)
            values[:, steps] = channels[:, at]
            found[key] = Steps(values, float(when[at[-1]]), int(_date(float(when[at[0]])).day) if self.format else 0)
        return found

    def moments(self, cells: Any) -> np.ndarray:
        """Seconds since 1970, or the numbers themselves where they count."""
        when = seconds_of(cells, self.format, self.time) if self.format else numbers(cells, name=self.time)
        if np.isnan(when).any():
            raise WrongCell(int(np.flatnonzero(np.isnan(when))[0]), self.time, "the time is missing")
        return when

    def placed(self, when: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The step of each of some sorted moments of one series, from 0.

        Args:
            rows: their numbers, for errors.
        """
        exact = self._counted(when)
        exact = (exact - exact[0]) / self.step
        steps = np.rint(exact).astype(np.int64)
        beside = np.abs(exact - steps) > OFF_GRID
        if self.unit == WEEKDAYS:
            beside |= np.floor(when / DAY + 3) % 7 > 4
        twice = np.flatnonzero(np.diff(steps) == 0)
        if beside.any():
            at = int(np.flatnonzero(beside)[0])
            raise WrongCell(int(rows[at]), self.time, f"{self.written(when[at])} is no whole number of steps behind")
        if len(twice):
            at = int(twice[0]) + 1
            raise WrongCell(int(rows[at]), self.time, f"{self.written(when[at])} stands twice")
        return steps

    def _counted(self, when: np.ndarray) -> np.ndarray:
        """Moments in the unit of the steps."""
        if self.unit == MONTHS:
            found: np.ndarray = np.floor(when).astype("datetime64[s]").astype("datetime64[M]").astype(np.float64)
            return found
        if self.unit == WEEKDAYS:
            days = np.floor(when / DAY) + 3  # of 1970-01-01, a Thursday
            return days // 7 * 5 + days % 7
        return when

    def _later(self, one: Steps, steps: int) -> float:
        """The moment of a step behind the last."""
        ahead = round(self.step) * steps
        if self.unit == WEEKDAYS:
            days = int(np.floor(one.last / DAY)) + 3
            weeks, day = divmod(days % 7 + ahead, 5)
            return float((days // 7 * 7 + 7 * weeks + day - 3) * DAY + one.last % DAY)
        if self.unit == MONTHS:
            last = _date(one.last)
            months = last.year * 12 + last.month - 1 + ahead
            first = datetime.datetime(months // 12, months % 12 + 1, 1, tzinfo=datetime.UTC)
            length = ((first + datetime.timedelta(days=31)).replace(day=1) - first).days
            day = length if self.month_end else min(one.day, length)
            return first.replace(day=day).timestamp() + one.last % DAY
        return one.last + self.step * steps

    def written(self, when: float) -> str:
        """A moment in the form of the source."""
        if self.format in ("", "s", "ms"):
            value = float(when) * (1000 if self.format == "ms" else 1)
            return str(round(value)) if abs(value - round(value)) < 1e-6 else repr(value)
        date = _date(float(when))
        if self.format != "ISO8601":
            return date.strftime(self.format)
        days_only = self.unit in (MONTHS, WEEKDAYS) or self.step % DAY == 0
        return date.strftime("%Y-%m-%d" if days_only and when % DAY == 0 else "%Y-%m-%d %H:%M:%S")

    def _filled(self, values: np.ndarray) -> np.ndarray:
        """Channels without missing values."""
        steps = np.where(np.isnan(values), -1, np.arange(values.shape[1]))
        last = np.maximum.accumulate(steps, axis=1)
        return np.where(last < 0, np.array(self.fill)[:, None], np.take_along_axis(values, np.maximum(last, 0), axis=1))

    def to_dict(self) -> dict[str, Any]:
        return {"rules": self.rules, "input_shape": list(self.input_shape), **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ForecastRules:
        return cls(**fields_of(cls, data))


def _date(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(round(seconds), tz=datetime.UTC)
