"""Layers in float32 against bfloat16 on this CPU: forward and backward, channels last, batch 128, one thread.

    python results/training/precision/layers.py

Decides which cells `precision="auto"` runs in bfloat16 (nas/training/forward.py). Pays only on CPUs that multiply
bfloat16. Writes `layers.md`, or `layers_FILE.md` for `python … layers.py FILE`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import nn

from nas.training.precision import multiplies_bfloat16

HERE, BATCH = Path(__file__).parent, 128
IMAGE, TOKENS = (64, 14, 14), (49, 64)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(64, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


LAYERS = {
    "convolution 3x3, 1 to 16, 28x28": (nn.Conv2d(1, 16, 3, padding=1), (1, 28, 28)),
    "convolution 3x3, 32 to 32, 28x28": (nn.Conv2d(32, 32, 3, padding=1), (32, 28, 28)),
    "convolution 3x3, 64 to 64, 14x14": (nn.Conv2d(64, 64, 3, padding=1), IMAGE),
    "convolution 1x1, 64 to 64, 14x14": (nn.Conv2d(64, 64, 1), IMAGE),
    "depthwise 3x3, 64, 14x14": (nn.Conv2d(64, 64, 3, padding=1, groups=64), IMAGE),
    "depthwise 5x5, 64, 14x14": (nn.Conv2d(64, 64, 5, padding=2, groups=64), IMAGE),
    "convolution 3x3, 128 to 128, 8x8": (nn.Conv2d(128, 128, 3, padding=1), (128, 8, 8)),
    "convolution 1x1, 16 to 96, 14x14": (nn.Conv2d(16, 96, 1), (16, 14, 14)),
    "convolution of 7, 32 to 32, 200 steps": (nn.Conv1d(32, 32, 7, padding=3), (32, 200)),
    "batch norm, 64, 14x14": (nn.BatchNorm2d(64), IMAGE),
    "batch norm, 32, 200 steps": (nn.BatchNorm1d(32), (32, 200)),
    "ReLU": (nn.ReLU(), IMAGE),
    "GELU": (nn.GELU(), IMAGE),
    "SiLU": (nn.SiLU(), IMAGE),
    "Hardswish": (nn.Hardswish(), IMAGE),
    "max pooling": (nn.MaxPool2d(2), IMAGE),
    "linear, 64 to 128, 49 positions": (nn.Linear(64, 128), TOKENS),
    "linear, 256 to 256": (nn.Linear(256, 256), (256,)),
    "layer norm, 49 positions": (nn.LayerNorm(64), TOKENS),
    "attention, 4 heads, 49 positions": (Attention(), TOKENS),
}


def microseconds(layer: nn.Module, shape: tuple[int, ...], half: bool) -> float:
    """Per example, the fastest of ten."""
    layout = torch.channels_last if len(shape) == 3 else torch.contiguous_format
    x = torch.randn(BATCH, *shape).contiguous(memory_format=layout)
    x = (x.bfloat16() if half else x).requires_grad_()
    layer = layer.to(memory_format=layout)
    times = []
    for _ in range(11):
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            result = layer(x)
        result.sum().backward()
        times.append(time.perf_counter() - started)
    return min(times[1:]) / BATCH * 1e6


def main() -> None:
    torch.set_num_threads(1)
    lines = [
        f"{torch.cpu.get_capabilities()['cpu_name']}. CPU that multiplies bfloat16: "
        f"{'yes' if multiplies_bfloat16() else 'no'}.",
        "",
        "| layer | float32, us per example | bfloat16 | gain |",
        "|---|---|---|---|",
    ]
    for name, (layer, shape) in LAYERS.items():
        single, half = microseconds(layer, shape, False), microseconds(layer, shape, True)
        lines.append(f"| {name} | {single:.1f} | {half:.1f} | {single / half:.1f}x |")
    text = "\n".join(lines) + "\n"
    (HERE / f"layers{''.join(f'_{name}' for name in sys.argv[1:2])}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
