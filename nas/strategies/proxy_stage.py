"""The second stage of ranking: training-free scores for the few hundred candidates that the first stage likes best.

How many are scored follows from the journal and not from the clock, so that a search that is resumed proposes the same:
what their scores cost is at most a tenth of what the trainings since the last fit cost, both counted in examples that
pass through a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nas.data.dataset import TrainingData
from search_spaces.architecture import Architecture
from search_spaces.task import Task

if TYPE_CHECKING:
    from predictors.features import Block

NAMES = ("expressivity", "snip", "jacov", "progressivity")  # of all the ones that help, see results/hybrid_proxies
BATCH = 32
SHARE = 0.1
PRICE = 600  # examples trained in the time that one network's proxies take: .09 s of one core on hybrid networks
MOST = 300


@dataclass(frozen=True, eq=False)
class ProxyStage:
    """Scores networks on one batch of the training data; each network once.

    Args:
        inputs, targets: the batch, standardised as in training.
        examples: that one whole training passes through its network.
        seed: of weights and noise.
    """

    task: Task
    inputs: np.ndarray
    targets: np.ndarray
    examples: int
    seed: int
    _known: dict[str, tuple[float, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, data: TrainingData, epochs: int, seed: int) -> ProxyStage:
        """A batch of `data`, whose trainings take so many epochs."""
        rows = np.random.default_rng(seed).permutation(len(data.train))[:BATCH]
        inputs, targets = data.train.inputs[rows], data.train.targets[rows]
        if not data.task.vocabulary:
            channels = (-1, *[1] * (len(data.task.input_shape) - 1))
            mean, std = (np.asarray(one, dtype=np.float32).reshape(channels) for one in (data.mean, data.std))
            inputs = (inputs.astype(np.float32) - mean) / std
        if len(data.target_std):
            targets = (targets - np.asarray(data.target_mean)) / np.asarray(data.target_std)
        return cls(data.task, inputs, targets, epochs * len(data.train), seed)

    def affordable(self, trainings: int) -> int:
        """How many networks may be scored after so many more trainings."""
        return min(MOST, int(SHARE * trainings * self.examples / PRICE))

    def scores(self, architectures: Sequence[Architecture]) -> dict[str, np.ndarray]:
        """(n,) of each proxy by name, NaN where there is none."""
        from predictors.proxies import measure

        for one in architectures:
            if one.fingerprint not in self._known:
                found = measure(one, self.task, self.inputs, self.targets, names=NAMES, seed=self.seed)
                self._known[one.fingerprint] = tuple(found[name] for name in NAMES)
        rows = np.array([self._known[one.fingerprint] for one in architectures]).reshape(-1, len(NAMES))
        return dict(zip(NAMES, rows.T, strict=True))

    def block(self, pool: Sequence[Architecture]) -> Block:
        """The scores of these as quantiles among them: features of these and of no others."""
        from predictors.proxies import as_quantiles

        distinct = {one.fingerprint: one for one in pool}
        places = {fingerprint: place for place, fingerprint in enumerate(distinct)}
        values = as_quantiles(self.scores(list(distinct.values())))
        return lambda architectures: values[[places[one.fingerprint] for one in architectures]]
