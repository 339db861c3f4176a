"""A metric of a person's own: a function of true values and predictions, and which direction is better.

A task names it by a text that says both, `mine:cost (less is better)`, so that it is shown right even where its code
is not at hand.
"""

from __future__ import annotations

import importlib.util
import inspect
from dataclasses import dataclass
from typing import Any

from nas.config.metric import GREATER, LESS
from nas.config.own_code import Kind, from_json_data, name_of, thing_called, to_json_data
from nas.errors import InputError, known
from search_spaces.errors import SpaceError

TAKES = ("classes", "probabilities")
TORCHMETRICS = "torchmetrics"
OF_PROBABILITIES = " of probabilities"
FUNCTION = Kind("metric", "a function `metric(y_true, prediction)`, or the name of one", callable)
HOW_TO_SAY = "`greater_is_better=True` or False, or on the command line `--greater-is-better yes` or no"

_REGISTERED: dict[str, Metric] = {}


@dataclass(frozen=True)
class Metric:
    """`function(y_true, prediction) -> float`.

    Of classes, `y_true` are their numbers `(n,)` in the order that `nas data` shows; of labels 0 or 1 `(n, labels)`;
    else values in their own scale, `(n,)` of one output and `(n, outputs)` of more.

    Args:
        function: itself, or its name `module:function`; kept as data. A metric of torchmetrics is taken as well.
        greater_is_better: whether it is a score; else it is an error, and made small.
        takes: of classes and labels, whether a prediction is one of them (`classes`), or `probabilities`
            `(n, classes)`.

    Raises:
        InputError: no function, or a direction or word that is not known.
    """

    function: Any
    greater_is_better: bool
    takes: str = "classes"

    def __post_init__(self) -> None:
        object.__setattr__(self, "function", FUNCTION.data(self.function))
        known("input of a metric", self.takes, TAKES)
        if not isinstance(self.greater_is_better, bool):
            raise InputError(f"`greater_is_better` must be True or False, got {self.greater_is_better!r}.")
        _REGISTERED[self.text] = self

    def __reduce__(self) -> Any:
        """Made anew where it arrives, so that it is known there."""
        return Metric, (self.function, self.greater_is_better, self.takes)

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """How a task names it."""
        called = name_of(self.function)
        arguments = repr(self.function).partition(", ")[2] if repr(self.function).startswith("partial(") else ""
        of = OF_PROBABILITIES if self.takes == "probabilities" else ""
        return f"{called}{f'({arguments}' if arguments else ''}{of}{GREATER if self.greater_is_better else LESS}"

    def to_data(self) -> dict[str, Any]:
        """As JSON data."""
        return {"function": to_json_data(self.function), "greater": self.greater_is_better, "takes": self.takes}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Metric:
        """The metric that `to_data` wrote.

        Raises:
            InputError: anything else.
        """
        try:
            return cls(from_json_data(data["function"], "metric"), data["greater"], data["takes"])
        except (SpaceError, KeyError, TypeError) as error:
            raise InputError(f"This is no metric that `nas` wrote: {error}") from None


def registered(text: str) -> Metric | None:
    """The metric that a task names so, if it is one of a person's own that is known here."""
    return _REGISTERED.get(text)


def metric_called(name: str) -> Any:
    """What `module:function` or a dotted name means: a `Metric`, or a function.

    Raises:
        InputError: it is not there.
    """
    if name.split(".")[0].split(":")[0] == TORCHMETRICS and importlib.util.find_spec(TORCHMETRICS) is None:
        raise InputError(
            f"The metric {name} needs the package {TORCHMETRICS}, which is not installed: pip install {TORCHMETRICS}"
        )
    return thing_called(name, "metric")


def with_direction(thing: Any, greater: str) -> Metric:
    """A function or class as a `Metric`.

    Args:
        greater: `yes`, `no`, or `auto`: as scikit-learn and torchmetrics say of their own.

    Raises:
        InputError: the direction is not known.
    """
    FUNCTION.data(thing)  # raises where it is none
    if greater != "auto":
        return Metric(thing, greater == "yes")
    says = _direction(thing)
    if says is None:
        raise InputError(
            f"Of the metric {getattr(thing, '__name__', thing)!s:.80} it is not known whether greater is better. Say "
            f"{HOW_TO_SAY}."
        )
    return Metric(thing, says)


def _direction(thing: Any) -> bool | None:
    """What a library says of its own metric: `*_score` are scores, `*_error` and `*_loss` are errors.

    Source: https://scikit-learn.org/stable/modules/model_evaluation.html
    """
    inner = getattr(thing, "func", thing)
    if is_torchmetric(inner):
        return _of_torchmetric(inner)
    if (getattr(inner, "__module__", None) or "").startswith("sklearn.metrics"):
        name = str(inner.__name__)
        return True if name.endswith("_score") else False if name.endswith(("_error", "_loss")) else None
    return None


def _of_torchmetric(cls: Any) -> bool | None:
    """What a class of torchmetrics says; of those that are told their task, what they make says it."""
    if cls.higher_is_better is None and "task" in inspect.signature(cls.__new__).parameters:
        return cls(task="multiclass", num_classes=2).higher_is_better
    return cls.higher_is_better


def is_torchmetric(thing: Any) -> bool:
    """Whether it is a class of torchmetrics."""
    return isinstance(thing, type) and any(base.__module__ == f"{TORCHMETRICS}.metric" for base in thing.__mro__)
