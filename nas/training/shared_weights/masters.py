"""Shared weights: one tensor for each place, cell type and parameter name of a space; every architecture is a part.

No cell knows of it. A network is built as ever and run by `torch.func.functional_call` with parts of the masters in
place of its own parameters (weight entanglement, https://arxiv.org/abs/2107.00651).
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nas.errors import InputError
from nas.training.shared_weights.slots import Shape, Slot, cut, slots
from search_spaces.architecture import Architecture, cell_text
from search_spaces.profile import complete, profile
from search_spaces.space import Space
from search_spaces.task import Task
from search_spaces.tree import cell_paths

MOST_CELLS = 2_000  # built cells that are kept for the next draw
COPIES = 4  # a master, its two moments, and at most as much again in gradients
BYTES = 4  # of a float32


@dataclass
class Master:
    """One tensor, its moments of AdamW, and the updates it has had. Only `SharedWeights` and its steps change it."""

    weight: torch.Tensor
    mean: torch.Tensor
    square: torch.Tensor
    steps: torch.Tensor

    @classmethod
    def fresh(cls, weight: torch.Tensor) -> Master:
        """A master that has had no update."""
        return cls(weight, torch.zeros_like(weight), torch.zeros_like(weight), torch.zeros(()))


@dataclass(frozen=True)
class Drawn:
    """One architecture of a space, run by the shared weights.

    Args:
        network: its modules. Their own parameters are not used.
        slots: where each of its parameters lies, by name in the network.
        parts: the trained parts of the masters, by name: leaves that share the masters' memory.
        frozen: the other ones.
        fresh: its buffers as they were built, by name.
    """

    network: nn.Module
    slots: Mapping[str, Slot]
    parts: Mapping[str, torch.Tensor]
    frozen: Mapping[str, torch.Tensor]
    fresh: Mapping[str, torch.Tensor]

    @torch.no_grad()
    def reset(self) -> None:
        """Gives every buffer the value that it was built with: other networks have used these modules."""
        for name, buffer in self.network.named_buffers():
            buffer.copy_(self.fresh[name])

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, *input shape) -> (batch, outputs); gradients go to `parts`."""
        return torch.func.functional_call(self.network, self.parameters(), (x,))

    def parameters(self) -> dict[str, torch.Tensor]:
        """Every parameter by its name in the network, cut out of the masters."""
        return {**self.frozen, **{name: self.slots[name].parameter(part) for name, part in self.parts.items()}}


@dataclass(frozen=True)
class _Built:
    """A cell's module at its place. Its own parameters are emptied once the masters hold them."""

    module: nn.Module
    slots: dict[str, Slot]
    fresh: dict[str, torch.Tensor]


