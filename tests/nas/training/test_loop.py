"""One network, epoch by epoch."""

from __future__ import annotations

import dataclasses
import io
import random

import numpy as np
import pytest
import torch
from small import cnn, digits, few, mlp, regression, series
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.training.health import Diverged
from nas.training.inference import outputs
from nas.training.loop import Training, begin
from nas.training.score import score
from search_spaces import SPACES


def train(network: nn.Module, data=None, epochs: int = 2, seed: int = 0, **options) -> Training:  # type: ignore[no-untyped-def]
    training = Training(network, data or digits().search, TrainingConfig(**options), epochs=epochs, seed=seed)
    while not training.finished:
        training.epoch()
    return training


def weights(training: Training) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in training.network.parameters()])


def test_digits_are_learned_within_a_few_epochs() -> None:
    training = Training(cnn(), digits().search, TrainingConfig(), epochs=8, seed=0)
    reports = [training.epoch() for _ in range(8)]
    assert reports[-1].score >= 0.95
    assert reports[-1].loss < reports[0].loss
    assert [report.epoch for report in reports] == list(range(1, 9))
    numbers = [value for name, value in dataclasses.asdict(reports[-1]).items() if name != "notices"]
    assert all(np.isfinite(numbers))


def test_a_regression_is_learned_in_the_targets_own_scale() -> None:
    data = regression()
    training = train(mlp(data.task), data, epochs=20)
    values = outputs(training.network, data.validation.inputs, data)
    assert values.mean() == pytest.approx(350, abs=20)
    assert score(data.task, values, data.validation.targets) > 0.9


def test_a_series_is_learned() -> None:
    data = series()
    training = train(mlp(data.task), data, epochs=10, augmentation="auto")
    assert score(data.task, outputs(training.network, data.validation.inputs, data), data.validation.targets) > 0.9


@pytest.mark.parametrize("ema", [0.0, 0.98])
def test_a_training_goes_on_from_the_weights_of_another(ema: float) -> None:
    data = few(digits().search, 512, 256)
    before = train(cnn(), data, epochs=6, ema=ema)
    after = Training(cnn(seed=1), data, TrainingConfig(ema=ema), epochs=1, seed=1)
    after.start_from(before.trained_network().state_dict())
    torch.testing.assert_close(weights(after), weights(before))
    anew = Training(cnn(seed=1), data, TrainingConfig(ema=ema), epochs=1, seed=1)
    assert after.epoch().score > anew.epoch().score + 0.1


def test_same_seed_same_weights_whatever_else_draws() -> None:
    data = few(digits().search)
    first = train(mlp(data.task, dropout=0.2), data, augmentation="crop", mixup=0.2)
    network = mlp(data.task, dropout=0.2)
    torch.rand(17)
    second = train(network, data, augmentation="crop", mixup=0.2)
    assert torch.equal(weights(first), weights(second))


