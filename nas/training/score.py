"""How outputs compare with targets: the loss that training makes smaller, the score that candidates are judged by."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from nas.data.dataset import TrainingData
from nas.data.metrics import metric_of
from search_spaces.task import Task


def score(task: Task, outputs: np.ndarray, targets: np.ndarray) -> float:
    """The task's metric, see `nas.data.metrics`. Higher is better; errors have a minus.

    Args:
        outputs: `(n, task.outputs)`, in the targets' own scale for regression.
        targets: class numbers `(n,)` or values `(n, task.outputs)`.
    """
    return metric_of(task.metric, task.positive)(outputs, targets)


class Criterion:
    """The loss: cross-entropy of class numbers or of labels, or mean squared error of standardised real targets.

    Args:
        data: gives the kind of task, and mean and standard deviation of the real targets.
        smoothing: share of a label that is spread over all classes in training, 0 to 1.
    """

    def __init__(self, data: TrainingData, smoothing: float, device: torch.device) -> None:
        self.classifies = data.task.kind == "classification"
        self.labels = data.task.kind == "multilabel"
        self.weights = torch.tensor(data.class_weights, device=device) if data.class_weights else None
        self.smoothing = smoothing
        self.shift = torch.tensor(data.target_mean or (0.0,), device=device)
        self.scale = torch.tensor(data.target_std or (1.0,), device=device)

    def standardised(self, targets: torch.Tensor) -> torch.Tensor:
        """Real targets with mean 0 and standard deviation 1; class numbers and labels unchanged."""
        return targets if self.classifies or self.labels else (targets - self.shift) / self.scale

    def rescaled(self, outputs: torch.Tensor) -> torch.Tensor:
        """Outputs in the targets' own scale; class scores unchanged."""
        return outputs if self.classifies or self.labels else outputs * self.scale + self.shift

    def plain(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss without label smoothing, for validation; `targets` are standardised."""
        if self.labels:
            return F.binary_cross_entropy_with_logits(outputs, targets)
        return F.cross_entropy(outputs, targets) if self.classifies else F.mse_loss(outputs, targets)

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
        if self.classifies:
            return F.cross_entropy(outputs, targets, weight=self.weights, label_smoothing=self.smoothing)
        if self.labels:
            return F.binary_cross_entropy_with_logits(outputs, targets)
        return F.mse_loss(outputs, targets)
