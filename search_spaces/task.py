"""What a network has to do: the shape it takes, the outputs it gives, and what it is judged by."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import SpaceError

SEVERAL = "several"  # kind of a task with several targets, each with a kind of its own
LANGUAGE = "language"  # kind of a task whose targets are the tokens that follow those of the input
METRICS = {  # unless another is named
    "classification": "accuracy", "multilabel": "label_accuracy", "regression": "r2", SEVERAL: "mean_score",
    LANGUAGE: "bits_per_character",
}  # fmt: skip


@dataclass(frozen=True)
class Input:
    """One of several named inputs.

    Args:
        name: a plain word, by which a branch of the network and callers name it.
        shape: of one example, as in `Task.input_shape`.
        vocabulary: number of distinct tokens, 0 for real numbers.
        columns: of a table, how many features each column became, as in `Task.columns`.
    """

    name: str
    shape: tuple[int, ...]
    vocabulary: int = 0
    columns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _checked_shape(self.shape, f"the shape of input {self.name!r}"))
        object.__setattr__(self, "columns", tuple(self.columns))
        _check_columns(self.columns, self.shape)
        if not self.name.isidentifier():
            raise SpaceError(f"The name of an input must be a plain word such as 'text', got {self.name!r}.")

    @property
    def size(self) -> int:
        """How many numbers it is."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Target:
    """One of several targets that one network predicts.

    Args:
        name: a plain word.
        kind: `classification`, `multilabel` or `regression`.
        outputs: number of classes, labels or values.
        weight: of its loss in the sum of all losses, above 0.
        metric: name of its score; "" goes by the kind.
    """

    name: str
    kind: str
    outputs: int
    weight: float = 1.0
    metric: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise SpaceError(f"The name of a target must be a plain word such as 'risk', got {self.name!r}.")
        if self.kind not in METRICS or self.kind in (SEVERAL, LANGUAGE):
            known = ", ".join(kind for kind in METRICS if kind not in (SEVERAL, LANGUAGE))
            raise SpaceError(f"The kind of target {self.name!r} must be one of {known}, got {self.kind!r}.")
        if self.outputs < 1:
            raise SpaceError(f"Target {self.name!r} must have at least 1 output, got {self.outputs}.")
        if not 0 < self.weight < math.inf:
            raise SpaceError(f"The weight of target {self.name!r} must be above 0, got {self.weight}.")
        object.__setattr__(self, "metric", self.metric or METRICS[self.kind])

    @property
    def columns(self) -> int:
        """How many numbers its true value is: the number of a class, or as many as it has outputs."""
        return 1 if self.kind == "classification" else self.outputs


@dataclass(frozen=True)
class Forecast:
    """The values that follow a window of series: all steps of the first target, then those of the next one.

    Args:
        horizon: steps that are predicted.
        channels: of the input `(channels, window)` the one of each target.
        season: steps after which the series are much the same; 1 for none, at most the window.
        errors: of each target the mean absolute error of repeating the last season, in the training part: MASE is in
            units of it.
        repeats: the last so many steps, over and over, are the forecast that a network's outputs are added to.
    """

    horizon: int
    channels: tuple[int, ...]
    season: int
    errors: tuple[float, ...]
    repeats: int = 1

    def places(self, window: int, repeats: int) -> tuple[int, ...]:
        """Of each output the place, in the channels laid end to end, that repeating the last steps says."""
        steps = [window - repeats + step % repeats for step in range(self.horizon)]
        return tuple(channel * window + step for channel in self.channels for step in steps)


