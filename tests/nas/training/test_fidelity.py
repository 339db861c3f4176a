"""Smaller pictures, fewer examples, narrower networks."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from small import digits

from nas.config.recipe import Fidelity
from nas.training import fidelity
from nas.training.fidelity import narrowed, reduced, resize
from search_spaces import SPACES, Task
from search_spaces.profile import profile


def test_resize_averages_and_keeps_the_type() -> None:
    x = (torch.rand((16, 3, 12, 10), generator=torch.Generator().manual_seed(1)) * 255).to(torch.uint8)
    small = resize(x, 0.5)
    assert (small.shape, small.dtype) == ((16, 3, 6, 5), torch.uint8)
    assert float(small.float().mean()) == pytest.approx(float(x.float().mean()), abs=1.0)
    assert resize(torch.rand(16, 3, 20), 0.5).shape == (16, 3, 10)
    assert resize(torch.rand(16, 6), 0.5).shape == (16, 6)


def test_fewer_examples_keep_every_class_and_the_whole_validation() -> None:
    data = digits().search
    small = reduced(data, Fidelity(subset=0.1))
    assert len(small.train) == pytest.approx(0.1 * len(data.train), rel=0.05)
    assert set(small.train.targets) == set(range(10))
    assert small.validation is data.validation
    np.testing.assert_array_equal(small.train.inputs, reduced(data, Fidelity(subset=0.1)).train.inputs)


def test_smaller_pictures_have_a_smaller_task() -> None:
    small = reduced(digits().search, Fidelity(resolution=0.5))
    assert small.task.input_shape == small.train.inputs.shape[1:] == small.validation.inputs.shape[1:] == (1, 4, 4)


def test_a_narrower_network_builds_and_has_fewer_parameters() -> None:
    task, architecture = Task((3, 16, 16), 10), SPACES["hybrid"]().sample(random.Random(0))
    assert narrowed(architecture, 1.0) is architecture
    assert profile(narrowed(architecture, 0.5), task).parameters < profile(architecture, task).parameters


def test_of_a_large_validation_split_no_more_is_scored_than_a_short_training_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = digits().search
    whole = len(data.validation)
    assert len(reduced(data, Fidelity(subset=0.25)).validation) == whole  # it is not large
    monkeypatch.setattr(fidelity, "LEAST_VALIDATION", 50)
    assert len(reduced(data, Fidelity()).validation) == whole
    few = reduced(data, Fidelity(subset=0.25)).validation
    assert len(few) == pytest.approx(0.25 * whole, rel=0.1)
    assert set(few.targets) == set(data.validation.targets)
