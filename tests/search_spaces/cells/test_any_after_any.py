"""Any cell may follow any cell, on any rank: random spaces composed of every cell."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
import torch
from torch import nn

from search_spaces import Choice, Repeat, Space, Task, Tied, build
from search_spaces import cells as c

SAMPLES = 2_000  # about 40 s on one core
SHAPES = [(1,), (5,), (16,), (1, 9), (4, 12), (3, 1), (1, 8, 8), (3, 6, 5), (2, 1, 1)]
WIDTH = Choice(0, 4, 6, 8)
KERNEL = Choice(1, 3, 5)
NORM = Choice("batch", "group", "layer", "none")
PARTS = 10


class Shift(nn.Module):
    """A module of the user's own, for any shape."""

    def __init__(self, channels: int, by: float) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(channels))
        self.by = by

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.by + self.shift.reshape((1, -1) + (1,) * (x.dim() - 2))


OP = Choice(c.Zero(), c.Skip(), c.Conv(kernel=3, order="act_conv_norm"), c.SeparableConv(), c.Pool("average", 3, 1))
NODES = (c.Node((OP,), (0,)), c.Node((OP, OP), (Choice(0, 1), 1)), c.Node((OP, c.Conv()), (0, 2), "concat"))
PAIRS = (c.Node((OP, OP), Choice((0, 1), (1, 0))), c.Node((c.Conv(), OP), (1, 2)))
EVERY = [
    c.Stem(Choice(4, 8), KERNEL, Choice(1, 2, 3), norm=NORM),
    c.Conv(WIDTH, KERNEL, Choice(1, 2), activation=Choice("relu", "gelu", "tanh", "none"), norm=NORM),
    c.SeparableConv(
        WIDTH, KERNEL, Choice(1, 2), Choice(1, 2), times=Choice(1, 2), order=Choice("conv_norm_act", "act_conv_norm")
    ),
    c.InvertedBottleneck(WIDTH, Choice(1, 2, 3), KERNEL, Choice(1, 2), squeeze_excitation=Choice(0.0, 0.25)),
    c.Residual(WIDTH, KERNEL, Choice(1, 2), kind=Choice("basic", "bottleneck"), norm=NORM),
    c.Transformer(Choice(0, 4, 8), Choice(1, 2, 4), Choice(1, 1.5), Choice(True, False), Choice("none", "learned")),
    c.Recurrent(WIDTH, Choice("lstm", "gru"), Choice(False, True), Choice(1, 2)),
    c.Embed(Choice(4, 6)),
    c.Patchify(Choice(4, 6), Choice(1, 2, 5), norm=NORM),
    c.Downsample(WIDTH, Choice("conv", "max", "average"), Choice(2, 3)),
    c.Pool(Choice("max", "average"), Choice(1, 3, 5), Choice(1, 2)),
    c.MLP(WIDTH, Choice(1, 2), norm=NORM, dropout=Choice(0.0, 0.5)),
    c.Flatten(),
    c.Branches(
        (
            c.Branch("one", Choice((c.Conv(WIDTH, KERNEL), c.Head()), (c.Recurrent(4),))),
            c.Branch("two", (c.MLP(WIDTH),)),
        ),
        Choice(4, 6),
        Choice(0, 1, 3),
    ),
    c.Fusion(Choice("concatenate", "gate", "attention"), WIDTH, Choice(1, 2, 4)),
    c.Norm(NORM, Choice("silu", "hardswish")),
    c.Skip(WIDTH, Choice(1, 2)),
    c.Graph(NODES, Choice("last", "concat")),
    c.Graph(NODES[:2], width=Choice(4, 6), stride=1),
    c.VertexGraph(
        (1, Choice(0, 1), Choice(0, 1), 1, Choice(0, 1), 1), (c.Conv(), Choice(c.Conv(kernel=1), c.Pool("max", 3, 1)))
    ),
    c.CellStack(PAIRS, PAIRS, width=4, cells=Choice(1, 3), stem_multiplier=1),
    c.NumberEmbedding(Choice(4, 6), Choice("piecewise", "periodic"), Choice(1, 3), shared=Choice(False, True)),
    c.ClassToken(),
    c.Members((c.Conv(WIDTH, KERNEL), Choice(c.Skip(), c.Norm(NORM))), Choice(1, 3)),
    c.NextToken(
        (c.Recurrent(Choice(4, 6)), c.Norm(NORM)), Choice(4, 8), tied=Choice(True, False), dropout=Choice(0.0, 0.1)
    ),
    c.SharedEnsemble(WIDTH, Choice(1, 2), Choice(1, 3), Choice("full", "mini"), dropout=Choice(0.0, 0.2)),
    c.Inception(WIDTH, Choice(1, 5, 11), Choice(1, 2), Choice(True, False), norm=NORM),
    c.Temporal(WIDTH, Choice(1, 3), Choice(1, 2), Choice(True, False), norm=NORM, dropout=Choice(0.0, 0.2)),
    c.RandomConvolutions(Choice(84, 200)),
    c.TokenMixer(Choice(0, 4, 6), Choice("recurrence", "convolution"), Choice(1, 2, 3), Choice(True, False)),
    c.CausalTransformer(Choice(0, 4, 8), Choice(1, 2), Choice(1, 1.5), Choice("none", "learned"), dropout=0.1),
    c.ConvStage(
        WIDTH, KERNEL, Choice(1, 2, 3), Choice(0, 1, 2), Choice(True, False), norm=NORM, init=Choice("default", "dirac")
    ),
    c.ConvNeXt(WIDTH, KERNEL, Choice(1, 2), Choice(1, 2), Choice(1e-6, 0, 1.0), Choice(False, True)),
    c.SqueezeExcite(Choice(0.1, 1.0), gate=Choice("sigmoid", "tanh")),
    c.Windows(Choice(2, 3), Choice((1,), (2, 3))),
    c.Ngrams(Choice(4, 6)),
    c.Dropout(Choice(0.0, 0.3), Choice("elements", "channels", "positions")),
    c.Custom(Shift, by=Choice(0.5, 1.0)),
]


