"""Drawings and charts: every space can be drawn, and what is drawn is what the profile says."""

from __future__ import annotations

import dataclasses
import doctest
import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nas.config.recipe import TrainingConfig
from nas.records.trial import COMPLETED, FAILED, STOPPED, Trial
from nas.report import charts, drawing
from nas.report.decisions import readable
from nas.report.render import render
from predictors.probation import Evidence
from search_spaces import SPACES, Choice, Repeat, Space, SpaceError, Task, profile
from search_spaces.cells import Conv, Head, Residual, Stem

TASK = Task((3, 16, 16), 5)


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_space_is_drawn_with_all_its_parameters(name: str) -> None:
    try:
        architecture = SPACES[name]().sample(random.Random(0), TASK)
    except SpaceError:
        pytest.skip(f"{name} holds nothing for {TASK.input_shape}")
    found = drawing.boxes(architecture, TASK)
    known = profile(architecture, TASK)
    assert sum(box.parameters for box in found) == known.parameters
    assert sum(box.macs for box in found) == known.macs
    assert found[-1].shape == (5,)
    assert len(drawing.text(architecture, TASK).splitlines()) == len(found) + 1
    ElementTree.fromstring(drawing.svg(architecture, TASK, "a < b & c"))


def test_equal_cells_in_a_row_are_one_box() -> None:
    space = Space("row", Stem(8), Repeat(Residual(8), times=Choice(3)), Head())
    found = drawing.boxes(space.sample(random.Random(0)), TASK)
    assert [(box.name, box.times) for box in found] == [("Stem", 1), ("Residual", 3), ("Head", 1)]


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(drawing).failed == 0


def test_samples_are_written_as_pictures(tmp_path: Path) -> None:
    paths = render(SPACES["hybrid"](), TASK, 2, tmp_path / "drawings")
    assert [path.name for path in paths] == ["hybrid-0.svg", "hybrid-1.svg"]


def candidates() -> list[Trial]:
    space = Space("own", Stem(Choice(4, 8)), Choice(Conv(8), Residual(8)), Head())
    made = []
    for number, state in enumerate((COMPLETED, STOPPED, FAILED, COMPLETED)):
        architecture = space.sample(random.Random(number))
        made.append(
            Trial(
                number,
                {**architecture.decisions, "training.learning_rate": 1},
                architecture.fingerprint,
                epochs=1,
                seed=0,
                state=state,
                scores=() if state == FAILED else (number / 10,),
                parameters=100 * (number + 1),
                architecture=architecture,
                recipe=TrainingConfig(learning_rate=0.01),
            )
        )
    return made


def test_decisions_are_told_in_words() -> None:
    space = Space("own", Stem(Choice(4, 8)), Choice(Conv(8), Residual(8)), Head())
    one = candidates()[0]
    words = readable(space, one)
    assert set(words) == set(one.decisions)
    assert words["training.learning_rate"] == "0.01"
    assert {"Conv", "Residual"} & set(words.values()) and {"4", "8"} & set(words.values())


def test_charts_are_pictures(tmp_path: Path) -> None:
    tried = candidates()
    evidence = Evidence(0.4, (0.1, 0.6), 0.5, {"parameters": 0.2}, 0.3, True, trainings=8)
    judged = [evidence, dataclasses.replace(evidence, trainings=12)]
    paths = [
        charts.progress(tried, "accuracy", tmp_path / "a.png"),
        charts.probation(judged, tmp_path / "b.png"),
        charts.trade_off(tried, "accuracy", "parameters", tmp_path / "c.png"),
        charts.bars({"0": 1.0, "1": 2.0}, "Gradients", "norm", tmp_path / "d.svg"),
    ]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_charts_of_nothing_are_pictures_too(tmp_path: Path) -> None:
    assert charts.progress([], "accuracy", tmp_path / "a.png").is_file()
