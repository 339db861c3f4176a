"""The events of a search, written to MLflow without ever stalling or ending it."""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from nas.config.edit import Edit
from nas.driver.events import Observer, SearchStarted, Status
from nas.records.job import EpochReport
from nas.records.results import FinalResult, SearchOutcome
from nas.records.trial import Trial
from nas.tracking.database import connect, forget, identity
from nas.tracking.judgements import metrics_of
from nas.tracking.runs import LONGEST, Remember, Runs, now
from nas.tracking.system_metrics import SystemMetrics
from predictors.probation import Evidence

log = logging.getLogger("nas")
LAST_SAMPLE = 2.0  # seconds that the end of a search waits for it
FLUSH_SECONDS, FLUSH_BEHIND = 60.0, 5.0  # that the end of a search waits for MLflow; for one that cannot be written
AGAIN = 20.0  # seconds after which a store that could not be written is tried again
Write = Callable[[Runs], None]


class MlflowTracker(Observer):
    """Turns the events of a search into calls to MLflow, in order, on a thread of its own.

    A store that is locked, full, deleted or out of reach is left alone for a while. Once it can be written again, what
    it has missed is filled in from the trials seen so far.

    Args:
        remember: writes the MLflow run of the search, or of a trial, into the journal.
    """

    def __init__(self, uri: str, experiment: str, remember: Remember) -> None:
        self.uri, self.experiment, self.remember = uri, experiment, remember
        self._queue: queue.Queue[Write | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="mlflow", daemon=True)
        self._behind, self._told = False, False
        self._again = 0.0
        self._runs: Runs | None = None
        self._store: tuple[int, int] | None = None
        self._started: SearchStarted
        self._status: Status
        self._trials: dict[int, Trial] = {}
        self._judged: list[Evidence] = []
        self._final_epochs: Counter[int] = Counter()
        self._elapsed = (0.0, time.monotonic())  # of the search, and when that was
        self._system = SystemMetrics(self._sampled)

    # Events, on the driver's thread: nothing here waits

    def search_started(self, started: SearchStarted) -> None:
        self._started = started
        self._trials = {trial.number: trial for trial in started.trials}
        self._thread.start()
        self._later(lambda runs: None)  # opens the store
        self._system.start()

    def status(self, status: Status) -> None:
        self._status = status
        self._elapsed = (status.elapsed, time.monotonic())

    def trial_started(self, trial: Trial) -> None:
        self._trials[trial.number] = trial
        self._later(lambda runs: runs.begin(trial))

    def epoch_ended(self, trial: Trial, report: EpochReport) -> None:
        self._trials[trial.number] = trial
        values = dataclasses.asdict(report)
        step, when = values.pop("epoch"), now()
        self._later(lambda runs: runs.log(runs.of(trial), values, step, when))

    def trial_ended(self, trial: Trial) -> None:
        self._trials[trial.number] = trial
        status, when = self._status, now()
        self._later(lambda runs: runs.end(trial, status.best, status.counts, when))

    def evidence(self, evidence: Evidence) -> None:
        self._judged.append(evidence)
        values, when = metrics_of(evidence), now()
        self._later(lambda runs: runs.log(runs.parent, values, evidence.trainings, when))

    def edited(self, edit: Edit) -> None:
        self._started = dataclasses.replace(self._started, edits=(*self._started.edits, edit))
        self._later(lambda runs: runs.edited([edit]))

    def message(self, text: str) -> None:
        self._later(lambda runs: runs.tag(runs.parent, {"nas.message": text[:LONGEST]}))

    def final_epoch_ended(self, trial: Trial, report: EpochReport) -> None:
        self._final_epochs[trial.number] += 1  # of all its trainings in the final, each of which counts from 1
        values, step, when = {"final_score": report.score}, self._final_epochs[trial.number], now()
        self._later(lambda runs: runs.log(runs.of(trial), values, step, when))

    def final_ended(self, final: FinalResult) -> None:
        self._later(lambda runs: runs.judge(final))

    def search_ended(self, outcome: SearchOutcome | None) -> None:
        self._system.stop(LAST_SAMPLE)
        trials, best = [self._trials[number] for number in sorted(self._trials)], self._status.best
        final = outcome.final if outcome is not None and self._told else None  # else it has been written

        def close(runs: Runs) -> None:
            if final is not None:
                runs.judge(final)
            runs.close(outcome, best, trials, self._judged)

        self._later(close)
        self._queue.put(None)
        self._thread.join(FLUSH_BEHIND if self._behind else FLUSH_SECONDS)
        if self._behind:
            log.warning(
                "MLflow at %s could not be brought up to date; the search stands whole in %s.",
                self.uri,
                self._started.directory,
            )
        elif self._thread.is_alive():
            log.warning("MLflow at %s is slow: the last of %d writes are given up.", self.uri, self._queue.qsize())

    # The sampling thread

    def _sampled(self, values: Mapping[str, float]) -> None:
        """How busy the machine is, by the second of the search."""
        elapsed, then = self._elapsed
        step, when = int(elapsed + time.monotonic() - then), now()
        self._later(lambda runs: runs.log(runs.parent, values, step, when))

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
        self._runs, self._store = Runs(client, experiment, self._started, self.remember), identity(self.uri)
        if self._started.edits:
            self._runs.edited(self._started.edits)
        if self._started.resumed or self._behind or known is not None:
            self._runs.take_up(list(self._trials.values()))
        return self._runs