@dataclass(frozen=True)
class Task:
    """Input shape, outputs and kind of a data set.

    Args:
        input_shape: one example, channels first, without the batch: `(features,)`, `(channels, length)`,
            `(channels, height, width)`; for tokens `(length,)`.
        outputs: number of classes, or of values to predict. At least 1.
        kind: `classification`, `multilabel` (yes or no for every output), `regression`, `several`, or `language`: at
            each of the `length` positions of an input the token that follows, outputs `(vocabulary, length)`.
        vocabulary: number of distinct tokens when the inputs are integers, 0 when they are real numbers.
        metric: name of the score, higher is better; "" is `accuracy`, `label_accuracy` or `r2`, by the kind.
        positive: number of the class that is looked for, where the metric is about one.
        inputs: where there are several: each example is then one vector with all of them, flat, end to end in this
            order, tokens as numbers. `input_shape` is its length.
        targets: where there are several (kind `several`): outputs, and true values, stand end to end in this order.
            The loss is the weighted sum of theirs, and the score the mean of their scores.
        forecast: of a regression whose values follow the window that is the input; else None.
        characters: of a language, how many characters each token stands for; empty where each is one.
        columns: of a table, how many of the features each column became, in their order; a category became one for
            each of its words. Empty where each column is one number.

    Raises:
        SpaceError: a size below 1, an unknown kind, two inputs or targets of one name, or parts that do not add up.
    """

    input_shape: tuple[int, ...]
    outputs: int
    kind: str = "classification"
    vocabulary: int = 0
    metric: str = ""
    positive: int | None = None
    inputs: tuple[Input, ...] = ()
    targets: tuple[Target, ...] = ()
    forecast: Forecast | None = None
    characters: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_shape", _checked_shape(self.input_shape, "`input_shape`"))
        if self.outputs < 1:
            raise SpaceError(f"`outputs` must be at least 1, got {self.outputs}.")
        if self.kind not in METRICS:
            raise SpaceError(f"`kind` must be one of {', '.join(METRICS)}, got {self.kind!r}.")
        if (self.kind == SEVERAL) != bool(self.targets):
            raise SpaceError(f"`targets` are for the kind {SEVERAL!r} and no other, got {self.targets}, {self.kind!r}.")
        for what, parts in (("inputs", self.inputs), ("targets", self.targets)):
            names = [part.name for part in parts]
            if len(set(names)) < len(names):
                raise SpaceError(f"`{what}` must have names of their own, got {', '.join(names)}.")
        if self.inputs and self.input_shape != (sum(part.size for part in self.inputs),):
            raise SpaceError(f"`input_shape` {self.input_shape} is not the length of all inputs: {self.inputs}.")
        if self.targets and self.outputs != sum(part.outputs for part in self.targets):
            raise SpaceError(f"`outputs` {self.outputs} are not those of all targets: {self.targets}.")
        if self.forecast is not None:
            self._check_forecast(self.forecast)
        _check_columns(self.columns, self.input_shape)
        if self.kind == LANGUAGE and not (len(self.input_shape) == 1 and self.vocabulary == self.outputs):
            raise SpaceError(
                f"A language is of (length,) tokens and has an output for each of them, got {self.input_shape}, "
                f"{self.vocabulary} tokens and {self.outputs} outputs."
            )
        object.__setattr__(self, "metric", self.metric or METRICS[self.kind])

    def _check_forecast(self, forecast: Forecast) -> None:
        values = forecast.horizon * len(forecast.channels)
        if self.kind != "regression" or len(self.input_shape) != 2 or values != self.outputs:
            raise SpaceError(
                f"A forecast is a regression of {values} values from (channels, window), got {self.kind} of "
                f"{self.outputs} from {self.input_shape}."
            )
        if not 1 <= max(forecast.season, forecast.repeats) <= self.input_shape[1]:
            raise SpaceError(f"A season must lie within the window of {self.input_shape[1]} steps, got {forecast}.")

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of what a network gives for one example."""
        return (self.outputs, *self.input_shape) if self.kind == LANGUAGE else (self.outputs,)

    @classmethod
    def of_several(cls, inputs: Sequence[Input], **further: Any) -> Task:
        """A task with these named inputs."""
        return cls((sum(part.size for part in inputs),), inputs=tuple(inputs), **further)

    def input_slices(self) -> dict[str, slice]:
        """Where each named input stands in an example."""
        return _slices({part.name: part.size for part in self.inputs})

    def output_slices(self) -> dict[str, slice]:
        """Where the outputs of each target stand."""
        return _slices({part.name: part.outputs for part in self.targets})

    def target_slices(self) -> dict[str, slice]:
        """Where the true values of each target stand."""
        return _slices({part.name: part.columns for part in self.targets})

    def to_data(self) -> dict[str, Any]:
        """As JSON data; what only some tasks have, such as `inputs`, only where it is there."""
        data = dataclasses.asdict(self)
        some = ("inputs", "targets", "forecast", "characters", "columns")
        return {name: value for name, value in data.items() if name not in some or value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Task:
        """The task that `to_data` wrote."""
        inputs = tuple(Input(**one) for one in data.get("inputs", ()))
        targets = tuple(Target(**one) for one in data.get("targets", ()))
        held = data.get("forecast")
        forecast = Forecast(**{name: _listed(value) for name, value in held.items()}) if held else None
        own = {"inputs": inputs, "targets": targets, "forecast": forecast}
        numbers = {name: tuple(data.get(name, ())) for name in ("characters", "columns")}
        return cls(**{**data, **own, **numbers})


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _slices(sizes: Mapping[str, int]) -> dict[str, slice]:
    ends = list(itertools.accumulate(sizes.values()))
    return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}


def _check_columns(columns: tuple[int, ...], shape: tuple[int, ...]) -> None:
    if columns and (len(shape) != 1 or min(columns) < 1 or sum(columns) != shape[0]):
        raise SpaceError(f"`columns` must be whole numbers that add up to the features {shape}, got {columns}.")


def _checked_shape(shape: Sequence[int], what: str) -> tuple[int, ...]:
    if not 1 <= len(shape) <= 3 or any(size < 1 for size in shape):
        raise SpaceError(
            f"{what} must hold 1 to 3 sizes of at least 1, got {tuple(shape)}. "
            "Give one example's shape without the batch, channels first, e.g. (3, 32, 32)."
        )
    return tuple(shape)
