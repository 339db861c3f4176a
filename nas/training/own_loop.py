"""A training loop of a person's own: `train(network, data, report, budget)`.

The loop runs in a thread of its own and waits there in `report` while anything else goes on: an epoch begins where the
last report is answered, and ends with the next. So the two never compute at once, and a loop draws the random numbers
of its epoch, whatever was trained between.
"""

from __future__ import annotations

import ctypes
import math
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from nas.config.own_code import made_of, name_of
from nas.config.reason import reason
from nas.training.epoch_clock import TooSlow
from nas.training.loop_data import LoopData
from nas.training.memory import is_out_of_memory

LATE = 0.2  # seconds that a report may come late by
WIND_UP = 2.0  # seconds that a loop has to return in when it was told that it is over
LET_GO = 0.5  # seconds that a loop has to end in when it is interrupted


class LoopFailed(Exception):
    """A loop of a person's own raised, or did not keep to what is asked of it."""


class LoopTooSlow(TooSlow):
    """A loop had not reported when its time was over."""

    def __init__(self, seconds: float, left: float) -> None:
        RuntimeError.__init__(
            self, f"its loop had not reported after {seconds:.3g} s, and {max(0.0, left):.3g} s were left"
        )
        self.seconds, self.left = seconds, left


class Over(BaseException):
    """Raised inside a loop to end it. No `Exception`, so that the loop does not take it for one of its own."""


class LoopBudget:
    """What a loop may spend.

    Args:
        epochs_planned: gives the epochs planned for this training now.
    """

    def __init__(self, epochs_planned: Callable[[], int]) -> None:
        self._planned = epochs_planned
        self.deadline = math.inf  # in seconds since 1970

    @property
    def epochs(self) -> int:
        """Planned for this training in all. The final may plan anew between epochs."""
        return self._planned()

    @property
    def seconds(self) -> float:
        """That are left at most; infinite without a limit. A loop that has not reported by then is interrupted."""
        return max(0.0, self.deadline - time.time())


class Report:
    """`report(epoch=1, score=0.9)` after each epoch: whether the loop is to go on.

    The network is then scored on the validation split, and that score counts; see `score`.
    """

    def __init__(self, say: Callable[[int], bool]) -> None:
        self._say = say
        self._first: int | None = None
        self._said = 0
        self.told: float | None = None
        self.score: float | None = None
        """Of the network at the last report by the search's metric, higher is better; None before."""

    def __call__(self, epoch: int, score: float | None = None) -> bool:
        """Reports that an epoch has ended.

        Args:
            epoch: its number, counted from 1 or from 0, each once and in order.
            score: what the loop found itself. It is compared and counts for nothing.
        """
        if isinstance(epoch, bool) or not isinstance(epoch, int):
            raise TypeError(f"`report(epoch=…)` takes a whole number, got {epoch!r}")
        if self._first is None:
            if epoch not in (0, 1):
                raise ValueError(
                    f"the first epoch that is reported must be 1, or 0 where they count from 0, got {epoch}"
                )
            self._first = epoch
        due = self._first + self._said
        if epoch == due - 1:
            raise ValueError(f"epoch {epoch} is reported twice; call `report` once at the end of each epoch")
        if epoch != due:
            raise ValueError(f"epoch {due} is to be reported next, got {epoch}; call `report` at the end of each epoch")
        self.told = None if score is None else float(score)
        self._said += 1
        return self._say(self._said)


