"""Shared weights: a part of the masters is the network it stands for, whatever the space."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nas.errors import InputError
from nas.training.shared_weights import FairDraws, SharedStep, SharedWeights, judged, sharing
from nas.training.shared_weights.masters import placed
from nas.training.shared_weights.slots import cut
from search_spaces import SPACES, Architecture, Space, Task, build
from search_spaces.cells import Conv, Custom, Head, Stem
from search_spaces.dsl import Choice, Repeat, Tied
from search_spaces.rules import forbid, max_parameters, where

PICTURES, TOKENS = Task((1, 8, 8), 3), Task((12,), 3, vocabulary=20)


class Doubled(nn.Module):
    """One matrix under two names."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels, width, 1)
        self.middle = nn.Conv2d(width, width, 1)
        self.outer = nn.Conv2d(width, width, 1)
        self.outer.weight = self.middle.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.outer(self.middle(self.inner(x)).relu())


class Recurrent(nn.Module):
    """A recurrent layer over the rows of a picture."""

    def __init__(self, channels: int, width: int, kind: str) -> None:
        super().__init__()
        self.layer = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind](channels, width, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x.flatten(2).mT)[0].mT


class Attending(nn.Module):
    """torch's attention with a kernel of its own making."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(width, channels, 1, 1))
        self.layer = nn.MultiheadAttention(width, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.conv2d(x, self.first).flatten(2).mT
        return self.layer(x, x, x, need_weights=False)[0].mT


class Counting(nn.Module):
    """Divides by a running maximum that training moves; a frozen sign in front."""

    largest: torch.Tensor
    noise: torch.Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))
        self.sign = nn.Parameter(torch.randn(channels, 1, 1).sign(), requires_grad=False)
        self.register_buffer("largest", torch.ones(()))
        self.register_buffer("noise", torch.randn(channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.largest.copy_(torch.maximum(self.largest, x.detach().abs().max()))
        return x * self.sign * self.scale / self.largest + self.noise


class Left(nn.Conv2d):
    def __init__(self, channels: int) -> None:
        super().__init__(channels, 4, 1)


class Right(nn.Linear):
    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape[-1], 4)


OWN = {
    "doubled": Space("doubled", Stem(4), Custom(Doubled, width=Choice(2, 6, 4)), Head()),
    "recurrent": Space(
        "recurrent",
        Stem(Choice(4, 6)),
        Custom(Recurrent, width=Choice(2, 5), kind=Choice("lstm", "gru", "rnn")),
        Head(),
    ),
    "attending": Space("attending", Stem(Choice(4, 6)), Custom(Attending, width=Choice(4, 2, 8)), Head()),
    "buffers": Space("buffers", Stem(Choice(4, 8, 6)), Custom(Counting), Head()),
    "kernels": Space("kernels", Stem(4), Repeat(Conv(Choice(4, 8), kernel=Choice(1, 3, 5, 7)), 2), Head()),
    "tied": Space(
        "tied",
        Stem(4),
        Repeat(Conv(Choice(4, 8), kernel=Choice(1, 3)), Choice(1, 2, 3), tied=True),
        Tied("cell", Conv(Choice(2, 6))),
        Tied("cell", Conv(Choice(2, 6))),
        Head(),
    ),
}
EVERY = {**{name: make() for name, make in SPACES.items()}, **OWN}
CASES = [(name, PICTURES) for name in EVERY] + [(name, TOKENS) for name in SPACES]


def drawn(space: Space, task: Task, number: int, seed: int = 0) -> list[Architecture]:
    rng = random.Random(seed)
    return [space.sample(rng, task) for _ in range(number)]


def at_end(space: Space, end: int) -> Architecture:
    """The first (0) or the last (1) option everywhere."""
    return space.resolve(lambda path, options: end * (len(options) - 1))


def examples(task: Task, number: int = 4, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    if task.vocabulary:
        return torch.randint(task.vocabulary, (number, *task.input_shape), generator=rng).float()
    return torch.randn(number, *task.input_shape, generator=rng)


def alone(weights: SharedWeights, architecture: Architecture) -> nn.Module:
    network = build(architecture, weights.task)
    network.load_state_dict(weights.state_dict(architecture))
    return network


@pytest.mark.parametrize(("name", "task"), CASES, ids=lambda case: getattr(case, "input_shape", case))
def test_a_part_is_the_network_and_growing_keeps_it(name: str, task: Task) -> None:
    space, x = EVERY[name], examples(task)
    weights = SharedWeights(space, task)
    some = drawn(space, task, 4)
    seen = []
    for architecture in some:
        state = weights.state_dict(architecture)
        network = build(architecture, task)
        network.load_state_dict(state)
        with torch.no_grad():
            expected = network.eval()(x)
            part = weights.draw(architecture)
            part.network.eval()
            torch.testing.assert_close(part(x), expected)
        seen.append(state)
    for architecture, state in zip(some, seen, strict=True):
        torch.testing.assert_close(weights.state_dict(architecture), state, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", EVERY)
def test_gradients_are_those_of_the_network_and_move_its_part_alone(name: str) -> None:
    space, x, y = EVERY[name], examples(PICTURES), torch.tensor([0, 1, 2, 0])
    weights = SharedWeights(space, PICTURES)
    some = drawn(space, PICTURES, 3)
    for architecture in some:
        weights.draw(architecture)
    architecture = some[0]
    network = alone(weights, architecture).train()
    torch.manual_seed(1)
    F.cross_entropy(network(x), y).backward()
    part = weights.draw(architecture)
    part.reset()
    part.network.train()
    torch.manual_seed(1)
    F.cross_entropy(part(x), y).backward()
    for key, own in network.named_parameters():
        if own.grad is not None:
            gradient = part.parts[key].grad
            assert gradient is not None
            got = part.slots[key].parameter(gradient)
            torch.testing.assert_close(got, own.grad, rtol=1e-3, atol=1e-5)

    before = {key: master.weight.clone() for key, master in weights.masters.items()}
    step = SharedStep(weights, F.cross_entropy, weight_decay=0.0)
    step(architecture, x, y, 0.01)
    assert (step.done, step.skipped) == (1, 0)
    parts = {slot.key: slot for slot in part.slots.values()}
    moved = 0
    for key, master in weights.masters.items():
        change = (master.weight - before[key]).abs()
        moved += int(change.count_nonzero())
        if key in parts:
            parts[key].part(change).zero_()
        assert not change.any(), key
    assert moved


def test_moments_grow_with_the_masters() -> None:
    space = OWN["kernels"]
    weights = SharedWeights(space, PICTURES)
    small, large = (at_end(space, end) for end in (0, 1))
    step = SharedStep(weights, F.cross_entropy)
    step(small, examples(PICTURES), torch.tensor([0, 1, 2, 0]), 0.01)
    part = weights.draw(small)
    before = {slot.key: slot.part(weights.masters[slot.key].mean).clone() for slot in part.slots.values()}
    weights.draw(large)
    grown = 0
    for slot in part.slots.values():
        master = weights.masters[slot.key]
        torch.testing.assert_close(slot.part(master.mean), before[slot.key], rtol=0, atol=0)
        assert master.mean.count_nonzero() == before[slot.key].count_nonzero()
        assert master.steps == 1
        grown += master.weight.shape != slot.size
    assert grown


@pytest.mark.parametrize("size", range(1, 9))
def test_a_crop_of_a_crop_is_the_crop_of_the_whole(size: int) -> None:
    whole = torch.arange(9.0)[None, None]
    for middle in range(size, 10):
        once = cut(whole, (1, 1, size), True)
        torch.testing.assert_close(cut(cut(whole, (1, 1, middle), True), (1, 1, size), True), once)


def broken_gradient(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets) + (0.0 * outputs).sqrt().sum()  # 0, whose slope is not a number


def broken_loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets) * float("nan")


@pytest.mark.parametrize("loss", [broken_gradient, broken_loss])
def test_a_step_that_is_not_finite_is_skipped_and_counted(loss: object) -> None:
    space = OWN["tied"]
    weights = SharedWeights(space, PICTURES)
    architecture = drawn(space, PICTURES, 1)[0]
    weights.draw(architecture)
    before = {key: master.weight.clone() for key, master in weights.masters.items()}
    step = SharedStep(weights, loss)  # type: ignore[arg-type]
    value = step(architecture, examples(PICTURES), torch.tensor([0, 1, 2, 0]), 0.01)
    assert value != value
    assert (step.done, step.skipped) == (0, 1)
    for key, master in weights.masters.items():
        torch.testing.assert_close(master.weight, before[key], rtol=0, atol=0)
        assert not master.mean.any()


def test_cells_that_are_decided_once_have_weights_at_each_place() -> None:
    space = OWN["tied"]
    architecture = at_end(space, 1)
    places = [place for place, _, _ in placed(space, architecture, PICTURES)]
    assert len(set(places)) == len(places) == len(architecture.cells)


def test_two_options_of_one_choice_share_and_two_types_do_not() -> None:
    space = Space("two", Stem(4), Choice(Conv(4, kernel=3), Conv(8, kernel=5), Custom(Doubled, width=4)), Head())
    keys = []
    for option in range(3):
        weights = SharedWeights(space, PICTURES)
        weights.draw(space.replay({"1": option}))
        keys.append({key for key in weights.masters if key.startswith("1")})
    assert keys[0] == keys[1]
    assert not keys[0] & keys[2]


def test_judging_depends_on_the_masters_alone() -> None:
    for name in ("buffers", "kernels", "hybrid"):
        space = EVERY[name]
        weights = SharedWeights(space, PICTURES)
        one, other = drawn(space, PICTURES, 2, seed=3)
        calibration = [examples(PICTURES, 16, seed) for seed in (1, 2)]
        x = examples(PICTURES, 8, 5)
        first = judged(weights, one, calibration, [x[:3], x[3:]])
        judged(weights, other, [100 * batch for batch in calibration], [x])
        part = weights.draw(one)
        part.network.train()
        part(100 * x)
        torch.testing.assert_close(judged(weights, one, calibration, [x]), first)


def test_training_on_shared_weights_learns_and_goes_on_after_saving(tmp_path: Path) -> None:
    space = OWN["kernels"]
    x = examples(PICTURES, 60)
    y = (x.mean((1, 2, 3)) > 0).long()
    some = drawn(space, PICTURES, 8)
    weights = SharedWeights(space, PICTURES)
    step = SharedStep(weights, F.cross_entropy)
    losses = [step(some[number % 8], x, y, 0.01) for number in range(48)]
    assert sum(losses[-8:]) < 0.7 * sum(losses[:8])
    other = SharedWeights(space, PICTURES)
    torch.save(weights.to_tensors(), tmp_path / "masters.pt")
    other.load(torch.load(tmp_path / "masters.pt", weights_only=True))
    once = [SharedStep(kept, F.cross_entropy)(some[0], x, y, 0.01) for kept in (weights, other)]
    assert once[0] == once[1]
    for key, master in weights.masters.items():
        torch.testing.assert_close(other.masters[key].weight, master.weight, rtol=0, atol=0)


def test_a_master_larger_than_memory_is_refused_and_nothing_changes() -> None:
    space = OWN["kernels"]
    small, large = (at_end(space, end) for end in (0, 1))
    weights = SharedWeights(space, PICTURES)
    weights.draw(small)
    weights.most_bytes = 16 * weights.numbers
    sizes = {key: master.weight.shape for key, master in weights.masters.items()}
    with pytest.raises(InputError, match=r"more than the .* MiB"):
        weights.draw(large)
    assert {key: master.weight.shape for key, master in weights.masters.items()} == sizes
    found = sharing(space, drawn(space, PICTURES, 50), PICTURES)
    found.refuse_if_useless(space.name, found.memory_bytes)
    with pytest.raises(InputError, match=r"more than the .* MiB"):
        found.refuse_if_useless(space.name, found.memory_bytes - 1)


def test_what_is_predicted_is_what_the_masters_take() -> None:
    for name in ("kernels", "tied", "hybrid"):
        space = EVERY[name]
        weights = SharedWeights(space, PICTURES)
        for architecture in drawn(space, PICTURES, 30):
            weights.draw(architecture)
        found = sharing(space, drawn(space, PICTURES, 30), PICTURES)
        assert found.numbers == weights.numbers
        assert found.share > 0.8


def test_a_space_without_anything_to_share_is_refused_with_its_cells() -> None:
    space = Space("apart", Choice(Custom(Left), Custom(Right)), Head())
    with pytest.raises(InputError, match=r"(?s)'apart'.*Custom\[.*(Left|Right)"):
        sharing(space, drawn(space, PICTURES, 9), PICTURES).refuse_if_useless(space.name, float("inf"))


@pytest.mark.parametrize("name", EVERY)
def test_options_of_a_place_take_turns(name: str) -> None:
    space, met = EVERY[name], dict[str, list[int]]()
    free = Space(space.name, *space.cells)  # without rules nothing is replaced, where all of it builds
    draws = FairDraws(free, PICTURES, seed=1)
    for architecture in [draws.draw() for _ in range(12)]:
        assert free.replay(architecture.decisions) == architecture
        for path, index in architecture.decisions.items():
            met.setdefault(path, []).append(index)
    if name in OWN:
        for path, taken in met.items():
            counts = [taken.count(index) for index in range(max(taken) + 1)]
            assert max(counts) - min(counts) <= 1, path


def test_draws_obey_the_rules() -> None:
    space = Space("ruled", *OWN["kernels"].cells, rules=[forbid(where(Conv, kernel=7)), max_parameters(900)])
    draws = FairDraws(space, PICTURES)
    assert all(space.obeys(draws.draw(), PICTURES) for _ in range(40))
