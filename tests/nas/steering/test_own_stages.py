"""A person's Sequential becomes a space: the network itself is in it, and so are others that train."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from nas.errors import InputError
from nas.steering.own_stages import space_around
from search_spaces import Architecture, SpaceError, Task, build

PICTURES, ROWS = Task((3, 8, 8), 4), Task((5,), 3)


class Block(nn.Module):
    """A person's own stage, which keeps its arguments."""

    def __init__(self, channels: int, width: int, slope: float = 0.1) -> None:
        super().__init__()
        self.width, self.slope = width, slope
        self.conv = nn.Conv2d(channels, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.leaky_relu(self.conv(x), self.slope)


class Forgetful(Block):
    """One that does not."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__(channels, size)


def pictures(block: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(6, eps=1e-3), nn.SiLU()),
        block,
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32, 4),
    )


@pytest.mark.parametrize(
    ("network", "task"),
    [
        (pictures(Block(6, 8, slope=0.3)), PICTURES),
        (nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7), nn.GELU("tanh"), nn.Linear(7, 3)), ROWS),
    ],
)
def test_the_network_is_in_its_space_and_the_others_build(network: nn.Sequential, task: Task) -> None:
    space, cells = space_around(network, task)
    again = build(Architecture(space.name, cells, {}), task).eval()
    state = dict(zip(again.state_dict(), network.state_dict().values(), strict=True))
    again.load_state_dict(state)
    x = torch.rand(4, *task.input_shape)
    assert torch.allclose(again(x), network.eval()(x), atol=1e-6)
    rng, found = random.Random(0), set()
    for _ in range(20):
        one = space.sample(rng, task)
        assert build(one, task).eval()(x).shape == (4, task.outputs)
        found.add(one.fingerprint)
    assert len(found) > 5


@pytest.mark.parametrize(
    ("network", "task", "said"),
    [
        (Block(3, 4), PICTURES, "no nn.Sequential"),
        (nn.Sequential(nn.Linear(5, 3), nn.Softmax(1)), ROWS, "ends with an nn.Linear"),
        (pictures(Forgetful(6, 8)), PICTURES, r"stage 3 \(Forgetful.*`size`"),
        (nn.Sequential(nn.Linear(5, 6), nn.Linear(6, 9)), ROWS, "to 3 outputs"),
    ],
)
def test_what_cannot_be_made_again_is_named(network: nn.Module, task: Task, said: str) -> None:
    with pytest.raises((InputError, SpaceError), match=said):
        space_around(network, task)
