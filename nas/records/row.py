"""One trial as it stands in the journal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nas.config.recipe import TrainingConfig
from nas.records.trial import RUNNING, Candidate
from search_spaces.architecture import Architecture

GPUS, PARENT = "gpus", "parent"  # attributes


@dataclass(frozen=True)
class Row:
    """One trial.

    Args:
        number: from 0, in order of proposal.
        decisions: index of the option taken, by path.
        scores: one per epoch so far.
        seconds: training time so far, in seconds of one slot, of all attempts.
        finished: place in the order of finishing, from 1; 0 while it is unfinished.
        began: seconds of the search's own clock when it was proposed.
        attributes: what the strategy wants to find again, e.g. the generation of NSGA-II; and as `GPUS` how many the
            training holds.
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
    attributes: Mapping[str, Any] = field(default_factory=dict)
    mlflow_run_id: str = ""

    @property
    def parent(self) -> int | None:
        """Number of the trial whose weights it began with; None where they were fresh."""
        parent = self.attributes.get(PARENT)
        return parent if isinstance(parent, int) else None

    def candidate(self, architecture: Architecture, training: TrainingConfig) -> Candidate:
        """The trial with what its decisions lead to."""
        return Candidate(
            self.number, architecture, training, self.seed, self.epochs, self.score, self.scores, self.state,
            self.seconds, self.parameters, self.macs, self.test_score, self.error, self.failure, self.attempts,
            self.activation_bytes, self.source, self.decisions, self.parent,
        )  # fmt: skip

    @property
    def score(self) -> float:
        """The last epoch's score, NaN before the first."""
        return self.scores[-1] if self.scores else math.nan
