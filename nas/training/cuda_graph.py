"""Forward and backward pass of a step as one CUDA graph: one launch in place of hundreds.

Small networks on a large device wait for the host to launch their kernels. Every batch of a training has the same
shape, so the kernels can be recorded once and replayed on new contents of the same memory. Only the computation of the
gradients is recorded. Clipping, optimizer and averaging run as usual, because learning rates and the scale of float16
gradients change. Source: https://docs.pytorch.org/docs/stable/notes/cuda.html#partial-network-capture
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from nas.training.memory import is_out_of_memory

BEFORE = 3  # ordinary steps before recording, in which libraries choose their kernels and allocate their memory
Batch = tuple[torch.Tensor | None, ...]
Compute = Callable[..., torch.Tensor]
Replay = Callable[[], None]


def record(compute: Callable[[], torch.Tensor]) -> tuple[Replay, torch.Tensor]:
    """Records `compute` as a CUDA graph: the function that replays it, and the tensor that then holds the result."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = compute()
    return graph.replay, result


@dataclass(frozen=True)
class Recorded:
    """A recorded graph and the tensors that it reads and writes."""

    replay: Replay
    inputs: Batch
    gradients: tuple[torch.Tensor | None, ...]
    result: torch.Tensor


class CapturedGradients:
    """Computes loss and gradients: in the first calls as usual, then by replaying a recorded graph.

    Where recording fails, every call computes as usual, and `refused` says why.

    Args:
        compute: from the tensors of a batch to its loss, leaving new gradients in `parameters`. Which kernels it
            launches may not depend on the batch's values.
        record: as the function `record` above; tests give their own.
    """

    def __init__(
        self,
        compute: Compute,
        parameters: Sequence[nn.Parameter],
        record: Callable[[Callable[[], torch.Tensor]], tuple[Replay, torch.Tensor]] = record,
    ) -> None:
        self.compute, self.parameters, self.record = compute, parameters, record
        self.refused = ""
        self._calls = 0
        self._recorded: Recorded | None = None

    def __call__(self, *batch: torch.Tensor | None) -> torch.Tensor:
        """The loss, on the device. The next call overwrites it."""
        self._calls += 1
        if self._recorded is None and self._calls > BEFORE and not self.refused:
            self._recorded = self._record(batch)
        if self._recorded is None:
            return self.compute(*batch)
        known = self._recorded
        for place, values in zip(known.inputs, batch, strict=True):
            if place is not None and values is not None:
                place.copy_(values)
        known.replay()
        for parameter, gradient in zip(self.parameters, known.gradients, strict=True):
            parameter.grad = gradient
        return known.result

    def forget(self) -> None:
        """Drops the recording, e.g. because micro-batches have a new size; a new one is made after `BEFORE` calls."""
        self._calls, self._recorded = 0, None

    def _record(self, batch: Batch) -> Recorded | None:
        inputs = tuple(None if values is None else values.clone() for values in batch)
        try:
            replay, result = self.record(lambda: self.compute(*inputs))
        except RuntimeError as error:  # e.g. a cell that waits for the device
            if is_out_of_memory(error):
                raise
            self.refused = f"{type(error).__name__}: {error}"
            return None
        return Recorded(replay, inputs, tuple(parameter.grad for parameter in self.parameters), result)
