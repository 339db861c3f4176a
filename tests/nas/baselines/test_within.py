"""Several baselines within one given time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from nas.baselines.fitted import Fitted
from nas.baselines.within import train_within
from nas.data.dataset import Split, TrainingData
from search_spaces.task import Task

ROWS = Split(np.zeros((4, 1), dtype=np.float32), np.array([0, 1, 0, 1]))
DATA = TrainingData(Task((1,), 2), ROWS, ROWS, (0.0,), (1.0,))


@dataclass(frozen=True)
class Pick:
    """Notes how long it may take; sleeps, or fails."""

    name: str
    validation: float
    sleeps: float
    given: list[float]
    label: str = "a pick"

    def fits(self, task: Task) -> bool:
        return True

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        self.given.append(seconds)
        if self.sleeps < 0:
            raise MemoryError("too large")
        time.sleep(self.sleeps)
        return Fitted(self.name, self.label, lambda inputs: inputs, self.validation, refit, self.sleeps)


def lot(seconds: float, *picks: Pick):  # type: ignore[no-untyped-def]
    known = {pick.name: pick for pick in picks}
    return train_within(list(known), DATA, seconds, known=known)


def test_the_first_gets_half_and_the_last_what_is_left() -> None:
    given: list[float] = []
    found = lot(10.0, Pick("a", 0.5, 0.0, given), Pick("b", 0.9, 0.0, given), Pick("c", 0.7, 0.0, given))
    assert [round(seconds) for seconds in given] == [5, 5, 10]
    assert [one.name for one in found.fitted] == ["a", "b", "c"]
    assert found.best is not None
    assert found.best.name == "b"
    assert not found.left_out


def test_a_failure_is_said_and_ends_nothing() -> None:
    found = lot(10.0, Pick("a", 0.5, -1.0, []), Pick("b", 0.9, 0.0, []))
    assert [one.name for one in found.fitted] == ["b"]
    assert found.left_out == {"a": "failed with MemoryError: too large"}


def test_what_does_not_fit_the_time_is_said_and_the_majority_always_fits() -> None:
    found = lot(2.5, Pick("a", 0.5, 2.4, []), Pick("b", 0.9, 0.0, []), Pick("majority", 0.2, 0.0, []))
    assert [one.name for one in found.fitted] == ["a", "majority"]
    assert found.left_out["b"].endswith("s were left for it; give the search more time")


def test_none_asked_for_is_none_trained() -> None:
    found = lot(10.0)
    assert found.fitted == ()
    assert found.best is None
