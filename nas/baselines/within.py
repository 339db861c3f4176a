"""Several baselines one after another within a given time; one that fails or does not fit is left out and said so."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nas.baselines import pick_for
from nas.baselines.fitted import Baseline, Fitted
from nas.data.dataset import TrainingData

log = logging.getLogger("nas")
LEAST_SECONDS = 1.0
AT_ONCE = frozenset({"seasonal_naive", "last_value"})  # baselines that learn nothing and take no time


@dataclass(frozen=True, eq=False)
class Lot:
    """Baselines that were trained, and why the others were not.

    Args:
        fitted: in the order asked for. left_out: name to reason, in words.
    """

    fitted: tuple[Fitted, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> Fitted | None:
        """The one that a person would have kept: the best on the validation split, never by the test."""
        return max(self.fitted, key=lambda one: one.validation_score, default=None)


def train_within(
    names: Sequence[str],
    data: TrainingData,
    seconds: float,
    seed: int = 0,
    refit: bool = True,
    known: Mapping[str, Baseline] | None = None,
) -> Lot:
    """Trains them in their order: the first may take half of the time, the next half of what is left, and so on.

    Time that one does not use is there for those after it. A baseline costs nothing but its own time when it fails.

    Args:
        names: the strongest first, as `for_task` gives them. seconds: wall time for all of them.
        known: baselines by name; by default those of this package.
    """
    deadline = time.monotonic() + seconds
    fitted: list[Fitted] = []
    left_out: dict[str, str] = {}
    for place, name in enumerate(names):
        left = deadline - time.monotonic()
        share = left if place == len(names) - 1 else 0.5 * left
        if share < LEAST_SECONDS and name not in AT_ONCE | {"majority"}:
            left_out[name] = f"{max(left, 0.0):.1f} s were left for it; give the search more time"
            continue
        try:
            fitted.append((known[name] if known else pick_for(name, data.task)).train(data, share, seed, refit))
        except Exception as error:
            log.warning("Baseline %s failed: %s", name, error)
            left_out[name] = f"failed with {type(error).__name__}: {error}"
    return Lot(tuple(fitted), left_out)
