"""A training that is lost goes on from its last checkpoint; what has ended leaves none behind."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
import torch

import nas
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.data import load
from nas.execution import worker
from nas.execution.full_training import FullTraining, train_in_full
from nas.records.job import EpochReport, Job
from nas.records.joint_space import JointSpace
from nas.setup.problem import storage_for
from search_spaces import SPACES, Space
from search_spaces.cells import Custom, Head


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SAVED_EVERY", 0.0)


def test_a_lost_training_repeats_one_epoch_only(tmp_path: Path) -> None:
    data = load("digits")
    joint = JointSpace(SPACES["mlp"](), TrainingConfig(), data.task)
    decisions = dict(joint.sample(random.Random(0)).decisions)
    job = Job(0, decisions, 4, 7, math.inf, 60.0, str(tmp_path / "checkpoints" / "0.pt"))
    whole = worker.Work(job, joint, data.search)
    reports = [whole.epoch() for _ in range(3)]
    again = worker.Work(job, joint, data.search).epoch()
    assert isinstance(again, EpochReport) and isinstance(reports[2], EpochReport)
    assert (again.epoch, again.score) == (3, pytest.approx(reports[2].score))


def test_what_has_ended_leaves_no_checkpoint_and_only_the_best_its_weights(tmp_path: Path) -> None:
    quick = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 3}
    result = nas.search("digits", "mlp", "2 trials", directory=tmp_path / "s", **quick)
    assert [one.state for one in result.candidates] == ["completed", "completed"]
    assert [path.name for path in (tmp_path / "s" / "checkpoints").iterdir()] == [f"{result.best.number}-weights.pt"]


def test_searches_that_share_a_storage_keep_their_checkpoints_apart() -> None:
    config = SearchConfig(storage="s3://bucket/checkpoints/")
    one, other = storage_for(config, Path("/a/search")), storage_for(config, Path("/b/search"))
    assert one.startswith("s3://bucket/checkpoints/search-") and one != other


@pytest.mark.parametrize("broken", [b"torn", "foreign"])
def test_a_checkpoint_that_cannot_be_used_begins_anew_and_says_so(tmp_path: Path, broken: bytes | str) -> None:
    data = load("digits")
    joint = JointSpace(SPACES["mlp"](), TrainingConfig(), data.task)
    one, other = (dict(joint.sample(random.Random(seed)).decisions) for seed in (0, 1))
    path = tmp_path / "0.pt"
    if broken == "foreign":  # of another network
        whole = worker.Work(Job(0, other, 4, 7, math.inf, 60.0, str(path)), joint, data.search)
        whole.epoch(), whole.epoch()
    else:
        path.write_bytes(b"torn")
    first = worker.Work(Job(0, one, 4, 7, math.inf, 60.0, str(path)), joint, data.search).epoch()
    fresh = worker.Work(Job(0, one, 4, 7, math.inf, 60.0, ""), joint, data.search).epoch()
    assert isinstance(first, EpochReport) and isinstance(fresh, EpochReport)
    assert (first.epoch, first.score) == (1, fresh.score)
    assert "begins anew" in first.notices[0] and fresh.notices == ()


class Swallowing(torch.nn.Flatten):
    """A module during which Ctrl-C comes, and which makes an error of its own of it."""

    def __init__(self, input_shape: tuple[int, ...], chained: str) -> None:
        super().__init__()
        self.chained = chained

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            if self.chained == "said":
                raise RuntimeError("the step was lost") from interrupt
            raise RuntimeError("the step was lost")  # noqa: B904 - as such modules do


@pytest.mark.parametrize("chained", ["said", "not said"])
def test_a_ctrl_c_that_becomes_another_error_is_no_failure_of_the_candidate(chained: str) -> None:
    data = load("digits")
    space = Space("swallowing", Custom(Swallowing, chained=chained), Head())
    joint = JointSpace(space, TrainingConfig(), data.task)
    decisions = dict(joint.sample(random.Random(0)).decisions)
    with pytest.raises(KeyboardInterrupt):
        worker.Work(Job(0, decisions, 4, 7, math.inf, 60.0, ""), joint, data.search).epoch()
    in_the_final = FullTraining(0, 0, joint.replay(decisions).architecture, TrainingConfig(), 2, 7, math.inf)
    with pytest.raises(KeyboardInterrupt):
        list(train_in_full(in_the_final, data.search, lambda: False))


def test_what_a_training_notices_is_told_once(tmp_path: Path) -> None:
    class Listening(nas.Observer):
        def __init__(self) -> None:
            self.heard: list[str] = []

        def message(self, text: str) -> None:
            self.heard.append(text)

    listening = Listening()
    recipe = TrainingConfig(batch_size=100_000)
    quick = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 1, "training": recipe}
    nas.search("digits", "mlp", "2 trials", directory=tmp_path / "s", observers=[listening], **quick)
    assert len(listening.heard) == 1
    assert listening.heard[0].startswith("Trial 0: batch_size 100000 is larger than")