class OwnLoop:
    """The loop of one training, which is begun by its first epoch.

    Args:
        code: what the recipe says, see `nas.config.own_code`.
        network: on its device; trained in place.
        epochs_planned: see `LoopBudget`.
    """

    def __init__(self, code: Any, network: nn.Module, data: LoopData, epochs_planned: Callable[[], int]) -> None:
        self.name = name_of(code)
        self.network, self.data = network, data
        self.budget = LoopBudget(epochs_planned)
        self.report = Report(self._reported)
        self._code = code
        self._made_of = _shapes(network)
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # numbers of reports; None for the end
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._told_no = self._interrupted = False
        self.ended = False
        self._threads = 1

    def epoch(self, last: bool, deadline: float = math.inf) -> None:
        """Runs the loop until it reports or returns, in the last epoch until it returns.

        Args:
            last: whether it is the last one planned.
            deadline: by which it is to have reported, in seconds since 1970.

        Raises:
            LoopTooSlow: it did not.
            LoopFailed: it raised, returned without any report, or did something else that it may not.
        """
        if self.ended:
            return
        self.budget.deadline = deadline
        began = time.time()
        self._go_on()
        self._wait(began, deadline)
        if last and not self.ended:
            self._told_no = True
            self._answers.put(False)
            self._wait(began, deadline)
        if self.ended:
            self._check_end()
        changed = _changed(self._made_of, _shapes(self.network))
        if changed:
            raise LoopFailed(
                f"The loop {self.name} changed what the network is made of ({changed}), so that it could not be "
                "exported. Train its weights and leave its layers and number format as they are."
            )

    def close(self) -> None:
        """Ends the loop wherever it is: it is told that it is over, and interrupted where it does not return then."""
        if self._thread is None or self.ended:
            return
        if not self._told_no:
            self._told_no = True
            self._answers.put(False)
            self._joined(WIND_UP)
        if not self.ended:
            self._interrupt()

    def _interrupt(self) -> None:
        """Raises in the loop, once; one that is inside native code hears it when it comes back."""
        thread = self._thread
        if self._interrupted or thread is None or thread.ident is None:
            return
        self._interrupted = self._told_no = True
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Over))
        self._answers.put(False)
        self._joined(LET_GO)

    def _go_on(self) -> None:
        self._threads = torch.get_num_threads()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"loop {self.name}", daemon=True)
            self._thread.start()
        else:
            self._answers.put(True)

    def _wait(self, began: float, deadline: float) -> None:
        """Until the next report or the end."""
        try:
            left = None if math.isinf(deadline) else max(0.0, deadline + LATE - time.time())
            event = self._events.get(timeout=left)
        except queue.Empty:
            self._interrupt()
            raise LoopTooSlow(time.time() - began, deadline - began) from None
        self._take(event)

    def _take(self, event: int | None) -> None:
        """Takes in what the loop did: reported, or ended."""
        if event is None and self._thread is not None:
            self.ended = True
            self._thread.join()

    def _joined(self, seconds: float) -> None:
        """Waits for the end, and lets what it still reports be."""
        until = time.monotonic() + seconds
        while not self.ended and (left := until - time.monotonic()) > 0:
            try:
                self._take(self._events.get(timeout=left))
            except queue.Empty:
                return

    def _check_end(self) -> None:
        error = self._error
        if error is not None:
            if is_out_of_memory(error):
                raise error
            raise LoopFailed(f"The loop {self.name} raised {reason(error).rstrip('.')}.") from error
        if self.report._said == 0:
            raise LoopFailed(
                f"The loop {self.name} returned without a report. Call `report(epoch=…)` after each epoch."
            )

    def _run(self) -> None:
        """What the thread does."""
        try:
            torch.set_num_threads(self._threads)
            if self.data.device.type == "cuda":
                torch.cuda.set_device(self.data.device)
            returned = made_of(self._code)(self.network, self.data, self.report, self.budget)
            if returned is not None and returned is not self.network:
                raise TypeError(
                    f"it returned {_described(returned)}, not the network that it was given; train that one in place "
                    "and return nothing"
                )
        except Over:
            pass
        except BaseException as error:  # whatever a person's own code raises
            self._error = error
        finally:
            self._events.put(None)

    def _reported(self, number: int) -> bool:
        """In the thread: waits until the next epoch is wanted."""
        if self._told_no:
            raise RuntimeError(
                "it reported again after `report` had said that it is over; leave the loop where it says False"
            )
        self._events.put(number)
        return self._answers.get()


def _described(thing: Any) -> str:
    return f"another {type(thing).__name__}" if isinstance(thing, nn.Module) else repr(thing)[:80]


def _shapes(network: nn.Module) -> Mapping[str, tuple[Any, ...]]:
    """Shape and number format of each tensor of a network, by name."""
    return {name: (tuple(value.shape), value.dtype) for name, value in network.state_dict().items()}


def _changed(before: Mapping[str, tuple[Any, ...]], now: Mapping[str, tuple[Any, ...]]) -> str:
    """The first name that differs; "" for none."""
    return next((name for name in {**before, **now} if before.get(name) != now.get(name)), "")
