"""Every network of every catalogue space, and users' own modules, come out as plain code that does the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from own_modules import Gated

import nas
from nas.errors import InputError, SearchFailed
from nas.export.card import Facts
from nas.export.export import export
from nas.export.expression import expression
from nas.export.model_file import model_text, state_of_model
from nas.export.verify import CHECK
from nas.final.record import Check
from nas.training.inference import outputs
from nas.training.whole_network import whole_network
from search_spaces import SPACES, Architecture, Choice, Space, SpaceError, Task, build
from search_spaces.cells import Conv, Custom, Head, Stem, Transformer

IMAGES = Task((3, 12, 12), 4)
FACTS = Facts("numbers", "0123", ("a", "b", "c", "d"), 0.9, 0.875, None, 3, 0, 7)
NOTHING = {"mean": [], "std": [], "target_mean": [], "target_std": []}


def whole(architecture: Architecture, task: Task = IMAGES, **constants: list[float]) -> torch.nn.Sequential:
    """A network with running statistics that a fresh one does not have, and what it normalises by."""
    torch.manual_seed(0)
    network = build(architecture, task)
    network(torch.zeros((4, *task.input_shape)))
    shift = {} if task.vocabulary else {"mean": [100.0] * task.input_shape[0], "std": [60.0] * task.input_shape[0]}
    parts = {f"1.{name}": value for name, value in network.state_dict().items()}
    return whole_network(architecture, task, {**NOTHING, **shift, **constants}, parts)


def inputs_for(task: Task) -> np.ndarray:
    rng = np.random.default_rng(0)
    if task.vocabulary:
        return rng.integers(0, task.vocabulary, (16, *task.input_shape))
    return rng.integers(0, 256, (16, *task.input_shape)).astype(np.uint8)


def check_of(network: torch.nn.Module, task: Task = IMAGES) -> Check:
    inputs = inputs_for(task)
    return Check(inputs, outputs(network, inputs), np.arange(16) % task.outputs)


def same_outputs(architecture: Architecture, task: Task = IMAGES, **constants: list[float]) -> str:
    """The source, after its model has given the network's outputs."""
    network = whole(architecture, task, **constants)
    source = model_text(architecture, task, network)
    namespace: dict = {"__name__": "model", "__file__": "/nowhere/model.py"}
    exec(compile(source, "model.py", "exec"), namespace)
    model = namespace["Model"]()
    model.load_state_dict(state_of_model(dict(network.state_dict())))
    inputs = inputs_for(task)
    np.testing.assert_allclose(outputs(model, inputs), outputs(network, inputs), rtol=1e-5, atol=1e-5)
    return source


@pytest.mark.parametrize("name", sorted(SPACES))
@pytest.mark.parametrize("shape", [(3, 12, 12), (2, 16), (9,)], ids=str)
def test_samples_of_every_space_are_written_down_equal(name: str, shape: tuple[int, ...]) -> None:
    space, rng, task = SPACES[name](), random.Random(5), Task(shape, 4)
    sources = []
    for _ in range(2):
        try:
            architecture = space.sample(rng, task)
            build(architecture, task)
        except SpaceError:
            pytest.skip(f"{name} holds nothing for {shape}")
        sources.append(same_outputs(architecture, task))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E,W", "--line-length", "120", "-"],
        input=sources[0], text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_an_export_is_verified_in_a_clean_interpreter_and_loads(tmp_path: Path) -> None:
    architecture = SPACES["hybrid"]().sample(random.Random(1))
    network = whole(architecture)
    out = tmp_path / "model"
    proof = export(out, architecture, IMAGES, network, check_of(network), FACTS)
    assert proof.difference <= 1e-5 and proof.examples == 16
    assert {path.name for path in out.iterdir()} == {
        "model.py", "weights.pt", "model.safetensors", "architecture.json", "card.md", "requirements.txt", "Dockerfile",
    }  # fmt: skip
    loaded = nas.load(out)
    inputs = inputs_for(IMAGES)
    np.testing.assert_allclose(outputs(loaded, inputs), outputs(network, inputs), atol=1e-5)
    assert "0.875" in (out / "card.md").read_text()
    assert Architecture.from_json((out / "architecture.json").read_text()) == architecture
    source = (out / "model.py").read_text()
    assert not any(f"import {name}" in source or f"from {name}" in source for name in ("nas", "search_spaces"))
    assert list(tmp_path.iterdir()) == [out]
    with pytest.raises(InputError, match="exists already"):
        export(out, architecture, IMAGES, network, check_of(network), FACTS)


