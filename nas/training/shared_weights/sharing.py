"""How much of a space its architectures share, and how large its masters are, known before any training."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nas.errors import InputError
from nas.training.shared_weights.masters import BYTES, COPIES, placed, refuse_if_too_large
from nas.training.shared_weights.slots import Shape, Slot, slots
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.space import Space
from search_spaces.task import Task

SAMPLES = 100  # of a space are enough to say how much it shares


@dataclass(frozen=True)
class Sharing:
    """What was found among drawn architectures.

    Args:
        share: of the trained numbers of an architecture, those in masters that a different one uses too; 0 to 1.
        numbers: in all masters together.
        common: names of cells that share at least some weights.
        apart: names of cells with weights that no different architecture uses, and how many such numbers they have,
            most first.
        sizes: of every master, by its key.
    """

    share: float
    numbers: int
    common: tuple[str, ...]
    apart: tuple[tuple[str, int], ...]
    sizes: dict[str, Shape]

    @property
    def memory_bytes(self) -> int:
        """Of masters, moments and gradients."""
        return COPIES * BYTES * self.numbers

    def refuse_if_useless(self, space: str, most_bytes: float) -> None:
        """Raises InputError where nothing but heads is shared, with the cells that prevent it, or it would not fit."""
        if not set(self.common) - {"Head"}:
            cells = ", ".join(name for name, _ in self.apart[:5])
            reason = f"each weight of {cells} is one network's own" if cells else "no cell has weights that are trained"
            raise InputError(
                f"Nothing can be shared in the space {space!r}: besides the head, {reason}. Give cells of one type "
                "several sizes, or train each network alone."
            )
        refuse_if_too_large(self.sizes, most_bytes)


def sharing(space: Space, architectures: Sequence[Architecture], task: Task) -> Sharing:
    """What architectures of a space have in common. Nothing is trained; modules are built without numbers.

    Args:
        architectures: valid ones, drawn at random; some `SAMPLES` say enough.
    """
    users: dict[str, set[str]] = {}
    sizes: dict[str, Shape] = {}
    trained: list[tuple[str, str, int]] = []  # master, cell, numbers
    for architecture in {one.fingerprint: one for one in architectures}.values():
        for place, cell, shape in placed(space, architecture, task):
            for slot in _slots(cell, shape, place):
                sizes[slot.key] = tuple(map(max, sizes.get(slot.key, slot.size), slot.size))
                if slot.trained:
                    users.setdefault(slot.key, set()).add(architecture.fingerprint)
                    trained.append((slot.key, type(cell).__name__, math.prod(slot.shape)))
    apart: Counter[str] = Counter()
    for key, cell_name, numbers in trained:
        if len(users[key]) == 1:
            apart[cell_name] += numbers
    common = sorted({cell_name for key, cell_name, _ in trained if len(users[key]) > 1})
    every = sum(numbers for _, _, numbers in trained)
    total = sum(math.prod(size) for size in sizes.values())
    share = 1.0 - sum(apart.values()) / every if every else 0.0
    return Sharing(share, total, tuple(common), tuple(apart.most_common()), sizes)


def _slots(cell: Any, shape: Shape, place: str) -> list[Slot]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights from a file are not copied to the meta device
        return list(slots(cell, _without_numbers(cell, shape), place).values())


def _without_numbers(cell: Any, shape: Shape) -> nn.Module:
    try:
        with torch.device("meta"):
            return cell.build(shape)
    except SpaceError:
        raise
    except Exception:  # a person's own module may do what the meta device does not know
        with torch.random.fork_rng(devices=[]):
            return cell.build(shape)
