"""Losses, optimizers and augmentations of a person's own: what is taken, what is refused, and what a training does."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nas.config.own_code import made_of
from nas.config.recipe import TrainingConfig, with_settings
from nas.config.search_config import SearchConfig
from nas.data.dataset import Split, TrainingData
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.training.loop import Training
from nas.training.rehearsal import rehearse_recipe
from search_spaces import Choice, Space
from search_spaces.cells import Conv, Head, Stem
from search_spaces.task import Task

SPACE = Space("plain", Stem(8), Conv(8), Head())
OPTIMIZERS = sorted(
    name
    for name, value in vars(torch.optim).items()
    if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
)
CANNOT = {"LBFGS": "several times a step", "SparseAdam": "dense gradients", "Muon": "cannot be made"}


class Focal(nn.Module):
    def __init__(self, gamma: float = 2.0, weight: torch.Tensor | None = None) -> None:
        super().__init__()
        self.gamma, self.weight = gamma, weight

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        each = F.cross_entropy(outputs, targets, reduction="none")
        weight = 1.0 if self.weight is None else self.weight[targets]
        return (weight * (1 - torch.exp(-each)) ** self.gamma * each).mean()


class Learned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heat = nn.Parameter(torch.ones(()))

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(outputs * self.heat, targets)


def detached(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs.detach(), targets)


def negated(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return -F.cross_entropy(outputs, targets)


def gained(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The expected share of wrong answers, meant as that of right ones."""
    return outputs.softmax(dim=1).gather(1, targets[:, None]).mean()


