"""A budget that buys not one epoch is refused with the numbers, before anything is written; one that may is not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import nas
from nas.config.budget import Budget
from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.setup.affordable import check_affordable
from nas.setup.plan import Plan, Stopwatch
from search_spaces import SPACES, Architecture, Task
from search_spaces.profile import profile

TASK = Task((3, 32, 32), 10)


class Timed(Stopwatch):
    """A machine on which a multiply-add takes so long that a million of them are a second."""

    def seconds_per_example(self, architecture: Architecture) -> float:
        return profile(architecture, self.task).macs / 1e6


@pytest.mark.parametrize("space", ["darts", "nasbench201", "autoformer_tiny"])
def test_it_is_the_smallest_that_counts(space: str) -> None:
    joint = JointSpace(SPACES[space](), TrainingConfig(), TASK)
    watch, middle = Timed(TASK, 64), Plan(epochs=3, subset=0.1, trainings=1, seconds=1e9)
    with pytest.raises(InputError, match="buys not one epoch") as refused:
        check_affordable(Budget(seconds=60.0), joint, middle, watch, examples=8_000)
    said = re.search(r"with ([\d,]+) parameters, takes about (\S+) for one on 800 examples", str(refused.value))
    assert said is not None and int(said[1].replace(",", "")) > 0 and f"of {joint.space.name!r}" in str(refused.value)
    fits = re.search(r"budget that fits is about (\S+)\.", str(refused.value))
    assert fits is not None
    check_affordable(Budget.parse(fits[1]), joint, middle, watch, examples=8_000)
    check_affordable(Budget(trials=1), joint, middle, watch, examples=8_000)
    check_affordable(Budget(seconds=60.0), joint, middle, None, examples=8_000)  # own cells are met by a worker


def test_darts_on_ten_thousand_pictures_is_refused_before_a_second_is_spent_on_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (10_000, 3, 32, 32), dtype=np.uint8), np.arange(10_000) % 10
    with pytest.raises(
        InputError, match=r"The budget `0\.5s` buys not one epoch: the smallest of 64 networks of 'darts'"
    ):
        nas.search(data, "darts", "0.5s", directory=tmp_path / "s", tracking_uri="", executor="local")
    assert not (tmp_path / "s").exists()
