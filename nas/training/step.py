"""One training step on a batch: forward pass, backward pass, gradient clipping, update of the weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nas.config.recipe import TrainingConfig
from nas.training.averaging import AveragedWeights
from nas.training.cuda_graph import CapturedGradients
from nas.training.forward import Forward
from nas.training.memory import is_out_of_memory
from nas.training.optimizers import make_optimizers
from nas.training.precision import Precision
from nas.training.score import Criterion


class Step:
    """Updates a network's weights by one batch.

    `parts` is the number of micro-batches that a batch is cut into. It starts at `config.accumulate` and is doubled
    whenever memory runs out, so that a large candidate finishes too.
    """

    def __init__(
        self,
        network: nn.Module,
        criterion: Criterion,
        config: TrainingConfig,
        device: torch.device,
        precision: Precision,
    ) -> None:
        self.criterion, self.config, self.device = criterion, config, device
        self.forward = Forward(network, precision, config.checkpointing)
        self.parts: int = config.accumulate
        self.optimizers = make_optimizers(config.optimizer, network, config.learning_rate, config.weight_decay)
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision.dtype == torch.float16)
        self.average = AveragedWeights(network, config.ema) if config.ema else None
        captured = config.cuda_graph and device.type == "cuda"
        self._captured = CapturedGradients(self._gradients, self.parameters) if captured else None

    @property
    def refused(self) -> str:
        """Why the step could not be recorded as a CUDA graph; "" where it was recorded or was not to be."""
        return self._captured.refused if self._captured is not None else ""

    def set_rate(self, share: float) -> float:
        """Sets every learning rate to this share of its peak, 0 to 1; returns that of the first optimizer."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * share
        return float(self.optimizers[0].param_groups[0]["lr"]) if self.optimizers else 0.0

    def state_dict(self) -> dict[str, Any]:
        """State of optimizers, loss scaler and averaged weights: tensors and numbers."""
        return {
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "scaler": self.scaler.state_dict(),
            "average": self.average.network.state_dict() if self.average else {},
            "average_steps": self.average.steps if self.average else 0,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues from a state of the same network and recipe."""
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.scaler.load_state_dict(state["scaler"])
        if self.average is not None:
            self.average.network.load_state_dict(state["average"])
            self.average.steps = int(state["average_steps"])

    def __call__(
        self, x: torch.Tensor, y: torch.Tensor, others: torch.Tensor, share: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean loss of the batch and norm of its gradient before clipping, both on the device.

        Args:
            x: normalised inputs `(n, …)`. y: standardised targets. others, share: see `Criterion.__call__`.

        Raises:
            torch.OutOfMemoryError: not even a single example fits.
        """
        while True:
            try:
                loss = (self._captured or self._gradients)(x, y, others, share)
                break
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or self.parts >= len(x):
                    raise
            self.parts = min(2 * self.parts, len(x))
            if self._captured is not None:
                self._captured.forget()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        return loss, self._update()

    def _gradients(
        self, x: torch.Tensor, y: torch.Tensor, others: torch.Tensor, share: torch.Tensor | None
    ) -> torch.Tensor:
        """The batch's mean loss; its gradients, summed over the micro-batches, are left in the parameters."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        size = -(-len(x) // self.parts)
        total = torch.zeros((), device=self.device)
        for part, first, second in zip(x.split(size), y.split(size), others.split(size), strict=True):
            loss = self.criterion(self.forward(part), first, second, share) * (len(part) / len(x))
            if loss.requires_grad:
                self.scaler.scale(loss).backward()
            total += loss.detach()
        return total

    def _update(self) -> torch.Tensor:
        """Clips the gradients and updates the weights; returns the gradients' norm, 0 where clipping is off."""
        norm = torch.zeros((), device=self.device)
        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        if self.config.clip and self.parameters:
            norm = nn.utils.clip_grad_norm_(self.parameters, self.config.clip, foreach=True)
        for optimizer in self.optimizers:
            self.scaler.step(optimizer)
        if self.optimizers:
            self.scaler.update()
        if self.average is not None:
            self.average.update()
        return norm
