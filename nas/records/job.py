"""What goes to a worker and what comes back: a job, a report after every epoch, and how the training ended."""

from __future__ import annotations

from dataclasses import dataclass

TOO_SLOW = "too slow"  # why a training ended that had no time for an epoch
METRIC = "metric"  # why one ended whose score a person's own metric could not give
LOOP = "loop"  # why one ended whose own loop raised, or did not keep to what is asked of it
GOES_ON = "Its training counts as failed, and the search goes on."
SAID = {METRIC: GOES_ON, LOOP: GOES_ON}  # failures by a person's own code, said once


@dataclass(frozen=True)
class Job:
    """What a worker needs to train a candidate, as plain data.

    Args:
        number: of the trial.
        decisions: index of the option taken, by path.
        epochs: to train for, unless stopped.
        seed: of weights and batches.
        deadline: when the search phase ends, in seconds since 1970 (`time.time`); infinite without a limit.
        patience: seconds that one epoch may take before the training counts as hung.
        checkpoint: file or fsspec URL to save the training to and to begin from; "" for none.
        alone: whether nothing else may be in training meanwhile.
        gpus: that it holds while it trains; a fraction below 1 shares one with others.
        weights: file or fsspec URL to keep the network's weights at when its score is above `best`; "" for nowhere.
        best: the best score of the search so far.
    """

    number: int
    decisions: dict[str, int]
    epochs: int
    seed: int
    deadline: float
    patience: float
    checkpoint: str
    alone: bool = False
    gpus: float = 0.0
    weights: str = ""
    best: float = float("-inf")


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to.

    Args:
        epoch: number, from 1.
        score: on the validation split; higher is better.
        loss: mean over the epoch's steps, with its augmentation and smoothing.
        validation_loss: without either; for regression of standardised targets.
        seconds: training and validation together.
        learning_rate: of the last step, of the first optimizer.
        gradient_norm: mean over the steps, before clipping; of the last step when clipping is off.
        dead_share: mean over the cells of the share of units that put out the same for every example.
        notices: what a person should know of the training and was not told with an earlier epoch.
    """

    epoch: int
    score: float
    loss: float
    validation_loss: float
    seconds: float
    learning_rate: float
    gradient_norm: float
    dead_share: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrialEnd:
    """How a training ended: by itself or because it was stopped, or by a failure.

    Args:
        failure: `oom`, `diverged`, `error`, `timeout`, `lost`, `metric`, `loop` or `too slow`; "" where nothing went
            wrong.
        error: what went wrong, in words.
        seconds: spent on it and not yet reported, e.g. on an epoch that failed.
        epoch_seconds: that an epoch would have taken, of one that was too slow for the time left; else 0.
    """

    failure: str = ""
    error: str = ""
    seconds: float = 0.0
    epoch_seconds: float = 0.0


class Later:
    """Nothing to hand out now; ask again when something has ended."""


LATER = Later()
