"""Ctrl-C, and the SIGTERM by which SLURM and Kubernetes end a job: once to finish cleanly, twice to stop now."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def interruptible(finish: Callable[[], None]) -> Iterator[None]:
    """The first signal calls `finish`, the second raises KeyboardInterrupt. Only the main thread can do this."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    asked = twice = False

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not set from Python

    def handle(signum: int, frame: FrameType | None) -> None:
        nonlocal asked, twice
        if asked:
            twice = True
            restore()
            raise KeyboardInterrupt
        asked = True
        finish()

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        restore()
    if twice:  # raised where nothing can be: in a destructor, or in a library that swallows it
        raise KeyboardInterrupt


def listen_again() -> None:
    """Native code that was loaded meanwhile may have taken a signal for itself (Ray: SIGTERM); takes it back."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.getsignal(number) or signal.SIG_DFL)
