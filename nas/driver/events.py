"""Who watches a search: MLflow, the terminal, a test. Observers learn of everything and decide nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.config.budget import Budget
    from nas.config.search_config import SearchConfig
    from nas.final.final import FinalResult
    from nas.records.results import SearchResult
    from nas.records.trial import Candidate
    from nas.training.loop import EpochReport
    from predictors.probation import Evidence
    from search_spaces.space import Space
    from search_spaces.task import Task

log = logging.getLogger("nas")


@dataclass(frozen=True)
class SearchView:
    """What an observer may ask of a search, at any time; all of it is read from the journal's state in memory.

    Args:
        directory: where the journal lies; absolute.
        slots: trainings that may run at once; 0 until the executor has started.
        counts: trials by state, e.g. `{"running": 2, "completed": 7}`; every state is a key.
        best: the best candidate so far, or None.
        time_left: seconds of the budget left, the final's share included; None without a limit on time.
        candidates: all candidates in order of number.
        run_id: MLflow run of the search or of trial `number`, "" where there is none yet.
        set_run_id: writes it into the journal: `set_run_id(run_id)` or `set_run_id(run_id, number)`.
    """

    directory: Path
    config: SearchConfig
    space: Space
    dataset: str
    fingerprint: str
    task: Task
    budget: Budget
    resumed: bool
    slots: Callable[[], int]
    counts: Callable[[], dict[str, int]]
    best: Callable[[], Candidate | None]
    time_left: Callable[[], float | None]
    elapsed: Callable[[], float]
    candidates: Callable[[], list[Candidate]]
    run_id: Callable[..., str]
    set_run_id: Callable[..., None]


class Observer:
    """The null object: every event may be ignored. Subclass and override what is of interest.

    Events come from one thread of the driver, in order. `search_ended` comes last, and always, also after an interrupt.
    """

    def search_started(self, view: SearchView) -> None:
        """The journal is open; nothing has been proposed in this process yet."""

    def trial_started(self, candidate: Candidate) -> None:
        """The candidate is in the journal and goes to a worker; on a retry or after a resume it comes again."""

    def epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        """One more score of the candidate is known."""

    def trial_ended(self, candidate: Candidate) -> None:
        """The candidate's `state` is final; or it is `requeued` and `trial_started` will come again."""

    def evidence(self, evidence: Evidence, finished: int) -> None:
        """The predictor was judged anew on this run's own `finished` trainings."""

    def message(self, text: str) -> None:
        """Something a person should know, e.g. that the disk is full; one line."""

    def final_started(self, candidates: Sequence[Candidate]) -> None:
        """The search phase is over; these are trained in full."""

    def final_epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        """One more epoch of a finalist's full training."""

    def final_ended(self, final: FinalResult) -> None:
        """The winner is known and the sealed test split has been opened."""

    def search_ended(self, result: SearchResult | None) -> None:
        """Nothing will follow. There is no result if the search failed or was broken off."""


class Observers(Observer):
    """Several observers as one. One that raises is reported once and never ends a search."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers = list(observers)
        self._reported: set[int] = set()

    def _each(self, event: str, *values: Any) -> None:
        for observer in self.observers:
            try:
                getattr(observer, event)(*values)
            except Exception as error:
                if id(observer) not in self._reported:
                    self._reported.add(id(observer))
                    name = type(observer).__name__
                    log.warning(
                        "%s failed in `%s` and may miss events: %s: %s", name, event, type(error).__name__, error
                    )

    def search_started(self, view: SearchView) -> None:
        self._each("search_started", view)

    def trial_started(self, candidate: Candidate) -> None:
        self._each("trial_started", candidate)

    def epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        self._each("epoch_ended", candidate, report)

    def trial_ended(self, candidate: Candidate) -> None:
        self._each("trial_ended", candidate)

    def evidence(self, evidence: Evidence, finished: int) -> None:
        self._each("evidence", evidence, finished)

    def message(self, text: str) -> None:
        self._each("message", text)

    def final_started(self, candidates: Sequence[Candidate]) -> None:
        self._each("final_started", candidates)

    def final_epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        self._each("final_epoch_ended", candidate, report)

    def final_ended(self, final: FinalResult) -> None:
        self._each("final_ended", final)

    def search_ended(self, result: SearchResult | None) -> None:
        self._each("search_ended", result)
