"""Proxies computed from what passes through the network: activation patterns, spectra, distances."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from predictors.proxies.probe import ACTIVATIONS, NORMS, Probe, drawn_from, hooked, weights

STEP = 0.01  # of the perturbation in `zen`


def nwot(probe: Probe) -> float:
    """log |det K|, with K counting for two examples the units that are on in both or off in both (NASWOT).

    https://arxiv.org/abs/2006.04647. A unit is on if the input of its activation is positive. For GELU and SiLU this
    stands in for the linear regions of ReLU. NaN for a network without activations.
    """
    network = probe.network()
    count = len(probe.inputs)
    agree = torch.zeros(count, count, dtype=torch.float64)

    def add(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        if len(inputs[0]) == count:
            on = (inputs[0].detach() > 0).flatten(1).float()
            agree.add_((on @ on.T + (1 - on) @ (1 - on).T).double())

    modules = [module for module in network.modules() if isinstance(module, ACTIVATIONS)]
    with drawn_from(probe.seed), torch.no_grad(), hooked(modules, add):
        network(probe.inputs)
    return float(torch.linalg.slogdet(agree).logabsdet) if modules else float("nan")


def zen(probe: Probe) -> float:
    """log E‖f(x) - f(x + .01 e)‖ + Σ over batch norms of the log of their mean standard deviation (Zen-NAS).

    https://arxiv.org/abs/2102.01063. Weights, x and e are standard normal; f is the network without its head.
    """
    network = probe.network()[:-1]
    scales: list[float] = []

    def add(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        value = inputs[0].detach().transpose(0, 1).flatten(1)
        scales.append(float(0.5 * torch.log(value.var(1).mean() + 1e-12)))

    with drawn_from(probe.seed), torch.no_grad():
        for weight in weights(network):
            weight.normal_()
        for module in network.modules():
            if isinstance(module, NORMS) and module.weight is not None:
                module.weight.fill_(1.0)
                module.bias.zero_()
        x = torch.randn_like(probe.inputs)
        moved = x + STEP * torch.randn_like(x)
        norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        with hooked(norms, add):
            near = network(x)
        distance = (near - network(moved)).abs().flatten(1).sum(1).mean()
    return float(torch.log(distance + 1e-12)) + sum(scales)


def expressivity(probe: Probe) -> float:
    """Σ over cells of the entropy of the spectrum of the channels (AZ-NAS, https://arxiv.org/abs/2403.19232).

    The spectrum is that of the channels' covariance, scaled to sum to 1.
    """
    return float(sum(_entropies(probe)))


def progressivity(probe: Probe) -> float:
    """The least growth of that entropy from one cell to the next (AZ-NAS, as above)."""
    entropies = _entropies(probe)
    return min((b - a for a, b in itertools.pairwise(entropies)), default=0.0)


def trainability(probe: Probe) -> float:
    """Mean over cells of 2 - s - 1/s, which is best where gradients neither grow nor vanish (AZ-NAS, as above).

    s is the largest singular value of the map from random gradients at a cell's output to those at its input. A cell
    does not count if it passes gradients on unchanged, or reduces positions by a factor that is not whole.
    """
    values, outputs = [], _cell_outputs(probe, gradients=True)
    with drawn_from(probe.seed):
        for before, after in outputs:
            behind = torch.randint(0, 2, after.shape).to(after.dtype) * 2 - 1
            (front,) = torch.autograd.grad(after, before, behind, allow_unused=True)
            if front is None or (front.shape == behind.shape and torch.equal(front, behind)):
                continue
            left, right = _rows(front, behind)
            if left is not None:
                largest = torch.linalg.matrix_norm(left.T @ right / len(left), 2)
                values.append(float(2 - largest - 1 / (largest + 1e-6)))
    return sum(values) / len(values) if values else 0.0


def _entropies(probe: Probe) -> list[float]:
    """See `expressivity`; one for each cell between the first and the head."""
    found = []
    for _, output in _cell_outputs(probe, gradients=False):
        rows = output.detach().transpose(0, 1).flatten(1).T.double()
        rows = rows - rows.mean(0)
        spectrum = torch.linalg.eigvalsh(rows.T @ rows / len(rows)).clamp(min=0)
        shares = spectrum / spectrum.sum().clamp(min=1e-12)
        found.append(float(-(shares * torch.log(shares + 1e-8)).sum()))
    return found


def _cell_outputs(probe: Probe, gradients: bool) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """(input, output) of each cell but the first and the head, on normal noise.

    Each input is detached, so that gradients pass through one cell only.
    """
    cells = list(probe.network())[:-1]
    found = []
    with drawn_from(probe.seed), torch.set_grad_enabled(gradients):
        x = torch.randn_like(probe.inputs)
        for place, cell in enumerate(cells):
            x = x.detach().requires_grad_(gradients)
            y = cell(x)
            if place and y is not x:
                found.append((x, y))
            x = y
    return found


def _rows(front: torch.Tensor, behind: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Gradients at a cell's input (`front`) and output (`behind`) as (positions, channels) over the same positions.

    The input positions that one output position covers become further channels. None if that does not work out.
    """
    sizes, less = front.shape[2:], behind.shape[2:]
    if len(sizes) != len(less) or any(size % short for size, short in zip(sizes, less, strict=True)):
        return None, behind
    if len(sizes) == 2 and sizes != less and sizes[0] // less[0] == sizes[1] // less[1]:
        front = nn.functional.pixel_unshuffle(front, sizes[0] // less[0])
    if front.shape[2:] != less:
        return None, behind
    left, right = (value.transpose(0, 1).flatten(1).T for value in (front, behind))
    return left, right
