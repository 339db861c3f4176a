"""Schema: what was understood of a source, as plain data: shown before anything is spent, saved, correctable."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nas.config.metric import shown
from nas.config.metric import words as metric_words
from nas.errors import InputError

FILE = "schema.json"  # in the directory of a search and of an export
MOST_CLASSES_SHOWN, MOST_COLUMNS_SHOWN = 12, 30

FEATURE, TARGET, LEFT_OUT, GROUP, TIME = "feature", "target", "left out", "group", "time"  # roles of a column
NUMBER, CATEGORY, FLAG, DATE, TEXT, PATH = "number", "category", "flag", "date", "text", "path"  # types of a column


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        type: `number`, `category`, `flag` (two values), `date`, `text` or `path`.
        role: `feature`, `target`, `left out`, `group` or `time`.
        missing: share of the cells that are empty, 0 to 1.
        distinct: different values, without missing ones.
        samples: the first few of them, as they are written.
        why: what the role rests on, where it is not plain.
    """

    name: str
    type: str
    role: str = FEATURE
    missing: float = 0.0
    distinct: int = 0
    samples: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Parts:
    """How the examples were divided.

    Args:
        how: in words, e.g. `at random, every class in every part`.
        train, validation, test: numbers of examples.
        hash: of the rows' numbers in every part, 16 hexadecimal digits.
    """

    how: str
    train: int
    validation: int
    test: int
    hash: str = ""


@dataclass(frozen=True)
class InputPart:
    """One of several inputs.

    Args:
        layout: as in `Schema`. columns: of the table that it is made of. says: its size in words.
    """

    name: str
    layout: str
    columns: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True)
