"""A final whose trainings hang: what was reached by their deadline counts, else the weights that the search kept."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.data import Dataset, load
from nas.errors import SearchFailed
from nas.execution.local import in_this_process
from nas.execution.worker import Work
from nas.final.final import run_final
from nas.final.schedule import FinalConfig
from nas.records.job import Job
from nas.records.joint_space import JointSpace
from nas.records.results import FinalResult
from nas.records.trial import COMPLETED, Trial
from search_spaces import Space
from search_spaces.cells import CELLS

EVALUATED, HANGS_AFTER = "evaluated", "hangs_after"
STATE = {EVALUATED: 0, HANGS_AFTER: 99}  # of the training in this process: epochs so far, and how many it may have


class Hanging(nn.Module):
    """Passes its input on, until it has been evaluated as often as `STATE` lets it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels, self.trained = channels, False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "meta":
            if self.training and STATE[EVALUATED] >= STATE[HANGS_AFTER]:
                time.sleep(1e6)
            if not self.training and len(x) > 1 and STATE["trained"]:
                STATE[EVALUATED] += 1
            STATE["trained"] = self.training
        return x


STATE["trained"] = False
SPACE = Space("hanging", CELLS["Stem"](4), CELLS["Custom"](Hanging), CELLS["Head"]())


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def final(digits: Dataset, folder: Path, hangs_after: int, seconds: float, kept: bool) -> FinalResult:
    """Of one trial that the search trained for an epoch, and kept the weights of."""
    joint = JointSpace(SPACE, TrainingConfig(), digits.task)
    weights = str(folder / "weights.pt") if kept else ""
    STATE.update({EVALUATED: 0, HANGS_AFTER: 99, "trained": False})
    report = Work(Job(0, {}, 1, 7, time.time() + 100, 60.0, "", weights=weights), joint, digits.search).epoch()
    trial = Trial(
        0, {}, "one", epochs=1, seed=7, state=COMPLETED, scores=(report.score,), seconds=0.01,
        architecture=SPACE.replay({}),
    )  # fmt: skip
    STATE.update({EVALUATED: 0, HANGS_AFTER: hangs_after, "trained": False})
    ends = time.monotonic() + seconds
    plan, left = FinalConfig(top=1, epochs=9), lambda: ends - time.monotonic()
    return run_final(
        digits, [trial], None, folder / "final", plan, in_this_process(1), kept=(trial, weights), seconds_left=left
    )  # fmt: skip


@pytest.mark.parametrize("kept", [True, False])
def test_one_that_is_cut_off_after_its_first_epoch_counts_with_it(digits: Dataset, tmp_path: Path, kept: bool) -> None:
    winner = final(digits, tmp_path, hangs_after=1, seconds=6.0, kept=kept).winner
    assert (winner.epochs, winner.weights.name) == (1, "0000-0.pt")
    assert winner.test_score is not None


def test_one_that_is_cut_off_before_its_first_epoch_leaves_the_search_s_own_weights(
    digits: Dataset, tmp_path: Path
) -> None:
    winner = final(digits, tmp_path, hangs_after=0, seconds=1.0, kept=True).winner
    assert (winner.epochs, winner.weights.name) == (1, "0000-search.pt")
    assert winner.test_score is not None


def test_one_that_hangs_in_its_first_epoch_with_nothing_kept_is_ended(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.execution.full_training.LATE", 0.5)
    with pytest.raises(SearchFailed, match="did not end in time"):
        final(digits, tmp_path, hangs_after=0, seconds=0.5, kept=False)
