"""MiniRocket (https://arxiv.org/abs/2012.08791) and a ridge: what is taken for series of any origin."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from nas.baselines import ridge
from nas.baselines.examples import Scaling, and_notes, at_most, signs
from nas.baselines.fitted import Fitted
from nas.baselines.ridge import Ridge
from nas.baselines.rocket_features import KERNELS, RocketFeatures
from nas.data.dataset import TrainingData
from nas.training.score import score
from search_spaces.task import Task

SIZES = (9_996, 4_956, 2_520, 1_008, 504, 84)  # multiples of 84
MOST_NUMBERS = 400_000_000  # features of all examples, 1.5 GiB
TRIED = 48  # examples whose transform is timed


@dataclass(frozen=True)
class Rocket:
    """9,996 features and ridge regression on them; fewer features, then fewer examples, where the time is short."""

    name: str = "rocket"
    label: str = "MiniRocket"

    def fits(self, task: Task) -> bool:
        """Series of real numbers."""
        return len(task.input_shape) == 2 and not task.vocabulary

    def train(self, data: TrainingData, seconds: float, seed: int = 0, refit: bool = True) -> Fitted:
        """The penalty by leaving one out, or on the validation split where there are too many examples for that."""
        began = time.monotonic()
        rng = np.random.default_rng(seed)
        channels = Channels.of(data.train.inputs)
        features, most, note = _plan(data, channels, seconds, refit, seed)
        train, rows_note = at_most(data.train, data.task, most, seed)
        held = at_most(data.validation, data.task, most, seed)[0]
        series = channels(train.inputs)
        transform = RocketFeatures.fit(series, features, rng)
        x, held_x = transform.transform(series), transform.transform(channels(held.inputs))
        y = signs(train.targets, data.task)
        if min(x.shape) <= ridge.MOST_DECOMPOSED:
            model = ridge.fitted_by_leaving_one_out(x, y)
        else:
            half = began + (0.6 if refit else 0.9) * seconds
            model = ridge.fitted_by_validation(x, y, held_x, signs(held.targets, data.task), half)
        value = score(data.task, model(held_x), held.targets)
        spent = time.monotonic() - began
        again = refit and spent + ridge.seconds_needed(len(x), x.shape[1], len(held_x), True) / 2 < max(seconds, 1.0)
        if again:
            both, targets = np.concatenate([x, held_x]), np.concatenate([y, signs(held.targets, data.task)])
            del x, held_x
            model = ridge.fitted(both, targets, model.penalty)
        predict = Prediction(channels, transform, model)
        spent = time.monotonic() - began
        return Fitted(self.name, self.label, predict, value, again, spent, and_notes(note, rows_note))


@dataclass(frozen=True, eq=False)
class Channels:
    """Scales each channel by the mean and deviation of the training examples; missing numbers become the mean."""

    scaling: Scaling

    @classmethod
    def of(cls, inputs: np.ndarray) -> Channels:
        """Of `(n, channels, length)`."""
        return cls(Scaling.of(inputs.transpose(0, 2, 1).reshape(-1, inputs.shape[1]).astype(np.float32)))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """The same shape, float32."""
        return self.scaling(inputs.transpose(0, 2, 1).astype(np.float32)).transpose(0, 2, 1)


@dataclass(frozen=True, eq=False)
class Prediction:
    """From series to the ridge's outputs."""

    channels: Channels
    transform: RocketFeatures
    model: Ridge

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`(n, channels, length)` to `(n, outputs)`, a few thousand at a time."""
        parts = [inputs[start : start + 4_096] for start in range(0, len(inputs), 4_096)]
        done = [self.model(self.transform.transform(self.channels(part))) for part in parts]
        return np.concatenate(done) if done else np.empty((0, len(self.model.offset)), dtype=np.float32)


def _plan(data: TrainingData, channels: Channels, seconds: float, refit: bool, seed: int) -> tuple[int, float, str]:
    """Features, most examples and a note, so that all of it takes about `seconds`, by the time of a few examples."""
    tried = channels(data.train.inputs[:TRIED])
    transform = RocketFeatures.fit(tried, SIZES[2], np.random.default_rng(seed))
    began = time.monotonic()
    transform.transform(tried)
    each = (time.monotonic() - began) / len(tried) / transform.size  # seconds for one feature of one example
    rows, held = len(data.train), len(data.validation)
    for size in SIZES:
        fits = (rows + held) * size <= MOST_NUMBERS
        needed = each * (rows + held) * size + ridge.seconds_needed(rows, size, held, refit)
        if fits and needed <= 0.8 * seconds:
            return size, rows, "" if size == SIZES[0] else f"{size:,} features instead of {SIZES[0]:,}"
    size = SIZES[3] if rows * SIZES[3] * each > seconds else len(KERNELS)
    most = 0.4 * seconds / (each * size)
    return size, min(most, MOST_NUMBERS / size), f"{size:,} features instead of {SIZES[0]:,}"
