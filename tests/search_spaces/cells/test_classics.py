"""The classics of the field as expressions."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from search_spaces import Choice, Space, Task, build, resolve
from search_spaces.architecture import Architecture
from search_spaces.cells import MLP, Conv, Custom, Embed, Flatten, Head, Pool, Recurrent, Transformer
from search_spaces.profile import profile


def made(task: Task, *cells: object) -> nn.Module:
    architecture = Architecture("classic", cells, {})
    network = build(architecture, task)
    assert profile(architecture, task).parameters == sum(p.numel() for p in network.parameters())
    return network


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_perceptron() -> None:
    network = made(Task((2,), 1), Head())
    assert parameters(network) == 3
    assert network(torch.zeros(4, 2)).shape == (4, 1)


def test_a_2_2_1_network_learns_xor() -> None:
    torch.manual_seed(1)
    network = made(Task((2,), 1, "regression"), MLP(2, activation="tanh", norm="none"), Head())
    assert parameters(network) == 9
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    for _ in range(400):
        optimizer.zero_grad()
        nn.functional.mse_loss(network(inputs), targets).backward()
        optimizer.step()
    assert torch.equal(network(inputs).round().abs(), targets)


def test_the_small_cnn_has_421_642_parameters() -> None:
    conv = [Conv(width, norm="none") for width in (32, 64)]
    network = made(Task((1, 28, 28), 10), conv[0], Pool(), conv[1], Pool(), Flatten(), MLP(128, norm="none"), Head())
    assert parameters(network) == 421_642
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_the_post_norm_transformer_block_is_torchs_own() -> None:
    width, heads = 16, 4
    cell = Transformer(width, heads=heads, mlp_ratio=4, pre_norm=False, activation="relu")
    block, reference = (
        cell.build((width, 10)).eval(),
        nn.TransformerEncoderLayer(width, heads, 64, 0.0, batch_first=True),
    )
    assert parameters(block) == parameters(reference) == 12 * width**2 + 13 * width
    theirs, ours = reference.eval().state_dict(), block.state_dict()
    names = {
        "attention.inputs": "self_attn.in_proj_", "attention.output": "self_attn.out_proj.",
        "feed_forward.0": "linear1.", "feed_forward.2": "linear2.", "norm1": "norm1.", "norm2": "norm2.",
    }  # fmt: skip
    block.load_state_dict(
        {f"{a}.{kind}": theirs[f"{b}{kind}"] for a, b in names.items() for kind in ("weight", "bias")}
    )
    assert len(ours) == len(theirs)
    inputs = torch.randn(3, 10, width)
    assert torch.allclose(block(inputs.transpose(1, 2)).transpose(1, 2), reference(inputs), atol=1e-5)


def test_lstm_classifier() -> None:
    network = made(Task((30,), 2, vocabulary=1_000), Embed(64), Recurrent(128), Head(pooling="last"))
    assert parameters(network) == 1_000 * 64 + 4 * 128 * (64 + 128 + 2) + 2 * 129
    assert network(torch.randint(1_000, (5, 30))).shape == (5, 2)


class Squash(nn.Module):
    def __init__(self, channels: int, width: int, bias: bool = True) -> None:
        super().__init__()
        if width > channels:
            raise ValueError("cannot squash up")
        self.linear = nn.Linear(channels, width, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)


def test_a_module_of_the_users_own() -> None:
    space = Space("own", Custom(Squash, width=Choice(2, 3)), Head())
    architecture = space.sample(random.Random(0))
    assert list(architecture.decisions) == ["0.width"]
    network = build(architecture, Task((4,), 2))
    assert network[0].export_arguments == {"channels": 4, "width": architecture.cells[0].width}
    assert repr(architecture.cells[0]).endswith(f":Squash](width={architecture.cells[0].width})")


def test_a_module_of_the_users_own_in_cells_with_different_arguments() -> None:
    space = Space("own", Choice(Custom(Squash, width=2), Custom(Squash, width=2, bias=False)), Head())
    for one in space.enumerate():
        assert Architecture.from_json(one.to_json()) == one


def test_a_recipe_is_searched_beside_the_architecture() -> None:
    """A `Choice` inside any dataclass is a decision of its own, under a path of its own."""
    from nas.config.recipe import TrainingConfig

    recipe = TrainingConfig(learning_rate=Choice(1e-3, 1e-2), batch_size=Choice(32, 64), augmentation="none")
    asked: list[str] = []

    def decide(path: str, options: tuple) -> int:
        asked.append(path)
        return 1

    resolved = resolve(recipe, decide, "training")
    assert (resolved.learning_rate, resolved.batch_size) == (1e-2, 64)
    assert asked == ["training.learning_rate", "training.batch_size"]


@pytest.mark.parametrize("kind", ["vector", "series", "picture"])
def test_one_expression_serves_every_rank(kind: str) -> None:
    shape = {"vector": (5,), "series": (2, 9), "picture": (1, 6, 6)}[kind]
    assert made(Task(shape, 3), Conv(8), Transformer(heads=2), Recurrent(4), Head())(torch.randn(2, *shape)).shape == (
        2,
        3,
    )
