"""The driver's side of a search: what an executor asks (what next?) and tells (an epoch ended, a trial ended).

An executor owns processes and nothing else. All decisions are made here, each one written into the journal before it is
acted on: which candidate is next, whether it still fits the budget, whether a training is stopped, what failures mean.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nas.driver import time_account as statement
from nas.driver.clock import Clock
from nas.driver.cost_model import CostModel
from nas.driver.events import Observer
from nas.driver.slot_log import Offered
from nas.driver.successive_halving import SuccessiveHalving, beaten
from nas.execution.worker import remove
from nas.heritage import NoHeritage
from nas.journal.journal import Journal, JournalError
from nas.records.job import LATER, Job, Later
from nas.records.joint_space import Proposal
from nas.records.row import GPUS, Row
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STATES, STOPPED, Candidate, best_first
from nas.strategies.optuna.study import Exhausted, Study
from nas.training.loop import EpochReport
from search_spaces.profile import profile

log = logging.getLogger("nas")
FAILURES_IN_A_ROW = 8
PARKED_AT_MOST = 4
OOMS_RETRIED = 2
HUNG_TIMES = 10  # an epoch that takes so many times what was expected counts as hung


class Trials:
    """All trials of a search. `stop` may be called from any thread; the rest belongs to the executor's.

    Args:
        epochs: of a training that is not stopped early.
        checkpoints: folder or URL for checkpoints of running trainings, "" for none.
        patience: seconds that an epoch may take at least before it counts as hung.
        share: GPUs that a training of this proposal holds.

    Attributes:
        lacking: what no machine has that a training is to hold, "" if it has.
        heritage: whose weights a training begins with; None for fresh ones always.
    """

    def __init__(
        self,
        journal: Journal,
        study: Study,
        stopping: SuccessiveHalving,
        clock: Clock,
        observer: Observer,
        *,
        epochs: int,
        seed: int,
        checkpoints: str = "",
        patience: float = 60.0,
        share: Callable[[Proposal], float] = lambda proposal: 0.0,
        heritage: NoHeritage | None = None,
    ) -> None:
        self.journal, self.study, self.stopping, self.clock, self.observer = journal, study, stopping, clock, observer
        self.epochs, self.seed, self.checkpoints, self.patience, self.share = epochs, seed, checkpoints, patience, share
        self.offered = Offered()
        self.heritage = heritage or NoHeritage()
        self.lacking = ""
        self.ended = ""
        self._proposals: dict[int, Proposal] = {}
        self._out: set[int] = set()
        self._alone: int | None = None
        self._in_a_row: list[str] = []
        self._guard = threading.RLock()
        self._queue = [row.number for row in journal.rows if row.state == REQUEUED]
        self._counted = {row.number: len(row.scores) for row in journal.rows}
        self._parked = 0
        self._first_trained: float | None = None
        self._opened = time.monotonic() - journal.since_opened()
        self._ooms = 0
        self._told: set[str] = set()
        self.costs = CostModel()
        for row in journal.rows:
            if row.scores:
                self.costs.learn(row.macs, row.seconds / len(row.scores))

    @contextlib.contextmanager
    def search_phase(self) -> Iterator[None]:
        """Around an executor's run: charges its time, and settles what the executor left behind."""
        self._first_trained = None
        try:
            yield
        except KeyboardInterrupt:
            self._out.clear()  # they stay `running` in the journal, and a resume takes them up
            raise
        except JournalError as error:
            self.stop("journal")
            self.observer.message(f"{error} The search ends with what it has; resume it when there is room again.")
        finally:
            first = self._first_trained or time.monotonic()
            self.stop("interrupted")
            searched = time.monotonic() - first
            with contextlib.suppress(JournalError):
                self.abandon("lost", "the executor ended")
                self.journal.spend(statement.STARTUP, first - self._opened)
                self.journal.spend(statement.SEARCH, searched)
                self.journal.spend(statement.SLOT_SECONDS, self.offered.slot_seconds(first, first + searched))

    # What the executor asks

    def next(self) -> Job | Later | None:
        """The next training; `LATER` while others must end first; None when no more will come."""
        with self._guard:
            if self._alone is not None:
                return LATER
            if self._over():
                return None
            began = time.monotonic()
            number = self._from_queue()
            if number is None:
                number = self._propose()
                self.journal.spend(statement.PREDICTION, time.monotonic() - began)
            return self._hand_out(number) if isinstance(number, int) else number

    def keep_going(self, number: int, report: EpochReport) -> bool:
        """Takes in an epoch's report; whether the training is to go on."""
        with self._guard:
            self._first_trained = self._first_trained or time.monotonic() - report.seconds
            self._tell(number, report.notices)
            row = self.journal.row(number)
            scores = (*row.scores[: report.epoch - 1], float(report.score))
            row = self.journal.change(number, scores=scores, seconds=row.seconds + report.seconds)
            self.costs.learn(row.macs, report.seconds)
            weak = not math.isfinite(report.score)
            if report.epoch > self._counted.get(number, 0):  # not when an epoch is repeated after a loss
                self._counted[number] = report.epoch
                self.study.report(number, report.epoch, report.score)
                costs = self.study.objectives[1:]
                weak = self.stopping.is_weak(report.epoch, report.score)
                weak = weak and (not costs or beaten(row, self.journal.rows, costs))
            self.observer.epoch_ended(self.candidate(number), report)
            return not weak and not self._over()

    def trial_ended(self, number: int, failure: str = "", error: str = "", seconds: float = 0.0) -> None:
        """A training has ended: with `failure` and its `error`, or after its last or a stopping report.

        Args:
            seconds: spent on it and not yet reported, e.g. on an epoch that failed.
        """
        with self._guard:
            if number not in self._out:
                return
            self._first_trained = self._first_trained or time.monotonic() - seconds
            self._out.discard(number)
            self._alone = None if self._alone == number else self._alone
            row = self.journal.row(number)
            if not failure and row.scores and not math.isfinite(row.score):
                failure, error = "diverged", f"the score after epoch {len(row.scores)} is {row.score}"
            state = _ended_as(row, failure)
            cut = failure in ("timeout", "lost") and bool(self.ended or self._over())
            if cut:  # at the end of the search phase: what it has reached counts, as for any that was stopped
                state, failure, error = (STOPPED if row.scores else REQUEUED), "", ""
            elif self._worth_a_retry(row, failure):
                state = REQUEUED
                self._queue.append(number)
            row = self.journal.change(
                number, state=state, failure=failure, error=error[:2000], seconds=row.seconds + seconds
            )
            if state != REQUEUED:
                self._finish(row)
            self.observer.trial_ended(self.candidate(number))

    @property
    def slots(self) -> int:
        """Trainings that may run at once, as the executor last said."""
        return self.offered.slots

    @slots.setter
    def slots(self, count: int) -> None:
        self.offered.change(time.monotonic(), count)

    def over(self) -> bool:
        """Whether nothing more will be handed out."""
        return self._over()

    def stop(self, reason: str) -> None:
        """Ends the search phase: nothing new begins, and running trainings are stopped at their next epoch."""
        self.ended = self.ended or reason

    def abandon(self, failure: str, error: str) -> None:
        """The executor's processes are gone, and with them whatever was in training."""
        for number in sorted(self._out):
            self.trial_ended(number, failure, error)

    # What observers and the final ask

    def candidate(self, number: int) -> Candidate:
        """Trial `number` with its architecture."""
        row, proposal = self.journal.row(number), self._proposal(number)
        return row.candidate(proposal.architecture, proposal.training)

    def candidates(self) -> list[Candidate]:
        """All of them, in order of number."""
        return [self.candidate(row.number) for row in self.journal.rows]

    def counts(self) -> dict[str, int]:
        """Trials by state; every state is a key."""
        return {state: self.journal.tally.states[state] for state in STATES}

    def best(self) -> Candidate | None:
        """The best usable candidate so far."""
        best = self.journal.tally.best
        return None if best is None else self.candidate(best.number)

    def why_nothing(self) -> str:
        """What to say when no candidate was trained."""
        failed = [row for row in self.journal.rows if row.state == FAILED]
        if self.lacking and not failed:
            return f"Not one candidate could be trained: {self.lacking}"
        if not failed:
            return (
                f"The search ended ({self.ended}) before one candidate had trained for an epoch. "
                "Give it a larger budget, or smaller networks by `--max-macs`."
            )
        kinds = ", ".join(f"{count} x {kind}" for kind, count in Counter(row.failure for row in failed).items())
        return f"Not one candidate could be trained: {kinds}. The last error: {failed[-1].error}"

    def contenders(self) -> list[Candidate]:
        """Who may come into the final, the best first. Where time was too short for one epoch: the first proposed.

        Nobody where no machine can hold a training.
        """
        usable = best_first(self.candidates())
        untouched = [row for row in self.journal.rows if row.state == REQUEUED and not row.seconds]
        return usable or [self.candidate(row.number) for row in untouched[:1] if not self.lacking]

    # Decisions

    def _over(self) -> bool:
        """Whether the search phase has ended; sets the reason."""
        if not self.ended and (self.clock.left_for_search() <= 0 or self._gpu_seconds_left() <= 0):
            self.ended = "budget"
        return bool(self.ended)

    def _gpu_seconds_left(self) -> float:
        return self.clock.gpu_seconds_left(self.journal.tally.gpu_seconds)

    def _worth_a_retry(self, row: Row, failure: str) -> bool:
        """A lost worker may be bad luck; what ran out of memory may fit alone, at the cost of idle slots."""
        if row.attempts > 1 or self._over():
            return False
        self._ooms += failure == "oom"
        return failure == "lost" or (failure == "oom" and self._ooms <= OOMS_RETRIED and self.slots > 1)

    def _from_queue(self) -> int | Later | None:
        """A trial that was begun or proposed before; one that ran out of memory waits until nothing else is out."""
        for number in self._queue:
            row = self.journal.row(number)
            if not self._fits(row):
                continue
            if row.failure == "oom":
                if self._out:
                    return LATER
                self._alone = number
            self._queue.remove(number)
            return number
        return None

    def _propose(self) -> int | Later | None:
        """A new trial, written down; None when the budget has no room for one or the space no more to give."""
        while self._parked < PARKED_AT_MOST:
            if self.clock.trials_left(self.journal.tally.begun) <= 0:
                return self._no_more("budget")
            number = self.study.next_number
            try:
                proposal, attributes = self.study.propose()
            except Exhausted:
                return self._no_more("exhausted")
            self._proposals[number] = proposal
            row = self._new_row(number, proposal, attributes)
            if self._fits(row):
                self.journal.add(row)
                return number
            self.journal.add(dataclasses.replace(row, state=REQUEUED, attempts=0))  # for a resume with more time
            self._parked += 1
        return self._no_more("budget")

    def _no_more(self, reason: str) -> Later | None:
        """Nothing new will begin; but what is out may still come back to be tried again."""
        if self._out:
            return LATER
        self.stop(reason)
        return None

    def _new_row(self, number: int, proposal: Proposal, attributes: Mapping[str, Any]) -> Row:
        facts, gpus = profile(proposal.architecture, self.study.joint.task), self.share(proposal)
        return Row(
            number=number,
            decisions=proposal.decisions,
            fingerprint=proposal.fingerprint,
            epochs=self.epochs,
            seed=random.Random(f"{self.seed}/{number}/weights").getrandbits(31),
            parameters=facts.parameters,
            macs=facts.macs,
            activation_bytes=facts.activation_bytes,
            source=self.study.sampler.source,
            began=self.clock.elapsed(),
            attributes={**attributes, GPUS: gpus} if gpus else attributes,
        )

    def _fits(self, row: Row) -> bool:
        """Whether the training would end before the search phase does, as far as can be told."""
        each = self.costs.seconds_per_epoch(row.macs)
        gpus = row.attributes.get(GPUS, 0.0)
        left = min(self.clock.left_for_search(), self._gpu_seconds_left() / gpus if gpus else math.inf)
        return each is None or each * (row.epochs - len(row.scores)) <= left

    def _hand_out(self, number: int) -> Job:
        row, alone = self.journal.row(number), self._alone == number
        gpus = row.attributes.get(GPUS, 0.0)
        if alone and 0 < gpus < 1:  # it ran out of memory on its share
            gpus = 1.0
            row = self.journal.change(number, attributes={**row.attributes, GPUS: gpus})
        if row.state == REQUEUED:
            row = self.journal.change(number, state=RUNNING, attempts=row.attempts + 1, failure="", error="")
        inherited = self.heritage.of(row)
        self._out.add(number)
        self.observer.trial_started(self.candidate(number))
        each = self.costs.seconds_per_epoch(row.macs)
        patience = HUNG_TIMES * self.patience if each is None else max(self.patience, HUNG_TIMES * each)
        checkpoint = self._checkpoint(number) if self.checkpoints else ""
        deadline = time.time() + self.clock.left_for_search()
        return Job(
            number, dict(row.decisions), row.epochs, row.seed, deadline, patience, checkpoint, alone, gpus, **inherited
        )

    def _finish(self, row: Row) -> None:
        """Tells the study; ends the search when one cause keeps failing trainings."""
        if self.checkpoints:
            remove(self._checkpoint(row.number))
        self.heritage.settle(row.number)
        self.study.tell(row)
        repeats = row.failure and row.failure in self._in_a_row
        self._in_a_row = [*self._in_a_row, row.failure] if repeats else [row.failure]
        if row.failure and len(self._in_a_row) >= FAILURES_IN_A_ROW:
            self.stop("failures")
            count = len(self._in_a_row)
            self.observer.message(
                f"{count} trainings in a row failed by `{row.failure}`, so the search ends. Last: {row.error}"
            )

    def _tell(self, number: int, notices: Iterable[str]) -> None:
        """Passes on what a worker says of a training; what holds for many is said once."""
        for text in notices:
            if text not in self._told:
                self._told.add(text)
                self.observer.message(f"Trial {number}: {text}")

    def _checkpoint(self, number: int) -> str:
        return f"{self.checkpoints}/{number}.pt"

    def _proposal(self, number: int) -> Proposal:
        if number not in self._proposals:
            self._proposals[number] = self.study.joint.replay(self.journal.row(number).decisions)
        return self._proposals[number]


def _ended_as(row: Row, failure: str) -> str:
    """The state of a training that has ended."""
    if failure:
        return FAILED
    if len(row.scores) >= row.epochs:
        return COMPLETED
    return STOPPED if row.scores else REQUEUED
