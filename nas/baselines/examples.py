"""Examples as classical methods want them: one row of real numbers each, scaled, as many as time allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nas.data.dataset import Split, TrainingData
from search_spaces.task import Task


def flat(inputs: np.ndarray) -> np.ndarray:
    """`(n, *shape)` of any type to `(n, features)` float32."""
    return np.asarray(inputs).reshape(len(inputs), int(np.prod(inputs.shape[1:]))).astype(np.float32)


def joined(data: TrainingData) -> Split:
    """Training and validation split in one."""
    parts = (data.train, data.validation)
    return Split(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.targets for part in parts]),
    )


@dataclass(frozen=True, eq=False)
class Scaling:
    """Every column to mean 0 and deviation 1; a missing number becomes the mean, a constant column 0."""

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> Scaling:
        """Of `(n, features)`."""
        known = np.isfinite(rows)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, rows, 0).sum(axis=0, dtype=np.float64) / count
        variance = (np.where(known, rows - mean.astype(np.float32), 0).astype(np.float32) ** 2).sum(axis=0) / count
        std = np.sqrt(variance)
        constant = std <= 1e-6 * np.maximum(np.abs(mean), 1e-6)
        return cls(mean.astype(np.float32), np.where(constant, np.inf, std).astype(np.float32))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """`(n, features)` float32."""
        return np.nan_to_num((rows - self.mean) / self.std, nan=0.0, posinf=0.0, neginf=0.0)


def at_most(split: Split, task: Task, most: float, seed: int) -> tuple[Split, str]:
    """`most` examples drawn at random, at least 2 of each class, and a note; all of them and no note where they fit."""
    total, most = len(split), int(max(most, 50))
    if total <= most:
        return split, ""
    order = np.random.default_rng(seed).permutation(total)
    if task.kind == "classification":
        labels = split.targets[order]
        place = np.empty(total, dtype=np.int64)  # how many of its class come before each
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            place[members] = np.arange(len(members))
        order = np.concatenate([order[place < 2], order[place >= 2]])
    kept = np.sort(order[:most])
    return Split(split.inputs[kept], split.targets[kept]), f"trained on {most:,} of {total:,} examples"


def signs(targets: np.ndarray, task: Task) -> np.ndarray:
    """`(n, outputs)` float32 to fit by least squares: 1 for the right class and -1 for the others, or the values."""
    if task.kind != "classification":
        return targets.reshape(len(targets), task.outputs).astype(np.float32)
    return np.where(targets[:, None] == np.arange(task.outputs), 1.0, -1.0).astype(np.float32)


def for_all_classes(probabilities: np.ndarray, classes: np.ndarray, outputs: int) -> np.ndarray:
    """Columns of the classes that were seen in training among those of all classes, 0 for the others."""
    whole = np.zeros((len(probabilities), outputs), dtype=np.float32)
    whole[:, classes] = probabilities
    return whole


def and_notes(*notes: str) -> str:
    """Notes in one, the empty and the repeated left out."""
    return "; ".join(dict.fromkeys(note for note in notes if note))
