"""Forward and backward pass of a step as one CUDA graph: one launch in place of hundreds.

Small networks on a large device wait for the host to launch their kernels. Every batch of a training has the same
shape, so the kernels can be recorded once and run again on new contents of the same memory. What is recorded is only
what makes gradients; clipping, the optimizer and the averages stay as they are, and with them learning rates and
fp16's scale, which change. Source: https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs ("partial-network
capture").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from nas.training.memory import is_out_of_memory

BEFORE = 3  # ordinary steps before recording: libraries choose their kernels and take their memory in these
Batch = tuple[torch.Tensor | None, ...]
Compute = Callable[..., torch.Tensor]
Replay = Callable[[], None]


def record(compute: Callable[[], torch.Tensor]) -> tuple[Replay, torch.Tensor]:
    """A function that runs the recorded kernels again, and where the result will lie."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = compute()
    return graph.replay, result


@dataclass(frozen=True)
class Recorded:
    """One recording, and the memory that it reads and writes."""

    replay: Replay
    inputs: Batch
    gradients: tuple[torch.Tensor | None, ...]
    result: torch.Tensor


class CapturedGradients:
    """Calls `compute`, and after a few calls replays it; the gradients lie in the parameters either way.

    Args:
        compute: from a batch to its loss, with new gradients in `parameters`; its kernels may not depend on values.
        record: see `record`.

    What cannot be recorded is computed as before, and `refused` says why.
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
        """The loss, on the device; the next call writes over it."""
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
        """The recording is for something else now, e.g. other micro-batches; a new one is made in time."""
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
