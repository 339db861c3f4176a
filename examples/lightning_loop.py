"""Candidates trained by Lightning, a LightningModule inside an own loop: python lightning_loop.py

It needs Lightning: pip install lightning
"""

from __future__ import annotations

import logging
from typing import Any

import torch

import nas
from search_spaces import Choice

try:
    import lightning as L
except ImportError:
    raise SystemExit("This example needs Lightning: pip install lightning") from None


class Candidate(L.LightningModule):
    """Any module of yours can stand here; `network` is the candidate, which is trained in place."""

    def __init__(self, network: torch.nn.Module, data: Any, report: Any) -> None:
        super().__init__()
        self.network, self.data, self.report = network, data, report

    def training_step(self, batch: Any, step: int) -> torch.Tensor:
        inputs, targets = batch
        return self.data.loss(self.network(inputs), targets)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=self.data.recipe.learning_rate)

    def on_train_epoch_end(self) -> None:
        self.trainer.should_stop = not self.report(epoch=self.current_epoch)


def train(network: torch.nn.Module, data: Any, report: Any, budget: Any) -> None:
    """The own loop."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)  # it has much to say of each training
    off = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    trainer = L.Trainer(max_epochs=budget.epochs, accelerator=data.device.type, devices=1, **dict.fromkeys(off, False))
    trainer.fit(Candidate(network, data, report), data.training)


def main(budget: str = "1m", **settings: Any) -> None:
    """Searches networks for the digits, and the learning rate with them."""
    found = nas.search("digits", "cnn", budget, train=train, learning_rate=Choice(0.001, 0.003, 0.01), **settings)
    print(f"trained by Lightning: {found.best.test_score:.3f} of the test digits are right")


if __name__ == "__main__":
    main()
