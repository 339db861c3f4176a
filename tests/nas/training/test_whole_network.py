"""Normalisation, network and rescaling in one module."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import torch
from small import digits, mlp, regression
from torch import nn

from nas.training.whole_network import Normalize, Rescale, constants_of, whole_network, wrapped
from search_spaces import SPACES, build


def test_normalize_and_rescale_by_channel_and_output() -> None:
    x = torch.arange(12, dtype=torch.uint8).reshape(1, 2, 6)
    expected = torch.stack([(x[0, 0].float() - 1) / 2, (x[0, 1].float() - 3) / 4])[None]
    torch.testing.assert_close(Normalize((1.0, 3.0), (2.0, 4.0))(x), expected)
    torch.testing.assert_close(Rescale((5.0,), (2.0,))(torch.ones(3, 1)), torch.full((3, 1), 7.0))


def test_parts_by_the_kind_of_data() -> None:
    pictures, values = digits().search, regression()
    assert [type(part) for part in wrapped(mlp(pictures.task), constants_of(pictures))][::2] == [Normalize]
    assert type(wrapped(mlp(values.task), constants_of(values))[2]) is Rescale
    tokens = dataclasses.replace(pictures, task=dataclasses.replace(pictures.task, vocabulary=16))
    assert type(wrapped(nn.Identity(), constants_of(tokens))[0]) is nn.Identity


def test_weights_of_a_whole_network_build_it_again() -> None:
    data = digits().search
    architecture = SPACES["cnn"]().sample(random.Random(0))
    network = wrapped(build(architecture, data.task), constants_of(data)).eval()
    again = whole_network(architecture, data.task, constants_of(data), network.state_dict())
    x = torch.from_numpy(data.validation.inputs[:8].astype(np.float32))
    assert torch.equal(network(x), again(x)) and not again.training
