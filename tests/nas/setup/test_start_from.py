"""Searches that begin from a network the user already has."""

from __future__ import annotations

import dataclasses
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nas
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal import journal as journals
from nas.records.joint_space import JointSpace, recipe_of
from nas.setup.start_from import decisions_of
from search_spaces import Choice, Repeat, Space, Task, load_space
from search_spaces.architecture import Architecture
from search_spaces.catalog import SPACES
from search_spaces.cells import CELLS
from search_spaces.rules import max_parameters

Conv, Head, Stem = CELLS["Conv"], CELLS["Head"], CELLS["Stem"]
QUICK: dict[str, Any] = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 1}
TASK = Task((1, 8, 8), 4)


def small(*widths: int, rules: Any = ()) -> Space:
    conv = Conv(Choice(*(widths or (4, 8))), kernel=Choice(1, 3, 5))
    return Space("small", Stem(4), Repeat(conv, Choice(1, 2)), Head(), rules=rules)


def sampled(space: Space, seed: int = 3) -> Architecture:
    return space.sample(random.Random(seed))


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    targets = np.arange(120) % 4
    inputs = np.random.default_rng(0).normal(size=(120, 1, 8, 8)).astype(np.float32) + targets[:, None, None, None]
    return inputs, targets


@pytest.mark.parametrize("strategy", ["guided", "evolution", "random", "tpe", "nsga2"])
def test_given_networks_are_the_first_trials_and_a_resume_knows_them(strategy: str, tmp_path: Path, data: Any) -> None:
    space = small()
    mine = [sampled(space, seed) for seed in (3, 4)]
    (tmp_path / "architecture.json").write_text(mine[0].to_json())
    asked = {**QUICK, "strategy": strategy, "start_from": [tmp_path / "architecture.json", tmp_path, mine[1]]}
    nas.search(data, space, "1 trials", directory=tmp_path / "s", **asked)
    (tmp_path / "architecture.json").unlink()  # a resume reads the journal, not the file
    resumed = nas.resume(tmp_path / "s", data=data, space=space, budget="6 trials")
    whole = nas.search(data, space, "6 trials", directory=tmp_path / "w", **{**asked, "start_from": mine})
    assert [one.architecture.fingerprint for one in whole.candidates[:2]] == [one.fingerprint for one in mine]
    assert [one.source == "given" for one in whole.candidates] == [True, True, False, False, False, False]
    assert [one.decisions for one in resumed.candidates] == [one.decisions for one in whole.candidates]
    assert [row.source for row in journals.read(tmp_path / "s").trials[:2]] == ["given", "given"]


def test_given_decisions_survive_the_journals_config() -> None:
    config = SearchConfig(start_from=({"a": 1}, {"b": 0}))
    assert SearchConfig.from_json(config.to_json()) == config


def test_the_recipe_of_a_given_network_is_drawn() -> None:
    recipe = dataclasses.replace(TrainingConfig(), learning_rate=Choice(0.001, 0.003, 0.01))
    space = small()
    joint = JointSpace(space, recipe, TASK)
    found = {decisions_of([sampled(space)], joint, seed)[0]["training.learning_rate"] for seed in range(12)}
    assert len(found) > 1
    assert decisions_of([sampled(space)], joint, 1) == decisions_of([sampled(space)], joint, 1)
    assert joint.replay(decisions_of([sampled(space)], joint, 1)[0]).architecture == sampled(space)
    assert set(recipe_of(decisions_of([sampled(space)], joint, 1)[0])) == {"training.learning_rate"}


def test_every_space_takes_back_its_own_networks(tmp_path: Path) -> None:
    for name in SPACES:
        space = load_space(name)
        one = space.resolve(lambda path, options: len(options) - 1)
        (tmp_path / "architecture.json").write_text(one.to_json())
        joint = JointSpace(Space(space.name, *space.cells), TrainingConfig(), TASK)
        assert decisions_of([tmp_path], joint, 0) == (one.decisions,)


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    space = small()
    joint = JointSpace(space, TrainingConfig(), TASK)
    other = load_space("mlp").sample(random.Random(0))
    wide = small(16, 32).resolve(lambda path, options: 0)
    limited = JointSpace(small(rules=[max_parameters(1)]), TrainingConfig(), TASK)
    (tmp_path / "broken.json").write_text("{")
    for source, searched, words in (
        (other, joint, ("'mlp'", "'small'", "--space mlp")),
        (dataclasses.replace(other, space="theirs"), joint, ("'theirs'", "'small'", "hybrid")),
        (wide, joint, ("other cells",)),
        (sampled(space), limited, ("parameters is", "<= 1")),
        (tmp_path, joint, ("no network at", "architecture.json")),
        (tmp_path / "broken.json", joint, ("not JSON",)),
    ):
        with pytest.raises(InputError) as caught:
            decisions_of([source], searched, 0)
        assert all(word in str(caught.value) for word in words), caught.value


def test_a_network_is_found_by_its_cells_whatever_its_decisions_were() -> None:
    space = small()
    joint = JointSpace(space, TrainingConfig(), TASK)
    known = sampled(space)
    for given in (
        dataclasses.replace(known, decisions={"nowhere": 1, **known.decisions}),
        dataclasses.replace(known, decisions={}),
        dataclasses.replace(known, space="renamed"),
        known.cells,
    ):
        [decisions] = decisions_of([given], joint, 0)
        assert joint.space.replay(decisions).fingerprint == known.fingerprint


def test_a_network_of_a_narrower_space_goes_on_in_a_wider_one() -> None:
    narrow = Space("grow", Stem(8), Repeat(Conv(Choice(8, 16), kernel=3), times=Choice(1, 2)), Head())
    wide = Space("grow", Stem(8), Repeat(Conv(Choice(4, 8, 16), kernel=Choice(3, 5)), times=Choice(1, 2, 3)), Head())
    joint = JointSpace(wide, TrainingConfig(), TASK)
    for seed in range(5):
        known = narrow.sample(random.Random(seed))
        [decisions] = decisions_of([known], joint, 0)
        assert wide.replay(decisions).cells == known.cells


def test_a_part_of_a_network_is_given_by_the_names_of_its_places() -> None:
    block = Conv(Choice(4, 8), kernel=Choice(1, 3))
    space = Space("known", Stem(Choice(8, 16)), Repeat(block, times=Choice(1, 2)), Head())
    joint = JointSpace(space, TrainingConfig(learning_rate=Choice(0.001, 0.003)), TASK)
    [decisions] = decisions_of({"0.width": 16, "kernel": 3, "recipe.learning_rate": 0.003}, joint, 0)
    proposal = joint.replay(decisions)
    assert proposal.architecture.cells[0] == Stem(16) and proposal.recipe.learning_rate == 0.003
    assert all(cell.kernel == 3 for cell in proposal.architecture.cells[1:-1])
    [decisions] = decisions_of({"stem": Stem(16), "conv.width": 8}, joint, 0)
    assert joint.replay(decisions).architecture.cells[0] == Stem(16)
    assert all(cell.width == 8 for cell in joint.replay(decisions).architecture.cells[1:-1])
    wrongs: tuple[tuple[Any, str], ...] = (
        ({"kernel": 7}, "'kernel' the value 7"),
        ({"widht": 8}, "'widht'"),
        ({"recipe.learning_rate": 0.1}, "0.001, 0.003"),
        ((Stem(16), Conv(5), Head()), "Conv(width=5"),
    )
    for wrong, words in wrongs:
        with pytest.raises(InputError, match=re.escape(words)):
            decisions_of([wrong], joint, 0)
