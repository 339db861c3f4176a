"""Counts of tokens and of neighbouring pairs, weighted by rarity, and a linear model: what is taken for text.

Tf-idf: Sparck Jones (1972); with a linear support vector machine: Joachims (1998).
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from nas.baselines.examples import and_notes, at_most, joined
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.training.score import score
from search_spaces.task import LANGUAGE, Task

STRENGTHS = (0.1, 0.3, 1.0, 3.0)  # scikit-learn's C
PENALTIES = (0.1, 1.0, 10.0)  # of the ridge, for values
PER_TOKEN = 2e-6  # seconds for one token and output, all strengths together
MOST_PASSES = 1_000


@dataclass(frozen=True)
class BagOfNgrams:
    """One- and two-token counts with tf-idf weights; a linear SVM for classes, a ridge for values."""

    name: str = "bag_of_ngrams"
    label: str = "tf-idf with a linear model"

    def fits(self, task: Task) -> bool:
        """Token numbers of which one thing is said."""
        return task.vocabulary > 0 and len(task.input_shape) == 1 and task.kind != LANGUAGE

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """The penalty on the validation split; fewer examples where the time is short."""
        began, task = time.monotonic(), data.task
        most = 0.7 * seconds / (PER_TOKEN * task.input_shape[0] * max(1, task.outputs - 1))
        train, note = at_most(data.train, task, most, seed)
        grams = Ngrams.of(train.inputs, task.vocabulary)
        x, held = grams(train.inputs), grams(data.validation.inputs)
        best, chosen, predict, cut = -np.inf, 0.0, None, False
        for strength in STRENGTHS if task.kind == "classification" else PENALTIES:
            model = _model(x, train, task, strength, seed)
            now = NgramPrediction(grams, model, task)
            value = score(task, now.of_rows(held), data.validation.targets)
            if value > best:
                best, chosen, predict = value, strength, now
            if time.monotonic() - began > 0.6 * seconds:
                cut = True
                break
        assert predict is not None  # noqa: S101 - one strength was tried
        again = refit and not cut
        if again:
            both, _ = at_most(joined(data), task, most, seed)
            grams = Ngrams.of(both.inputs, task.vocabulary)
            predict = NgramPrediction(grams, _model(grams(both.inputs), both, task, chosen, seed), task)
        stopped = "stopped before the best penalty was found" if cut else ""
        spent = time.monotonic() - began
        return Fitted(self.name, self.label, predict, best, again, spent, and_notes(note, stopped))


@dataclass(frozen=True, eq=False)
class Ngrams:
    """Which tokens and pairs of neighbours were seen in training, and their weights.

    Args:
        known: sorted numbers of the n-grams: a token is its own number, a pair
            `vocabulary + first * vocabulary + second`.
        weights: `(len(known),)`, ln((1 + n) / (1 + examples that hold it)) + 1.
        padding: the token that fills short texts, left out; -1 when none does.
    """

    vocabulary: int
    known: np.ndarray
    weights: np.ndarray
    padding: int

    @classmethod
    def of(cls, tokens: np.ndarray, vocabulary: int) -> Ngrams:
        """Of `(n, length)` token numbers."""
        bare = cls(vocabulary, np.empty(0, dtype=np.int64), np.empty(0), _padding(tokens))
        rows, numbers = bare._all(tokens)
        known, place = np.unique(numbers, return_inverse=True)
        once = np.unique(rows * len(known) + place) % max(1, len(known))
        held = np.bincount(once, minlength=len(known))
        return cls(vocabulary, known, np.log((1 + len(tokens)) / (1 + held)) + 1.0, bare.padding)

    def __call__(self, tokens: np.ndarray) -> sparse.csr_matrix:
        """`(n, length)` to `(n, known n-grams)`: (1 + ln count) × weight, every row of length 1."""
        rows, numbers = self._all(tokens)
        place = np.minimum(np.searchsorted(self.known, numbers), max(0, len(self.known) - 1))
        seen = self.known[place] == numbers if len(self.known) else np.zeros(len(numbers), dtype=bool)
        shape = (len(tokens), len(self.known))
        counts = sparse.csr_matrix((np.ones(int(seen.sum())), (rows[seen], place[seen])), shape=shape)
        counts.sum_duplicates()
        counts.data = 1.0 + np.log(counts.data)
        weighted = sparse.csr_matrix(counts.multiply(self.weights[None, :]))
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return sparse.csr_matrix(sparse.diags(1.0 / np.where(length > 0, length, 1.0)) @ weighted)

    def _all(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Example and number of every n-gram."""
        tokens = np.asarray(tokens).astype(np.int64)
        real = tokens != self.padding
        both = real[:, 1:] & real[:, :-1]
        pairs = self.vocabulary + tokens[:, :-1] * self.vocabulary + tokens[:, 1:]
        rows = np.broadcast_to(np.arange(len(tokens))[:, None], tokens.shape)
        return (
            np.concatenate([rows[real], rows[:, 1:][both]]),
            np.concatenate([tokens[real], pairs[both]]),
        )


@dataclass(frozen=True, eq=False)
class NgramPrediction:
    """Distances to the planes between the classes, or values."""

    grams: Ngrams
    model: Any
    task: Task

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, length)` to `(n, outputs)`."""
        return self.of_rows(self.grams(inputs))

    def of_rows(self, rows: sparse.csr_matrix) -> np.ndarray:
        """`(n, known n-grams)` to `(n, outputs)`."""
        if not rows.shape[0]:
            return np.empty((0, self.task.outputs), dtype=np.float32)
        if self.task.kind != "classification":
            return np.asarray(self.model.predict(rows), dtype=np.float32).reshape(-1, self.task.outputs)
        found = np.asarray(self.model.decision_function(rows), dtype=np.float32)
        found = np.stack([-found, found], axis=1) if found.ndim == 1 else found
        whole = np.full((len(found), self.task.outputs), found.min() - 1, dtype=np.float32)
        whole[:, self.model.classes_] = found
        return whole


def _padding(tokens: np.ndarray) -> int:
    """The token that most texts end with and that stands nowhere before another one, else -1."""
    ends, counts = np.unique(tokens[:, -1], return_counts=True)
    candidate = int(ends[counts.argmax()])
    filled = tokens == candidate
    return candidate if bool((filled[:, 1:] >= filled[:, :-1]).all()) and counts.max() > 1 else -1


def _model(x: sparse.csr_matrix, split: Split, task: Task, strength: float, seed: int) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import Ridge
    from sklearn.svm import LinearSVC

    if task.kind != "classification":
        return Ridge(alpha=strength, solver="sparse_cg", random_state=seed).fit(
            x, split.targets.reshape(len(split), -1)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LinearSVC(C=strength, max_iter=MOST_PASSES, random_state=seed).fit(x, split.targets)
