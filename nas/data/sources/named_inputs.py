"""Several named inputs in memory, and one or several named targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.errors import InputError

Inputs = Mapping[str, Any]  # raw rows of each, as `inputs_of` gives them
Targets = np.ndarray | dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class NamedInputs:
    """Examples with several inputs.

    Args:
        inputs: raw rows of each by its name, all equally many.
        targets: `(n,)` or `(n, outputs)`, or such an array for each of several targets by its name.

    Raises:
        InputError: names that are no plain words, or other numbers of examples.
    """

    inputs: Inputs
    targets: Targets

    def __post_init__(self) -> None:
        targets = self.targets if isinstance(self.targets, dict) else {"target": self.targets}
        if not self.inputs or not targets:
            raise InputError("Give at least one named input and one target.")
        for what, names in (("inputs", self.inputs), ("targets", targets)):
            wrong = [name for name in names if not name.isidentifier()]
            if wrong:
                raise InputError(f"Names of {what} must be plain words such as 'text', got {wrong[0]!r}.")
        lengths = {name: len(values) for name, values in {**self.inputs, **targets}.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"All inputs and targets must have as many examples, got {lengths}.")
