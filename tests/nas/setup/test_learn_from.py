"""A search that begins from what earlier ones of its space found."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import nas
from nas.config.earlier_search import EarlierSearch
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal import journal as journals
from nas.records.earlier_search import trainings
from nas.records.joint_space import JointSpace
from nas.setup.learn_from import MOST, earlier_searches
from search_spaces import Choice, Repeat, Space, Task
from search_spaces.cells import CELLS

Conv, Head, Stem = CELLS["Conv"], CELLS["Head"], CELLS["Stem"]
QUICK: dict[str, Any] = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 2}


def small(*widths: int) -> Space:
    conv = Conv(Choice(*(widths or (1, 8, 16))), kernel=Choice(1, 3, 5))
    return Space("small", Stem(4), Repeat(conv, Choice(1, 2, 3)), Head())


def data(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    targets = np.arange(160) % 4
    rng = np.random.default_rng(seed)
    patterns = rng.normal(size=(4, 1, size, size))
    return (patterns[targets] + rng.normal(size=(160, 1, size, size))).astype(np.float32), targets


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search of twelve trainings on smaller pictures."""
    directory = tmp_path_factory.mktemp("first") / "s"
    nas.search(data(6, 0), small(), "12 trials", directory=directory, seed=5, **QUICK)
    return directory


def test_a_search_begins_from_another_and_a_resume_needs_its_journal_alone(first: Path, tmp_path: Path) -> None:
    copied, pictures = tmp_path / "copied", data(8, 1)
    shutil.copytree(first, copied)
    asked = {**QUICK, "learn_from": [copied]}
    nas.search(pictures, small(), "4 trials", directory=tmp_path / "s", **asked)
    shutil.rmtree(copied)
    resumed = nas.resume(tmp_path / "s", data=pictures, space=small(), budget="14 trials")
    whole = nas.search(pictures, small(), "14 trials", directory=tmp_path / "w", **{**QUICK, "learn_from": str(first)})
    assert [one.decisions for one in resumed.candidates] == [one.decisions for one in whole.candidates]
    sources = [one.source for one in whole.candidates]
    assert "earlier" in sources[:10]
    assert "random" in sources[:10]
    assert "earlier" not in sources[10:]
    assert not [one for one in journals.read(first).trials if one.source == "earlier"]


def test_what_is_kept_is_data_that_a_journal_can_hold(first: Path) -> None:
    joint = JointSpace(small(), TrainingConfig(), Task((1, 8, 8), 4))
    (earlier,) = earlier_searches([first, str(first)], joint)
    assert len(earlier.decisions) == len(earlier.scores) == 12
    assert SearchConfig.from_json(SearchConfig(learn_from=(earlier,)).to_json()).learn_from == (earlier,)
    assert len(trainings(earlier, joint)[0]) == 12


def test_a_recipe_that_was_searched_is_left_out(tmp_path: Path) -> None:
    training = TrainingConfig(learning_rate=Choice(0.001, 0.01))
    nas.search(data(6, 0), small(), "6 trials", directory=tmp_path / "s", training=training, **QUICK)
    (earlier,) = earlier_searches(tmp_path / "s", JointSpace(small(), TrainingConfig(), Task((1, 8, 8), 4)))
    assert not [path for decisions in earlier.decisions for path in decisions if path.startswith("training")]


class NeedsRoom(nn.Module):
    """Passes on what is large enough."""

    def __init__(self, channels: int, least: int) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[-1] < self.least:
            raise ValueError(f"{x.shape[-1]} is less than {self.least}")
        return x


def test_networks_that_cannot_be_built_here_are_left_out() -> None:
    space = Space("roomy", Stem(4), CELLS["Custom"](NeedsRoom, least=Choice(2, 4, 6, 8)), Head())
    ((path, _),) = space.sample(random.Random(0)).decisions.items()
    earlier = EarlierSearch("somewhere", "pictures", tuple({path: index} for index in range(4)), (0.1, 0.2, 0.3, 0.4))
    built, scores = trainings(earlier, JointSpace(space, TrainingConfig(), Task((1, 5, 5), 4)))
    assert [architecture.decisions[path] for architecture in built] == [0, 1]
    assert scores == [0.1, 0.2]


def test_searches_that_cannot_teach_are_refused_and_nothing_is_written(first: Path, tmp_path: Path) -> None:
    nas.search(data(6, 0), small(), "2 trials", directory=tmp_path / "short", **QUICK)
    asked: dict[str, Any] = {**QUICK, "directory": tmp_path / "new"}
    for space, directory, options, said in (
        (small(), tmp_path / "none", {}, "holds no search"),
        (small(4, 8), first, {}, "`learn_from` needs a search of the same space"),
        (small(), tmp_path / "short", {}, "`learn_from` needs at least 5 trainings"),
        (small(), first, {"strategy": "tpe"}, "`learn_from` is for the strategy `guided`"),
    ):
        with pytest.raises(InputError, match=said):
            nas.search(data(8, 1), space, "2 trials", learn_from=[directory], **asked, **options)
    assert not (tmp_path / "new").exists()


def test_of_a_long_search_trainings_of_all_its_time_are_kept(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.setup.learn_from.MOST", 6)
    assert MOST > 6
    (earlier,) = earlier_searches(first, JointSpace(small(), TrainingConfig(), Task((1, 8, 8), 4)))
    rows = sorted(journals.read(first).trials, key=lambda row: row.finished)
    assert list(earlier.decisions) == [dict(row.decisions) for row in rows[::2]]
