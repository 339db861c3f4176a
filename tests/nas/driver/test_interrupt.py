"""Ctrl-C: the first asks, the second ends, whatever swallows what it raises."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from nas.driver.interrupt import interruptible


def send(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_one_asks(number: int) -> None:
    asked: list[int] = []
    before = signal.getsignal(number)
    with interruptible(lambda: asked.append(1)):
        send(number)
    assert asked == [1] and signal.getsignal(number) == before


def test_the_second_one_ends() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible(lambda: None):
        send()
        send()
        pytest.fail("it went on")


def test_the_second_one_ends_also_where_it_is_swallowed() -> None:
    after: list[int] = []
    with pytest.raises(KeyboardInterrupt), interruptible(lambda: None):
        send()
        with contextlib.suppress(KeyboardInterrupt):
            send()
        after.append(1)
    assert after == [1]
