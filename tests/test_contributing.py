"""What CONTRIBUTING.md shows as an addition works as one."""

from __future__ import annotations

import ast
import importlib
import itertools
import random
import re
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nas import TrainingConfig
from nas.data import load
from nas.data.read import FRAMES
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, Trial
from nas.strategies.strategy import Settings
from predictors.predictor import Predictor
from search_spaces import SPACES, Choice, Space, Task, build, profile
from search_spaces.cells import Conv, Head, Stem

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
EXAMPLES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", PAGE, flags=re.DOTALL))
LINES = re.findall(r"The line, in `(\w+)` of `([\w/]+\.py)`: `(.+?)`", PAGE)
TASK = Task((1, 8, 8), 10)


@pytest.fixture
def example(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The example for a folder, as a module, which dataclasses and the exporter look for by name."""
    path = next(path for path in EXAMPLES if path.startswith(request.param))
    module = types.ModuleType(path.removesuffix(".py").replace("/", "."))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(EXAMPLES[path], path, "exec"), module.__dict__)
    return module


def of(folder: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", [folder], indirect=True)


def added(example: types.ModuleType) -> Any:
    """What the example's line puts into the registry; the line itself is run, with the names of the registry's file."""
    path, line = next((path, line) for _, path, line in LINES if defined(example) & words(line))
    registry = importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    put = eval(f"{{{line}}}", {**vars(registry), **vars(example)})
    return next(iter(put.values() if isinstance(put, dict) else put))


def defined(example: types.ModuleType) -> set[str]:
    """Names of an example's own functions and classes."""
    own = (name for name, value in vars(example).items() if getattr(value, "__module__", "") == example.__name__)
    return set(own)


def words(line: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"\".*?\"", "", line)))


def test_every_example_stands_in_a_folder_that_is_there_and_hides_no_file() -> None:
    assert len(EXAMPLES) == len(LINES) == PAGE.count("```python")
    for path in EXAMPLES:
        assert not (ROOT / path).exists(), f"{path} is there already; choose another example"


@pytest.mark.parametrize(("registry", "path", "line"), LINES)
def test_every_line_belongs_to_a_registry_and_an_example(registry: str, path: str, line: str) -> None:
    assert (ROOT / path).is_file(), f"{path} is not there"
    names = {
        node.target.id
        for node in ast.parse((ROOT / path).read_text()).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert registry in names, f"{path} has no {registry}"
    of_examples = re.findall(r"^(?:class|def) (\w+)", "\n".join(EXAMPLES.values()), re.MULTILINE)
    assert words(line) & set(of_examples), f"no example defines what {line} names"


@of("search_spaces/cells/")
@pytest.mark.parametrize("shape", [(6,), (4, 10), (3, 5, 7)], ids=str)
def test_the_cell_builds_on_every_rank(example: types.ModuleType, shape: tuple[int, ...]) -> None:
    assert added(example)().build(shape)(torch.zeros(2, *shape)).shape == (2, *shape)


@of("search_spaces/cells/")
def test_the_cell_is_searched_like_any_other(example: types.ModuleType) -> None:
    space = Space("own", Stem(8), added(example)(Choice(2, 4)), Head())
    network = build(space.sample(random.Random(0), TASK), TASK)
    assert network(torch.zeros(2, *TASK.input_shape)).shape == (2, TASK.outputs)


@of("search_spaces/catalog/")
def test_the_space_has_architectures_that_obey_its_rules(example: types.ModuleType) -> None:
    space = added(example)()
    architecture = space.sample(random.Random(0), TASK)
    assert space.obeys(architecture, TASK)
    build(architecture, TASK)
    assert space.known
    assert all(space.obeys(design, TASK) for design in space.known.values())


@of("predictors/")
def test_the_predictor_learns(example: types.ModuleType) -> None:
    space = SPACES["cnn"]()
    pool = [space.sample(random.Random(seed)) for seed in range(12)]
    scores = np.log([profile(architecture, TASK).macs for architecture in pool])
    predictor: Predictor = added(example)(space=space, task=TASK, seed=0)
    assert np.allclose(predictor.fit(pool[:8], scores[:8]).predict(pool[8:]).mean, scores[8:])


@of("nas/strategies/")
def test_the_strategy_proposes_new_things_and_the_same_again(example: types.ModuleType) -> None:
    joint = JointSpace(Space("s", Stem(8), Conv(Choice(8, 16, 32), Choice(1, 3, 5)), Head()), TrainingConfig(), TASK)
    given = joint.sample(random.Random(0))

    def proposed() -> list[str]:
        strategy = added(example)(Settings(start_from=(given.decisions,)))
        trials: list[Trial] = []
        for number in range(6):
            one = strategy.propose(Problem(joint), trials, number)
            trial = Trial(number, one.decisions, one.fingerprint, epochs=1, seed=0)
            trials.append(replace(trial, state=COMPLETED, scores=(0.5,), finished=number + 1))
        return [trial.fingerprint for trial in trials]

    assert proposed() == proposed()
    assert proposed()[0] == given.fingerprint
    assert all(first != second for first, second in itertools.combinations(proposed(), 2))


@of("nas/data/")
def test_the_data_source_becomes_a_data_set(
    example: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(FRAMES, ".svm", added(example))
    lines = [f"{number % 2} 1:{number % 7} 3:{number % 3 + 0.5}" for number in range(40)]
    (tmp_path / "few.svm").write_text("\n".join(lines))
    dataset = load(tmp_path / "few.svm")
    assert dataset.name == "few"
    assert dataset.task.outputs == 2
    assert dataset.schema is not None and dataset.schema.targets == ("label",)


@of("nas/baselines/")
def test_the_baseline_beats_chance(example: types.ModuleType) -> None:
    baseline, data = added(example), load("digits").search
    assert baseline.fits(data.task)
    fitted = baseline.train(data, seconds=10.0)
    outputs = fitted.predict(data.validation.inputs)
    assert outputs.shape == (len(data.validation), 10)
    assert fitted.validation_score > 0.5