def test_a_network_that_computes_something_else_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    architecture = SPACES["mlp"]().sample(random.Random(1))
    network = whole(architecture)
    check = check_of(network)
    wrong = Check(check.inputs, check.outputs + 0.01, check.targets)
    with pytest.raises(SearchFailed, match="does not compute what was trained"):
        export(tmp_path / "model", architecture, IMAGES, network, wrong, FACTS)
    assert list(tmp_path.iterdir()) == []


def test_the_clean_interpreter_cannot_import_our_packages(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import nas\n")
    done = subprocess.run(
        [sys.executable, "-I", "-c", CHECK, str(tmp_path), "x.npz", "y.npy"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "import of nas halted" in done.stderr


def test_own_modules_come_along_with_what_they_use(tmp_path: Path) -> None:
    space = Space("own", Stem(8), Custom(Gated, width=Choice(6, 10)), Conv(8), Head())
    architecture = space.sample(random.Random(0))
    source = same_outputs(architecture)
    assert "class Gated" in source and "def squash" in source and "SLOPE = 0.3" in source
    assert "class Inner" in source and "import math" in source
    network = whole(architecture)
    export(tmp_path / "model", architecture, IMAGES, network, check_of(network), FACTS)


def test_regression_comes_out_in_its_own_scale() -> None:
    task, architecture = Task((9,), 2, kind="regression"), SPACES["mlp"]().sample(random.Random(3))
    source = same_outputs(architecture, task, target_mean=[1000.0, -5.0], target_std=[20.0, 0.5])
    assert "self.rescale = Rescale(mean=(1000.0, -5.0), std=(20.0, 0.5))" in source


def test_tokens_are_not_normalised() -> None:
    task = Task((12,), 3, vocabulary=17)
    architecture = Space("tokens", Transformer(16, heads=2), Head()).sample(random.Random(0))
    assert "Normalize" not in same_outputs(architecture, task)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (torch.nn.Conv2d(4, 8, (3, 5), padding=(1, 2), bias=False),
         "nn.Conv2d(4, 8, kernel_size=(3, 5), padding=(1, 2), bias=False)"),
        (torch.nn.Conv1d(4, 8, 3, groups=2), "nn.Conv1d(4, 8, kernel_size=3, groups=2)"),
        (torch.nn.Linear(3, 2, bias=False), "nn.Linear(3, 2, bias=False)"),
        (torch.nn.MaxPool2d(2), "nn.MaxPool2d(kernel_size=2)"),
        (torch.nn.AvgPool1d(3, 2, padding=1), "nn.AvgPool1d(kernel_size=3, stride=2, padding=1)"),
        (torch.nn.LSTM(3, 4, bidirectional=True), "nn.LSTM(3, 4, bidirectional=True)"),
        (torch.nn.BatchNorm2d(7), "nn.BatchNorm2d(7)"),
        (torch.nn.LayerNorm(7), "nn.LayerNorm((7,))"),
        (torch.nn.GELU("tanh"), 'nn.GELU(approximate="tanh")'),
    ],
)  # fmt: skip
def test_torch_layers_are_written_as_a_person_would(module: torch.nn.Module, text: str) -> None:
    assert expression(module).flat() == text


def test_a_module_that_forgets_an_argument_is_named() -> None:
    class Forgetful(torch.nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()

    with pytest.raises(InputError, match=r"self\.size = size"):
        expression(Forgetful(3))
