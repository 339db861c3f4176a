"""Which convolutions this machine gets wrong in bfloat16: output and gradients against those in float32.

    python results/training/precision/narrow.py

Each convolution runs once, after memory was filled with NaN. `narrow.md` counts what is more than 6 % of the largest
value away, by how the last axis of the input compares with the stride.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))

import torch
from torch import nn

from nas.training.precision import multiplies_bfloat16
from results.machine import describe

CHANNELS, BATCH, OFF = ((16, 32), (3, 16), (64, 64)), 8, 0.06
HEIGHTS, WIDTHS, KERNELS, STRIDES, DILATIONS = (1, 2, 5, 9, 14, 18), (1, 2, 3, 4, 5, 8), (1, 3, 5), (1, 2, 3, 4), (1, 2)
WHAT = ("output", "input's gradient", "weights' gradient")


def cases() -> Iterator[tuple[nn.Module, torch.Tensor]]:
    """Convolutions that keep the borders, with their inputs."""
    for (inside, out), width, kernel, stride, dilation in itertools.product(
        CHANNELS, WIDTHS, KERNELS, STRIDES, DILATIONS
    ):
        how = {"stride": stride, "padding": dilation * (kernel - 1) // 2, "dilation": dilation, "bias": False}
        yield nn.Conv1d(inside, out, kernel, **how), torch.randn(BATCH, inside, width)
        for height in HEIGHTS:
            yield nn.Conv2d(inside, out, kernel, **how), torch.randn(BATCH, inside, height, width)


def computed(convolution: nn.Module, x: torch.Tensor, half: bool) -> tuple[torch.Tensor, ...]:
    """Output, gradient of the input and gradient of the weights."""
    x = x.detach().clone().requires_grad_()
    convolution.zero_grad()
    memory = [torch.full((numbers,), float("nan"), dtype=torch.bfloat16) for numbers in (1_000, 10_000, 100_000)]
    del memory
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        output = convolution(x)
    output.backward(torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output.dtype))
    return output.detach().float(), x.grad.clone(), convolution.weight.grad.clone()


def relation(convolution: nn.Module, x: torch.Tensor) -> str:
    stride, width = convolution.stride[-1], x.shape[-1]
    if stride == 1:
        return "stride 1"
    return "shorter than the stride" if width < stride else "equal to the stride" if width == stride else "longer"


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    wrong, seen = Counter(), Counter()
    for convolution, x in cases():
        kind = relation(convolution, x)
        seen[kind] += 1
        pairs = zip(computed(convolution, x, half=True), computed(convolution, x, half=False), strict=True)
        for what, (said, true) in zip(WHAT, pairs, strict=True):
            wrong[kind, what] += not (said - true).abs().max() <= OFF * true.abs().max()
    lines = [
        "# Convolutions in bfloat16 that are wrong",
        "",
        f"{describe('torch')}. CPU with matrix units for bfloat16: {'yes' if multiplies_bfloat16() else 'no'}.",
        "",
        f"| last axis of the input | convolutions | {' | '.join(f'{what} wrong' for what in WHAT)} |",
        "|---" * 5 + "|",
        *(
            f"| {kind} | {count:,} | {' | '.join(str(wrong[kind, what]) for what in WHAT)} |"
            for kind, count in seen.items()
        ),
    ]
    (HERE / "narrow.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
