"""What one cell is at one input shape: output shape, parameters, multiply-adds, activation memory.

Nothing is declared by the cells: each (cell, input shape) is run once on torch's meta device, which computes shapes but
no numbers. What is seen is cached, so a large pool of architectures costs little once its cells are known.
"""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from search_spaces.cells.layers import Shape
from search_spaces.errors import SpaceError


@dataclass(frozen=True)
class Facts:
    """What one cell is at one input shape, for one example.

    Args:
        shape: of its output, without the batch.
        parameters: numbers in its weights.
        macs: multiply-adds of the forward pass in convolutions, linear layers and attention.
        activation_bytes: what the forward pass writes, in float32.
        layers: weight matrices, which are those of convolutions, linear and recurrent layers.
        trainable: of the parameters, those that training changes: all but frozen ones.
    """

    shape: Shape
    parameters: int
    macs: int
    activation_bytes: int
    layers: int
    trainable: int


@functools.lru_cache(maxsize=200_000)
def facts(cell: Any, shape: Shape) -> Facts:
    """Facts of `cell` on inputs of `shape`, measured once; of a cell with `parts`, the sum over them."""
    if hasattr(cell, "parts"):
        return _sum(cell.parts(shape))
    if getattr(cell, "steps_alike", False) and math.prod(shape[1:]) > 2:
        return _extended(facts(cell, (shape[0], 1)), facts(cell, (shape[0], 2)), shape)
    module, output, meter = _run(cell, shape)
    if not isinstance(output, torch.Tensor) or not 2 <= output.dim() <= 4 or 0 in output.shape:
        got = tuple(output.shape[1:]) if isinstance(output, torch.Tensor) else type(output).__name__
        raise SpaceError(
            f"a cell must give a tensor of 1 to 3 sizes of at least 1 besides the batch, got {got}. Return one tensor, "
            "e.g. from a small module around it."
        )
    weights = list(module.parameters())
    parameters, layers = sum(weight.numel() for weight in weights), sum(weight.dim() > 1 for weight in weights)
    trainable = sum(weight.numel() for weight in weights if weight.requires_grad)
    return Facts(tuple(output.shape[1:]), parameters, meter.flops // 2, meter.bytes, layers, trainable)


def _sum(parts: Any) -> Facts:
    """Of a compound cell: its parts, and what merging their results writes."""
    known = [facts(cell, shape) for cell, shape in parts.cells]
    return Facts(
        parts.shape,
        sum(fact.parameters for fact in known),
        sum(fact.macs for fact in known),
        sum(fact.activation_bytes for fact in known) + 4 * parts.merged,
        sum(fact.layers for fact in known),
        sum(fact.trainable for fact in known),
    )


def _extended(one: Facts, two: Facts, shape: Shape) -> Facts:
    """Of a cell that does the same at each position in turn: each further position costs what the second one did."""
    more = math.prod(shape[1:]) - 1
    return Facts(
        (one.shape[0], *shape[1:]),
        one.parameters,
        one.macs + more * (two.macs - one.macs),
        one.activation_bytes + more * (two.activation_bytes - one.activation_bytes),
        one.layers,
        one.trainable,
    )


def _run(cell: Any, shape: Shape) -> tuple[nn.Module, Any, _Meter]:
    """The cell's module, its output and what was counted. A module that the meta device cannot run runs on the CPU."""
    try:
        return _run_on("meta", cell, shape)
    except SpaceError:
        raise
    except Exception:  # a person's own module may do what the meta device does not know
        try:
            with torch.random.fork_rng(devices=[]):
                return _run_on("cpu", cell, shape)
        except Exception as error:
            raise SpaceError(f"running it raised {type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _plain_kernels() -> Iterator[None]:
    """Attention and recurrent layers as the matrix products that they are, which can be counted."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings(), sdpa_kernel(SDPBackend.MATH):
            warnings.simplefilter("ignore")  # torch's own, of TF32 on machines that have none
            with torch.backends.mkldnn.flags(enabled=False):
                yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _run_on(device: str, cell: Any, shape: Shape) -> tuple[nn.Module, Any, _Meter]:
    with torch.device(device):
        module = cell.build(shape).eval()
        example = torch.zeros((1, *shape))
    plain = contextlib.nullcontext() if device == "meta" else _plain_kernels()
    with plain, _Meter() as meter, torch.no_grad():
        output = module(example)
    return module, output, meter


class _Meter(TorchDispatchMode):
    """Counts the floating-point operations of kernels that torch has a formula for, and the bytes that all write."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = _shape_only(func, args) if args and isinstance(args[0], torch.Tensor) and args[0].is_meta else None
        if output is None:
            output = func(*args, **(kwargs or {}))
        packet = func._overloadpacket
        counter: Callable[..., int] | None = flop_registry.get(packet) or _FURTHER.get(packet)
        if counter is not None:
            self.flops += counter(*args, **(kwargs or {}), out_val=output)
        if not func.is_view:
            written = output if isinstance(output, tuple | list) else (output,)
            self.bytes += sum(part.numel() * part.element_size() for part in written if isinstance(part, torch.Tensor))
        return output


def _shape_only(func: Any, args: Any) -> Any:
    """The result of a frequent kernel on the meta device, which torch itself would take a millisecond to work out."""
    packet = func._overloadpacket
    if packet in _ELEMENTWISE:
        return torch.empty_like(args[0])
    if packet in _NORMS:
        return torch.empty_like(args[0]), args[0].new_empty(0), args[0].new_empty(0)
    if packet is torch.ops.aten.addmm:
        return args[1].new_empty((args[1].shape[0], args[2].shape[1]))
    return None


_aten = torch.ops.aten
_ELEMENTWISE = {
    _aten.relu,
    _aten.hardtanh,
    _aten.gelu,
    _aten.silu,
    _aten.hardswish,
    _aten.tanh,
    _aten.sigmoid,
    _aten._safe_softmax,
    _aten._softmax,
}


def _products(first: Any, second: Any, *_: Any, out_val: Any, **__: Any) -> int:
    """Of a matrix or a vector with a vector."""
    return 2 * int(first.numel())


def _bilinear(first: Any, weight: Any, second: Any, *_: Any, out_val: Any, **__: Any) -> int:
    """`x1 W x2` for each output: `nn.Bilinear`, whose operands carry a dimension of one each."""
    rows = out_val.numel() // max(1, weight.shape[-3])
    return 2 * int(rows * (weight.numel() + math.prod(weight.shape[-3:-1])))


_FURTHER: dict[Any, Callable[..., int]] = {  # kernels that torch has no formula for
    _aten.mv: _products,
    _aten.dot: _products,
    _aten._trilinear: _bilinear,
}
_NORMS = {_aten.native_batch_norm, _aten.native_layer_norm, _aten.native_group_norm}
