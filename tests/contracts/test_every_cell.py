"""What holds for every cell in `CELLS`; a new cell is tested from here without a test of its own."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from search_spaces import Architecture
from search_spaces.cells import (
    CELLS,
    MLP,
    Branch,
    CausalTransformer,
    Conv,
    Custom,
    Head,
    Node,
    Pool,
    Recurrent,
    Skip,
    Transformer,
    Zero,
)
from search_spaces.cells.facts import facts

SHAPES = [(6,), (1,), (4, 10), (3, 1), (1, 8, 8), (3, 5, 7), (8, 1, 1)]
VALUES = {
    "Head": {"outputs": 3},
    "Members": {"cells": (Conv(4), (Conv(6), Skip())), "count": 3},
    "NextToken": {"cells": (Conv(4), (Conv(6), Skip())), "width": 6, "dropout": 0.1},
    "Branches": {
        "branches": (Branch("one", (Conv(4), (Skip(), Pool("max", 3, 1)), Head("max"))), Branch("two", (MLP(5),))),
        "width": 6,
        "tokens": 2,
    },
    "Graph": {
        "nodes": (Node((Conv(), Skip()), (0, 0)), Node(((Conv(), Zero()), Conv(), Pool("average", 3, 1)), (0, 1, 0)))
    },
    "VertexGraph": {"adjacency": (1, 1, 0, 1, 1, 1), "ops": (Conv(), Pool("max", 3, 1))},
    "CellStack": {
        "normal": (Node((Conv(), Skip()), (0, 1)), Node((Pool("max", 3, 1), Conv()), (1, 2))),
        "reduction": (Node((Skip(), Conv()), (0, 1)), Node((Pool("average", 3, 1), Conv()), (0, 2))),
        "width": 4,
        "cells": 3,
    },
}


class Doubled(nn.Module):
    """A module of the user's own that takes any shape."""

    def __init__(self, channels: int, factor: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor * self.weight.reshape((1, -1) + (1,) * (x.dim() - 2))


def example(name: str) -> Any:
    return Custom(Doubled, factor=2.0) if name == "Custom" else CELLS[name](**VALUES.get(name, {}))


@pytest.fixture(params=sorted(CELLS))
def cell(request: pytest.FixtureRequest) -> Any:
    return example(request.param)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_runs_forward_and_backward_and_facts_are_what_a_real_run_shows(cell: Any, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = cell.build(shape)
    inputs = torch.randn(4, *shape, requires_grad=True)
    output = module(inputs)
    known = facts(cell, shape)
    assert tuple(output.shape) == (4, *known.shape)
    assert known.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert torch.isfinite(output).all()
    if output.requires_grad:  # zeros depend on nothing
        output.square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters() if p.grad is not None)


@pytest.mark.parametrize("shape", [(6,), (4, 10), (1, 8, 8)], ids=str)
def test_multiply_adds_are_those_of_a_real_run(cell: Any, shape: tuple[int, ...]) -> None:
    if isinstance(cell, Transformer | CausalTransformer | Recurrent):
        pytest.skip(
            "torch's counter does not know the CPU's fused attention and LSTM; test_profile.py has their formulas"
        )
    module = cell.build(shape).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.randn(1, *shape))
    assert facts(cell, shape).macs == pytest.approx(counter.get_total_flops() / 2, rel=0.01)


def test_json_round_trip(cell: Any) -> None:
    architecture = Architecture("any", (cell,), {})
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture
    assert again.fingerprint == architecture.fingerprint


def test_modules_store_their_constructor_arguments(cell: Any) -> None:
    """An exporter writes the constructor call down from a live module, so each argument is an attribute of its name."""
    for module in cell.build((4, 6, 6)).modules():
        if not type(module).__module__.startswith("search_spaces"):
            continue
        for name in list(inspect.signature(type(module)).parameters):
            assert hasattr(module, name), f"{type(module).__name__} does not store `{name}`"


def test_modules_copy_and_load(cell: Any) -> None:
    module = cell.build((4, 6, 6)).eval()
    twin = cell.build((4, 6, 6)).eval()
    twin.load_state_dict(module.state_dict())
    inputs = torch.randn(2, 4, 6, 6)
    assert torch.equal(module(inputs), twin(inputs))
    assert torch.equal(module(inputs), copy.deepcopy(module)(inputs))


def test_evaluation_does_not_depend_on_the_batch(cell: Any) -> None:
    module = cell.build((4, 6, 6)).eval()
    inputs = torch.randn(3, 4, 6, 6)
    assert torch.allclose(module(inputs)[:1], module(inputs[:1]), atol=1e-5)
