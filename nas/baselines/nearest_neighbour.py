"""The vote or the mean of the nearest training examples (Cover and Hart 1967), by distance of scaled inputs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.baselines.examples import Scaling, and_notes, at_most, flat, joined
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import Task

NEIGHBOURS = (1, 3, 5, 9, 15, 31)
PER_DISTANCE = 5e-11  # seconds for one feature of a pair, sorting included in `PER_PAIR`
PER_PAIR = 1e-8
HELD = 2_000  # validation examples that choose how many neighbours
MOST_NUMBERS = 400_000_000


@dataclass(frozen=True)
class NearestNeighbour:
    """As many neighbours as are best on the validation split; fewer examples are kept where the time is short."""

    name: str = "nearest_neighbour"
    label: str = "nearest neighbours"

    def fits(self, task: Task) -> bool:
        """Real inputs."""
        return not task.vocabulary

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Keeps the examples. Half of `seconds` is for the validation split; asking is as slow as that."""
        began = time.monotonic()
        features = int(np.prod(data.task.input_shape))
        held, held_note = at_most(data.validation, data.task, HELD, seed)
        each = PER_DISTANCE * features + PER_PAIR
        most = min(0.5 * seconds / (each * len(held)), MOST_NUMBERS / features)
        train, note = at_most(data.train, data.task, most, seed)
        model = Neighbours.of(train, data.task)
        counts = [count for count in NEIGHBOURS if count <= len(train)]
        values = [score(data.task, outputs, held.targets) for outputs in model.for_counts(held.inputs, counts)]
        best = int(np.argmax(values))
        if refit:
            both = at_most(joined(data), data.task, most, seed)[0]
            model = Neighbours.of(both, data.task)
        predict = Vote(model, counts[best])
        chosen = f"neighbours chosen on {len(held):,} of {len(data.validation):,} examples" if held_note else ""
        spent = time.monotonic() - began
        return Fitted(self.name, self.label, predict, values[best], refit, spent, and_notes(note, chosen))


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Scaled examples and what each says: its class as a row of 0 and 1, or its values."""

    scaling: Scaling
    index: Any
    says: np.ndarray

    @classmethod
    def of(cls, split: Split, task: Task) -> Neighbours:
        """Of the examples of a split."""
        from sklearn.neighbors import NearestNeighbors

        scaling = Scaling.of(flat(split.inputs))
        index = NearestNeighbors(algorithm="brute").fit(scaling(flat(split.inputs)))
        if task.kind == "classification":
            says = (split.targets[:, None] == np.arange(task.outputs)).astype(np.float32)
        else:
            says = split.targets.reshape(len(split), task.outputs).astype(np.float32)
        return cls(scaling, index, says)

    def for_counts(self, inputs: np.ndarray, counts: list[int]) -> list[np.ndarray]:
        """Outputs `(n, outputs)` for each number of neighbours; of equal votes the nearer ones count a little more."""
        found = self.index.kneighbors(self.scaling(flat(inputs)), max(counts), return_distance=False)
        says = self.says[found]  # (n, neighbours, outputs)
        nearer = 1.0 + 1e-4 * np.arange(max(counts), 0, -1, dtype=np.float32)
        weighted = np.cumsum(says * nearer[None, :, None], axis=1)
        total = np.cumsum(nearer)
        return [weighted[:, count - 1] / total[count - 1] for count in counts]


@dataclass(frozen=True, eq=False)
class Vote:
    """Shares of the neighbours' classes, or the mean of their values."""

    model: Neighbours
    count: int

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, …)` to `(n, outputs)`."""
        parts = [inputs[start : start + 4_096] for start in range(0, len(inputs), 4_096)]
        done = [self.model.for_counts(part, [self.count])[0] for part in parts]
        return np.concatenate(done) if done else np.empty((0, self.model.says.shape[1]), dtype=np.float32)
