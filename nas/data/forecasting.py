"""Forecasting: from a table with a column of time to windows of the past and the values that follow them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nas.config.data_options import FORECASTING, DataOptions
from nas.data.columns import Found, date_format, described, numbers_the_rows
from nas.data.dataset import Dataset, SealedTest, Split, TrainingData, fingerprint
from nas.data.metric_choice import check_metric, chosen_metric
from nas.data.metrics import score_or_nan
from nas.data.preprocessing.cells import WrongCell, numbers, seconds_of, words
from nas.data.preprocessing.forecast import ForecastRules
from nas.data.schema import (
    CATEGORY,
    DATE,
    FEATURE,
    FLAG,
    GROUP,
    LEFT_OUT,
    NUMBER,
    TARGET,
    TIME,
    Column,
    ForecastPart,
    Parts,
    Schema,
)
from nas.data.sources.frame import Frame
from nas.data.splits import hash_of
from nas.data.time_grid import MOST_MISSING, Grid, found_season, grid_of, irregular
from nas.errors import InputError, known
from search_spaces.task import Forecast, Task

TARGET_NAMES = ("target", "label", "y")
EMPTY = 0.95  # share of missing cells, beyond which a column is left out
LEAST_WINDOW, LONGEST_WINDOW = 16, 336
MOST_OF_ROOM = 0.75  # of a part's steps, for a window that holds one season
MOST_VALUES = 1 << 26  # of all windows of a part, beyond which not every one is looked at
MONTH_FORMATS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%Y %b", "%b %y", "%b-%y")
PLURAL = {CATEGORY: "words", FLAG: "two words", DATE: "dates", "text": "texts", "path": "paths"}
PARTS = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class _Table:
    """A table while it is being understood.

    Args:
        time: column of the moments. series: column that tells series apart, or "".
        channels: columns that windows consist of. targets: those of them that are predicted.
        when: moments `(rows,)`. keys: the series of each row.
        grid: on which they lie.
    """

    frame: Frame
    found: dict[str, Found]
    time: str
    why_time: str
    series: str
    why_series: str
    channels: tuple[str, ...]
    targets: tuple[str, ...]
    why_target: str
    left_out: dict[str, str]
    when: np.ndarray
    keys: np.ndarray
    grid: Grid
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def rules(self, fill: tuple[float, ...], window: int, horizon: int, every: int = 1) -> ForecastRules:
        return ForecastRules(
            self.time,
            self.found[self.time].format if self.found[self.time].type == DATE else "",
            self.grid.unit,
            self.grid.step,
            self.channels,
            tuple(self.found[name].decimal for name in self.channels),
            fill,
            tuple(self.channels.index(name) for name in self.targets),
            window,
            horizon,
            self.series,
            self.grid.month_end,
            every,
        )


def is_forecast(options: DataOptions) -> bool:
    """Whether forecasting is asked for: by its kind, or by a horizon.

    Raises:
        InputError: one of them speaks against the other, or an option of forecasting stands alone.
    """
    if options.kind == FORECASTING and options.horizon is None:
        raise InputError("`--kind forecasting` needs to know how many steps are predicted, e.g. --horizon 7.")
    if options.horizon is None:
        if options.season is not None:
            raise InputError("`--season` is for forecasting, which begins with --horizon, e.g. --horizon 7.")
        return False
    if options.kind not in ("auto", FORECASTING):
        raise InputError(
            f"`--horizon` asks for a forecast, and --kind {options.kind} for something else. Leave one of them out."
        )
    if options.layout not in ("auto", "table", "series"):
        raise InputError(f"A forecast is made from a table, not from `--layout {options.layout}`. Leave it out.")
    for name in ("weights", "positive", "keep"):
        if getattr(options, name):
            raise InputError(f"`--{name}` is not for forecasting. Leave it out.")
    return True


def forecast_data(
    frame: Frame,
    others: dict[str, Frame],
    options: DataOptions,
    validation_share: float,
    test_share: float,
    source: str = "",
) -> Dataset:
    """The data set of a table with one row a step of time (and of each series).

    Parts follow one another in time. A window and the values that follow it lie within one part, so that nothing of a
    later part is seen in an earlier one, and each part can be predicted from its own rows.

    Args:
        others: further tables with the `validation` or the `test` part, which come later in time.

    Raises:
        InputError: no column of time, moments that stand twice or on no grid, a target that is no number, or too few
            steps for window and horizon.
    """
    assert options.horizon is not None  # noqa: S101 - see `is_forecast`
    table, borders, how = _understood(frame, others, options, validation_share, test_share)
    in_order = np.lexsort((table.when, _ranks(table.keys)))
    at = table.when[in_order]
    inside = [at < borders[0], (at >= borders[0]) & (at < borders[1]), at >= borders[1]]
    rows = [table.frame.cells.iloc[in_order[one]].reset_index(drop=True) for one in inside]
    name = table.frame.name
    plain = table.rules((0.0,) * len(table.channels), 1, 1)
    steps = [plain.series_of(part) if len(part) else {} for part in rows]
    values = [[one.values for one in part.values()] for part in steps]
    if not values[0]:
        raise InputError(f"{name}: the training part has no rows.")
    season, why_season = _season(table, values[0], options)
    window, why_window = _window(table, values, season, options)
    if season > window:
        why_season += f"; longer than the window of {window} steps, so nothing is compared with it"
        season = 1
    every = max(1, -(-sum(one.size for one in values[0]) * window // MOST_VALUES))
    fill = tuple(map(float, np.nan_to_num(np.nanmean(np.concatenate(values[0], axis=1), axis=1))))
    rules = table.rules(fill, window, options.horizon, every)
    splits = [Split(*rules.windows(part)) for part in rows]
    _some_windows(name, splits, values, rules)
    task = _task(table, rules, splits[0], values[0], season, options)
    train, validation, test = splits
    check_metric(task, validation.targets)
    hashed = fingerprint(*splits)
    places = task.forecast.places(window, season) if task.forecast else ()
    schema = Schema(
        name=name,
        source=source,
        layout="series",
        why_layout="windows of a table with a column of time",
        kind=FORECASTING,
        why_kind="--kind" if options.kind == FORECASTING else "--horizon",
        metric=task.metric,
        targets=table.targets,
        why_target=table.why_target,
        classes=_names(table.targets, rules.horizon),
        majority=score_or_nan(task, _flat(validation.inputs)[:, places], validation.targets),
        columns=_columns(table),
        length=window,
        channels=len(table.channels),
        parts=Parts(how, len(train), len(validation), len(test), hash_of(*(np.flatnonzero(one) for one in inside))),
        reading=table.frame.reading,
        notes=(*table.frame.notes, *table.notes, *_further_notes(table, values, splits, rules)),
        warnings=table.warnings,
        fingerprint=hashed,
        forecast=ForecastPart(
            time=table.time,
            why_time=table.why_time,
            series=table.series,
            why_series=table.why_series,
            step=table.grid.says,
            steps=tuple(max((one.shape[1] for one in part), default=0) for part in values),
            begins=tuple(plain.written(float(at[one].min())) for one in inside),
            ends=tuple(plain.written(float(at[one].max())) for one in inside),
            missing=_missing(table, values),
            horizon=rules.horizon,
            window=window,
            why_window=why_window,
            season=season,
            why_season=why_season,
            errors=task.forecast.errors if task.forecast else (),
        ),
    )
    search = TrainingData.measured(task, train, validation)
    return Dataset(name, task, search, SealedTest(test, rows[2]), schema.classes, hashed, table.channels, schema, rules)


def _understood(
    frame: Frame, others: dict[str, Frame], options: DataOptions, validation_share: float, test_share: float
) -> tuple[_Table, tuple[float, float], str]:
    """The whole table, and the first moments of the validation and of the test part."""
    sizes = [len(frame.cells)]
    time, why_time, found = _time_of(frame, options)
    form = found[time].format if found[time].type == DATE else ""
    firsts = {}
    for part, other in others.items():
        missing = [name for name in found if name not in other.cells.columns]
        if missing:
            raise InputError(f"{other.path or other.name}: the {part} part has no column {', '.join(missing)}.")
        firsts[part] = float(np.min(_moments(other, time, form)))
        sizes.append(len(other.cells))
    if others:
        cells = pd.concat([one.cells[list(found)] for one in (frame, *others.values())], ignore_index=True)
        before = frame
        frame = dataclasses.replace(frame, cells=cells, line=_line_of(before, sizes[0]))
        found = {name: _described(frame, name, options) for name in found}
    when = _moments(frame, time, form)
    keys, series, why_series = _series(frame, found, time, when, options)
    targets, why_target = _targets(frame, found, (time, series), options)
    channels, left_out, warnings = _channels(frame, found, (time, series), targets, options)
    grid = _grid(frame, time, when, keys, form)
    notes = [one.note for one in found.values() if one.note]
    order = np.lexsort((when, _ranks(keys)))
    if not others and (np.diff(order) < 0).any():
        notes.append(f"rows do not stand in the order of {time!r}: they are sorted by it")
    table = _Table(
        frame, found, time, why_time, series, why_series, channels, targets, why_target, left_out, when, keys, grid,
        tuple(notes), tuple(warnings),
    )  # fmt: skip
    _on_grid(table)
    return table, *_borders(frame.name, when, firsts, validation_share, test_share)


def _line_of(frame: Frame, rows: int) -> Callable[[int], int] | None:
    """Lines of the first table; rows of further ones are counted on."""
    line = frame.line
    return None if line is None else lambda row: line(row) if row < rows else row + 1


def _described(frame: Frame, name: str, options: DataOptions) -> Found:
    """As `described`; months without a day are dates too."""
    one = described(frame, name, options.decimal)
    if one.type != CATEGORY and one.type != FLAG:
        return one
    cells = pd.Series(words(frame.cells[name]), dtype=object)
    form = date_format(cells[cells != ""].unique(), MONTH_FORMATS)
    return dataclasses.replace(one, type=DATE, format=form) if form else one


def _time_of(frame: Frame, options: DataOptions) -> tuple[str, str, dict[str, Found]]:
    """The column of the moments, why, and what all columns are."""
    where = frame.path or frame.name
    for what, names in (("target", options.target), ("ignore", options.ignore)):
        for name in names:
            _there(frame, name, what)
    found = {name: _described(frame, name, options) for name in frame.cells.columns if name not in options.ignore}
    if options.time == "none":
        raise InputError("A forecast needs a column of time: `--time none` has none.")
    if options.time:
        _there(frame, options.time, "time")
        if options.time in options.ignore:
            raise InputError(f"Column {options.time!r} is the time, so it cannot be left out by --ignore.")
        if found[options.time].type not in (DATE, NUMBER):
            samples = ", ".join(map(repr, found[options.time].samples))
            raise InputError(
                f"{where}: column {options.time!r} holds neither dates of one form nor numbers ({samples}), so it "
                "tells no time. Name another one: --time COLUMN."
            )
        return options.time, "--time", found
    dates = [name for name, one in found.items() if one.type == DATE and name not in options.target]
    if len(dates) != 1:
        why = f"there are several columns of dates ({', '.join(dates)})" if dates else "no column holds dates"
        raise InputError(f"{where}: a forecast needs the column of time, and {why}. Name it: --time COLUMN.")
    return dates[0], "the only column of dates; --time names another", found


def _there(frame: Frame, name: str, what: str) -> None:
    try:
        known(f"column for --{what}", name, frame.cells.columns)
    except InputError as error:
        raise InputError(f"{frame.path or frame.name}: {error}") from None


def _moments(frame: Frame, time: str, form: str) -> np.ndarray:
    cells = frame.cells[time]
    try:
        when = seconds_of(cells, form, time) if form else numbers(cells, name=time)
    except WrongCell as error:
        raise InputError(f"{frame.at(error.row)}, column {time!r}: {error.what}.") from None
    if np.isnan(when).any():
        row, count = int(np.flatnonzero(np.isnan(when))[0]), int(np.isnan(when).sum())
        raise InputError(
            f"{frame.at(row)}: column {time!r} is empty, so the row has no time; {count} rows have none. Write it, or "
            "drop them."
        )
    return when


def _series(
    frame: Frame, found: dict[str, Found], time: str, when: np.ndarray, options: DataOptions
) -> tuple[np.ndarray, str, str]:
    """The series of each row, the column that tells it, and why."""
    if options.group not in ("", "none"):
        _there(frame, options.group, "group")
        if options.group == time or options.group in options.target:
            raise InputError(f"Column {options.group!r} is the time or a target, so it tells no series (--group).")
        keys = np.array(words(frame.cells[options.group]))
        _not_twice(frame, when, keys, f"of the same {options.group!r} ", "")
        return keys, options.group, "--group"
    if len(np.unique(when)) == len(when):
        return np.full(len(when), ""), "", ""
    names = [name for name, one in found.items() if name != time and name not in options.target and one.missing == 0]
    if options.group == "":
        for name in sorted(names, key=lambda name: found[name].type == NUMBER):  # words first
            one = found[name]
            if one.type not in (CATEGORY, FLAG, NUMBER) or not 2 <= one.distinct <= len(when) / 2:
                continue
            keys = np.array(words(frame.cells[name]))
            if len({*zip(keys.tolist(), when.tolist(), strict=True)}) == len(when):
                return keys, name, "moments stand once in each of its values; --group names another, or none"
    _not_twice(frame, when, np.full(len(when), ""), "", "If several series stand below each other: --group COLUMN. ")
    raise AssertionError  # a moment stands twice


def _not_twice(frame: Frame, when: np.ndarray, keys: np.ndarray, of: str, hint: str) -> None:
    order = np.lexsort((np.arange(len(when)), when, _ranks(keys)))
    same = (np.diff(when[order]) == 0) & (keys[order][1:] == keys[order][:-1])
    if same.any():
        first, second = order[:-1][same][0], order[1:][same][0]
        raise InputError(
            f"{frame.at(int(second))}: the time {of}stands in {frame.at(int(first))} already; {int(same.sum())} rows "
            f"repeat one. {hint}Drop the copies, or sum them up."
        )


def _ranks(keys: np.ndarray) -> np.ndarray:
    """Of each key the place of its first appearance."""
    names, first, place = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(first)] = np.arange(len(names))
    return np.asarray(rank[place])


def _targets(
    frame: Frame, found: dict[str, Found], others: Sequence[str], options: DataOptions
) -> tuple[tuple[str, ...], str]:
    if options.target or frame.targets:
        targets, why = (options.target, "--target") if options.target else (frame.targets, "given beside the inputs")
    else:
        lower = {name.lower(): name for name in reversed(list(found)) if name not in others}
        named = [lower[name] for name in TARGET_NAMES if name in lower]
        numeric = [name for name, one in found.items() if one.type == NUMBER and name not in others]
        if not named and not numeric:
            raise InputError(f"{frame.path or frame.name}: no column of numbers is left to predict.")
        targets = tuple(named[:1] or numeric[-1:])
        why = "by its name; --target names another" if named else (
            "the only column of numbers" if len(numeric) == 1 else "the last column of numbers; --target names another"
        )  # fmt: skip
    for name in targets:
        if name in others:
            raise InputError(f"Column {name!r} is the time or tells the series, so it cannot be predicted.")
        one = found.get(name)
        if one is None:
            raise InputError(f"Column {name!r} is the target, so it cannot be left out by --ignore.")
        if one.type != NUMBER:
            samples = ", ".join(map(repr, one.samples))
            raise InputError(
                f"{frame.path or frame.name}: column {name!r} holds {PLURAL.get(one.type, one.type)} ({samples}); a "
                "forecast is of numbers. Name another: --target COLUMN."
            )
    return targets, why


def _channels(
    frame: Frame, found: dict[str, Found], others: Sequence[str], targets: Sequence[str], options: DataOptions
) -> tuple[tuple[str, ...], dict[str, str], list[str]]:
    """All columns of numbers that something can be learned from; why others are left out; warnings."""
    kept, left, warnings = [], {}, []
    for name, one in found.items():
        if name in others:
            continue
        if name in targets:
            kept.append(name)
        elif one.missing >= EMPTY:
            left[name] = f"{one.missing:.1%} of it is missing"
        elif one.distinct <= 1:
            left[name] = "it has one value only"
        elif one.type != NUMBER:
            left[name] = f"it holds {PLURAL.get(one.type, one.type)}; windows are of numbers"
        elif one.missing == 0 and numbers_the_rows(numbers(frame.cells[name], one.decimal), name):
            left[name] = "it numbers the rows"
            warnings.append(f"column {name!r} is left out: it numbers the rows")
        else:
            kept.append(name)
    return tuple(kept), left, warnings


def _grid(frame: Frame, time: str, when: np.ndarray, keys: np.ndarray, form: str) -> Grid:
    every = [np.sort(when[keys == key]) for key in dict.fromkeys(keys.tolist())]
    grid = grid_of(every, bool(form))
    if grid is None:
        raise InputError(f"{frame.path or frame.name}: no series has two rows, so there are no steps of time.")
    return grid


def _on_grid(table: _Table) -> None:
    """Raises InputError where moments lie beside the steps, or most steps are missing."""
    frame, rules = table.frame, table.rules((0.0,) * len(table.channels), 1, 1)
    there = rows = 0
    for key in dict.fromkeys(table.keys.tolist()):
        at = np.flatnonzero(table.keys == key)
        at = at[np.argsort(table.when[at], kind="stable")]
        wrong = irregular(table.when[at], table.grid)
        try:
            if wrong is not None:
                raise WrongCell(int(at[wrong]), table.time, "")
            steps = rules.placed(table.when[at], at)
        except WrongCell as error:
            twice = " stands twice" in error.what
            raise InputError(
                f"{frame.at(error.row)}, column {table.time!r}: {rules.written(table.when[error.row])} "
                + (
                    f"is the same step (of a {table.grid.says}) as another row. Sum such rows up."
                    if twice
                    else f"is no whole number of steps behind the row before it: the steps are irregular, most are a "
                    f"{table.grid.says}. Bring the rows to equal steps first, e.g. by pandas' resample."
                )
            ) from None
        there, rows = there + int(steps[-1]) + 1, rows + len(at)
    if rows < MOST_MISSING * there:
        raise InputError(
            f"{frame.path or frame.name}: with steps of a {table.grid.says}, {there - rows} of {there} steps of "
            f"{table.time!r} are missing: the steps are irregular. Bring the rows to equal steps first, e.g. by "
            "pandas' resample."
        )


def _borders(
    name: str, when: np.ndarray, firsts: dict[str, float], validation_share: float, test_share: float
) -> tuple[tuple[float, float], str]:
    """The first moments of the validation and of the test part, and how they were found."""
    moments = np.unique(when)

    def border(end: float, share: float) -> float:
        before = moments[moments < end]
        return float(before[min(len(before) - 1, round((1 - share) * len(before)))]) if len(before) else end

    test = firsts.get("test", border(np.inf, test_share))
    validation = firsts.get("validation", border(test, validation_share))
    own = " and ".join(firsts)
    how = "by time" + (f", the source's own {own} part" if own else ", the latest last")
    if not moments[0] < validation < test:
        raise InputError(
            f"{name}: parts must follow one another in time: training, validation, test. Files of --validation and "
            "--test must begin later than the data."
        )
    late = [part for part, first in firsts.items() if (when < first).sum() == 0]
    if late:
        raise InputError(f"{name}: the {late[0]} part begins before all other rows.")
    return (validation, test), f"{how}; windows lie within one part"


def _season(table: _Table, training: Sequence[np.ndarray], options: DataOptions) -> tuple[int, str]:
    if options.season is not None:
        return options.season, "--season"
    place = table.channels.index(table.targets[0])
    longest = max(training, key=lambda one: one.shape[1])
    found = found_season(longest[place], table.grid)
    if found == 1:
        return 1, "no season was found; --season names one"
    return found, f"changes of {table.targets[0]!r} are most like those {found} steps before; --season names another"


def _window(
    table: _Table, values: Sequence[Sequence[np.ndarray]], season: int, options: DataOptions
) -> tuple[int, str]:
    """Steps of a window: as asked for, else three horizons or two seasons, as far as every part has room for it."""
    horizon = options.horizon or 1
    longest = [max((one.shape[1] for one in part), default=0) for part in values]
    shortest = min(longest)
    part = PARTS[longest.index(shortest)]
    room = shortest - horizon
    if room < 1 or (options.window or 1) > room:
        asked = f"--window {options.window} and " if options.window else ""
        most = f" With this horizon a window may have {room} steps." if room >= 1 and options.window else ""
        raise InputError(
            f"{table.frame.name}: the {part} part has {shortest} steps, too few for {asked}--horizon {horizon} "
            f"together.{most} Take smaller ones, or larger parts (--validation-share, --test-share)."
        )
    if options.window:
        return options.window, "--window"
    wanted = min(max(3 * horizon, 2 * season, LEAST_WINDOW), LONGEST_WINDOW)
    if wanted <= max(1, room // 2):
        return wanted, "at least 16 steps, three horizons and two seasons; --window says otherwise"
    whole = season if season <= MOST_OF_ROOM * room else 1
    return max(1, room // 2, whole), f"as many as the {part} part has room for; --window says otherwise"


def _some_windows(
    name: str, splits: Sequence[Split], values: Sequence[Sequence[np.ndarray]], rules: ForecastRules
) -> None:
    for part, split, series in zip(PARTS, splits, values, strict=True):
        if not len(split):
            steps = max((one.shape[1] for one in series), default=0)
            raise InputError(
                f"{name}: the {part} part has {steps} steps, but not one window of {rules.window} with "
                f"{rules.horizon} known values behind it. Take a smaller --window or --horizon."
            )
    if np.ptp(splits[0].targets) == 0:
        raise InputError(f"{name}: all values of the target are {splits[0].targets.flat[0]:g}: nothing to learn.")


def _task(
    table: _Table,
    rules: ForecastRules,
    train: Split,
    training: Sequence[np.ndarray],
    season: int,
    options: DataOptions,
) -> Task:
    metric = chosen_metric(options, FORECASTING, "forecast")
    errors = tuple(_naive_error(training, channel, season) for channel in rules.targets)
    made = Forecast(rules.horizon, rules.targets, season, errors)
    values = _flat(train.inputs)
    missed = {
        repeats: float(np.abs(values[:, made.places(rules.window, repeats)] - train.targets).mean())
        for repeats in (1, season)
    }
    made = dataclasses.replace(made, repeats=min(missed, key=lambda one: missed[one]))
    return Task(rules.input_shape, train.targets.shape[1], "regression", metric=metric, forecast=made)


def _naive_error(training: Sequence[np.ndarray], channel: int, season: int) -> float:
    """Mean absolute error of repeating the last season; of a series that repeats exactly that of the last value."""
    for lag in (season, 1):
        missed = np.concatenate([np.abs(one[channel, lag:] - one[channel, :-lag]) for one in training])
        error = float(np.nanmean(missed)) if np.isfinite(missed).any() else 0.0
        if error > 0:
            return error
    return 1.0


def _flat(inputs: np.ndarray) -> np.ndarray:
    return inputs.reshape(len(inputs), -1)


def _names(targets: Sequence[str], horizon: int) -> tuple[str, ...]:
    return tuple(f"{name} +{step + 1}" for name in targets for step in range(horizon))


def _columns(table: _Table) -> tuple[Column, ...]:
    roles = dict.fromkeys(table.channels, (FEATURE, "")) | dict.fromkeys(table.targets, (TARGET, "and its own past"))
    roles |= {name: (LEFT_OUT, why) for name, why in table.left_out.items()}
    roles |= {table.time: (TIME, table.why_time)} | ({table.series: (GROUP, "one series each")} if table.series else {})
    made = []
    for name in table.frame.cells.columns:
        one = table.found.get(name)
        if one is None:
            made.append(Column(name, CATEGORY, LEFT_OUT, why="--ignore"))
        else:
            made.append(Column(name, one.type, roles[name][0], one.missing, one.distinct, one.samples, roles[name][1]))
    return tuple(made)


def _missing(table: _Table, values: Sequence[Sequence[np.ndarray]]) -> int:
    """Steps without a row."""
    return sum(one.shape[1] for part in values for one in part) - len(table.when)


def _further_notes(
    table: _Table, values: Sequence[Sequence[np.ndarray]], splits: Sequence[Split], rules: ForecastRules
) -> list[str]:
    notes = []
    every = [one for part in values for one in part]
    empty = sum(int(np.isnan(one).sum()) for one in every) - _missing(table, values) * len(table.channels)
    if empty:
        notes.append(f"{empty} empty cells get the last value before them")
    possible = sum(max(0, one.shape[1] - rules.window - rules.horizon + 1) for one in every)
    there = sum(map(len, splits))
    if rules.every > 1:
        notes.append(f"of all windows every {rules.every}. is looked at, which is enough and fits into memory")
    elif there < possible:
        notes.append(f"{possible - there} windows are left out: a value that follows them is missing")
    short = sum(one.shape[1] < rules.window + rules.horizon for one in every)
    if table.series and short:
        notes.append(f"{short} times a series has too few steps in a part to give a window")
    return notes
