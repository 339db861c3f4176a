"""The driver: what is trained next, what is stopped, what a failure means. It writes the journal before it acts.

An executor owns processes and nothing else. It asks `next` for a job, tells `epoch_ended` and `trial_ended`, and says
in `capacity` how many trainings fit at once.
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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nas.config.budget import duration
from nas.config.edit import NOW, goal_of
from nas.config.final_time import FULL_EPOCHS, LEAST_FINAL, LONGER, seconds_of_final
from nas.driver import time_account
from nas.driver.clock import Clock
from nas.driver.cost_model import CostModel
from nas.driver.events import Observer, Status
from nas.driver.goal import NO_GOAL, Goal
from nas.driver.promotion import PROMOTED, Promotion
from nas.driver.retry import Retries
from nas.driver.slot_log import SlotLog
from nas.driver.successive_halving import SuccessiveHalving, beaten
from nas.errors import SearchFailed
from nas.journal.directory import checkpoint_in, weights_in
from nas.journal.journal import Journal, JournalError
from nas.records.job import LATER, SAID, TOO_SLOW, EpochReport, Job, Later, TrialEnd
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import COMPLETED, FAILED, GPUS, OUT, REQUEUED, RUNNING, STATES, STOPPED, Trial, best_first
from nas.setup.steering import Steering
from nas.strategies.strategy import Exhausted, Strategy
from nas.training.epoch_clock import VALIDATION_COST
from nas.training.storage import remove
from search_spaces.profile import profile

log = logging.getLogger("nas")
TRIED_FOR_TIME = 32  # proposals in a row of which none would end in time, before no more are made
CUT_OFF_AT_MOST = 2  # times that a training which was cut off is begun anew because there is more time by now
SLOW_TRIED_AGAIN = 1  # times that a training which had no time for an epoch may be begun anew
HUNG_TIMES = 10  # an epoch that takes so many times what was expected counts as hung
NO_ROOM = 900.0  # seconds without a machine that can hold one training, after which a search without a time limit ends


@dataclass(frozen=True)
class TimeLeft:
    """What an executor has to know of the search phase.

    Args:
        seconds: until it ends; infinite without a limit on time, negative when it is passed.
        over: whether nothing more will be handed out.
    """

    seconds: float
    over: bool


class Driver:
    """All decisions of a search phase. `stop` may be called from any thread; the rest belongs to the executor's.

    Args:
        epochs: of a training that is not stopped early.
        seed: of the search; a trial's randomness follows from it and the trial's number.
        storage: folder or URL for checkpoints of running trainings and the best network's weights; "" for none.
        patience: seconds that an epoch may take at least before it counts as hung.
        share: GPUs that a training of this proposal holds.
        goal: what is enough before the budget is spent.
        steering: what persons change while it runs; None for nothing.
    """

    def __init__(
        self,
        problem: Problem,
        journal: Journal,
        strategy: Strategy,
        stopping: SuccessiveHalving | Promotion,
        clock: Clock,
        observer: Observer,
        *,
        epochs: int,
        seed: int,
        storage: str = "",
        patience: float = 60.0,
        share: Callable[[Proposal], float] = lambda proposal: 0.0,
        goal: Goal = NO_GOAL,
        steering: Steering | None = None,
    ) -> None:
        self.problem, self.journal, self.strategy, self.stopping = problem, journal, strategy, stopping
        self.clock, self.observer = clock, observer
        self.epochs, self.seed, self.storage, self.patience, self.share = epochs, seed, storage, patience, share
        self.goal, self.steering = goal, steering
        self.ended = ""
        self._slots = SlotLog()
        self._retries = Retries()
        self._guard = threading.RLock()
        self._out: set[int] = set()
        self._alone: int | None = None
        self._deadlines: dict[int, float] = {}  # of trainings handed out, in seconds since 1970
        self._too_slow: list[tuple[float, int]] = []  # seconds of an epoch for which there was no time, and parameters
        self._seconds_of_test = 0.0  # that scoring the network which was too slow last takes in a final
        self._now = False  # whether it was told to stop now
        self._queue = [trial.number for trial in journal.trials if trial.state == REQUEUED]
        self._counted = {trial.number: len(trial.scores) for trial in journal.trials}
        self._nothing_fits = False
        self._lacking = ""
        self._no_room_since: float | None = None
        self._first_trained: float | None = None
        self._opened = time.monotonic() - journal.since_opened()
        self._told: set[str] = set()
        self._costs = CostModel()
        self._least_macs = math.inf
        best = journal.totals.best
        self._kept = None if best is None else best.number  # whose weights are kept
        for trial in journal.trials:
            if trial.scores:
                self._learn_cost(trial, trial.seconds / len(trial.scores))

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
                self.abandon("the executor ended")
                self.journal.spend(time_account.STARTUP, first - self._opened)
                self.journal.spend(time_account.SEARCH, searched)
                self.journal.spend(time_account.SLOT_SECONDS, self._slots.slot_seconds(first, first + searched))

    # The four calls of an executor

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
                self.journal.spend(time_account.PREDICTION, time.monotonic() - began)
            return self._hand_out(number) if isinstance(number, int) else number

    def epoch_ended(self, number: int, report: EpochReport) -> bool:
        """Takes in an epoch's report; whether the training is to go on."""
        with self._guard:
            self._first_trained = self._first_trained or time.monotonic() - report.seconds
            self._tell(number, report.notices)
            trial = self.journal.trials[number]
            scores = (*trial.scores[: report.epoch - 1], float(report.score))
            trial = self.journal.change(number, scores=scores, seconds=trial.seconds + report.seconds)
            self._learn_cost(trial, report.seconds)
            weak = not math.isfinite(report.score)
            if report.epoch > self._counted.get(number, 0):  # not when an epoch is repeated after a loss
                self._counted[number] = report.epoch
                costs = self.problem.objectives[1:]
                weak = trial.source != PROMOTED and self.stopping.is_weak(report.epoch, report.score)
                weak = weak and (not costs or beaten(trial, self.journal.trials, costs))
            self.observer.status(self.status())
            self.observer.epoch_ended(trial, report)
            return not self._over() and not weak and OUT not in self.journal.trials[number].attributes

    def trial_ended(self, number: int, end: TrialEnd) -> None:
        """A training has ended, by a failure or after its last or a stopping report."""
        with self._guard:
            if number not in self._out:
                return
            self._first_trained = self._first_trained or time.monotonic() - end.seconds
            self._out.discard(number)
            self._alone = None if self._alone == number else self._alone
            trial = self.journal.trials[number]
            failure, error = end.failure, end.error
            if not failure and trial.scores and not math.isfinite(trial.score):
                failure, error = "diverged", f"the score after epoch {len(trial.scores)} is {trial.score}"
            if failure in SAID and failure not in self._told:
                self._told.add(failure)
                self._tell(number, [f"{error} {SAID[failure]}"])
            if end.epoch_seconds:
                self._costs.learn(trial.macs, end.epoch_seconds)
                self._too_slow.append((end.epoch_seconds, trial.parameters))
                self._seconds_of_test = self._test(trial, end.epoch_seconds)
                self._tell(number, [f"it was left, since {end.error}; smaller networks are tried."])
            state = _ended_as(trial, failure)
            if failure == TOO_SLOW or (failure in ("timeout", "lost") and self._over()):
                # there is no time for it: what it has reached counts, as for any training that was stopped
                state, failure, error = (STOPPED if trial.scores else REQUEUED), "", ""
                if end.epoch_seconds and state == REQUEUED and trial.attempts <= SLOW_TRIED_AGAIN:
                    self._queue.append(number)  # there is more time while there is no network at all
            elif failure in ("timeout", "lost") and self._was_cut_off(trial):
                state, failure, error = REQUEUED, "", ""  # there was less time when it began
                self._queue.append(number)
            elif failure and not self._over() and self._retries.worth_another(trial, failure, self._slots.slots):
                state = REQUEUED
                self._queue.append(number)
            trial = self.journal.change(
                number, state=state, failure=failure, error=error[:2000], seconds=trial.seconds + end.seconds
            )
            if state != REQUEUED:
                self._settle(trial)
            self.observer.status(self.status())
            self.observer.trial_ended(trial)

    def capacity(self, slots: int, lacking: str = "") -> TimeLeft:
        """Takes in how many trainings fit at once; how long trainings may still go on.

        Args:
            lacking: where none fits, what the machines do not have. One that has it may come, so the search goes on.
        """
        now = time.monotonic()
        self._slots.change(now, slots)
        if slots:
            self._lacking, self._no_room_since = "", None
        elif lacking and not self._lacking:
            self._lacking, self._no_room_since = lacking, now
            self.observer.message(f"Waiting: {lacking}")
        elif self._no_room_since is not None and now - self._no_room_since > NO_ROOM and math.isinf(self._seconds()):
            self.stop("no room")
        return TimeLeft(self._seconds(), self._over())

    # The search's own calls

    def stop(self, reason: str) -> None:
        """Ends the search phase: nothing new begins, and running trainings are stopped at their next epoch."""
        self.ended = self.ended or reason

    def adopt(self) -> None:
        """Takes what is in training by the journal for handed out by this driver."""
        self._out = {trial.number for trial in self.journal.trials if trial.state == RUNNING}

    def told_to_stop(self) -> bool:
        """Whether somebody has asked for an end at once, also in the final."""
        self._steer(stops_only=True)
        return self._now

    def over(self) -> bool:
        """Whether nothing more will be handed out."""
        return self._over()

    def abandon(self, error: str) -> None:
        """The executor's processes are gone, and with them whatever was in training."""
        for number in sorted(self._out):
            self.trial_ended(number, TrialEnd("lost", error))

    def status(self) -> Status:
        """Where the search stands."""
        left, totals = self.clock.left(), self.journal.totals
        return Status(
            elapsed=self.clock.elapsed(),
            time_left=None if math.isinf(left) else max(0.0, left),
            slots=self._slots.slots,
            counts={state: totals.states[state] for state in STATES},
            best=totals.best,
        )

    @property
    def slots(self) -> int:
        """Trainings that may run at once, as the executor last said."""
        return self._slots.slots

    def contenders(self) -> list[Trial]:
        """Who may come into the final, the best first: trained, else begun, else the first proposed.

        Nobody where no machine can hold a training.
        """
        waiting = [one for one in self.journal.trials if one.state == REQUEUED and OUT not in one.attributes]
        begun = [trial for trial in waiting if math.isfinite(trial.score)]
        untouched = [trial for trial in waiting if not trial.scores and not self._lacking]
        untouched.sort(key=lambda trial: trial.macs)  # the one that most likely ends an epoch in time
        return best_first(self.journal.trials) or sorted(begun, key=lambda trial: trial.rank) or untouched[:1]

    def why_nothing(self) -> str:
        """What to say when no candidate was trained."""
        failed = [trial for trial in self.journal.trials if trial.state == FAILED]
        if self._lacking and not failed:
            return f"Not one candidate could be trained: {self._lacking}"
        if self._too_slow:
            seconds, parameters = min(self._too_slow)
            return (
                f"Not one candidate could be trained for an epoch: the fastest of {len(self._too_slow)} that were "
                f"begun, with {parameters:,} parameters, takes about {duration(seconds)} for one, and the budget is "
                f"{self.clock.budget}. "
                "Give it a larger budget, or smaller networks by `--max-macs`."
            )
        if not failed:
            return (
                f"The search ended ({self.ended}) before one candidate had trained for an epoch. "
                "Give it a larger budget, or smaller networks by `--max-macs`."
            )
        kinds = ", ".join(f"{count} x {kind}" for kind, count in Counter(one.failure for one in failed).items())
        return f"Not one candidate could be trained: {kinds}. The last error: {failed[-1].error}"

    def why_no_winner(self, error: SearchFailed) -> SearchFailed:
        """What to say where the final has no network either: with the numbers, where there was no time for an epoch."""
        untrained = not any(trial.scores for trial in self.journal.trials)
        return SearchFailed(self.why_nothing()) if self._too_slow and untrained else error

    def weights_of(self, number: int) -> str:
        """Where a trial's weights lie if it is the best so far; "" where none are kept."""
        return weights_in(self.storage, number) if self.storage else ""

    # Decisions

    def _was_cut_off(self, trial: Trial) -> bool:
        """Whether a training ended because there was less time when it began than there is now."""
        return trial.attempts <= CUT_OFF_AT_MOST and time.time() >= self._deadlines.get(trial.number, math.inf)

    def _seconds(self) -> float:
        """Seconds left for the search phase. What the final does not need of its share belongs to the search."""
        best = self.journal.totals.best
        if best is None:  # a final without a network is worth nothing: it waits for the first that ends an epoch
            anything = any(self.journal.trials[number].scores for number in self._out)
            return self.clock.left_for_search(math.inf if anything else LEAST_FINAL + self._seconds_of_test)
        subset = best.recipe.fidelity.subset
        each = best.seconds / len(best.scores) / subset
        finalists = LONGER * max(1, round(self.epochs * subset))
        needs = seconds_of_final(finalists, FULL_EPOCHS, each, self._slots.slots)
        return self.clock.left_for_search(needs)

    def _over(self) -> bool:
        """Whether the search phase has ended; sets the reason."""
        if not self.ended:
            self._steer()
        if not self.ended:
            self.ended = self.goal.reached(self.journal.totals.best, self.journal.finished)
        if not self.ended and self.observer.wants_stop:
            self.ended = "stopped"
        if not self.ended and (self._seconds() <= 0 or self._gpu_seconds() <= 0):
            self.ended = "budget"
        return bool(self.ended)

    def _steer(self, stops_only: bool = False) -> None:
        """Takes up what persons have changed."""
        if self.steering is None:
            return
        with self._guard:
            taken_up = self.steering.taken_up(stops_only)
            for text in self.steering.refused():
                self.observer.message(text)
            for edit in taken_up:
                self.problem, config = self.steering.problem, self.steering.config
                self.clock = dataclasses.replace(self.clock, budget=config.budget)
                self.goal = Goal(goal_of(config, self.problem.space.task.metric), config.patience_trials)
                self._nothing_fits = False
                self.observer.edited(edit)
                if edit.stop:
                    self._now = self._now or edit.stop == NOW
                    self.stop("interrupted" if edit.stop == NOW else "stopped")

    def _gpu_seconds(self) -> float:
        return self.clock.gpu_seconds_left(self.journal.totals.gpu_seconds)

    def _from_queue(self) -> int | Later | None:
        """A trial that was begun or proposed before; one that ran out of memory waits until nothing else is out."""
        for number in self._queue:
            trial = self.journal.trials[number]
            if OUT in trial.attributes or not self._fits(trial):
                continue
            if trial.failure == "oom":
                if self._out:
                    return LATER
                self._alone = number
            self._queue.remove(number)
            return number
        return None

    def _propose(self) -> int | Later | None:
        """A new trial, written down; None when the budget has no room for one or the space no more to give."""
        for _ in range(0 if self._nothing_fits else TRIED_FOR_TIME):
            if self.clock.trials_left(self.journal.totals.begun) <= 0:
                return self._no_more("budget")
            number = len(self.journal)
            try:
                proposal = self.stopping.propose(self.problem, self.journal.trials)
                if proposal is None:
                    proposal = self.strategy.propose(self.problem, self.journal.trials, number)
            except Exhausted:
                return self._no_more("exhausted")
            if proposal.evidence is not None:
                self.observer.evidence(proposal.evidence)
            trial = self._trial(number, proposal)
            if self._fits(trial):
                self.journal.add(trial)
                return number
            self.journal.add(dataclasses.replace(trial, state=REQUEUED, attempts=0))  # for a resume with more time
            if math.isfinite(self._least_macs) and not self._in_time(self._least_macs, self.epochs, 0.0):
                break  # not even the smallest network seen would end in time
        self._nothing_fits = True  # what does not fit now does not fit later: time only runs out
        return self._no_more("budget")

    def _no_more(self, reason: str) -> Later | None:
        """Nothing new will begin; but what is out may still come back to be tried again."""
        if self._out:
            return LATER
        self.stop(reason)
        return None

    def _trial(self, number: int, proposal: Proposal) -> Trial:
        facts, gpus = profile(proposal.architecture, self.problem.space.task), self.share(proposal)
        return Trial(
            number=number,
            decisions=proposal.decisions,
            fingerprint=proposal.fingerprint,
            epochs=self.epochs,
            seed=random.Random(f"{self.seed}/{number}/weights").getrandbits(31),
            parameters=facts.parameters,
            macs=facts.macs,
            activation_bytes=facts.activation_bytes,
            source=proposal.source,
            began=self.clock.elapsed(),
            attributes={**proposal.attributes, GPUS: gpus} if gpus else proposal.attributes,
            architecture=proposal.architecture,
            recipe=proposal.recipe,
        )

    def _fits(self, trial: Trial) -> bool:
        """Whether the training would end before the search phase does, as far as can be told.

        While there is no network at all, one epoch is enough.
        """
        epochs = trial.epochs - len(trial.scores) if self.journal.totals.best is not None else 1
        return self._in_time(trial.macs, epochs, trial.gpus)

    def _in_time(self, macs: float, epochs: int, gpus: float) -> bool:
        each = self._costs.seconds_per_epoch(macs)
        left = min(self._seconds(), self._gpu_seconds() / gpus if gpus else math.inf)
        return each is None or each * epochs <= left

    def _test(self, trial: Trial, seconds: float) -> float:
        """What scoring a network on the test split takes, by the seconds of an epoch."""
        dataset = self.problem.dataset
        if dataset is None:
            return 0.0
        data, subset = dataset.search, trial.recipe.fidelity.subset
        seen = subset * len(data.train) + VALIDATION_COST * len(data.validation)
        return VALIDATION_COST * len(dataset.test) * seconds / seen

    def _learn_cost(self, trial: Trial, seconds: float) -> None:
        self._costs.learn(trial.macs, seconds)
        self._least_macs = min(self._least_macs, trial.macs)

    def _hand_out(self, number: int) -> Job:
        trial, alone = self.journal.trials[number], self._alone == number
        if alone and 0 < trial.gpus < 1:  # it ran out of memory on its share
            trial = self.journal.change(number, attributes={**trial.attributes, GPUS: 1.0})
        if trial.state == REQUEUED:
            trial = self.journal.change(number, state=RUNNING, attempts=trial.attempts + 1, failure="", error="")
        self._out.add(number)
        self.observer.status(self.status())
        self.observer.trial_started(trial)
        each, best = self._costs.seconds_per_epoch(trial.macs), self.journal.totals.best
        self._deadlines[number] = time.time() + self._seconds()
        return Job(
            number=number,
            decisions=dict(trial.decisions),
            epochs=trial.epochs,
            seed=trial.seed,
            deadline=self._deadlines[number],
            patience=HUNG_TIMES * self.patience if each is None else max(self.patience, HUNG_TIMES * each),
            checkpoint=self._checkpoint(number),
            alone=alone,
            gpus=trial.gpus,
            weights=self.weights_of(number),
            best=-math.inf if best is None else best.score,
        )

    def _settle(self, trial: Trial) -> None:
        """A trial is over for good: keeps the weights of the best only, and ends a search in which all fail alike."""
        best = self.journal.totals.best
        if self.storage:
            remove(self._checkpoint(trial.number))
            for number in {trial.number, self._kept} - {best.number if best else None}:
                if number is not None:
                    remove(self.weights_of(number))
            self._kept = best.number if best else None
        count = self._retries.hopeless(trial)
        if count:
            self.stop("failures")
            self.observer.message(
                f"{count} trainings in a row failed by `{trial.failure}`, so the search ends. Last: {trial.error}"
            )

    def _tell(self, number: int, notices: Iterable[str]) -> None:
        """Passes on what a worker says of a training; what holds for many is said once."""
        for text in notices:
            if text not in self._told:
                self._told.add(text)
                self.observer.message(f"Trial {number}: {text}")

    def _checkpoint(self, number: int) -> str:
        return checkpoint_in(self.storage, number) if self.storage else ""


def _ended_as(trial: Trial, failure: str) -> str:
    """The state of a training that has ended."""
    if failure:
        return FAILED
    if len(trial.scores) >= trial.epochs:
        return COMPLETED
    return STOPPED if trial.scores else REQUEUED
