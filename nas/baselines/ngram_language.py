"""A language model of counts: what followed the last few tokens in training, with less context where that is new."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from nas.baselines.examples import joined
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import LANGUAGE, Task

LONGEST = 8  # tokens of context
LARGEST_NUMBER = 1 << 62  # that a context of tokens may become
CHUNK = 2_000_000  # probabilities at a time


@dataclass(frozen=True)
class NgramLanguage:
    """Interpolated counts of up to nine tokens in a row, after Witten and Bell (https://doi.org/10.1109/18.87000)."""

    name: str = "ngram_language"
    label: str = "a model of n-gram counts"

    def fits(self, task: Task) -> bool:
        """Languages."""
        return task.kind == LANGUAGE

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """Counts longer contexts as long as that helps on the validation split and time is left."""
        began, task = time.monotonic(), data.task
        model, held = Counts(task.outputs, (), ()), data.validation
        likely = model.uniform(held.inputs)
        best, longest, cut = -np.inf, 0, False
        for context in range(LONGEST + 1):
            if float(task.outputs) ** (context + 1) >= LARGEST_NUMBER:
                break
            step = time.monotonic()
            longer = model.longer(data.train, context)
            longer.refine(likely, held.inputs, context)
            value = score(task, _outputs(likely, held.inputs), held.targets)
            if value <= best:
                break
            best, longest, model = value, context, longer
            now = time.monotonic()
            if now - began + 2 * (now - step) > (0.5 if refit else 1.0) * seconds:
                cut = True
                break
        again = refit and 2 * (time.monotonic() - began) < max(seconds, 1.0)
        if again:
            model = Counts.of(joined(data), task, longest)
        note = f"contexts of up to {longest} tokens" + (", stopped by the time" if cut else "")
        return Fitted(self.name, self.label, model, best, again, time.monotonic() - began, note)


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each token followed each context.

    Args:
        contexts: of each length, sorted numbers of the contexts. counts: `(contexts, vocabulary)` of each length.
    """

    vocabulary: int
    contexts: tuple[np.ndarray, ...]
    counts: tuple[sparse.csr_matrix, ...]

    @classmethod
    def of(cls, split: Split, task: Task, longest: int) -> Counts:
        """Of contexts of up to so many tokens."""
        found = cls(task.outputs, (), ())
        for length in range(longest + 1):
            found = found.longer(split, length)
        return found

    def longer(self, split: Split, length: int) -> Counts:
        """With contexts of this length too."""
        numbers, there = _contexts(split.inputs, length, self.vocabulary)
        known, place = np.unique(numbers[there], return_inverse=True)
        after = split.targets[there]
        shape = (len(known), self.vocabulary)
        counts = sparse.csr_matrix((np.ones(len(after), np.float32), (place.ravel(), after)), shape=shape)
        counts.sum_duplicates()
        return Counts(self.vocabulary, (*self.contexts, known), (*self.counts, counts))

    def uniform(self, inputs: np.ndarray) -> np.ndarray:
        """Equal probabilities at each position of all windows: `(n * length, vocabulary)`."""
        return np.full((inputs.size, self.vocabulary), 1.0 / self.vocabulary, np.float32)

    def refine(self, likely: np.ndarray, inputs: np.ndarray, context: int) -> None:
        """Changes probabilities by what followed contexts of one more token, as far as these were seen."""
        known, counts = self.contexts[context], self.counts[context]
        numbers, there = _contexts(inputs, context, self.vocabulary)
        flat = numbers.ravel()
        place = np.minimum(np.searchsorted(known, flat), max(0, len(known) - 1))
        seen = np.flatnonzero(there.ravel() & (known[place] == flat)) if len(known) else np.zeros(0, np.int64)
        rows = counts[place[seen]]
        total = np.asarray(rows.sum(axis=1), np.float32).reshape(-1, 1)
        kinds = np.diff(rows.indptr).astype(np.float32).reshape(-1, 1)
        likely[seen] = (rows.toarray() + kinds * likely[seen]) / (total + kinds)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, length)` tokens to the log-probabilities `(n, vocabulary, length)` of what follows each."""
        n, length = inputs.shape
        found = np.empty((n, self.vocabulary, length), np.float32)
        step = max(1, CHUNK // max(1, self.vocabulary * length))
        for start in range(0, n, step):
            part = inputs[start : start + step]
            likely = self.uniform(part)
            for context in range(len(self.contexts)):
                self.refine(likely, part, context)
            found[start : start + step] = _outputs(likely, part)
        return found


def _outputs(likely: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Probabilities `(n * length, vocabulary)` as a network gives them: logarithms `(n, vocabulary, length)`."""
    logs: np.ndarray = np.log(likely).reshape(*inputs.shape, likely.shape[1])
    return logs.transpose(0, 2, 1)


def _contexts(inputs: np.ndarray, length: int, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of the `length` tokens up to each position, and whether there are so many: both `(n, positions)`."""
    tokens = np.asarray(inputs).astype(np.int64)
    numbers = np.zeros(tokens.shape, np.int64)
    for back in range(min(length, tokens.shape[1])):
        numbers[:, back:] += tokens[:, : tokens.shape[1] - back] * vocabulary**back
    there = np.broadcast_to(np.arange(tokens.shape[1]) >= length - 1, tokens.shape)
    return numbers, there
