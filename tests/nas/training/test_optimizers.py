"""Optimizers, and what they leave alone."""

from __future__ import annotations

import pytest
import torch
from small import cnn
from torch import nn

from nas.training.muon import Muon, _iterated, orthogonalised
from nas.training.optimizers import OPTIMIZERS, make_optimizers


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_parameter_is_moved_once_and_only_weights_decay(name: str) -> None:
    network = cnn()
    optimizers = make_optimizers(name, network, 0.0, 0.1)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    parameters = [parameter for group in groups for parameter in group["params"]]
    assert sorted(map(id, parameters)) == sorted(map(id, network.parameters()))
    for group in groups:
        decays = group["weight_decay"] > 0
        assert all((parameter.dim() > 1) == decays for parameter in group["params"])


@pytest.mark.parametrize("shape", [(4, 8, 8), (3, 5, 20), (2, 30, 6)])
def test_orthogonalised_matrices_stretch_every_direction_alike(shape: tuple[int, ...]) -> None:
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape, generator=torch.Generator().manual_seed(0))))
    assert float(values.min()) > 0.4
    assert float(values.max()) < 1.4


@pytest.mark.parametrize("shape", [(4, 8, 72), (2, 30, 6)])
@pytest.mark.parametrize("rank", [None, 2])
def test_steps_on_the_squares_are_the_steps_on_the_matrices(shape: tuple[int, ...], rank: int | None) -> None:
    rng = torch.Generator().manual_seed(0)
    matrices = torch.randn(shape, generator=rng)
    if rank is not None:
        left, right = matrices[:, :, :rank], torch.randn(shape[0], rank, shape[2], generator=rng)
        matrices = left @ right + 1e-4 * matrices
    exact = matrices.double()
    exact = exact / exact.norm(dim=(1, 2), keepdim=True)
    expected = _iterated(exact) if shape[1] <= shape[2] else _iterated(exact.mT).mT
    torch.testing.assert_close(orthogonalised(matrices), expected.float(), atol=1e-3, rtol=0)


def test_muon_agrees_with_torch_s_own_on_matrices() -> None:
    weights = torch.randn(12, 7, generator=torch.Generator().manual_seed(0))
    ours, theirs = nn.Parameter(weights.clone()), nn.Parameter(weights.clone())
    one = Muon([ours], lr=0.02, weight_decay=0.1)
    other = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1)
    for step in range(5):
        gradient = torch.randn(12, 7, generator=torch.Generator().manual_seed(step))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        one.step(), other.step()
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=0)  # torch's multiplies in bfloat16


def test_muon_takes_filters_in_any_memory_layout() -> None:
    filters = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        parameter = nn.Parameter(filters.clone().to(memory_format=layout))
        parameter.grad = torch.sin(filters).to(memory_format=layout)
        Muon([parameter]).step()
        results.append(parameter.detach().contiguous())
    torch.testing.assert_close(*results)
