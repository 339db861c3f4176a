"""What a network has to do: the shape it takes, the outputs it gives, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from search_spaces.errors import SpaceError

METRICS = {"classification": "accuracy", "multilabel": "label_accuracy", "regression": "r2"}  # unless another is named


@dataclass(frozen=True)
class Task:
    """Input shape, outputs and kind of a data set.

    Args:
        input_shape: one example, channels first, without the batch: `(features,)`, `(channels, length)`,
            `(channels, height, width)`; for tokens `(length,)`.
        outputs: number of classes, or of values to predict. At least 1.
        kind: `classification`, `multilabel` (yes or no for every output) or `regression`.
        vocabulary: number of distinct tokens when the inputs are integers, 0 when they are real numbers.
        metric: name of the score, higher is better; "" is `accuracy`, `label_accuracy` or `r2`, by the kind.
        positive: number of the class that is looked for, where the metric is about one.

    Raises:
        SpaceError: a size below 1 or an unknown kind.
    """

    input_shape: tuple[int, ...]
    outputs: int
    kind: str = "classification"
    vocabulary: int = 0
    metric: str = ""
    positive: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_shape", tuple(self.input_shape))
        if not 1 <= len(self.input_shape) <= 3 or any(size < 1 for size in self.input_shape):
            raise SpaceError(
                f"`input_shape` must hold 1 to 3 sizes of at least 1, got {self.input_shape}. "
                "Give one example's shape without the batch, channels first, e.g. (3, 32, 32)."
            )
        if self.outputs < 1:
            raise SpaceError(f"`outputs` must be at least 1, got {self.outputs}.")
        if self.kind not in METRICS:
            raise SpaceError(f"`kind` must be one of {', '.join(METRICS)}, got {self.kind!r}.")
        object.__setattr__(self, "metric", self.metric or METRICS[self.kind])
