"""How outputs compare with targets: the loss that training makes smaller, the score that candidates are judged by."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from nas.config.own_code import is_code
from nas.data.dataset import TrainingData
from nas.data.metrics import metric_for
from nas.training.own_loss import OwnLoss
from search_spaces.task import LANGUAGE, Task


def score(task: Task, outputs: np.ndarray, targets: np.ndarray) -> float:
    """The task's metric, see `nas.data.metrics`. Higher is better; errors have a minus.

    Args:
        outputs: `(n, task.outputs)`, in the targets' own scale for regression.
        targets: class numbers `(n,)`, tokens `(n, length)` or values `(n, task.outputs)`; of several targets as
            `Task.targets` says.
    """
    return metric_for(task)(outputs, targets)


class Criterion:
    """The loss: cross-entropy of class numbers, labels or tokens, or mean squared error of standardised real targets.

    Of several targets it is the sum of their losses, each by its weight.

    Args:
        data: gives the kind of task, and mean and standard deviation of the real targets.
        smoothing: share of a label that is spread over all classes in training, 0 to 1.
        loss: `auto`, or a person's own, which has no smoothing, see `OwnLoss`.
    """

    def __init__(self, data: TrainingData, smoothing: float, device: torch.device, loss: Any = "auto") -> None:
        self.own = OwnLoss(loss, data.class_weights, device) if is_code(loss) else None
        self.kind, self.several = data.task.kind, data.task.targets
        self._said, self._true = data.task.output_slices(), data.task.target_slices()
        self.weights = torch.tensor(data.class_weights, device=device) if data.class_weights else None
        self.smoothing = smoothing
        self._shift = torch.tensor(data.target_mean or (0.0,), device=device)
        self._scale = torch.tensor(data.target_std or (1.0,), device=device)
        places = [self._said[one.name].start + place for one in self.several for place in range(one.columns)]
        # of several targets, the output whose shift and scale are those of each true value; a class has 0 and 1
        self._output = torch.tensor(places, dtype=torch.long, device=device)

    def standardised(self, targets: torch.Tensor) -> torch.Tensor:
        """Real targets with mean 0 and standard deviation 1; class numbers and labels unchanged."""
        if self.several:
            return (targets - self._shift[self._output]) / self._scale[self._output]
        return (targets - self._shift) / self._scale if self.kind == "regression" else targets

    def rescaled(self, outputs: torch.Tensor) -> torch.Tensor:
        """Outputs in the targets' own scale; class scores unchanged."""
        return outputs * self._scale + self._shift if self.kind == "regression" or self.several else outputs

    def plain(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss without label smoothing and weights of classes, for validation; `targets` are standardised."""
        if self.own is not None:
            return self.own(outputs, targets)
        return self._sum(outputs, targets, 0.0) if self.several else _loss(self.kind, outputs, targets)

    def __call__(
        self,
        outputs: torch.Tensor,
        targets: torch.Tensor,
        others: torch.Tensor | None = None,
        share: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Mean loss of a batch `(n, outputs)`.

        Args:
            targets: `(n,)` or `(n, outputs)`, standardised.
            others: targets of the examples that were mixed in by mixup or cutmix.
            share: weight of the loss for `targets`, 0 to 1; the loss for `others` gets the rest. None: nothing mixed.
        """
        loss = self._one(outputs, targets)
        if share is None or others is None:
            return loss
        return share * loss + (1.0 - share) * self._one(outputs, others)

    def _one(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        if self.own is not None:
            return self.own(outputs, targets)
        if self.several:
            return self._sum(outputs, targets, self.smoothing)
        return _loss(self.kind, outputs, targets, self.smoothing, self.weights)

    def _sum(self, outputs: torch.Tensor, targets: torch.Tensor, smoothing: float) -> torch.Tensor:
        losses = []
        for one in self.several:
            said, true = outputs[:, self._said[one.name]], targets[:, self._true[one.name]]
            true = true[:, 0].long() if one.kind == "classification" else true
            losses.append(one.weight * _loss(one.kind, said, true, smoothing))
        return torch.stack(losses).sum()


def _loss(
    kind: str,
    outputs: torch.Tensor,
    targets: torch.Tensor,
    smoothing: float = 0.0,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    if kind == "classification":
        return F.cross_entropy(outputs, targets, weight=weights, label_smoothing=smoothing)
    if kind == LANGUAGE:
        return F.cross_entropy(outputs, targets)
    if kind == "multilabel":
        return F.binary_cross_entropy_with_logits(outputs, targets)
    return F.mse_loss(outputs, targets)
