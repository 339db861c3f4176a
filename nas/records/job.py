"""What an executor is given: a training to run, or the word that there is none for now."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """What a worker needs to train a candidate, as plain data.

    Args:
        number: of the trial.
        decisions: index of the option taken, by path.
        epochs: to train for, unless stopped.
        seed: of weights and batches.
        deadline: when the search phase ends, in seconds since the epoch (`time.time`); infinite without a limit.
        patience: seconds that one epoch may take before the training counts as hung.
        checkpoint: file or fsspec URL to save to and to begin from, "" for none.
        alone: whether nothing else may be in training meanwhile.
        gpus: that it holds while it trains; a fraction below 1 shares one with others.
        parent: decisions of the trial that it begins with the weights of, which lie at `parent_weights`; "" for none.
        weights: file or fsspec URL to leave its own weights at, after each of `rungs` and at its end; "" for nowhere.
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
    parent: dict[str, int] = field(default_factory=dict)
    parent_weights: str = ""
    weights: str = ""
    rungs: tuple[int, ...] = ()


class Later:
    """Nothing to hand out now; ask again when something has ended."""


LATER = Later()
