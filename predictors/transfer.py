"""What earlier searches of the same space expect, as features of a new search.

Scores on another data set are no labels of this one. So each earlier search becomes a predictor of its own, and what it
expects of an architecture is one column of a block. The learners of the new search weigh that column by what its own
trainings show, and ignore it if it does not help (results/predictor/learn_from). Compare the weighted ensembles of
https://arxiv.org/abs/1802.02219.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from predictors.features import Block, gaussian_ranks
from predictors.predictor import Predictor
from search_spaces.architecture import Architecture

Past = tuple[Sequence[Architecture], np.ndarray]  # architectures of a search, and their (n,) finite scores
FEWEST = 5  # trainings that a search needs to be of use


def past_searches(make_predictor: Callable[[], Predictor], pasts: Sequence[Past]) -> Block:
    """A block with one column for each past search of at least five trainings: the expected Gaussian rank.

    Args:
        make_predictor: makes an untrained predictor of the space that all searches share.
        pasts: the searches.
    """
    fitted = [
        make_predictor().fit(architectures, gaussian_ranks(np.asarray(scores, dtype=float)))
        for architectures, scores in pasts
        if len(architectures) >= FEWEST
    ]

    def block(architectures: Sequence[Architecture]) -> np.ndarray:
        columns = [predictor.predict(architectures).mean for predictor in fitted]
        return np.array(columns).reshape(len(fitted), len(architectures)).T

    return block
