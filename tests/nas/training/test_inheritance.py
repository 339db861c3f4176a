"""Weights are handed on where cells agree, and more of a cell changes nothing of what it computes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small import digits, few
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.training.begin import begin
from nas.training.inheritance import begin_as_identity, inherit, matching_cells, nearest
from search_spaces import Architecture, Task, build
from search_spaces.cells import (
    MLP,
    Conv,
    Downsample,
    Head,
    InvertedBottleneck,
    Recurrent,
    Residual,
    SeparableConv,
    Stem,
    Transformer,
)

TASK = Task((1, 8, 8), 3)


def network(*cells: Any) -> Architecture:
    return Architecture("s", cells, {})


PARENT = network(Stem(8), Conv(8), Residual(8), Downsample(16), Head())
CHILD = network(Stem(8), Conv(8), Conv(8, kernel=5, stride=2), Residual(8), Downsample(24), Head())
STRANGER = network(Transformer(16), Transformer(16), Head())


def trained(architecture: Architecture) -> nn.Module:
    """Weights and running statistics as after some steps."""
    torch.manual_seed(1)
    made = build(architecture, TASK)
    with torch.no_grad():
        for value in made.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.1, 1.0)
    return made.eval()


def heir(child: Architecture, parent: Architecture) -> tuple[nn.Module, nn.Module, Any]:
    torch.manual_seed(0)
    one, other = build(child, TASK).eval(), trained(parent)
    return one, other, inherit(one, child, parent, other.state_dict(), TASK)


def test_cells_that_differ_in_size_only_match_in_order() -> None:
    other = network(Stem(8), Conv(8), Conv(8, stride=2), Residual(16, kernel=5), Downsample(24), Head(dropout=0.2))
    assert matching_cells(CHILD, other, TASK) == tuple((i, i) for i in range(6))
    assert matching_cells(CHILD, PARENT, TASK)[:2] == ((0, 0), (1, 1))


def test_the_nearest_relative_hands_on_the_most() -> None:
    assert nearest(PARENT, [STRANGER, CHILD, PARENT], TASK) == 2
    assert nearest(PARENT, [STRANGER], TASK) is None
    assert nearest(PARENT, [], TASK) is None


def test_shared_cells_carry_the_parents_weights_and_others_their_own() -> None:
    child, parent, taken = heir(network(Stem(8), Conv(8), Transformer(8), Head()), PARENT)
    untouched = build(network(Stem(8), Conv(8), Transformer(8), Head()), TASK)
    assert taken is not None and (0, 0) in taken.cells and 0 < taken.share < 1
    for mine, theirs in ((0, 0), (1, 1)):
        for one, other in zip(child[mine].state_dict().values(), parent[theirs].state_dict().values(), strict=True):
            assert torch.equal(one, other)
    torch.manual_seed(0)
    untouched = build(network(Stem(8), Conv(8), Transformer(8), Head()), TASK)
    assert torch.equal(child[2].attention.inputs.weight, untouched[2].attention.inputs.weight)


def test_an_equal_architecture_inherits_everything() -> None:
    child, parent, taken = heir(PARENT, PARENT)
    assert taken is not None and taken.share == 1.0
    x = torch.rand(4, 1, 8, 8)
    assert torch.equal(parent(x), child(x))


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ((Stem(8), Conv(8), Head()), (Stem(12), Conv(20), Head(dropout=0.2))),
        ((Stem(8), Conv(8), Head()), (Stem(8), Conv(8, kernel=5), Head())),
        ((Stem(8), Residual(), Downsample(12), Head()), (Stem(16), Residual(), Downsample(24), Head())),
        ((Stem(8), SeparableConv(kernel=3), Head()), (Stem(9), SeparableConv(kernel=5), Head())),
        ((Stem(8), InvertedBottleneck(expansion=2), Head()), (Stem(8), InvertedBottleneck(expansion=4), Head())),
        ((Stem(8), Transformer(mlp_ratio=1), Head()), (Stem(8), Transformer(mlp_ratio=2), Head())),
        ((MLP(8), MLP(6), Head(hidden=4)), (MLP(16), MLP(8), Head(hidden=9))),
    ],
    ids=str,
)
def test_growing_keeps_the_function(small: tuple[Any, ...], large: tuple[Any, ...]) -> None:
    child, parent, taken = heir(network(*large), network(*small))
    assert taken is not None and len(taken.cells) == len(small)
    x = torch.rand(5, 1, 8, 8)
    torch.testing.assert_close(child(x), parent(x))
    assert all(parameter.abs().sum() > 0 for parameter in child.parameters())


def test_a_narrower_child_takes_what_fits() -> None:
    child, parent, taken = heir(network(Stem(4), Conv(6), Head()), network(Stem(8), Conv(8), Head()))
    assert taken is not None and taken.share == 1.0
    assert torch.equal(child[1][0].weight, parent[1][0].weight[:6, :4])


def test_what_does_not_grow_stays_as_it_was_drawn() -> None:
    for cell in (Recurrent, Transformer):
        child, _, taken = heir(network(cell(16)), network(cell(8)))
        torch.manual_seed(0)
        fresh = build(network(cell(16)), TASK)
        assert taken is None or 0 not in dict(taken.cells)
        for one, other in zip(child[0].parameters(), fresh[0].parameters(), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("cell", [Residual(), InvertedBottleneck(), Transformer()], ids=str)
def test_a_residual_cell_that_is_new_begins_as_the_identity(cell: Any) -> None:
    child, parent, _ = heir(network(Stem(8), cell, Conv(8), Head()), network(Stem(8), Conv(8), Head()))
    x = torch.rand(5, 1, 8, 8)
    torch.testing.assert_close(child(x), parent(x))


def test_cells_without_a_branch_cannot_begin_as_the_identity() -> None:
    conv = build(network(Conv(4)), TASK)
    before = [parameter.clone() for parameter in conv.parameters()]
    begin_as_identity(conv)
    assert all(torch.equal(one, other) for one, other in zip(before, conv.parameters(), strict=True))


def test_begin_starts_from_the_parent() -> None:
    data = few(digits().search)
    cells = (Stem(8), Conv(8), Head())
    parent = begin(network(*cells), data, TrainingConfig(), epochs=2, seed=0)
    parent.epoch(), parent.epoch()
    longer = network(*cells[:2], Conv(8, stride=2), cells[2])
    child = begin(
        longer, data, TrainingConfig(), epochs=1, seed=1, parent=(network(*cells), parent.network.state_dict())
    )
    assert child.inheritance is not None
    assert child.inheritance.cells == ((0, 0), (1, 1))
    assert torch.equal(child.network[0][0].weight, parent.network[0][0].weight)
    assert begin(longer, data, TrainingConfig(), epochs=1, seed=1).inheritance is None