def test_the_global_generator_is_left_as_it_was() -> None:
    data = few(digits().search)
    network = mlp(data.task, dropout=0.2)
    before = torch.get_rng_state()
    train(network, data)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    "options",
    [{}, {"optimizer": "sgd"}, {"optimizer": "muon"}, {"ema": 0.9, "augmentation": "crop", "mixup": 0.3}],
    ids=str,
)
def test_a_resumed_training_equals_an_uninterrupted_one(options: dict) -> None:
    data = few(digits().search)
    whole = train(cnn(), data, epochs=4, **options)
    half = Training(cnn(), data, TrainingConfig(**options), epochs=4, seed=0)
    half.epoch(), half.epoch()
    file = io.BytesIO()
    torch.save(half.state_dict(), file)
    file.seek(0)
    resumed = Training(cnn(seed=9), data, TrainingConfig(**options), epochs=4, seed=0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    assert resumed.epochs_done == 2
    reports = [resumed.epoch(), resumed.epoch()]
    torch.testing.assert_close(weights(resumed), weights(whole), atol=1e-6, rtol=0)
    assert reports[-1].epoch == 4


def test_a_promoted_training_goes_on() -> None:
    data = few(digits().search)
    short = train(cnn(), data, epochs=2)
    longer = Training(cnn(), data, TrainingConfig(), epochs=5, seed=0)
    longer.load_state_dict(short.state_dict())
    assert longer.epoch().epoch == 3
    assert not longer.finished


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_accumulated_gradients_equal_those_of_the_large_batch(optimizer: str) -> None:
    """With a network whose layers do not look across the batch, as batch norm would."""
    data = few(digits().search, train=120)
    options = {"optimizer": optimizer, "batch_size": 60, "learning_rate": 1e-3, "precision": "float32"}
    whole, parts = (train(cnn(norm=False), data, accumulate=count, **options) for count in (1, 4))
    torch.testing.assert_close(weights(parts), weights(whole), atol=1e-5, rtol=0)


def test_read_only_arrays_are_never_written() -> None:
    data = few(digits().search)
    before = data.train.inputs.copy()
    for split in (data.train, data.validation):
        split.inputs.setflags(write=False)
        split.targets.setflags(write=False)
    train(cnn(), data, augmentation="crop+flip+cutout", mixup=0.2)
    np.testing.assert_array_equal(before, data.train.inputs)


def test_a_batch_larger_than_the_data_is_clamped_with_a_notice() -> None:
    data = few(digits().search, train=50)
    training = train(cnn(), data, batch_size=4096)
    assert "50 training examples" in training.notices[0]


def test_the_kept_network_takes_raw_values() -> None:
    data = few(digits().search)
    training = train(cnn(), data)
    inputs = data.validation.inputs
    raw = training.trained_network()(torch.from_numpy(inputs.astype(np.float32))).detach().numpy()
    np.testing.assert_allclose(raw, outputs(training.network, inputs, data), atol=1e-5)
    np.testing.assert_allclose(raw, outputs(training.trained_network(), inputs), atol=1e-5)


def test_averaged_weights_are_the_ones_that_are_judged() -> None:
    training = train(cnn(), few(digits().search), ema=0.99)
    assert training.network is not training._network
    assert not torch.equal(weights(training), torch.cat([p.detach().flatten() for p in training._network.parameters()]))


def test_a_network_without_weights_is_scored_all_the_same() -> None:
    data = few(digits().search)
    network = nn.Sequential(nn.AdaptiveAvgPool2d((1, 10)), nn.Flatten())
    assert 0 <= Training(network, data, TrainingConfig(), epochs=1, seed=0).epoch().score <= 1


class Poisoned(nn.Module):
    """Turns to NaN after some steps."""

    def __init__(self, network: nn.Module, after: int, factor: float) -> None:
        super().__init__()
        self.network, self.after, self.factor = network, after, factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.after -= 1
        return self.network(x) * (self.factor if self.after < 0 else 1.0)


@pytest.mark.parametrize(("factor", "reason"), [(float("nan"), "nan in epoch 1"), (1e6, "exploded")])
def test_a_sick_training_ends_with_its_reason(factor: float, reason: str) -> None:
    data = few(digits().search)
    training = Training(Poisoned(cnn(), 2, factor), data, TrainingConfig(batch_size=8), epochs=2, seed=0)
    with pytest.raises(Diverged, match=reason) as sick:
        training.epoch()
    assert reason in sick.value.reason


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "`epochs`"),
        ({"device": "cuda:7"}, "cuda"),
        ({"device": "tpu"}, "`device`"),
        ({"config": {"precision": "fp16"}}, "fp16"),
        ({"config": {"batch_size": -1}}, "`batch_size`"),
        ({"config": {"batch_size": 4, "accumulate": 8}}, "`accumulate`"),
        ({"config": {"mixup": 0.2, "cutmix": 1.0}}, "exclude"),
        ({"config": {"optimizer": "adam"}}, "adamw"),
        ({"config": {"warmup": 1.5}}, "`warmup`"),
        ({"config": {"augmentation": "crop+swirl"}}, "swirl"),
    ],
    ids=str,
)
def test_what_cannot_work_is_said_before_any_training(options: dict, says: str) -> None:
    given = {"epochs": 1, "seed": 0, **options}
    with pytest.raises(InputError, match=says):
        given["config"] = TrainingConfig(**given.get("config", {}))
        Training(cnn(), few(digits().search), **given)


def test_begin_builds_for_the_fidelity_and_follows_the_seed() -> None:
    data = few(digits().search)
    architecture = SPACES["cnn"]().sample(random.Random(0))
    first, second, other = (begin(architecture, data, TrainingConfig(), epochs=1, seed=seed) for seed in (3, 3, 4))
    for one, two in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, two)
    assert any(
        not torch.equal(one, two)
        for one, two in zip(first.network.parameters(), other.network.parameters(), strict=True)
    )
