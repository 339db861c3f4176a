"""Observers of a person's own: one that raises, one that stops, and what is none."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nas
from nas.errors import InputError
from search_spaces import Choice, Space
from search_spaces.cells import MLP, Flatten, Head

QUICK: dict[str, Any] = {
    "tracking_uri": "",
    "epochs": 1,
    "executor": "local",
    "baselines": ("off",),
    "ensemble": "off",
    "final": False,
}


def searched(folder: Path, observers: Any, trials: int = 4) -> Any:
    targets = np.arange(80) % 4
    inputs = np.random.default_rng(0).normal(size=(80, 1, 8, 8)).astype(np.float32) + targets[:, None, None, None]
    space = Space("small", Flatten(), MLP(Choice(8, 12, 16, 20)), Head())
    return nas.search((inputs, targets), space, f"{trials} trials", directory=folder, observers=observers, **QUICK)


class Raises(nas.Observer):
    """Raises at every event, and stops after two trials all the same."""

    def __init__(self) -> None:
        self.seen = 0

    def trial_ended(self, trial: nas.Trial) -> None:
        self.seen += 1
        if self.seen == 2:
            self.stop()
        raise ZeroDivisionError("my own fault")


class RaisesWhenAsked(nas.Observer):
    @property
    def wants_stop(self) -> bool:  # type: ignore[override]
        raise LookupError("asked")


def test_one_that_raises_is_said_once_and_may_still_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="nas"):
        result = searched(tmp_path / "s", [Raises(), RaisesWhenAsked()])
    assert (result.ended, len(result.candidates)) == ("stopped", 2)
    said = [record.getMessage() for record in caplog.records if "the search goes on" in record.getMessage()]
    first, second = sorted(said)
    assert first.startswith("Raises failed in `trial_ended`; the search goes on. ZeroDivisionError: my own fault")
    assert f"{__file__}, line " in first and 'raise ZeroDivisionError("my own fault")' in first
    assert second.startswith("RaisesWhenAsked failed in `wants_stop`") and "LookupError: asked" in second


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        (Raises(), "Write [Raises(…)]"),
        ([Raises], "Write Raises()"),
        ([print], "Derive its class from nas.Observer"),
        ("Raises", "must be a list"),
        (3, "must be a list"),
        (None, "must be a list"),
    ],
)
def test_what_is_no_list_of_observers_is_refused(tmp_path: Path, given: Any, fix: str) -> None:
    with pytest.raises(InputError, match="`observers` must be a list") as caught:
        searched(tmp_path / "s", given)
    assert fix in str(caught.value) and not (tmp_path / "s").exists()
    with pytest.raises(InputError, match="`observers` must be a list"):
        nas.resume(tmp_path / "s", observers=given)