class SharedWeights:
    """The masters of a space. They begin with what a cell draws, and grow when a larger one is drawn.

    What a cell draws depends on where it stands and on what it is, so it is the same in every process.

    Args:
        space: architectures of it are drawn by their decisions.
        most_bytes: that masters, moments and gradients may take together.
    """

    def __init__(self, space: Space, task: Task, *, most_bytes: float = float("inf"), device: str = "cpu") -> None:
        self.space, self.task, self.most_bytes = space, task, most_bytes
        self.device = torch.device(device)
        self.masters: dict[str, Master] = {}
        self._cells: OrderedDict[tuple[str, Any, Shape], _Built] = OrderedDict()

    @property
    def numbers(self) -> int:
        """Numbers in all masters."""
        return sum(master.weight.numel() for master in self.masters.values())

    def draw(self, architecture: Architecture) -> Drawn:
        """The architecture's network on the shared weights. A part that a later draw moves is drawn again.

        Raises:
            InputError: a master would grow beyond `most_bytes`. Nothing has changed then.
            SpaceError: the architecture cannot be built.
        """
        built = [self._built(*cell) for cell in placed(self.space, architecture, self.task)]
        wanted = [(slot, cell.module.get_parameter(name)) for cell in built for name, slot in cell.slots.items()]
        self._make_room(wanted)
        parts: dict[str, torch.Tensor] = {}
        frozen: dict[str, torch.Tensor] = {}
        fresh: dict[str, torch.Tensor] = {}
        named: dict[str, Slot] = {}
        for number, cell in enumerate(built):
            fresh |= {f"{number}.{name}": value for name, value in cell.fresh.items()}
            for name, slot in cell.slots.items():
                part = slot.part(self.masters[slot.key].weight).detach()
                named[f"{number}.{name}"] = slot
                (parts if slot.trained else frozen)[f"{number}.{name}"] = part.requires_grad_(slot.trained)
        return Drawn(nn.Sequential(*(cell.module for cell in built)), named, parts, frozen, fresh)

    def state_dict(self, architecture: Architecture) -> dict[str, torch.Tensor]:
        """A copy of an architecture's weights, with fresh buffers, as `build(architecture, task)` loads it."""
        drawn = self.draw(architecture)
        drawn.reset()
        state = drawn.network.state_dict(keep_vars=True)
        values = {name: tensor.detach() for name, tensor in drawn.parameters().items()}
        known = {id(own): values[name] for name, own in drawn.network.named_parameters()}  # tied ones come twice in it
        return {name: known.get(id(own), own.detach()).clone() for name, own in state.items()}

    def to_tensors(self) -> dict[str, dict[str, torch.Tensor]]:
        """What `load` continues from, to be read by `torch.load(…, weights_only=True)`."""
        return {key: dict(vars(master)) for key, master in self.masters.items()}

    def load(self, tensors: Mapping[str, Mapping[str, torch.Tensor]]) -> None:
        """Takes masters and moments from what `to_tensors` gave, in place of its own."""
        self._cells.clear()
        self.masters = {
            key: Master(**{name: value.to(self.device if value.dim() else "cpu") for name, value in saved.items()})
            for key, saved in tensors.items()
        }

    def _built(self, place: str, cell: Any, shape: Shape) -> _Built:
        """A cell's module at a place: built once, because drawing weights costs more than running small networks."""
        key = (place, cell, shape)
        if key not in self._cells:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(_seed(place, cell_text(cell), shape))
                module = cell.build(shape).to(self.device)
            fresh = {name: buffer.detach().clone() for name, buffer in module.named_buffers()}
            self._cells[key] = _Built(module, slots(cell, module, place), fresh)
            if len(self._cells) > MOST_CELLS:
                self._cells.popitem(last=False)
        self._cells.move_to_end(key)
        return self._cells[key]

    @torch.no_grad()
    def _make_room(self, wanted: list[tuple[Slot, nn.Parameter]]) -> None:
        """Masters that hold these parameters: new ones begin as the cell drew them, small ones grow."""
        larger = {}
        for slot, _ in wanted:
            known = tuple(self.masters[slot.key].weight.shape) if slot.key in self.masters else None
            size = slot.size if known is None else tuple(map(max, known, slot.size))
            if size != known:
                larger[slot.key] = size
        if larger:
            sizes = {key: tuple(master.weight.shape) for key, master in self.masters.items()}
            refuse_if_too_large(sizes | larger, self.most_bytes)
        for slot, own in wanted:
            if slot.key in larger:
                self.masters[slot.key] = _grown(self.masters.get(slot.key), slot, own.detach(), larger[slot.key])
            if own.numel():
                own.data = own.new_empty(0)


def _seed(*of: Any) -> int:
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:7], "big")


def placed(space: Space, architecture: Architecture, task: Task) -> list[tuple[str, Any, Shape]]:
    """(place, cell, input shape) of every cell of an architecture, with what only the task knows.

    A place is a path of the space without the options that were taken: two options of one `Choice` stand at one place.
    Cells that are decided once for several places still have weights of their own at each.
    """
    cells = complete(architecture.cells, task)
    paths = cell_paths(space.cells, architecture.decisions)
    if len(cells) > len(paths) and task.vocabulary and type(cells[0]) is not type(architecture.cells[0]):
        paths = ["tokens", *paths]
    paths = [*paths, "head"][: len(cells)]
    met: Counter[str] = Counter()
    result = []
    for path, cell, shape in zip(paths, cells, profile(architecture, task).shapes, strict=False):
        place = _without_options(path)
        result.append((f"{place}#{met[place]}", cell, shape))
        met[place] += 1
    return result


def _without_options(path: str) -> str:
    first, *rest = path.split(":")
    return first + "".join(part.lstrip("0123456789") for part in rest)


def refuse_if_too_large(sizes: Mapping[str, Shape], most_bytes: float) -> None:
    """Raises InputError where masters of these sizes would not fit."""
    numbers = {key: math.prod(size) for key, size in sizes.items()}
    needed = COPIES * BYTES * sum(numbers.values())
    if needed > most_bytes:
        key = max(numbers, key=lambda one: numbers[one])
        raise InputError(
            f"Shared weights of this space would take {needed / 2**20:,.0f} MiB with moments and gradients, more than "
            f"the {most_bytes / 2**20:,.0f} MiB that may be used. The largest is `{key}`, of size {sizes[key]}. Take a "
            "smaller space, e.g. by `--max-parameters`, or train each network alone."
        )


def _grown(known: Master | None, slot: Slot, own: torch.Tensor, size: Shape) -> Master:
    """A master of `size`: what was learnt, else what the cell drew, else numbers drawn from those."""
    values = own.flatten()
    rng = torch.Generator().manual_seed(_seed(slot.key, size))
    weight = values[torch.randint(max(1, values.numel()), size, generator=rng).to(own.device)]
    slot.part(weight).copy_(own.reshape(slot.size))
    made = Master.fresh(weight)
    if known is not None:
        inner = tuple(known.weight.shape)
        for name in ("weight", "mean", "square"):
            cut(getattr(made, name), inner, slot.kernel).copy_(getattr(known, name))
        made.steps = known.steps
    return made
