"""A step that is recorded and replayed moves the weights as one that is computed anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from small import cnn, digits
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.training.cuda_graph import BEFORE, CapturedGradients, Replay
from nas.training.loop import Training

STEPS = BEFORE + 4


class OnTheHost:
    """Records as CUDA does: what is replayed reads and writes the memory that it was recorded with."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.parameters = parameters
        self.recordings = 0

    def __call__(self, compute: Callable[[], torch.Tensor]) -> tuple[Replay, torch.Tensor]:
        self.recordings += 1
        result = compute()
        gradients = [parameter.grad for parameter in self.parameters]

        def replay() -> None:
            result.copy_(compute())
            for lying, parameter in zip(gradients, self.parameters, strict=True):
                lying.copy_(parameter.grad)

        return replay, result


def refuse(compute: Callable[[], torch.Tensor]) -> tuple[Replay, torch.Tensor]:
    raise RuntimeError("operation not permitted when stream is capturing")


def steps(
    wrap: Callable[[Callable[..., torch.Tensor], list[nn.Parameter]], Callable[..., torch.Tensor]],
) -> torch.Tensor:
    """Losses of some steps of plain descent, then the weights, in one row."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    parameters = list(network.parameters())

    def compute(x: torch.Tensor, y: torch.Tensor, share: torch.Tensor | None) -> torch.Tensor:
        for parameter in parameters:
            parameter.grad = None
        loss = nn.functional.cross_entropy(network(x), y)
        loss.backward()
        return loss.detach()

    gradients, losses = wrap(compute, parameters), []
    for _ in range(STEPS):
        losses.append(gradients(torch.randn(6, 4), torch.randint(2, (6,)), None).clone())
        with torch.no_grad():
            for parameter in parameters:
                parameter -= 0.5 * parameter.grad
    return torch.cat([torch.stack(losses), *(parameter.detach().flatten() for parameter in parameters)])


def test_replayed_steps_equal_computed_ones() -> None:
    recorders = []

    def captured(compute: Callable[..., torch.Tensor], parameters: list[nn.Parameter]) -> CapturedGradients:
        recorders.append(OnTheHost(parameters))
        return CapturedGradients(compute, parameters, recorders[0])

    torch.testing.assert_close(steps(captured), steps(lambda compute, _: compute), rtol=0, atol=0)
    assert recorders[0].recordings == 1


def test_what_cannot_be_recorded_is_computed_and_says_why() -> None:
    made = []

    def refused(compute: Callable[..., torch.Tensor], parameters: list[nn.Parameter]) -> CapturedGradients:
        made.append(CapturedGradients(compute, parameters, refuse))
        return made[0]

    torch.testing.assert_close(steps(refused), steps(lambda compute, _: compute), rtol=0, atol=0)
    assert "stream is capturing" in made[0].refused


def test_memory_that_runs_out_while_recording_is_the_steps_concern() -> None:
    def full(compute: Callable[[], torch.Tensor]) -> tuple[Replay, torch.Tensor]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        steps(lambda compute, parameters: CapturedGradients(compute, parameters, full))


def test_after_forgetting_it_is_recorded_anew() -> None:
    parameter = nn.Parameter(torch.ones(3))

    def compute(x: torch.Tensor) -> torch.Tensor:
        parameter.grad = x.clone()
        return x.sum()

    recorder = OnTheHost([parameter])
    captured = CapturedGradients(compute, [parameter], recorder)
    for turn in range(2):
        for step in range(BEFORE + 2):
            x = torch.full((3,), float(step))
            assert captured(x) == x.sum()
            assert torch.equal(parameter.grad, x)
        assert recorder.recordings == turn + 1
        captured.forget()


def test_checkpointing_cannot_be_recorded() -> None:
    with pytest.raises(InputError, match="`checkpointing` and `cuda_graph`"):
        TrainingConfig(checkpointing=True, cuda_graph=True).validate()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("precision", ["float32", "bf16", "fp16"])
def test_a_recorded_training_scores_like_a_computed_one_on_cuda(precision: str) -> None:
    scores = {}
    for recorded in (False, True):
        config = TrainingConfig(precision=precision, augmentation="crop", mixup=0.2, dropout=0.1, cuda_graph=recorded)
        training = Training(cnn(), digits().search, config, epochs=4, seed=0, device="cuda")
        scores[recorded] = [training.epoch().score for _ in range(4)][-1]
        assert not any("CUDA graph" in notice for notice in training.notices)
    assert abs(scores[True] - scores[False]) < 0.05