def random_space(rng: random.Random) -> Space:
    """Two to four places, each a cell, a choice of cells, or a repeat of one."""
    places: list[Any] = []
    for _ in range(rng.randint(2, 4)):
        cell = rng.choice(EVERY)
        other = rng.choice([candidate for candidate in EVERY if candidate != cell])
        places.append(rng.choice([cell, Choice(cell, other), Repeat(cell, Choice(0, 1, 2)), Tied("tied", EVERY[1])]))
    head = c.Head(Choice("average", "max", "last", "flatten"), dropout=Choice(0.0, 0.3), hidden=Choice(0, 5))
    return Space("random", *places, head)


@pytest.mark.parametrize("part", range(PARTS))
def test_samples_of_random_spaces_build_and_train(part: int) -> None:
    seed = int(os.environ.get("NAS_TEST_SEED", "0")) * PARTS + part
    rng = random.Random(seed)
    torch.manual_seed(seed)
    for number in range(SAMPLES // PARTS):
        space, shape = random_space(rng), rng.choice(SHAPES)
        task = Task(shape, 2, rng.choice(["classification", "regression"]))
        architecture = space.sample(rng)
        try:
            network = build(architecture, task)
            output = network(torch.randn(3, *shape))
            assert output.shape == (3, 2)
            assert torch.isfinite(output).all()
            output.square().sum().backward()
            grads = [p.grad for p in network.parameters() if p.grad is not None]
            assert all(torch.isfinite(grad).all() for grad in grads)
        except Exception as error:
            raise AssertionError(f"seed {seed}, sample {number}, input {shape}: {architecture.cells}") from error


def test_every_cell_takes_part() -> None:
    used = {cls for place in EVERY for cls in type(place).__mro__}
    assert set(c.CELLS.values()) - {c.Head, c.Zero} <= used
