"""One candidate of a search: what was tried, what came of it and what it cost. Data only, never weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nas.config.recipe import TrainingConfig
    from search_spaces.architecture import Architecture

RUNNING, COMPLETED, STOPPED, FAILED, REQUEUED = "running", "completed", "stopped", "failed", "requeued"
STATES = (RUNNING, COMPLETED, STOPPED, FAILED, REQUEUED)
FAILURES = ("oom", "diverged", "error", "timeout", "lost")


@dataclass(frozen=True)
class Candidate:
    """One row of the journal, with its architecture.

    Args:
        number: from 0, in order of proposal.
        architecture: what is trained.
        training: how it is trained, with nothing left open.
        seed: of its weights, batches and augmentation; a function of the search's seed and the number.
        epochs: epochs it is trained for unless it is stopped early.
        score: the last epoch's score on the validation split, higher is better; NaN before the first epoch.
        scores: one score per epoch so far.
        state: `running`, `completed` (all epochs), `stopped` (early), `failed` or `requeued`.
        seconds: training time so far, in seconds of one slot.
        parameters: learned numbers in the network.
        macs: multiply-adds of one example's forward pass.
        activation_bytes: bytes that one example's forward pass keeps for the backward pass.
        test_score: on the sealed test split; set by the final for its winner and the baseline only.
        error: why it failed, else empty.
        failure: `oom`, `diverged`, `error`, `timeout` or `lost` when it failed, else empty.
        attempts: times its training was begun.
        source: which part of the strategy proposed it, e.g. `random`, `evolution`, `predictor`.
        decisions: of the architecture and, under `training.…`, of the recipe. Treat as read-only.
        parent: number of the trial whose weights it began with; None where they were fresh.
    """

    number: int
    architecture: Architecture
    training: TrainingConfig
    seed: int
    epochs: int
    score: float = math.nan
    scores: tuple[float, ...] = ()
    state: str = RUNNING
    seconds: float = 0.0
    parameters: int = 0
    macs: int = 0
    test_score: float | None = None
    error: str = ""
    failure: str = ""
    attempts: int = 1
    activation_bytes: int = 0
    source: str = ""
    decisions: Mapping[str, int] = field(default_factory=dict, hash=False)
    parent: int | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (COMPLETED, STOPPED, FAILED)

    @property
    def usable(self) -> bool:
        """Whether it was trained and its score is a number."""
        return self.state in (COMPLETED, STOPPED) and math.isfinite(self.score)


def best_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The usable ones: fully trained before stopped early, then by score, then the earlier one."""
    usable = [candidate for candidate in candidates if candidate.usable]
    return sorted(usable, key=lambda c: (c.state != COMPLETED, -c.score, c.number))
