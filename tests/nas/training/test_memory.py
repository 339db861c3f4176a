"""Memory of a training: predicted, measured and saved."""

from __future__ import annotations

import random

import pytest
import torch
from small import Hungry, cnn, digits, few, mlp

from nas.config.recipe import TrainingConfig
from nas.training.forward import run_checkpointed
from nas.training.loop import Training
from nas.training.memory import kept_for_backward, parts_that_fit, predicted
from search_spaces import SPACES, Task, build


def test_checkpointing_changes_neither_gradients_nor_running_statistics() -> None:
    x, plain, checkpointed = torch.randn(8, 1, 8, 8), cnn(), cnn()
    plain(x).square().mean().backward()
    run_checkpointed(checkpointed, x).square().mean().backward()
    for one, other in zip(plain.parameters(), checkpointed.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
    for one, other in zip(plain.buffers(), checkpointed.buffers(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_checkpointed_training_equals_a_plain_one() -> None:
    data = few(digits().search)
    states = []
    for checkpointing in (False, True):
        training = Training(cnn(), data, TrainingConfig(checkpointing=checkpointing, dropout=0.1), epochs=2, seed=0)
        training.epoch(), training.epoch()
        states.append(training.network.state_dict())
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], atol=1e-5, rtol=1e-4)


def test_checkpointing_keeps_less() -> None:
    x, network = torch.randn(16, 1, 32, 32), cnn()
    assert kept_for_backward(network, x, checkpointing=True) < 0.7 * kept_for_backward(network, x)


@pytest.mark.parametrize("name", ["cnn", "residual", "transformer", "hybrid"])
def test_predicted_activations_are_near_the_measured_ones(name: str) -> None:
    task = Task((3, 16, 16), 10)
    space, rng, ratios = SPACES[name](), random.Random(0), []
    for _ in range(6):
        architecture = space.sample(rng)
        measured = kept_for_backward(build(architecture, task), torch.randn(4, 3, 16, 16))
        ratios.append(predicted(architecture, task, TrainingConfig(), 4).activations / measured)
    assert min(ratios) > 0.9
    assert max(ratios) < 1.8  # what two neighbours both keep is counted twice


def test_batches_are_cut_until_they_fit() -> None:
    known = SPACES["residual"]().sample(random.Random(0)), Task((3, 16, 16), 10), TrainingConfig()
    needed = predicted(*known, 64).peak
    assert parts_that_fit(*known, 64, free=4 * needed) == 1
    assert parts_that_fit(*known, 64, free=needed) > 1
    assert parts_that_fit(*known, 64, free=0) == 64


def test_a_candidate_that_does_not_fit_finishes_in_smaller_parts_with_the_same_weights() -> None:
    data = few(digits().search)
    options = TrainingConfig(batch_size=64, precision="float32")
    roomy = Training(mlp(data.task), data, options, epochs=2, seed=0)
    tight = Training(Hungry(mlp(data.task), most=9), data, options, epochs=2, seed=0)
    for training in (roomy, tight):
        training.epoch(), training.epoch()
    assert "cut into 8 parts" in tight.notices[0]
    for one, other in zip(roomy.network.parameters(), tight.network.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_one_example_that_does_not_fit_is_an_error() -> None:
    data = few(digits().search)
    training = Training(Hungry(mlp(data.task), most=0), data, TrainingConfig(), epochs=1, seed=0)
    with pytest.raises(torch.OutOfMemoryError):
        training.epoch()
