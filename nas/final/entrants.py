"""Who comes into the final: what the search liked best, and the known design that its space names first beside it.

Short trainings like what learns fast and is small. So that design comes in whatever its place. All entrants are
compared after equally many epochs on all of the training examples. A network so slow that its last training could not
have `LEAST_LAST_EPOCHS` epochs stays out where there are others.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from nas.config.final_time import FINALISTS
from nas.final.schedule import FinalConfig, in_rounds
from nas.records.trial import Trial
from nas.strategies.strategy import KNOWN

MOST_ENTRANTS = 10
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
    """Who may come into the final, in the order in which they get a place: the search's favourite first.

    Second is the known design that its space names first; then favourites and known designs take turns.

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
    known = [trial for trial in pool if trial.source.startswith(KNOWN)]
    first = min(known, key=lambda trial: trial.number, default=None)
    designs = [trial for trial in known if trial is not first]
    others = [trial for trial in pool if trial is not first]
    order = [*others[:1], *([first] if first else []), *others[1 : FINALISTS - 1]]
    turns = [trial for pair in itertools.zip_longest(designs, others[FINALISTS - 1 :]) for trial in pair if trial]
    return list({trial.number: trial for trial in [*order, *turns]}.values())[:MOST_ENTRANTS]


def selection(
    chosen: Sequence[Trial], seconds: float, slots: int, most: int, seconds_per_epoch: Callable[[Trial], float]
) -> tuple[list[Trial], FinalConfig]:
    """Those of the entrants that are compared, and for how many epochs each, so that all end in time.

    More than `FINALISTS` are compared only where that shortens nobody's training. So a slow one beyond them stays out.

    Args:
        seconds: for all of them. slots: trainings at once.
        most: epochs of each.
        seconds_per_epoch: on all training examples.
    """

    def fit(few: Sequence[Trial]) -> int:
        return int(seconds / max(in_rounds([seconds_per_epoch(trial) for trial in few], slots), 1e-9))

    for count in range(min(len(chosen), FINALISTS), 1, -1):
        few = list(chosen[:count])
        if fit(few) < min(most, LEAST_SELECTION_EPOCHS):
            continue
        for trial in chosen[FINALISTS:] if count == FINALISTS else ():
            if fit([*few, trial]) >= most:
                few.append(trial)
        return few, FinalConfig(top=len(few), epochs=min(most, fit(few)))
    alone = next((trial for trial in chosen[:2] if trial.source.startswith(KNOWN)), chosen[0])
    return [alone], FinalConfig(top=1, epochs=most)
