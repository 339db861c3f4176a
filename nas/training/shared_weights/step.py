"""One training step of one architecture on the shared weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.optim.adamw import adamw

from nas.training.shared_weights.masters import Drawn, SharedWeights
from search_spaces.architecture import Architecture

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
BETAS = (0.9, 0.999)


class SharedStep:
    """Updates, by one batch and AdamW (https://arxiv.org/abs/1711.05101), the parts of the masters that are used.

    Moments lie with the masters and are cut alike. What a network does not use keeps its weights and moments.

    Args:
        loss: of outputs and targets, a mean over the batch.
        clip: largest norm of a gradient, above 0.
    """

    def __init__(self, weights: SharedWeights, loss: Loss, *, weight_decay: float = 0.05, clip: float = 1.0) -> None:
        self.weights, self.loss, self.weight_decay, self.clip = weights, loss, weight_decay, clip
        self.done = self.skipped = 0

    def __call__(self, architecture: Architecture, x: torch.Tensor, y: torch.Tensor, rate: float) -> float:
        """The loss before the update; NaN where loss or gradient was not finite, so that nothing was updated."""
        drawn = self.weights.draw(architecture)
        drawn.network.train()
        loss = self.loss(drawn(x), y)
        if not bool(loss.detach().isfinite()):
            return self._skip()
        if loss.requires_grad:
            loss.backward()
            used = {name: part for name, part in drawn.parts.items() if part.grad is not None}
            norm = torch.nn.utils.clip_grad_norm_(list(used.values()), self.clip)
            if not bool(norm.isfinite()):
                return self._skip()
            self._update(drawn, used, rate)
        self.done += 1
        return float(loss.detach())

    def _skip(self) -> float:
        self.skipped += 1
        return float("nan")

    @torch.no_grad()
    def _update(self, drawn: Drawn, used: dict[str, torch.Tensor], rate: float) -> None:
        for decays in (True, False):  # vectors are biases and scales of norms, which do not decay
            names = [name for name, part in used.items() if (len(drawn.slots[name].shape) > 1) == decays]
            masters = [self.weights.masters[drawn.slots[name].key] for name in names]
            adamw(
                [used[name].detach() for name in names],
                [used[name].grad for name in names],  # type: ignore[misc]  # `used` holds those that have one
                [drawn.slots[name].part(master.mean) for name, master in zip(names, masters, strict=True)],
                [drawn.slots[name].part(master.square) for name, master in zip(names, masters, strict=True)],
                [],
                [master.steps for master in masters],
                foreach=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=rate,
                weight_decay=self.weight_decay if decays else 0.0,
                eps=1e-8,
                maximize=False,
            )