class TargetPart:
    """One of several targets.

    Args:
        kind, metric: as in `Schema`. classes: names of its outputs. weight: of its loss.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    metric: str
    weight: float = 1.0


@dataclass(frozen=True)
class ForecastPart:
    """What a forecast is made from, and of what.

    Args:
        time: column of the moments. series: column that tells series apart, or "". why_…: by what they were told.
        step: from one row to the next, in words.
        steps: of the training, the validation and the test part, of their longest series; begins, ends: their moments.
        missing: steps without a row, which get the values before them.
        horizon: steps that are predicted. window: steps before them that they are predicted from.
        season: steps after which the series are much the same, 1 for none.
        errors: of each target the mean absolute error of repeating the last season, in the training part.
    """

    time: str
    horizon: int
    window: int
    step: str
    why_time: str = ""
    series: str = ""
    why_series: str = ""
    steps: tuple[int, ...] = ()
    begins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    missing: int = 0
    why_window: str = ""
    season: int = 1
    why_season: str = ""
    errors: tuple[float, ...] = ()

    def lines(self, targets: tuple[str, ...]) -> list[str]:
        """One fact a line."""
        of = f" of every series (column {self.series!r}: {self.why_series})" if self.series else ""
        names = ", ".join(targets)
        found = [
            f"Forecast: the next {_steps(self.horizon)} of {names}{of}, from the last {_steps(self.window)} "
            f"({self.why_window})",
            f"Time: column {self.time!r} ({self.why_time}), one step is a {self.step}"
            + (f"; {self.missing:,} steps are missing and get the values before them" if self.missing else ""),
            f"Season: {_steps(self.season) if self.season > 1 else 'none'} ({self.why_season})",
        ]
        if self.errors:
            values = ", ".join(f"{value:.4g} ({name})" for name, value in zip(targets, self.errors, strict=True))
            what = "the last season" if self.season > 1 else "the last value"
            found.append(f"MASE counts errors in units of what repeating {what} errs in the training part: {values}")
        parts = zip(("training", "validation", "test"), self.begins, self.ends, self.steps, strict=True)
        found.append(
            "In time: " + "; ".join(f"{name} {first} to {last} ({_steps(steps)})" for name, first, last, steps in parts)
        )
        return found


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count:,} steps"


@dataclass(frozen=True)
class Schema:
    """What was understood of a source.

    Args:
        name: of the data set. source: the absolute path, empty for data given as objects.
        layout: what an example is: `pictures`, `series`, `table`, `text`, `tokens`, or `joined` for several `inputs`;
            why_layout: by what it was told.
        targets: names of the columns that are predicted; one unnamed target is `target`. why_target: why these.
        kind: `classification`, `multilabel`, `regression`, `several` for several targets, which are `heads`,
            `forecasting`, see `forecast`, or `language`; why_kind: by what it was told.
        metric: what the search makes best, a name of `nas.config.metric.METRICS`.
        classes: names of the classes in the order of the outputs; for other kinds names of the outputs.
        counts: training, validation and test examples of each class together; empty for regression.
        majority: score of the model that always gives the most frequent class (the mean), by `metric` on the
            validation part; NaN where unknown.
        positive: the class that is looked for; empty where there is none.
        columns: of a table, in the order of the source.
        size: height and width of pictures as the network sees them; mode: `L` (grey) or `RGB`.
        axes: of arrays, by letters as in `DataOptions.axes`; length, channels: of series, tokens and texts.
        vocabulary: number of distinct tokens, 0 where there are none.
        parts: how the examples were divided.
        reading: how a file was read, e.g. `{"delimiter": ";", "decimal": ",", "encoding": "cp1252"}`.
        notes: facts to know. warnings: what looks suspicious, each with the flag that would change it.
        fingerprint: hash of the raw source, 16 hexadecimal digits.
    """

    name: str
    layout: str
    kind: str
    metric: str
    targets: tuple[str, ...] = ("target",)
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    source: str = ""
    why_layout: str = ""
    why_target: str = ""
    why_kind: str = ""
    majority: float = float("nan")
    positive: str = ""
    columns: tuple[Column, ...] = ()
    size: tuple[int, ...] = ()
    mode: str = ""
    axes: str = ""
    length: int = 0
    channels: int = 0
    vocabulary: int = 0
    parts: Parts | None = None
    reading: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    fingerprint: str = ""
    inputs: tuple[InputPart, ...] = ()
    heads: tuple[TargetPart, ...] = ()
    forecast: ForecastPart | None = None

    def to_json(self) -> str:
        """Indented JSON; NaN is null; `inputs` and `heads` only where there are several, `forecast` where it is one."""
        data = dataclasses.asdict(self)
        data = {name: value for name, value in data.items() if name not in ("inputs", "heads", "forecast") or value}
        data["majority"] = None if self.majority != self.majority else self.majority
        return json.dumps(data, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema that `to_json` wrote.

        Raises:
            InputError: anything else.
        """
        try:
            data: dict[str, Any] = json.loads(text)
            data["columns"] = tuple(Column(**{**one, "samples": tuple(one["samples"])}) for one in data["columns"])
            for name, kind in (("inputs", InputPart), ("heads", TargetPart)):
                parts = [{key: _tuple(value) for key, value in one.items()} for one in data.get(name, ())]
                data[name] = tuple(kind(**one) for one in parts)
            data["parts"] = Parts(**data["parts"]) if data["parts"] else None
            forecast = data.get("forecast")
            if forecast:
                data["forecast"] = ForecastPart(**{name: _tuple(value) for name, value in forecast.items()})
            data["majority"] = float("nan") if data["majority"] is None else data["majority"]
            fields: dict[str, Any] = {name: _tuple(value) for name, value in data.items()}
            return cls(**fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"This is no schema that `nas` wrote: {error}.") from None

    def save(self, directory: Path) -> None:
        """Writes `schema.json` into the directory."""
        (directory / FILE).write_text(self.to_json(), encoding="utf-8")

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that are learned from."""
        return tuple(column.name for column in self.columns if column.role == FEATURE)

    def lines(self) -> list[str]:
        """The first screen of a search: one fact a line, without markup."""
        found = [f"Data: {self.layout}" + _because(self.why_layout)]
        if self.reading:
            found.append("Read with: " + ", ".join(f"{name} {value}" for name, value in self.reading.items()))
        targets = ", ".join(self.targets)
        found.append(f"Target: {targets}" + _because(self.why_target))
        found.append(f"Task: {self.kind}" + _because(self.why_kind) + f"; made best: {metric_words(self.metric)}")
        if self.counts:
            found.append(f"{len(self.classes)} classes: {self._classes()}")
        if self.majority == self.majority:
            constant = _CONSTANTS.get(self.kind, "The most frequent answer")
            if self.forecast is not None:
                constant = "Repeating the last season" if self.forecast.season > 1 else "Repeating the last value"
            found.append(f"{constant} alone scores {shown(self.metric, self.majority)}")
        for head in self.heads:
            names = f": {', '.join(head.classes[:MOST_CLASSES_SHOWN])}" if head.kind != "regression" else ""
            weight = f", its loss weighs {head.weight:g}" if head.weight != 1.0 else ""
            found.append(f"  {head.name}: {head.kind} by {metric_words(head.metric)}{names}{weight}")
        if self.forecast is not None:
            found.extend(self.forecast.lines(self.targets))
        for one in self.inputs:
            of = f", of {', '.join(one.columns[:MOST_COLUMNS_SHOWN])}" if one.columns else ""
            found.append(f"Input {one.name}: {one.layout}, {one.says}{of}")
        found.extend(self._shapes())
        found.extend(self._columns())
        if self.parts is not None:
            what = " windows" if self.kind in ("forecasting", "language") else ""
            found.append(
                f"Parts: {self.parts.train:,}{what} to train, {self.parts.validation:,} to validate, "
                f"{self.parts.test:,} sealed for the test ({self.parts.how})"
            )
        found.extend(f"Note: {note}" for note in self.notes)
        found.extend(f"Warning: {warning}" for warning in self.warnings)
        return found

    def _classes(self) -> str:
        shown = [f"{name} ({count:,})" for name, count in zip(self.classes, self.counts, strict=True)]
        more = len(shown) - MOST_CLASSES_SHOWN
        return ", ".join(shown[:MOST_CLASSES_SHOWN]) + (f" and {more} more" if more > 0 else "")

    def _shapes(self) -> list[str]:
        found = []
        if self.size:
            colours = {"L": "grey", "RGB": "colour"}.get(self.mode, self.mode)
            found.append(
                f"Pictures: {' x '.join(map(str, self.size))} pixels, {colours or f'{self.channels} channels'}"
            )
        elif self.length:
            what = f", {self.channels} channels" if self.channels else ""
            words = f", {self.vocabulary:,} different tokens" if self.vocabulary else ""
            found.append(f"Length: {self.length}{what}{words}")
        if self.axes:
            found.append(f"Axes: {self.axes}")
        return found

    def _columns(self) -> list[str]:
        if not self.columns:
            return []
        own = len(self.targets) if self.forecast is not None else 0  # the past of what is predicted
        found = [f"Columns: {len(self.columns)}, of which {len(self.features) + own} are learned from"]
        for column in self.columns[:MOST_COLUMNS_SHOWN]:
            missing = f", {column.missing:.1%} missing" if column.missing else ""
            samples = ", ".join(column.samples)
            role = "" if column.role == FEATURE else f", {column.role}"
            found.append(f"  {column.name}: {column.type}{role}{missing}, e.g. {samples}" + _because(column.why))
        if len(self.columns) > MOST_COLUMNS_SHOWN:
            found.append(f"  and {len(self.columns) - MOST_COLUMNS_SHOWN} more, all in {FILE}")
        return found


_CONSTANTS = {
    "regression": "The mean",
    "language": "How often each token occurs",
}  # the model that ignores its input, by the kind


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _because(why: str) -> str:
    return f" ({why})" if why else ""
