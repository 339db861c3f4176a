"""A fixed ResNet-9 with the field's recipe, for the whole time: what a person with some experience trains on pictures.

    python results/versus/peers/resnet9.py DATA.npz --seconds S [--seed N]

Network and recipe follow the speed runs on CIFAR-10 (https://github.com/KellerJordan/cifar10-airbench,
https://github.com/tysam-code/hlb-CIFAR10): Nesterov SGD, one cycle, label smoothing, mirrored and shifted pictures,
the mean over a picture and its mirror image at the end.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()  # imports are part of what a person waits for

import torch
import torch.nn.functional as F
from arrays import asked, finish, outputs_of, read
from by_the_clock import seconds_of, train
from torch import nn

BATCH, PEAK, MOST_EPOCHS, SMOOTHING = 128, 0.2, 60, 0.1


class Block(nn.Sequential):
    """Convolution, normalisation, activation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.GELU())


class Residual(nn.Module):
    """Two blocks beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(Block(width, width), Block(width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


def resnet9(channels: int, classes: int, width: int) -> nn.Sequential:
    """`(batch, channels, height, width)` to `(batch, classes)`; 413,000 parameters at width 16 and three channels."""
    return nn.Sequential(
        Block(channels, width),
        Block(width, 2 * width),
        nn.MaxPool2d(2),
        Residual(2 * width),
        Block(2 * width, 4 * width),
        nn.MaxPool2d(2),
        Block(4 * width, 8 * width),
        nn.MaxPool2d(2),
        Residual(8 * width),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(8 * width, classes, bias=False),
    )


def augmented(batch: torch.Tensor) -> torch.Tensor:
    """Half of the pictures mirrored, all of a batch shifted alike by up to an eighth."""
    height, width = batch.shape[2:]
    most = height // 8
    down, right = torch.randint(0, 2 * most + 1, (2,)).tolist()
    batch = F.pad(batch, (most,) * 4, mode="reflect")[:, :, down : down + height, right : right + width]
    mirrored = torch.rand(len(batch)) < 0.5
    return torch.where(mirrored[:, None, None, None], batch.flip(3), batch).contiguous(
        memory_format=torch.channels_last
    )


def main() -> None:
    given = asked(__doc__ or "")
    data = read(given.data)
    if not data.is_picture:
        raise SystemExit(f"{given.data} holds no pictures. Take inception_time.py for series.")
    network = resnet9(data.x.shape[1], data.classes, 16).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    batch_size = BATCH if len(data.x) >= 1_000 else 16

    def step(index: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(network(augmented(data.x[index])), data.y[index], label_smoothing=SMOOTHING).backward()
        optimizer.step()

    each = seconds_of(lambda: step(torch.randint(0, len(data.x), (batch_size,))))
    for_test = len(data.x_test) / batch_size * each * 0.8 + 1.0  # twice forward, mirrored
    left = given.seconds - (time.monotonic() - BEGAN) - for_test
    epochs = train(step, len(data.x), batch_size, left, MOST_EPOCHS, optimizer, PEAK)
    network.eval()
    finish(
        "resnet9", given, BEGAN, data, outputs_of(network, data.x_test, mirrored=True),
        epochs=epochs, parameters=sum(p.numel() for p in network.parameters()),
    )  # fmt: skip


if __name__ == "__main__":
    main()
