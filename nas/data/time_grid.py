"""The equal steps that moments lie on, and the season of a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas.data.preprocessing.cells import DAY
from nas.data.preprocessing.forecast import COUNT, MONTHS, OFF_GRID, SECONDS, WEEKDAYS

FEWEST_MONTHLY, FEWEST_WEEKDAYS = 3, 6  # moments by which such steps are known
MOST_MISSING = 0.5  # of the steps: beyond it the steps are other ones, or none
UNITS = ((604_800, "week"), (DAY, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
USUAL = {  # seasons by the seconds of a step
    60: (60, 1_440), 300: (288,), 600: (144,), 900: (96, 672), 1_800: (48, 336), 3_600: (24, 168), DAY: (7, 365),
    7 * DAY: (52,),
}  # fmt: skip
USUAL_MONTHS = {1: (12,), 3: (4,), 6: (2,)}
LONGEST_SEASON = 400
USUAL_IS_LIKE, ANY_IS_LIKE = 0.2, 0.4  # correlation of the changes of a series with those one season before


@dataclass(frozen=True)
class Grid:
    """Equal steps.

    Args:
        unit, step, month_end: as in `ForecastRules`.
    """

    unit: str
    step: float
    month_end: bool = False

    @property
    def says(self) -> str:
        """A step in words."""
        if self.unit == WEEKDAYS:
            return "weekday"
        if self.unit == MONTHS:
            return _counted({12: "year", 3: "quarter"}.get(int(self.step), "month"), _months(int(self.step)))
        if self.unit == COUNT:
            return f"{self.step:g}"
        size, name = next((pair for pair in UNITS if self.step % pair[0] == 0), (1, "second"))
        return _counted(name, self.step / size)

    @property
    def usual_seasons(self) -> tuple[int, ...]:
        """Steps after which series with such steps are often much the same."""
        if self.unit == WEEKDAYS:
            return (5,)
        if self.unit == MONTHS:
            return USUAL_MONTHS.get(int(self.step), ())
        return USUAL.get(int(self.step), ()) if self.unit == SECONDS else ()


def _months(step: int) -> float:
    return 1 if step in (12, 3) else step


def _counted(name: str, count: float) -> str:
    return name if count == 1 else f"{count:g} {name}s"


def grid_of(series: Sequence[np.ndarray], dates: bool) -> Grid | None:
    """The steps of sorted moments; None where there are no two of a series.

    Args:
        series: moments of each. dates: whether they are seconds since 1970, else they count.
    """
    steps = np.concatenate([np.diff(one) for one in series])
    steps = steps[steps > 0]
    if not len(steps):
        return None
    every = np.concatenate(list(series))
    if dates and steps.min() >= 27.5 * DAY and len(every) >= FEWEST_MONTHLY:
        return _monthly(series, every) or Grid(SECONDS, _usual(steps))
    if dates and _on_weekdays(every, steps):
        return Grid(WEEKDAYS, 1)
    return Grid(SECONDS if dates else COUNT, _usual(steps))


def _usual(steps: np.ndarray) -> float:
    """The most frequent step, the smallest of equally frequent ones; near ones count as one."""
    step = float(np.median(steps))
    near = steps[np.abs(steps - step) <= OFF_GRID * step]
    return float(np.median(near)) if len(near) >= len(steps) / 2 else float(np.quantile(steps, 0.1, method="nearest"))


def _monthly(series: Sequence[np.ndarray], every: np.ndarray) -> Grid | None:
    """Steps of whole months: all on the same day of it, or all on its last."""
    dates = np.floor(every / DAY).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    day = (dates - months.astype("datetime64[D]")).astype(int) + 1
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
    at_end = bool((day == length).all())
    if not at_end and (day != np.minimum(day.max(), length)).any():
        return None
    counts = [np.floor(one / DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) for one in series]
    steps = np.concatenate([np.diff(one) for one in counts])
    return Grid(MONTHS, float(np.gcd.reduce(steps[steps > 0])), at_end)


def _on_weekdays(every: np.ndarray, steps: np.ndarray) -> bool:
    """Days from Monday to Friday alone, with weekends between them."""
    if len(every) < FEWEST_WEEKDAYS or (every % DAY != every[0] % DAY).any() or np.median(steps) != DAY:
        return False
    weekday = np.floor(every / DAY + 3) % 7
    return bool((weekday <= 4).all() and (steps == 3 * DAY).any())


def irregular(when: np.ndarray, grid: Grid) -> int | None:
    """The first of some sorted moments that is no whole number of steps behind the one before."""
    if grid.unit in (MONTHS, WEEKDAYS):
        return None  # found by `ForecastRules.placed`
    ratio = np.diff(when) / grid.step
    wrong = np.flatnonzero((np.abs(ratio - np.rint(ratio)) > OFF_GRID) & (ratio > 0))
    return int(wrong[0]) + 1 if len(wrong) else None


def found_season(values: np.ndarray, grid: Grid) -> int:
    """Steps after which a series is much the same: where its changes are most like those one season before; else 1.

    A usual season of such steps (7 days, 12 months, …) goes before others.

    Args:
        values: `(steps,)`, NaN where unknown.
    """
    known = np.isfinite(values)
    if known.sum() < 8:
        return 1
    whole = np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
    change = np.diff(whole)
    change = change - change.mean()
    energy = float(change @ change)
    most = min(len(change) // 2, LONGEST_SEASON)
    if energy <= 0 or most < 2:
        return 1
    spectrum = np.fft.rfft(change, 2 * len(change))
    like = np.fft.irfft(np.abs(spectrum) ** 2)[: most + 1] / energy
    like *= len(change) / (len(change) - np.arange(most + 1))
    usual = [one for one in grid.usual_seasons if one <= most and like[one] >= USUAL_IS_LIKE]
    if usual:
        return max(usual, key=lambda one: like[one] - 1e-9 * one)
    peaks = [
        lag for lag in range(2, most) if like[lag] >= ANY_IS_LIKE and like[lag] >= max(like[lag - 1], like[lag + 1])
    ]
    if not peaks:
        return 1
    best = max(like[lag] for lag in peaks)
    return next(lag for lag in peaks if like[lag] >= 0.9 * best)
