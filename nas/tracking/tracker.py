"""The events of a search, written to MLflow without ever stalling or ending it."""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nas.driver.events import Observer, SearchView
from nas.records.trial import Candidate
from nas.report import charts
from nas.tracking.database import connect, forget, identity
from nas.tracking.judgements import metrics_of
from nas.tracking.runs import LONGEST, Runs, now

if TYPE_CHECKING:
    from nas.final.final import FinalResult
    from nas.records.results import SearchResult
    from nas.training.loop import EpochReport
    from predictors.probation import Evidence

log = logging.getLogger("nas")
FLUSH_SECONDS, FLUSH_BEHIND = 60.0, 5.0  # that the end of a search waits for MLflow; for one that cannot be written
AGAIN = 20.0  # seconds after which a store that could not be written is tried again
Write = Callable[[Runs], None]


class MlflowTracker(Observer):
    """Turns the events of a search into calls to MLflow, in order, on a thread of its own.

    A store that is locked, full, deleted or out of reach is left alone for a while. Once it can be written again, what
    it has missed is filled in from the journal.
    """

    def __init__(self, uri: str, experiment: str) -> None:
        self.uri, self.experiment = uri, experiment
        self._queue: queue.Queue[Write | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._behind, self._told = False, False
        self._again = 0.0
        self._runs: Runs | None = None
        self._store: tuple[int, int] | None = None
        self._view: SearchView
        self._judged: list[charts.Judged] = []

    # Events, on the driver's thread: nothing here waits

    def search_started(self, view: SearchView) -> None:
        self._view = view
        self._thread.start()
        self._later(lambda runs: None)  # opens the store

    def trial_started(self, candidate: Candidate) -> None:
        self._later(lambda runs: runs.begin(candidate))

    def epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        values = dataclasses.asdict(report)
        step, when = values.pop("epoch"), now()
        self._later(lambda runs: runs.log(runs.of(candidate), values, step, when))

    def trial_ended(self, candidate: Candidate) -> None:
        best, counts, when = self._view.best(), self._view.counts(), now()
        self._later(lambda runs: runs.end(candidate, best, counts, when))

    def evidence(self, evidence: Evidence, finished: int) -> None:
        self._judged.append(charts.Judged(finished, evidence))
        values, when = metrics_of(evidence), now()
        self._later(lambda runs: runs.log(runs.parent, values, finished, when))

    def message(self, text: str) -> None:
        self._later(lambda runs: runs.tag(runs.parent, {"nas.message": text[:LONGEST]}))

    def final_epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        values, when = {f"final/trial_{candidate.number}": report.score}, now()
        self._later(lambda runs: runs.log(runs.parent, values, report.epoch, when))

    def final_ended(self, final: FinalResult) -> None:
        self._later(lambda runs: runs.judge(final))

    def search_ended(self, result: SearchResult | None) -> None:
        candidates = self._view.candidates()
        final = result.final if result is not None and self._told else None  # else it has been written

        def close(runs: Runs) -> None:
            if final is not None:
                runs.judge(final)
            runs.close(result, candidates, self._judged)

        self._later(close)
        self._queue.put(None)
        self._thread.join(FLUSH_BEHIND if self._behind else FLUSH_SECONDS)
        if self._behind:
            log.warning(
                "MLflow at %s could not be brought up to date; the search stands whole in %s.",
                self.uri,
                self._view.directory,
            )
        elif self._thread.is_alive():
            log.warning("MLflow at %s is slow: the last of %d writes are given up.", self.uri, self._queue.qsize())

    # The writing thread

    def _later(self, write: Write) -> None:
        self._queue.put(write)

    def _work(self) -> None:
        while (write := self._queue.get()) is not None:
            last = self._queue.qsize() <= 1
            if not self._behind or last or time.monotonic() >= self._again:
                self._attempt(write)

    def _attempt(self, write: Write) -> None:
        try:
            write(self._opened())
        except Exception as error:
            self._fall_behind(error)
            return
        if self._behind:
            self._behind = False
            log.warning("MLflow at %s is written again; what it had missed has been filled in.", self.uri)

    def _fall_behind(self, error: Exception) -> None:
        self._behind, self._again = True, time.monotonic() + AGAIN
        if not self._told:
            self._told = True
            log.warning(
                "MLflow at %s misses some of this search until it can be written again: %s: %.300s",
                self.uri,
                type(error).__name__,
                error,
            )

    def _opened(self) -> Runs:
        """The runs of this search; found or made anew where the store could not be written or is another by now."""
        known = self._runs
        if known is not None and not self._behind and self._store == identity(self.uri):
            return known
        if known is not None:
            forget(known.client)
        client, experiment = connect(self.uri, self.experiment)
        self._runs, self._store = Runs(client, experiment, self._view), identity(self.uri)
        if self._view.resumed or self._behind or known is not None:
            self._runs.take_up()
        return self._runs
