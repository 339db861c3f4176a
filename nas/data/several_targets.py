"""Several named targets, each classes, labels or values by itself, laid end to end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.data.targets import Targets, understood
from nas.errors import InputError, known
from search_spaces.task import SEVERAL, Target


@dataclass(frozen=True, eq=False)
class SeveralTargets:
    """What several targets are; it has what `Targets` has.

    Args:
        heads: each target by its name. weights: of their losses.
    """

    name: str
    heads: Mapping[str, Targets]
    weights: Mapping[str, float]
    why: str
    kind: ClassVar[str] = SEVERAL

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of all outputs, each behind its target's name; of a single value that name alone."""
        pairs = ((head, name) for head, one in self.heads.items() for name in one.classes)
        return tuple(head if name == head else f"{head} {name}" for head, name in pairs)

    @property
    def parts(self) -> tuple[Target, ...]:
        """As a task has them."""
        return tuple(Target(head, one.kind, len(one.classes), self.weights[head]) for head, one in self.heads.items())

    def encoded(self, y: Mapping[str, np.ndarray] | np.ndarray, part: str = "test") -> np.ndarray:
        """float32 `(n, columns of all)`: a class's number, or values.

        Raises:
            InputError: as `Targets.encoded`, or other names.
        """
        if not isinstance(y, Mapping) or {*y} != {*self.heads}:
            raise InputError(f"{self.name}: the {part} part must have the targets {', '.join(self.heads)}.")
        columns = [one.encoded(np.asarray(y[head]), part) for head, one in self.heads.items()]
        return np.concatenate([one.reshape(len(one), -1).astype(np.float32) for one in columns], axis=1)


def several_targets(name: str, y: Mapping[str, np.ndarray], weights: Sequence[str], kind: str) -> SeveralTargets:
    """What each of several targets is.

    Args:
        weights: `name=number` for targets whose loss does not count once.

    Raises:
        InputError: a target that nothing can be learned from, or a weight that is none.
    """
    if kind not in ("auto", SEVERAL):
        raise InputError(f"{name}: `--kind {kind}` is for one target, but there are {', '.join(y)}.")
    heads = {
        head: understood(f"{name}, target {head!r}", np.asarray(values), names=(head,)) for head, values in y.items()
    }
    found = dict.fromkeys(heads, 1.0)
    for text in weights:
        head, _, number = text.partition("=")
        known("target for --weights", head.strip(), tuple(heads))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not 0 < value < math.inf:
            raise InputError(f"`--weights` takes TARGET=NUMBER with a number above 0, got {text!r}.")
        found[head.strip()] = value
    said = ", ".join(f"{head} is a {one.kind}" + (f" ({one.why})" if one.why else "") for head, one in heads.items())
    return SeveralTargets(name, heads, found, said)