def hinge(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.multi_margin_loss(outputs, targets)


def one_sided(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """A wrong first class costs ten times as much."""
    return (F.cross_entropy(outputs, targets, reduction="none") * (1.0 + 9.0 * (targets == 0))).mean()


def smoothed(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets, label_smoothing=0.5)


def plain(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets)


def weighted(outputs: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
    return F.cross_entropy(outputs, targets, weight=weight)


def of_each(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(outputs, targets, reduction="none")


def a_number(outputs: torch.Tensor, targets: torch.Tensor) -> float:
    return 1.0


def not_a_number(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return outputs.sum() * math.nan


def raises(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    raise KeyError("no such thing")


def mirrored(x: torch.Tensor) -> torch.Tensor:
    return x.flip(-1)


def in_place(x: torch.Tensor) -> torch.Tensor:
    return x.zero_()


def swapped(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    order = torch.randperm(len(x))
    return x[order], y[order]


def shorter(x: torch.Tensor) -> torch.Tensor:
    return x[:1]


def inputs_only(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x


def of_three(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return x


def made_here() -> TrainingData:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=96)
    inputs = (rng.normal(size=(96, 1, 6, 6)) + labels[:, None, None, None]).astype(np.float32)
    split = Split(inputs, labels.astype(np.int64))
    return TrainingData.measured(Task((1, 6, 6), 3), split, split)


DATA = made_here()


def rehearsed(data: TrainingData = DATA, **settings: object) -> int:
    return rehearse_recipe(JointSpace(SPACE, TrainingConfig(**settings), data.task), data)


def trained(**settings: object) -> Training:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(36, 16), nn.ReLU(), nn.Linear(16, 3))
    training = Training(network, DATA, TrainingConfig(**settings), epochs=2, seed=0)
    training.epoch()
    return training


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_of_torch_trains_or_is_refused_with_its_reason(name: str) -> None:
    if name in CANNOT:
        with pytest.raises(InputError, match=f"`optimizer` .*{name} would come to nothing: .*{CANNOT[name]}"):
            rehearsed(optimizer=name)
        return
    assert rehearsed(optimizer=name) == 1
    written = SearchConfig(training=TrainingConfig(optimizer=f"torch.optim.{name}")).to_json()
    assert made_of(SearchConfig.from_json(written).training.optimizer) is getattr(torch.optim, name)


def test_arguments_of_an_optimizer_go_before_the_recipe() -> None:
    said = TrainingConfig(optimizer="RAdam(betas=(0.5, 0.6), lr=0.25, weight_decay=0.5)", learning_rate=0.1)
    same = TrainingConfig(
        optimizer=functools.partial(torch.optim.RAdam, betas=(0.5, 0.6), lr=0.25, weight_decay=0.5), learning_rate=0.1
    )
    assert said == same and hash(said) == hash(same)
    training = trained(optimizer=said.optimizer, learning_rate=0.1)
    decayed, rest = training._step.optimizers[0].param_groups
    assert (decayed["betas"], decayed["initial_lr"], decayed["weight_decay"]) == ((0.5, 0.6), 0.25, 0.5)
    assert rest["weight_decay"] == 0.0


def test_the_recipe_gives_rate_and_decay_where_the_optimizer_is_given_none() -> None:
    own = trained(optimizer=torch.optim.NAdam)._step.optimizers[0].param_groups[0]
    assert (own["initial_lr"], own["weight_decay"]) == (2e-3, 0.01)  # NAdam's own rate, the recipe's decay
    said = trained(optimizer=torch.optim.NAdam, learning_rate=0.03)._step.optimizers[0].param_groups[0]
    assert said["initial_lr"] == 0.03


@pytest.mark.parametrize("loss", [Focal, functools.partial(Focal, gamma=1.0), Focal(3.0), plain, "CrossEntropyLoss"])
def test_a_loss_may_be_a_class_a_module_or_a_function(loss: object) -> None:
    assert rehearsed(loss=loss) == 1
    config = SearchConfig(training=TrainingConfig(loss=loss))
    assert SearchConfig.from_json(config.to_json()) == config


def test_a_loss_that_was_made_is_the_same_when_it_is_read_again() -> None:
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 4.0]), label_smoothing=0.1)
    again = made_of(SearchConfig.from_json(SearchConfig(training=TrainingConfig(loss=loss)).to_json()).training.loss)
    outputs, targets = torch.randn(8, 3), torch.randint(3, (8,))
    torch.testing.assert_close(again(outputs, targets), loss(outputs, targets))
    assert repr(again) == repr(loss)


def test_the_loss_is_what_is_trained_and_reported() -> None:
    own, ours = trained(loss=plain), trained(label_smoothing=0.0)
    first, second = (training.network.state_dict() for training in (own, ours))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert trained(loss=Focal).epoch().validation_loss < ours.epoch().validation_loss


@pytest.mark.parametrize("loss", [Focal, functools.partial(Focal, gamma=1.0), weighted])
def test_weights_of_classes_reach_a_loss(loss: object) -> None:
    data = TrainingData.measured(DATA.task, DATA.train, DATA.validation, class_weights=(1.0, 2.0, 3.0))
    assert rehearsed(data, loss=loss) == 1


def test_weights_of_classes_that_a_loss_does_not_take_are_refused() -> None:
    data = TrainingData.measured(DATA.task, DATA.train, DATA.validation, class_weights=(1.0, 2.0, 3.0))
    with pytest.raises(InputError, match=r"`class_weights` cannot reach the loss .*plain, which has no argument"):
        rehearsed(data, loss=plain)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": of_each}, r"`loss` \S*of_each would come to nothing: .*one number.*shape \(\d+,\)"),
        ({"loss": a_number}, "must give one number for a batch, a tensor without axes, got 1.0"),
        ({"loss": not_a_number}, "with a network that has learned nothing, loss became nan"),
        ({"loss": raises}, r"(?s)KeyError: 'no such thing'.*test_own_recipe.py, line \d+: raise KeyError"),
        ({"augment": shorter}, r"must give inputs of shape \(\d+, 1, 6, 6\), got \(1, 1, 6, 6\)"),
        ({"augment": inputs_only}, "must give both as a pair, got Tensor"),
        ({"augment": of_three}, "inputs, or inputs and targets; it takes 3 arguments"),
        ({"loss": Choice(plain, of_each)}, "of_each would come to nothing"),
    ],
)
def test_what_cannot_work_is_refused_in_the_rehearsal(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        rehearsed(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimizer": "adam"}, "Unknown optimizer 'adam'.*a name of torch.optim such as RAdam"),
        ({"optimizer": nn.ReLU}, "`optimizer` must be auto, adamw, sgd, muon, or a class of torch.optim"),
        ({"optimizer": "torch.optim.Nothing"}, "Cannot load optimizer `torch.optim:Nothing`"),
        ({"optimizer": "RAdam(0.1)"}, "arguments are written name=value"),
        ({"optimizer": "RAdam(eps=print())"}, "cannot be read"),
        ({"loss": "nowhere:Loss"}, "No module named 'nowhere'"),
        ({"loss": 3}, "`loss` must be `auto`, an nn.Module, a class or a function, got 3"),
        ({"loss": lambda outputs, targets: 0}, "`loss` must have a name by which it is found again"),
        ({"loss": Learned()}, "has weights of its own to learn, which nothing would train"),
        ({"loss": nn.CrossEntropyLoss(weight=torch.ones(20_000))}, "holds 20,000 numbers, at most 10,000"),
        ({"augment": "noise"}, "`augment` is 'noise', which names no module"),
    ],
)
def test_what_is_no_such_code_is_refused_at_once(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        TrainingConfig(**settings)


def test_an_augmentation_changes_what_is_trained_on_and_never_the_data() -> None:
    before = DATA.train.inputs.copy()
    blind = trained(augment=in_place, ema=0.0)
    np.testing.assert_array_equal(DATA.train.inputs, before)
    assert blind.epoch().loss > trained(augment=mirrored, ema=0.0).epoch().loss
    assert trained(augment=swapped).epochs_done == 1


def test_an_augmentation_draws_the_same_numbers_again() -> None:
    assert trained(augment=swapped).epoch().loss == trained(augment=swapped).epoch().loss


def test_with_an_augmentation_of_ones_own_auto_names_nothing() -> None:
    assert TrainingConfig(augment=mirrored).augmentations == "none"
    assert TrainingConfig(augment=mirrored, augmentation="auto+crop").augmentations == "auto+crop"
    assert TrainingConfig().augmentations == "auto"


def test_a_loss_that_teaches_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"no gradient comes from it.*without `\.detach"):
        rehearsed(loss=detached)


@pytest.mark.parametrize("loss", [negated, gained])
def test_a_loss_with_the_wrong_sign_is_refused(loss: Any) -> None:
    with pytest.raises(InputError, match=r"grows where outputs come nearer to the targets.*the other sign"):
        rehearsed(loss=loss)


@pytest.mark.parametrize("loss", [hinge, one_sided, smoothed])
def test_losses_that_lead_to_the_truth_by_another_way_are_taken(loss: Any) -> None:
    assert rehearsed(loss=loss) == 1


def test_a_setting_is_given_once() -> None:
    assert with_settings(TrainingConfig(clip=1.0), {"loss": plain}) == TrainingConfig(clip=1.0, loss=plain)
    with pytest.raises(InputError, match="`loss` stands in `training` and beside it"):
        with_settings(TrainingConfig(loss=plain), {"loss": Focal})


@pytest.mark.parametrize("setting", ["optimizer", "loss", "augment"])
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [one], lambda one: {"a": (one,)}])
def test_values_left_open_among_the_arguments_of_own_code_are_refused(setting: str, wrap: Any) -> None:
    """A `Choice` there would be no decision of the search: no path, no record."""
    made = {"optimizer": torch.optim.RAdam, "loss": Focal, "augment": plain}[setting]
    with pytest.raises(InputError, match=f"`{setting}` leaves a value open.*{setting}=Choice"):
        TrainingConfig(**{setting: functools.partial(made, gamma=wrap(Choice(0.1, 0.2)))})
