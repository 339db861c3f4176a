"""Small spaces for searches that are to go wrong."""

from __future__ import annotations

import ctypes
import os
import time

import torch
from torch import nn

from search_spaces import Choice, Repeat, Space
from search_spaces.cells import CELLS

REHEARSED = 2  # steps of a training that a rehearsal may take
FINAL = "NAS_TEST_FINAL"  # environment: a file that exists once the final has begun
Conv, Custom, Head, Stem = CELLS["Conv"], CELLS["Custom"], CELLS["Head"], CELLS["Stem"]


class Progress:
    """Of the training in this process: its steps, and the epochs that were evaluated, since its network was made."""

    steps = 0
    epochs = 0
    evaluated = False


class Fault(nn.Module):
    """Passes its input on, or does harm in training: not on the meta device, and not in the first steps.

    The rehearsals of a search take a step or two, and would refuse what raises there. A kind that ends in `-in-final`
    does its harm there only, and `hang-later` not before the second epoch.
    """

    def __init__(self, channels: int, kind: str) -> None:
        super().__init__()
        self.channels, self.kind = channels, kind
        self.scale = nn.Parameter(torch.ones(1))
        Progress.steps, Progress.epochs, Progress.evaluated = 0, 0, False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "meta" and self.training:
            Progress.epochs, Progress.evaluated = Progress.epochs + Progress.evaluated, False
            Progress.steps += 1
            if Progress.steps <= REHEARSED:
                return x * self.scale
            if self.kind.endswith("-in-final") and os.path.exists(os.environ.get(FINAL, "")):
                self.harm_in_final(self.kind.removesuffix("-in-final"))
            if self.kind == "raise":
                raise ValueError("this cell always raises")
            if self.kind == "nan":
                return x * self.scale * float("nan")
            if self.kind == "hang":
                time.sleep(1e6)
            if self.kind in ("slow", "crawl"):
                time.sleep(0.3 if self.kind == "slow" else 0.05)
            if self.kind == "segfault":
                ctypes.string_at(0)
            if self.kind == "hoard":
                kept = []
                while True:
                    kept.append(torch.empty(1 << 23))  # 32 MiB; the limit counts them without their being written to
        elif x.device.type != "meta":
            Progress.evaluated = True
        return x * self.scale

    def harm_in_final(self, kind: str) -> None:
        if kind == "raise":
            raise ValueError("this cell raises in the final")
        if kind == "crawl":
            time.sleep(0.05)
        if kind == "hang" or (kind == "hang-later" and Progress.epochs):
            time.sleep(1e6)


def small() -> Space:
    """Some hundred networks that train in a blink."""
    block = Conv(Choice(4, 8, 12), kernel=Choice(1, 3))
    return Space("small", Stem(Choice(4, 8)), Repeat(block, Choice(1, 2, 3)), Head())


def faulty() -> Space:
    """Six candidates, one of them harmless."""
    kinds = Choice("none", "raise", "nan", "hang", "segfault", "hoard")
    return Space("faulty", Stem(4), Custom(Fault, kind=kinds), Conv(8), Head())


def hanging() -> Space:
    """Every candidate hangs."""
    return Space("hanging", Stem(Choice(4, 6, 8, 10)), Custom(Fault, kind="hang"), Conv(Choice(4, 8)), Head())


def raising() -> Space:
    """Every candidate raises."""
    return Space("raising", Stem(Choice(4, 6, 8, 10)), Custom(Fault, kind="raise"), Conv(Choice(4, 8, 12)), Head())


def slow() -> Space:
    """An epoch takes several seconds."""
    return Space("slow", Stem(Choice(4, 6, 8, 10)), Custom(Fault, kind="slow"), Conv(Choice(4, 8, 12)), Head())


def crawling() -> Space:
    """An epoch takes about a second."""
    return Space("crawling", Stem(Choice(4, 6, 8, 10)), Custom(Fault, kind="crawl"), Conv(Choice(4, 8)), Head())


def _harmful_in_final(kind: str) -> Space:
    return Space("final", Stem(Choice(4, 6, 8, 10)), Custom(Fault, kind=f"{kind}-in-final"), Conv(Choice(4, 8)), Head())


def raising_in_final() -> Space:
    """Every full training raises."""
    return _harmful_in_final("raise")


def crawling_in_final() -> Space:
    """An epoch of a full training takes about a second."""
    return _harmful_in_final("crawl")


def hanging_in_final() -> Space:
    """No full training ends its first epoch."""
    return _harmful_in_final("hang")


def hanging_later_in_final() -> Space:
    """No full training ends its second epoch."""
    return _harmful_in_final("hang-later")


SPACES = {
    function.__name__: function
    for function in (
        small, faulty, hanging, raising, slow, crawling, raising_in_final, crawling_in_final, hanging_in_final,
        hanging_later_in_final,
    )
}  # fmt: skip
