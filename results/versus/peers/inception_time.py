"""A network like InceptionTime (https://arxiv.org/abs/1909.04939) for the whole time: what is trained on series.

    python results/versus/peers/inception_time.py DATA.npz --seconds S [--seed N]

One network instead of the paper's five, 16 filters instead of 32, so that two cores see the data often
enough; AdamW and one cycle.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()  # imports are part of what a person waits for

import torch
import torch.nn.functional as F
from arrays import asked, finish, outputs_of, read
from by_the_clock import seconds_of, train
from torch import nn

PEAK, MOST_EPOCHS, SMOOTHING, WIDTH = 3e-3, 400, 0.1, 16


class Inception(nn.Module):
    """Convolutions of three lengths and a pooled path side by side: `(batch, inputs, n)` to `(batch, 4 * width, n)`."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        inner = min(inputs, width)
        self.narrow = nn.Conv1d(inputs, inner, 1, bias=False) if inputs > 1 else nn.Identity()
        self.long = nn.ModuleList(nn.Conv1d(inner, width, k, padding=k // 2, bias=False) for k in (9, 19, 39))
        self.pooled = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(inputs, width, 1, bias=False))
        self.norm = nn.BatchNorm1d(4 * width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        narrow = self.narrow(x)
        paths = [convolution(narrow) for convolution in self.long]
        return F.relu(self.norm(torch.cat([*paths, self.pooled(x)], 1)))


class InceptionTime(nn.Module):
    """Six Inception blocks, a shortcut over every three: `(batch, channels, n)` to `(batch, classes)`."""

    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        wide = 4 * width
        self.blocks = nn.ModuleList(Inception(wide if place else channels, width) for place in range(6))
        self.shortcuts = nn.ModuleList(
            nn.Sequential(nn.Conv1d(inputs, wide, 1, bias=False), nn.BatchNorm1d(wide)) for inputs in (channels, wide)
        )
        self.head = nn.Linear(wide, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = x
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place % 3 == 2:
                before = x = F.relu(x + self.shortcuts[place // 3](before))
        return self.head(x.mean(2))


def main() -> None:
    given = asked(__doc__ or "")
    data = read(given.data)
    if data.is_picture:
        raise SystemExit(f"{given.data} holds pictures. Take resnet9.py.")
    network = InceptionTime(data.x.shape[1], data.classes, WIDTH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=1e-2)
    batch_size = 64 if len(data.x) >= 1_000 else 16

    def step(index: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(data.x[index]), data.y[index], label_smoothing=SMOOTHING).backward()
        optimizer.step()

    each = seconds_of(lambda: step(torch.randint(0, len(data.x), (batch_size,))))
    for_test = len(data.x_test) / batch_size * each * 0.6 + 1.0
    left = given.seconds - (time.monotonic() - BEGAN) - for_test
    epochs = train(step, len(data.x), batch_size, left, MOST_EPOCHS, optimizer, PEAK)
    network.eval()
    finish(
        "inception_time", given, BEGAN, data, outputs_of(network, data.x_test, mirrored=False),
        epochs=epochs, parameters=sum(p.numel() for p in network.parameters()),
    )  # fmt: skip


if __name__ == "__main__":
    main()
