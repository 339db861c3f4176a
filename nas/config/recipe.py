"""How a candidate is trained. Every field may hold a `Choice`, so that recipe and architecture are searched jointly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from nas.errors import InputError

SMALLEST_BATCH, LARGEST_BATCH = 32, 128  # that `batch_size=0` chooses between
BATCH_FOR_MUON = 64
OPTIMIZERS = ("adamw", "sgd", "muon")
SCHEDULES = ("cosine", "triangular", "constant", "stable")
AUGMENTATIONS = ("crop", "flip", "cutout", "jitter", "scale", "mask")
PRECISIONS = ("auto", "float32", "bf16", "fp16")


@dataclass(frozen=True)
class Fidelity:
    """A cheaper stand-in for a full training.

    Args:
        resolution: side of the pictures (length of the series) as a share, 0 to 1; at least 4 remain.
        subset: share of the training examples, 0 to 1, the same ones in every epoch and of every candidate.
        width: share of the channels of every cell, 0 to 1; at least 8 remain, always a multiple of 8.
    """

    resolution: float = 1.0
    subset: float = 1.0
    width: float = 1.0


@dataclass(frozen=True)
class TrainingConfig:
    """The recipe.

    Args:
        optimizer: `adamw`, `sgd` (Nesterov), `muon` (orthogonalised steps for matrices, AdamW for the rest), or `auto`:
            Muon where batches are large enough to pay for its steps, AdamW otherwise.
        learning_rate: at its peak; 0 takes the optimizer's own default.
        weight_decay: per step and unit of learning rate; norms and biases are left out.
        batch_size: at most; the examples of an epoch are cut into equal batches. 0 chooses 32 to 128 by their number.
        schedule: `cosine`, `triangular`, `constant` or `stable`, after a linear warm-up.
        warmup: share of the planned steps, 0 to 0.9.
        label_smoothing: 0 to 1, classification only.
        clip: largest norm of all gradients together; 0 leaves them as they are.
        dropout: probability in every dropout layer of the cells; None leaves what the architecture says.
        stochastic_depth: chance to drop the deepest residual branch; less above it, linear in depth.
        augmentation: `none`, `auto` for the kind of data, or names joined by `+`: crop, flip, cutout (pictures),
            jitter, scale, mask (series).
        mixup, cutmix: parameter of the Beta distribution that mixing weights are drawn from; 0 is off.
        ema: decay per step of the averaged weights that are evaluated; 0 evaluates the weights themselves.
        precision: `float32`, `bf16`, `fp16` (CUDA only) or `auto`: half where the device is faster with it; on a CPU
            with matrix units for it, in cells of dense convolutions.
        accumulate: micro-batches that make up one batch; the gradient is that of the whole batch.
        checkpointing: keep only each cell's input for the backward pass and run the cell again: less memory, more time.
        cuda_graph: record forward and backward pass once and replay them, on CUDA; on the CPU it changes nothing.
        channels_last: memory layout of pictures that convolutions are fastest with; `auto` is on.
        test_time_flip: scores are of the mean over a picture and its mirror image. What is exported, and its score on
            the test split, does without.
        fidelity: train on smaller pictures, on fewer examples, or a narrower network.
    """

    optimizer: Any = "auto"
    learning_rate: Any = 0.0
    weight_decay: Any = 0.01
    batch_size: Any = 0
    schedule: Any = "cosine"
    warmup: Any = 0.1
    label_smoothing: Any = 0.05
    clip: Any = 5.0
    dropout: Any = None
    stochastic_depth: Any = 0.0
    augmentation: Any = "none"
    mixup: Any = 0.0
    cutmix: Any = 0.0
    ema: Any = 0.98
    precision: Any = "auto"
    accumulate: Any = 1
    checkpointing: Any = False
    cuda_graph: Any = False
    channels_last: Any = "auto"
    test_time_flip: Any = False
    fidelity: Any = field(default_factory=Fidelity)

    def batch_for(self, examples: int) -> int:
        """The batch size for so many training examples: never more than there are."""
        chosen = self.batch_size or min(LARGEST_BATCH, max(SMALLEST_BATCH, examples // 64))
        return int(min(chosen, examples))

    def optimizer_for(self, examples: int) -> str:
        """The optimizer for so many training examples."""
        if self.optimizer != "auto":
            return str(self.optimizer)
        return "muon" if self.batch_for(examples) >= BATCH_FOR_MUON else "adamw"

    def validate(self) -> None:
        """Raises InputError for a value out of range or a pair of options that cannot go together."""
        for name, known in _WORDS.items():
            _one_of(name, getattr(self, name), known)
        for name, (low, high) in _RANGES.items():
            _within(name, getattr(self, name), low, high)
        for name, least in (("batch_size", 0), ("accumulate", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"`{name}` must be a whole number of at least {least}, got {value!r}.")
        if self.accumulate > (self.batch_size or SMALLEST_BATCH):
            raise InputError(
                f"`accumulate` must be at most `batch_size` ({self.batch_size}), got {self.accumulate}: "
                "a batch cannot be cut into more parts than it has examples."
            )
        if self.mixup and self.cutmix:
            raise InputError("`mixup` and `cutmix` exclude each other; set one of them to 0.")
        if self.checkpointing and self.cuda_graph:
            raise InputError(
                "`checkpointing` and `cuda_graph` exclude each other (what runs again reads the random state, which a "
                "graph cannot); set one of them to False."
            )
        if self.dropout is not None:
            _within("dropout", self.dropout, 0.0, 0.95)
        for name in ("checkpointing", "cuda_graph", "test_time_flip"):
            _one_of(name, getattr(self, name), (False, True))
        _one_of("channels_last", self.channels_last, ("auto", False, True))
        self._validate_augmentation()
        self._validate_fidelity()

    def _validate_augmentation(self) -> None:
        for word in str(self.augmentation).split("+"):
            _one_of("augmentation", word, ("none", "auto", *AUGMENTATIONS))

    def _validate_fidelity(self) -> None:
        if not isinstance(self.fidelity, Fidelity):
            raise InputError(f"`fidelity` must be a Fidelity(resolution=…, subset=…, width=…), got {self.fidelity!r}.")
        for part in fields(Fidelity):
            _within(f"fidelity.{part.name}", getattr(self.fidelity, part.name), 0.01, 1.0)


_WORDS: dict[str, tuple[str, ...]] = {
    "optimizer": ("auto", *OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "precision": PRECISIONS,
}
_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (0.0, 100.0),
    "weight_decay": (0.0, 10.0),
    "warmup": (0.0, 0.9),
    "label_smoothing": (0.0, 0.9),
    "clip": (0.0, math.inf),
    "stochastic_depth": (0.0, 0.95),
    "mixup": (0.0, 10.0),
    "cutmix": (0.0, 10.0),
    "ema": (0.0, 0.99999),
}


def _one_of(name: str, value: Any, known: tuple[Any, ...]) -> None:
    if not any(value is option if isinstance(option, bool) else value == option for option in known):
        raise InputError(f"`{name}` must be one of {', '.join(map(str, known))}, got {value!r}.")


def _within(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"`{name}` must be a number from {low:g} to {high:g}, got {value!r}.")
