"""What the formats are written from: an export's network, its task, and what it has to reproduce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.final.record import Check
from search_spaces.task import Task

BATCHES = (1, 5)  # sizes at which a format is proved; programs are traced with another
LEAST_LENGTH = 4  # of a series, below which other lengths are not looked at


@dataclass(frozen=True)
class Subject:
    """What an export knows of its network.

    Args:
        check: what the network computes, and what it should have.
        classes: names in the order of the outputs.
        constants: of the normalisation that is inside the network, see `nas.training.whole_network.constants_of`.
        data: name of the data set.
        calibration: inputs of the training part, `(n, *task.input_shape)`; None where int8 is not asked for.
    """

    task: Task
    check: Check
    classes: tuple[str, ...]
    constants: Mapping[str, Sequence[float]]
    data: str
    calibration: np.ndarray | None = None

    def input_names(self) -> tuple[str, ...]:
        """`inputs`, or the names of several."""
        return tuple(one.name for one in self.task.inputs) or ("inputs",)

    def inputs(self, examples: np.ndarray) -> tuple[np.ndarray, ...]:
        """Examples as other formats take them: each input by itself, tokens int64 and all else float32."""
        if not self.task.inputs:
            return (np.ascontiguousarray(examples, np.int64 if self.task.vocabulary else np.float32),)
        parts = zip(self.task.inputs, self.task.input_slices().values(), strict=True)
        return tuple(
            np.ascontiguousarray(examples[:, place].reshape(-1, *one.shape), np.int64 if one.vocabulary else np.float32)
            for one, place in parts
        )

    def sample(self, batch: int, length: int | None = None) -> tuple[np.ndarray, ...]:
        """So many of the check's examples, of another length where one is given: cut, or begun again at the end."""
        examples = self.check.inputs[np.arange(batch) % len(self.check.inputs)]
        if length is not None:
            times = -(-length // examples.shape[-1])
            examples = np.concatenate([examples] * times, axis=-1)[..., :length]
        return self.inputs(examples)

    def other_lengths(self) -> tuple[int, ...]:
        """A shorter and a longer one than the data's, where there is one input with a length: a series, or tokens."""
        shape = self.task.input_shape
        lengthy = not self.task.inputs and (len(shape) == 2 or (bool(self.task.vocabulary) and len(shape) == 1))
        if not lengthy or shape[-1] < LEAST_LENGTH:
            return ()
        return -(-shape[-1] // 2), shape[-1] + -(-shape[-1] // 3)

    def metadata(self) -> dict[str, Any]:
        """What a program that takes the format apart wants to know."""
        task, targets = self.task, self.task.output_slices()
        said: dict[str, Any] = {
            "task": task.kind,
            "metric": task.metric,
            "data": self.data,
            "inputs": {name: ["batch", *shape] for name, shape in self._shapes().items()},
            "outputs": "logits" if task.kind == "classification" else task.kind,
            "classes": list(self.classes),
            "normalisation": {
                "inside": True,
                "takes": "inputs in the data's own scale",
                **{name: list(self.constants.get(name, ())) for name in ("mean", "std", "target_mean", "target_std")},
            },
        }
        if targets:
            said["targets"] = {
                one.name: {"kind": one.kind, "outputs": [targets[one.name].start, targets[one.name].stop]}
                for one in task.targets
            }
        return said

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {one.name: one.shape for one in self.task.inputs} or {"inputs": self.task.input_shape}
