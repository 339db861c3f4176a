"""The verdict: the winner against what would have been taken without a search, on the same sealed examples.

Accuracy: Wilson's interval (1927) for one model; for two the exact test of McNemar (1947,
https://doi.org/10.1007/BF02295996) on the examples that only one of them gets right, and the interval of Bonett and
Price (2012, https://doi.org/10.3102/1076998611411915) for the difference. Other scores: the bootstrap over test
examples (Efron 1979), the same draws for both models; of forecasts in blocks of neighbours. All intervals are of 95 %,
over test examples: they say how the models would compare on more data of this kind, not what another training of them
would give.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nas.config.metric import is_bounded, is_error
from nas.config.metric import words as metric_words
from nas.data.metrics import characters, nats, score_or_nan
from nas.records.verdict import (
    BETTER,
    NOT_DISTINGUISHABLE,
    TOO_FEW,
    WORSE,
    Estimate,
    Standing,
    Verdict,
)  # fmt: skip
from search_spaces.task import LANGUAGE, Task

LEVEL = 0.95
NORMAL = float(stats.norm.ppf(0.5 + LEVEL / 2))
FEWEST = 50  # test examples for a verdict
DRAWS, FEWEST_DRAWS = 2_000, 400
MOST_DRAWN = 400_000_000  # examples in all draws together: beyond it there are fewer draws
CHUNK = 4_000_000  # numbers drawn at a time
SECONDS_OF_OWN = 2.0  # for the draws of a metric that is not ours, which may be slow


@dataclass(frozen=True, eq=False)
class Rival:
    """What the winner is compared with.

    Args:
        label: how a sentence calls it, e.g. `gradient boosting`.
        validation_score: by which the best of several is chosen.
        outputs: on the sealed examples, `(n, task.outputs)`.
    """

    label: str
    validation_score: float
    outputs: np.ndarray


def standing(
    task: Task,
    outputs: np.ndarray,
    targets: np.ndarray,
    baselines: Sequence[Rival] = (),
    first: Rival | None = None,
    seed: int = 0,
) -> Standing:
    """The winner against the best baseline and the first random candidate.

    The best baseline is the one with the best validation score. By the test score it would be chosen with the same
    examples that it is judged by, and would look better than it is.

    Args:
        outputs: the winner's on the sealed examples, `(n, task.outputs)`. targets: theirs.
        seed: of the bootstrap.
    """
    best = max(baselines, key=lambda rival: rival.validation_score, default=None)
    return Standing(
        estimated(task, outputs, targets, seed),
        metric_words(task.metric),
        compared(task, outputs, targets, best, seed) if best else None,
        compared(task, outputs, targets, first, seed) if first else None,
        len(baselines),
    )


def estimated(task: Task, outputs: np.ndarray, targets: np.ndarray, seed: int = 0) -> Estimate:
    """The score of some outputs with its interval."""
    value, n = score_or_nan(task, outputs, targets), len(targets)
    if task.metric == "accuracy":
        return Estimate(value, *wilson(round(value * n), n), n)
    drawn = _drawn(task, [outputs], targets, seed)[0]
    low, high, _ = _of_draws(drawn)
    return Estimate(value, float(low), float(high), n, is_error(task.metric))


def compared(task: Task, outputs: np.ndarray, targets: np.ndarray, rival: Rival, seed: int = 0) -> Verdict:
    """The verdict on a winner's outputs against a rival's, for the same examples in the same order."""
    if not len(outputs) == len(rival.outputs) == len(targets):
        raise ValueError(
            f"Outputs and targets must be of the same examples, got {len(outputs)} outputs of the winner, "
            f"{len(rival.outputs)} of {rival.label} and {len(targets)} targets."
        )
    if task.metric == "accuracy":
        right, other = outputs.argmax(axis=1) == targets, rival.outputs.argmax(axis=1) == targets
        difference, low, high, p_value = paired_accuracies(right, other)
    else:
        own, others = _drawn(task, [outputs, rival.outputs], targets, seed)
        difference = score_or_nan(task, outputs, targets) - score_or_nan(task, rival.outputs, targets)
        low, high, p_value = _of_draws(own - others)
    clear = p_value < 1 - LEVEL and (low > 0 or high < 0)
    kind = NOT_DISTINGUISHABLE if not clear else BETTER if difference > 0 else WORSE
    kind = TOO_FEW if len(targets) < FEWEST else kind
    scores = estimated(task, outputs, targets, seed), estimated(task, rival.outputs, targets, seed)
    sentence = _sentence(kind, rival.label, task, scores, difference, (high - low) / 2)
    return Verdict(kind, rival.label, *scores, difference, low, high, p_value, sentence)


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share: `right` of `n`."""
    if n == 0:
        return 0.0, 1.0
    share, square = right / n, NORMAL**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = NORMAL / (1 + square / n) * float(np.sqrt(share * (1 - share) / n + square / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_accuracies(right: np.ndarray, other: np.ndarray) -> tuple[float, float, float, float]:
    """Difference of two accuracies on the same examples, its 95 % interval (low, high), and the p-value of McNemar.

    Args:
        right, other: which examples each gets right, bool `(n,)`.
    """
    n = len(right)
    gained, lost = int((right & ~other).sum()), int((other & ~right).sum())
    p_value = float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
    one, two = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    half = NORMAL * float(np.sqrt(max(0.0, one + two - (one - two) ** 2) / (n + 2)))
    difference = (gained - lost) / n if n else 0.0
    return difference, one - two - half, one - two + half, p_value


def _of_draws(differences: np.ndarray) -> tuple[float, float, float]:
    """Interval and p-value from `(draws,)` differences of a bootstrap; NaN and 1 of none."""
    if not len(differences):
        return math.nan, math.nan, 1.0
    low, high = np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    beyond = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return float(low), float(high), min(1.0, 2 * (beyond + 1) / (len(differences) + 1))


def _drawn(task: Task, models: Sequence[np.ndarray], targets: np.ndarray, seed: int) -> np.ndarray:
    """The metric on examples drawn with replacement, `(models, draws)`, the same draws for every model."""
    if task.metric == "r2":
        return _drawn_r2(models, targets, seed)
    if task.kind == LANGUAGE:
        return _drawn_texts(task, models, targets, seed)
    rng, n = np.random.default_rng(seed), len(targets)
    found = np.full((len(models), FEWEST_DRAWS), np.nan)
    until = math.inf if is_bounded(task.metric) else time.monotonic() + SECONDS_OF_OWN
    for draw in range(FEWEST_DRAWS):
        if time.monotonic() > until:
            break
        rows = rng.integers(n, size=n) if task.forecast is None else _blocks(rng, n, task.forecast.horizon)
        for place, model in enumerate(models):
            found[place, draw] = score_or_nan(task, model[rows], targets[rows])
    return found[:, np.isfinite(found).all(axis=0)]  # a person's own metric may have none for some draws


def _drawn_texts(task: Task, models: Sequence[np.ndarray], targets: np.ndarray, seed: int) -> np.ndarray:
    """As `_drawn` for windows of a text, whose costs are counted once."""
    rng, n = np.random.default_rng(seed), len(targets)
    unit = np.log(2) if task.metric == "bits_per_character" else 1.0
    costs, sizes = np.stack([nats(model, targets) for model in models]) / unit, characters(task, targets)
    drawn = rng.integers(n, size=(DRAWS, n))
    return np.stack([-cost[drawn].sum(axis=1) / sizes[drawn].sum(axis=1) for cost in costs])


def _blocks(rng: np.random.Generator, n: int, length: int) -> np.ndarray:
    """Numbers of `n` examples in runs of `length` neighbours: windows that follow one another share most values.

    This is the circular block bootstrap of Politis and Romano (1992).
    """
    length = min(length, n)
    starts = rng.integers(n, size=-(-n // length))
    rows: np.ndarray = ((starts[:, None] + np.arange(length)) % n).ravel()[:n]
    return rows


def _drawn_r2(models: Sequence[np.ndarray], targets: np.ndarray, seed: int) -> np.ndarray:
    """R² on examples drawn with replacement, `(models, draws)`, the same draws for every model.

    R² is a function of sums over examples, so a draw is a row of counts and all of them one matrix product.
    """
    targets = targets.reshape(len(targets), -1).astype(np.float64)
    n, outputs = targets.shape
    centred = targets - targets.mean(axis=0)
    squares = [(model.reshape(targets.shape).astype(np.float64) - targets) ** 2 for model in models]
    columns = np.concatenate([centred, centred**2, *squares], axis=1)
    rng = np.random.default_rng(seed)
    rows, draws = max(1, CHUNK // max(1, n)), min(DRAWS, max(FEWEST_DRAWS, MOST_DRAWN // max(1, n)))
    found = []
    for start in range(0, draws, rows):
        drawn = rng.integers(n, size=(min(rows, draws - start), n))
        counts = np.stack([np.bincount(row, minlength=n) for row in drawn])
        found.append(counts @ columns)
    sums = np.concatenate(found).reshape(draws, 2 + len(models), outputs)
    spread = sums[:, 1] - sums[:, 0] ** 2 / n
    spread = np.where(spread > 0, spread, 1.0)
    return np.stack([(1.0 - sums[:, 2 + place] / spread).mean(axis=1) for place in range(len(models))])


def _sentence(
    kind: str, rival: str, task: Task, scores: tuple[Estimate, Estimate], difference: float, half: float
) -> str:
    by = f"{100 * abs(difference):.1f} ± {100 * half:.1f} points" if task.metric == "accuracy" else (
        f"{abs(difference):.3f} ± {half:.3f} of {metric_words(task.metric)}"
    )  # fmt: skip
    sign = "+" if difference >= 0 else "-"
    if kind == BETTER:
        return f"better than {rival} by {by}"
    if kind == WORSE:
        return f"worse than {rival} by {by}: take {_the(rival)}"
    if kind == NOT_DISTINGUISHABLE:
        return f"not distinguishable from {rival} ({sign}{by})"
    return (
        f"{scores[0].examples} test examples are too few for a verdict (at least {FEWEST}): "
        f"winner {scores[0]}, {rival} {scores[1]}"
    )


def _the(label: str) -> str:
    """`gradient boosting` to `the gradient boosting`, `a linear model` to `the linear model`."""
    first, _, rest = label.partition(" ")
    return f"the {rest}" if first in ("a", "an") else label if first == "the" else f"the {label}"
