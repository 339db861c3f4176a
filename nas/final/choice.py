"""Which finalist wins: the best on the validation split, where it is better by more than that split can say.

The best of many by few examples is partly luck, and falls back on new ones. So a design of the field, which was not
chosen by these examples, gives way only to what is ahead of it by more than one standard error of a score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nas.records.results import Finalist
from nas.strategies.strategy import KNOWN
from search_spaces.task import Task

SHARES = ("accuracy", "balanced_accuracy", "label_accuracy", "macro_f1", "micro_f1")


def best_first(finalists: Sequence[Finalist], task: Task, examples: int) -> list[Finalist]:
    """The finalists, the winner first; the others by their validation scores.

    Args:
        examples: of the validation split.
    """
    ordered = sorted(finalists, key=lambda finalist: -finalist.validation_score)
    known = next((one for one in ordered if one.trial.source.startswith(KNOWN)), None)
    if known is None:
        return ordered
    ahead = ordered[0].validation_score - known.validation_score
    if ahead > standard_error(known.validation_score, task.metric, examples):
        return ordered
    return [known, *(one for one in ordered if one is not known)]


def standard_error(score: float, metric: str, examples: int) -> float:
    """Of a score on so many examples; 0 for metrics that have no simple one.

    A share of right answers has the binomial one; R² that of a mean of squared errors which are normal.
    """
    if metric in SHARES:
        return math.sqrt(max(0.0, score * (1 - score)) / max(1, examples))
    return max(0.0, 1 - score) * math.sqrt(2 / max(1, examples)) if metric == "r2" else 0.0
