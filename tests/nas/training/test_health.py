"""Sick and dead networks are told apart from slow ones."""

from __future__ import annotations

import pytest
import torch
from small import cnn, digits, few
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.training.health import DeadUnits, Diverged, cells_of, check_gradients, check_outputs
from nas.training.loop import Training


def test_gradients_and_dead_units_are_reported_per_cell() -> None:
    training = Training(cnn(), few(digits().search), TrainingConfig(), epochs=1, seed=0)
    training.epoch()
    assert set(training.gradient_flow) == {"0", "1", "2"}
    assert all(norm > 0 for norm in training.gradient_flow.values())
    assert set(training.dead_units) == {"0", "1", "2"}


def test_units_that_never_fire_are_counted() -> None:
    network = cnn(norm=False)
    with torch.no_grad():
        network[0][0].weight[:6] = 0.0
        network[0][0].bias[:6] = -1.0
    dead = DeadUnits()
    with dead.watching(network):
        network(torch.rand(16, 1, 8, 8))
    assert dead.by_cell()["0"] == pytest.approx(6 / 24)
    assert dead.by_cell()["2"] == 0.0


def test_cells_below_a_wrapper_are_found() -> None:
    assert set(cells_of(nn.Sequential(cnn()))) == {"0.0", "0.1", "0.2"}


def test_a_dead_network_ends_early() -> None:
    network = cnn(norm=False)
    with torch.no_grad():
        for parameter in network[:2].parameters():
            parameter.fill_(-1.0)
    with pytest.raises(Diverged, match="dead"):
        Training(network, few(digits().search), TrainingConfig(), epochs=3, seed=0).epoch()


@pytest.mark.parametrize(
    ("norms", "says"), [({"0": 0.0, "1": 0.0}, "no gradient"), ({"0": 1.0, "1": float("nan")}, "cell 1 is nan")]
)
def test_gradients_that_cannot_teach(norms: dict[str, float], says: str) -> None:
    with pytest.raises(Diverged, match=says):
        check_gradients(norms, epoch=1)


def test_outputs_that_say_nothing() -> None:
    with pytest.raises(Diverged, match="same for every example"):
        check_outputs(torch.ones(5, 3) * torch.rand(3), epoch=1)
    with pytest.raises(Diverged, match="not finite"):
        check_outputs(torch.full((5, 3), float("inf")), epoch=1)
    check_outputs(torch.rand(5, 3), epoch=1)
