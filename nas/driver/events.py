"""Who watches a search: MLflow, the terminal, a test. Observers receive events; all they may ask for is its end."""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.config.edit import Edit
from nas.config.reason import reason
from nas.config.search_config import SearchConfig
from nas.data.schema import Schema
from nas.errors import InputError
from nas.records.job import EpochReport
from nas.records.results import FinalResult, SearchOutcome
from nas.records.trial import Trial
from predictors.probation import Evidence
from search_spaces.space import Space
from search_spaces.task import Task

log = logging.getLogger("nas")


@dataclass(frozen=True, eq=False)
class SearchStarted:
    """What a search is about.

    Args:
        directory: where the journal lies; absolute.
        space: that is searched, with the limits as rules.
        dataset: name of the data set. fingerprint: hash of its content.
        schema: what was understood of the data; None where a data set was made by hand.
        resumed: whether an earlier driver has run this search.
        trials: what it left, in order of number.
        run_id: of the search in MLflow; empty where there is none yet.
        plan: how the budget is to be spent, in words; empty where a search goes on.
        why_space: why the space was taken, in words; empty where a person named it, or a search goes on.
        edits: what was changed about the search since it began.
    """

    directory: Path
    config: SearchConfig
    space: Space
    dataset: str
    fingerprint: str
    task: Task
    schema: Schema | None = None
    resumed: bool = False
    trials: tuple[Trial, ...] = ()
    run_id: str = ""
    plan: str = ""
    why_space: str = ""
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, eq=False)
class Status:
    """Where a search stands.

    Args:
        elapsed: seconds since it began, without the time between an interruption and its resume.
        time_left: seconds of the budget left, the final's share included; None without a limit on time.
        slots: trainings that may run at once; 0 until the executor has started.
        counts: trials by state; every state is a key.
        best: the best usable trial so far.
    """

    elapsed: float
    time_left: float | None
    slots: int
    counts: Mapping[str, int]
    best: Trial | None


class Observer:
    """The null object: every event may be ignored. Subclass and override what is of interest.

    Events come from one thread of the driver, in order. `search_ended` comes last, and always, also after an interrupt.
    An observer that has seen enough calls `self.stop()`: the search phase ends, and its full final follows.
    """

    wants_stop = False

    def stop(self) -> None:
        """Asks for the end of the search phase; from any thread, in an event or between two."""
        self.wants_stop = True

    def search_started(self, started: SearchStarted) -> None:
        """The journal is open; nothing has been proposed in this process yet."""

    def status(self, status: Status) -> None:
        """The search has moved on; comes before the event that it goes with."""

    def trial_started(self, trial: Trial) -> None:
        """The trial is in the journal and goes to a worker; on a retry or after a resume it comes again."""

    def epoch_ended(self, trial: Trial, report: EpochReport) -> None:
        """One more score of the trial is known."""

    def trial_ended(self, trial: Trial) -> None:
        """The trial's `state` is final; or it is `requeued` and `trial_started` will come again."""

    def evidence(self, evidence: Evidence) -> None:
        """The predictor was judged anew on this run's own trainings."""

    def edited(self, edit: Edit) -> None:
        """Somebody has changed the search; it holds from now on."""

    def message(self, text: str) -> None:
        """Something a person should know, e.g. that the disk is full; one line."""

    def final_started(self, trials: Sequence[Trial]) -> None:
        """The search phase is over; these are trained in full."""

    def final_epoch_ended(self, trial: Trial, report: EpochReport) -> None:
        """One more epoch of a finalist's full training."""

    def final_ended(self, final: FinalResult) -> None:
        """The winner is known and the sealed test split has been opened."""

    def search_ended(self, outcome: SearchOutcome | None) -> None:
        """Nothing will follow. There is no outcome if the search failed or was broken off."""


class Observers(Observer):
    """Several observers as one. One that raises is reported once, is told of later events, and never ends a search."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers = list(observers)
        self._reported: set[int] = set()

    def _each(self, event: str, *values: Any) -> None:
        for observer in self.observers:
            self._guarded(observer, event, operator.methodcaller(event, *values))

    def _guarded(self, observer: Observer, where: str, call: Callable[[Observer], Any]) -> Any:
        """What `call` gives; None where it raises."""
        try:
            return call(observer)
        except Exception as error:  # whatever a person's own code raises
            if id(observer) not in self._reported:
                self._reported.add(id(observer))
                name = type(observer).__name__
                log.warning("%s failed in `%s`; the search goes on. %s", name, where, reason(error))
            return None

    @property
    def wants_stop(self) -> bool:  # type: ignore[override]
        """Whether one of them asks for the end."""
        return any(self._guarded(one, "wants_stop", operator.attrgetter("wants_stop")) for one in self.observers)

    def search_started(self, started: SearchStarted) -> None:
        for observer in self.observers:
            vars(observer).pop("wants_stop", None)  # of an earlier search
        self._each("search_started", started)

    def status(self, status: Status) -> None:
        self._each("status", status)

    def trial_started(self, trial: Trial) -> None:
        self._each("trial_started", trial)

    def epoch_ended(self, trial: Trial, report: EpochReport) -> None:
        self._each("epoch_ended", trial, report)

    def trial_ended(self, trial: Trial) -> None:
        self._each("trial_ended", trial)

    def evidence(self, evidence: Evidence) -> None:
        self._each("evidence", evidence)

    def edited(self, edit: Edit) -> None:
        self._each("edited", edit)

    def message(self, text: str) -> None:
        """Tells those that listen; where none does, the log, so that nothing is lost without a word."""
        self._each("message", text)
        if all(type(one).message is Observer.message for one in self.observers):
            log.warning("%s", text)

    def final_started(self, trials: Sequence[Trial]) -> None:
        self._each("final_started", trials)

    def final_epoch_ended(self, trial: Trial, report: EpochReport) -> None:
        self._each("final_epoch_ended", trial, report)

    def final_ended(self, final: FinalResult) -> None:
        self._each("final_ended", final)

    def search_ended(self, outcome: SearchOutcome | None) -> None:
        self._each("search_ended", outcome)


def observers_of(given: Any) -> list[Observer]:
    """The observers that a person gave, as a list.

    Raises:
        InputError: something else than a list of observers.
    """
    if isinstance(given, Observer) or not isinstance(given, Sequence) or isinstance(given, str):
        raise InputError(
            f"`observers` must be a list of nas.Observer objects, got {given!r:.200}. Write [{_name(given)}]."
        )
    for one in given:
        if not isinstance(one, Observer):
            fix = f"Write {one.__name__}()" if isinstance(one, type) else "Derive its class from nas.Observer"
            raise InputError(f"`observers` must be a list of nas.Observer objects, and holds {one!r:.200}. {fix}.")
    return list(given)


def _name(given: Any) -> str:
    return f"{type(given).__name__}(…)" if isinstance(given, Observer) else "…"
