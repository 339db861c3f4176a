"""The networks that `run.py` has trained, drawn again.

`hybrid` has got more options since, by which the same seed draws other networks. So the space stands here as it was,
and what is drawn is held against the parameters and multiply-adds that were written down.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from search_spaces import Architecture, Choice, Repeat, Space, Task, profile
from search_spaces.cells import (
    Conv,
    Downsample,
    Head,
    InvertedBottleneck,
    Residual,
    SeparableConv,
    Stem,
    Transformer,
)

HERE = Path(__file__).parent
MOST_MACS = {"fashion_mnist_10k": 1_200_000, "cifar10_10k": 2_000_000}


def hybrid_then() -> Space:
    """`hybrid` of 2026-11-22 (commit 398c26c)."""
    early = (Conv(kernel=3), SeparableConv(kernel=Choice(3, 5)), Residual(kernel=3))
    mixed = (
        Conv(kernel=Choice(3, 5)),
        SeparableConv(kernel=Choice(3, 5)),
        Residual(kernel=3, kind=Choice("basic", "bottleneck")),
        InvertedBottleneck(expansion=Choice(2, 4), kernel=Choice(3, 5), squeeze_excitation=Choice(0.0, 0.25)),
        Transformer(heads=Choice(2, 4), mlp_ratio=Choice(1, 2), positions=Choice("none", "learned")),
    )
    return Space(
        "hybrid",
        Stem(Choice(16, 24, 32), stride=Choice(1, 2)),
        Repeat(Choice(*early), times=Choice(0, 1)),
        Downsample(Choice(32, 48, 64), kind=Choice("conv", "max")),
        Repeat(Choice(*mixed), times=Choice(1, 2, 3)),
        Downsample(Choice(64, 96, 128), kind=Choice("conv", "max")),
        Repeat(Choice(*mixed), times=Choice(0, 1, 2)),
        Head(dropout=Choice(0.0, 0.2)),
    )


def drawn(name: str, task: Task) -> Iterator[Architecture]:
    """Random networks within the data set's limit on multiply-adds, without end."""
    space, rng = hybrid_then(), random.Random(1)
    while True:
        architecture = space.sample(rng)
        if profile(architecture, task).macs <= MOST_MACS[name]:
            yield architecture


def rows(name: str) -> list[dict[str, Any]]:
    """What was written down of each network, the first drawn first."""
    lines = (HERE / f"{name}.jsonl").read_text().splitlines()
    return sorted(map(json.loads, lines), key=lambda row: int(row["number"]))


def networks(name: str, task: Task) -> list[Architecture]:
    """The network of each of `rows(name)`.

    Raises:
        AssertionError: one has not the parameters and multiply-adds that were written down.
    """
    known = {row["number"]: (row["parameters"], row["macs"]) for row in rows(name)}
    made = []
    for number, architecture in zip(range(1, max(known) + 1), drawn(name, task), strict=False):
        if number in known:
            facts = profile(architecture, task)
            assert (facts.parameters, facts.macs) == known[number], f"network {number} of {name} is another one now"
            made.append(architecture)
    return made
