"""One trial of a search: what was tried, what came of it and what it cost. Data only, never weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nas.config.recipe import TrainingConfig
from nas.records.proposal import NOTHING, Proposal
from search_spaces.architecture import Architecture

RUNNING, COMPLETED, STOPPED, FAILED, REQUEUED = "running", "completed", "stopped", "failed", "requeued"
STATES = (RUNNING, COMPLETED, STOPPED, FAILED, REQUEUED)
GPUS = "gpus"  # attribute: how many a training holds
OUT = "out"  # attribute of trials that an edit of the search rules out: they teach, and cannot win
NOT_BUILT = Architecture("", (), {})


@dataclass(frozen=True)
class Trial:
    """One proposal and its training. The journal's columns are these fields, but for `architecture` and `recipe`.

    Args:
        number: from 0, in order of proposal.
        decisions: index of the option taken, by path; those of the recipe begin with `training.`. Treat as read-only.
        fingerprint: equal for trials that train the same network in the same way.
        epochs: that it is trained for unless it is stopped early.
        seed: of its weights, batches and augmentation; a function of the search's seed and the number.
        state: `running`, `completed` (all epochs), `stopped` (early), `failed` or `requeued` (to be trained later).
        scores: on the validation split, one per epoch so far, higher is better.
        seconds: training time so far, in seconds of one slot, of all attempts.
        parameters: learned numbers in the network.
        macs: multiply-adds of one example's forward pass.
        activation_bytes: bytes that one example's forward pass keeps for the backward pass.
        source: which part of the strategy proposed it, e.g. `random`, `evolution`, `predictor`.
        error: why it failed, else empty.
        failure: `oom`, `diverged`, `error`, `timeout`, `lost`, `metric` or `loop` when it failed, else empty.
        attempts: times its training was begun.
        finished: place in the order of finishing, from 1; 0 while it is unfinished.
        began: seconds of the search's own clock when it was proposed.
        test_score: on the sealed test split; set by the final for its winner and the baseline only.
        attributes: what the strategy wants to find again, e.g. the generation of NSGA-II; `gpus` that it holds.
        mlflow_run_id: its run in MLflow, empty where there is none.
        architecture: what is trained; without cells where the space is not at hand.
        recipe: how it is trained, with nothing left open.
    """

    number: int
    decisions: Mapping[str, int]
    fingerprint: str
    epochs: int
    seed: int
    state: str = RUNNING
    scores: tuple[float, ...] = ()
    seconds: float = 0.0
    parameters: int = 0
    macs: int = 0
    activation_bytes: int = 0
    source: str = ""
    error: str = ""
    failure: str = ""
    attempts: int = 1
    finished: int = 0
    began: float = 0.0
    test_score: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING, hash=False)
    mlflow_run_id: str = ""
    architecture: Architecture = field(default=NOT_BUILT, compare=False, repr=False)
    recipe: TrainingConfig = field(default_factory=TrainingConfig, compare=False, repr=False)

    @property
    def score(self) -> float:
        """The last epoch's score, NaN before the first."""
        return self.scores[-1] if self.scores else math.nan

    @property
    def proposal(self) -> Proposal:
        """What was proposed."""
        return Proposal(
            self.architecture, self.recipe, self.decisions, self.fingerprint, self.source, self.attributes
        )  # fmt: skip

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (COMPLETED, STOPPED, FAILED)

    @property
    def usable(self) -> bool:
        """Whether it was trained and its score is a number."""
        return self.state in (COMPLETED, STOPPED) and math.isfinite(self.score)

    @property
    def eligible(self) -> bool:
        """Whether it may be the best: usable, and nothing that has been banned since."""
        return self.usable and OUT not in self.attributes

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Key to sort usable trials by, the best first: fully trained before stopped, then by score, then earlier."""
        return (self.state != COMPLETED, -self.score, self.number)

    @property
    def gpus(self) -> float:
        """GPUs that its training holds."""
        return float(self.attributes.get(GPUS, 0.0))


def best_first(trials: Iterable[Trial]) -> list[Trial]:
    """The eligible ones, the best first, see `Trial.rank`."""
    return sorted((trial for trial in trials if trial.eligible), key=lambda trial: trial.rank)
