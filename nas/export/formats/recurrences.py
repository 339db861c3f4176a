"""LSTMs and GRUs in a trace: as they stand, of any length, and in no more time for a long series than for a short one.

torch.export finds the shapes of what they give by running all their steps one after another, which fixes the length
(https://github.com/pytorch/pytorch/issues/126339, https://github.com/pytorch/pytorch/issues/191855) and takes a minute
for some hundred steps. Here it is told the shapes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch._decomp import global_decomposition_table

KEY = torch._C.DispatchKey.CompositeImplicitAutograd


def _like_lstm(
    x: torch.Tensor,
    states: list[torch.Tensor],
    weights: list[torch.Tensor],
    biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    both_ways: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tensors of the shapes that an LSTM gives."""
    return _sequence(x, states[0], both_ways), torch.empty_like(states[0]), torch.empty_like(states[1])


def _like_gru(
    x: torch.Tensor,
    state: torch.Tensor,
    weights: list[torch.Tensor],
    biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    both_ways: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tensors of the shapes that a GRU gives."""
    return _sequence(x, state, both_ways), torch.empty_like(state)


def _sequence(x: torch.Tensor, state: torch.Tensor, both_ways: bool) -> torch.Tensor:
    return x.new_empty((x.shape[0], x.shape[1], state.shape[2] * (2 if both_ways else 1)))


@contextlib.contextmanager
def whole_recurrences() -> Iterator[None]:
    """Inside, whoever traces is told the shapes. Only a trace is to be made there."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_shaped(torch.ops.aten.lstm.input, _like_lstm))
        stack.enter_context(_shaped(torch.ops.aten.gru.input, _like_gru))
        yield


@contextlib.contextmanager
def _shaped(kernel: Any, shapes: Callable[..., Any]) -> Iterator[None]:
    tables: tuple[Any, ...] = (global_decomposition_table["post_autograd"], kernel.py_kernels)
    keys = kernel, KEY
    before = [table.get(key) for table, key in zip(tables, keys, strict=True)]
    try:
        for table, key in zip(tables, keys, strict=True):
            table[key] = shapes
        kernel._dispatch_cache.clear()  # PyTorch remembers by which code a kernel went, and does not look again
        yield
    finally:
        for table, key, old in zip(tables, keys, before, strict=True):
            if old is None:
                table.pop(key, None)
            else:
                table[key] = old
        kernel._dispatch_cache.clear()
