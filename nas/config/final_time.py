"""How long a final takes that trains all it would train: what a plan keeps for it, and what the clock reserves."""

from __future__ import annotations

import math

FINALISTS = 3  # trained in full, beside the first random candidate
LONGER = 3  # epochs of a finalist for each epoch of a training in the search
FULL_EPOCHS = 100  # most of the winner's last training
LEAST_FINAL = 10.0  # seconds of a final that is worth the name, with the proof of its export
LARGEST_FINAL = 0.8  # of the budget
MARGIN = 1.3  # a final's trainings run beside each other, and each with its start


def seconds_of_final(epochs: int, full_epochs: int, seconds_per_epoch: float, slots: int) -> float:
    """What a final should take that trains the finalists `slots` at a time, and then the winner once more on all data.

    Args:
        epochs: of a finalist's training on the whole training split. full_epochs: most of the winner's last training.
        seconds_per_epoch: of the best network so far on the whole training split.
    """
    rounds = math.ceil((FINALISTS + 1) / max(1, slots))
    return LEAST_FINAL + MARGIN * (rounds * epochs + full_epochs) * seconds_per_epoch


def kept_for_final(seconds: float, share: float, needs: float = math.inf) -> float:
    """Seconds of a time budget that only the final may use: its share or what it needs.

    At least `LEAST_FINAL`, and at most `LARGEST_FINAL` of all.

    Args:
        seconds: of the whole budget. share: of it, 0 to 1.
        needs: seconds in which the final trains all it would train; infinite where that is not known.
    """
    return min(max(min(share * seconds, needs), LEAST_FINAL), LARGEST_FINAL * seconds)
