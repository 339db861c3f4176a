"""What a person should know reaches somebody: an observer that listens, else the log."""

from __future__ import annotations

import logging

import pytest

from nas.driver.events import Observer, Observers


class Deaf(Observer):
    pass


class Listening(Observer):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def message(self, text: str) -> None:
        self.heard.append(text)


def test_a_message_that_nobody_listens_to_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    listening = Listening()
    with caplog.at_level(logging.WARNING):
        Observers([Deaf(), listening]).message("the disk is full")
        assert listening.heard == ["the disk is full"] and not caplog.text
        Observers([Deaf()]).message("not exported: 100 % sure")
    assert "not exported: 100 % sure" in caplog.text
