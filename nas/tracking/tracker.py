"""The events of a search, written to MLflow without ever stalling or ending it."""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from nas.candidate import Candidate
from nas.observer import Observer, SearchView
from nas.report import charts
from nas.tracking.database import connect
from nas.tracking.runs import LONGEST, Runs, now

if TYPE_CHECKING:
    from nas.final import FinalResult
    from nas.result import SearchResult
    from nas.training.loop import EpochReport
    from predictors.probation import Evidence

log = logging.getLogger("nas")
FLUSH_SECONDS = 60.0


class MlflowTracker(Observer):
    """Turns the events of a search into calls to MLflow, in order, on a thread of its own."""

    def __init__(self, uri: str, experiment: str) -> None:
        self.uri, self.experiment = uri, experiment
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._failed = False
        self._runs: Runs | None = None
        self._view: SearchView
        self._judged: list[charts.Judged] = []

    # Events, on the driver's thread: nothing here waits

    def search_started(self, view: SearchView) -> None:
        self._view = view
        self._thread.start()
        self._later(self._open)

    def trial_started(self, candidate: Candidate) -> None:
        self._later(lambda: self._with_runs(lambda runs: runs.begin(candidate)))

    def epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        values = dataclasses.asdict(report)
        step, when = values.pop("epoch"), now()
        self._later(lambda: self._with_runs(lambda runs: runs.log(runs.of(candidate), values, step, when)))

    def trial_ended(self, candidate: Candidate) -> None:
        best, counts, when = self._view.best(), self._view.counts(), now()
        self._later(lambda: self._with_runs(lambda runs: runs.end(candidate, best, counts, when)))

    def evidence(self, evidence: Evidence, finished: int) -> None:
        self._judged.append(charts.Judged(finished, evidence))
        values = {
            "predictor_tau": evidence.tau,
            "predictor_share": evidence.share,
            "predictor_recall": evidence.recall,
            **{f"rival_tau/{name}": tau for name, tau in evidence.rivals.items()},
            **{f"reference_tau/{name}": tau for name, tau in evidence.references.items()},
        }
        when = now()
        self._later(lambda: self._with_runs(lambda runs: runs.log(runs.parent, values, finished, when)))

    def message(self, text: str) -> None:
        self._later(lambda: self._with_runs(lambda runs: runs.tag(runs.parent, {"nas.message": text[:LONGEST]})))

    def final_epoch_ended(self, candidate: Candidate, report: EpochReport) -> None:
        values, when = {f"final/trial_{candidate.number}": report.score}, now()
        self._later(lambda: self._with_runs(lambda runs: runs.log(runs.parent, values, report.epoch, when)))

    def final_ended(self, final: FinalResult) -> None:
        self._later(lambda: self._with_runs(lambda runs: runs.judge(final)))

    def search_ended(self, result: SearchResult | None) -> None:
        candidates = self._view.candidates()
        self._later(lambda: self._with_runs(lambda runs: runs.close(result, candidates, self._judged)))
        self._queue.put(None)
        self._thread.join(FLUSH_SECONDS)
        if self._thread.is_alive():
            log.warning("MLflow at %s is slow: the last of %d writes are given up.", self.uri, self._queue.qsize())

    # The writing thread

    def _later(self, write: Callable[[], None]) -> None:
        self._queue.put(write)

    def _work(self) -> None:
        while (write := self._queue.get()) is not None:
            try:
                write()
            except Exception as error:
                if not self._failed:
                    self._failed = True
                    log.warning(
                        "MLflow at %s misses some of this search: %s: %.300s", self.uri, type(error).__name__, error
                    )

    def _with_runs(self, write: Callable[[Runs], None]) -> None:
        if self._runs is not None:
            write(self._runs)

    def _open(self) -> None:
        client, experiment = connect(self.uri, self.experiment)
        self._runs = Runs(client, experiment, self._view)
        self._runs.take_up()
