"""Outputs for many inputs."""

from __future__ import annotations

import torch
from small import Hungry, cnn, digits, mlp

from nas.training.inference import predict


def test_evaluation_goes_on_in_smaller_batches() -> None:
    network = mlp(digits().task)
    inputs = torch.rand(300, 1, 8, 8)
    torch.testing.assert_close(predict(Hungry(network, most=20), inputs), predict(network, inputs))


def test_flip_is_the_mean_over_both_pictures_and_the_mode_is_kept() -> None:
    network, inputs = cnn().train(), torch.rand(20, 1, 8, 8)
    both = (predict(network, inputs) + predict(network, inputs.flip(-1))) / 2
    torch.testing.assert_close(predict(network, inputs, flip=True), both)
    assert network.training
