"""Who comes into the final: what the search liked best, and the known design that its space names first beside it.

Short trainings like what learns fast and is small. So that design comes in whatever its place. All entrants are
compared after equally many epochs on all of the training examples. A network so slow that its last training could not
have `LEAST_LAST_EPOCHS` epochs stays out where there are others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from nas.config.final_time import FINALISTS
from nas.final.schedule import FinalConfig
from nas.records.trial import Trial
from nas.strategies.strategy import KNOWN

LEAST_LAST_EPOCHS = 12
LEAST_SELECTION_EPOCHS = 3  # after which a comparison of entrants says more than the search did
LEAST_SELECTION, MOST_SELECTION = 0.12, 0.45  # of the final's time


def selection_share(seconds: float, last: float) -> float:
    """Share of the final's time for choosing among the entrants: what the winner's last training can do without.

    Args:
        seconds: of the final. last: that the last training takes where time is no matter.
    """
    return min(max(1 - last / max(seconds, 1e-9), LEAST_SELECTION), MOST_SELECTION)


def entrants(ranked: Sequence[Trial], last_epochs: Callable[[Trial], float]) -> list[Trial]:
    """The finalists, the search's favourite first, the known design last.

    Args:
        ranked: trials of the search, the best first; at least one.
        last_epochs: epochs for which there would be time in a trial's last training.
    """
    once: dict[str, Trial] = {}  # a promoted network was trained twice
    for trial in ranked:
        once.setdefault(trial.fingerprint, trial)
    ranked = list(once.values())
    enough = [trial for trial in ranked if last_epochs(trial) >= LEAST_LAST_EPOCHS]
    pool = enough or sorted(ranked, key=lambda trial: -last_epochs(trial))[:FINALISTS]
    known = min(
        (trial for trial in pool if trial.source.startswith(KNOWN)), key=lambda trial: trial.number, default=None
    )
    if known is None:
        return pool[:FINALISTS]
    return [*[trial for trial in pool if trial is not known][: FINALISTS - 1], known]


def selection(
    chosen: Sequence[Trial], seconds: float, slots: int, most: int, seconds_per_epoch: Callable[[Trial], float]
) -> tuple[list[Trial], FinalConfig]:
    """Those of the entrants that are compared, and for how many epochs each, so that all end in time.

    Args:
        seconds: for all of them. slots: trainings at once.
        most: epochs of each.
        seconds_per_epoch: on all training examples.
    """
    for count in range(len(chosen), 1, -1):
        few = [*chosen[: count - 1], chosen[-1]]  # the known design, if there is one, is the last to go
        each = seconds / math.ceil(count / slots)
        epochs = min([most, *(int(each / max(seconds_per_epoch(trial), 1e-9)) for trial in few)])
        if epochs >= min(most, LEAST_SELECTION_EPOCHS):
            return few, FinalConfig(top=count, epochs=epochs)
    alone = chosen[-1] if chosen[-1].source.startswith(KNOWN) else chosen[0]
    return [alone], FinalConfig(top=1, epochs=most)
