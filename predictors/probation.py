"""How far a predictor is trusted, by the evidence of this very run.

Finished trainings are predicted by learners that have not seen them. The ranking is compared with trivial rivals, such
as a count of parameters. The share of trials that the predictor may propose is

    share = MOST * clip(2 * (P - 1/2), 0, 1) * clip((tau / luck - FROM) / (UP_TO - FROM), 0, 1)

- P is the share of bootstrap draws of the trainings in which the predictor's Kendall tau exceeds that of every rival
  that counts (bootstrap: Efron 1979, https://doi.org/10.1214/aos/1176344552).
- A rival counts if its own tau is above its luck. One that does not rank sets no standard.
- Luck is the standard deviation of tau between unrelated orders of n values, sqrt(2 (2n + 5) / (9 n (n - 1))) (Kendall
  1938, https://doi.org/10.1093/biomet/30.1-2.81). For the predictor it is multiplied by CORRELATED, since errors of
  predictions out of fold are correlated; measured on shuffled labels the factor is 1.2 to 1.5.
- With fewer than FEWEST trainings the share is zero.
- It is at most MOST, so that evidence on what the predictor dislikes keeps coming in.

A reference is a score known only once a training has begun, such as the one after the first epoch. It shows how much
there is left to learn. It takes no slots from the predictor, since it could propose nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from predictors.metrics import kendall_tau, top_k_recall
from predictors.predictor import Predictor
from search_spaces.architecture import Architecture

FEWEST = 8
FOLDS = 5
DRAWS = 200  # of the bootstrap
LOWER = 0.1  # quantile at the lower end of intervals
CORRELATED = 1.5
FROM, UP_TO = 1.3, 2.5
MOST = 0.9


@dataclass(frozen=True)
class Evidence:
    """What the finished trainings say about the predictor.

    Args:
        tau: Kendall's tau out of fold, -1 to 1.
        interval: its 10 and 90 percent bootstrap quantiles.
        recall: share of the best fifth of the trainings that is in the best fifth predicted, 0 to 1.
        rivals: Kendall's tau of each rival on the same trainings.
        share: share of trials that the predictor may propose, 0 to 1.
        trusted: whether the share is above zero.
        trainings: how many trainings the evidence rests on.
        references: Kendall's tau of each reference, on the trainings that have a value of it.
        recall_interval: 10 and 90 percent bootstrap quantiles of the recall.
        recalls: the recall of each rival.
    """

    tau: float
    interval: tuple[float, float]
    recall: float
    rivals: dict[str, float]
    share: float
    trusted: bool
    trainings: int = 0
    references: dict[str, float] = field(default_factory=dict)
    recall_interval: tuple[float, float] = (0.0, 1.0)
    recalls: dict[str, float] = field(default_factory=dict)


def assess(
    make_predictor: Callable[[], Predictor],
    architectures: Sequence[Architecture],
    scores: np.ndarray,
    rivals: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    *,
    fitted: Predictor | None = None,
    references: Mapping[str, np.ndarray] = MappingProxyType({}),
) -> Evidence:
    """Evidence from n finished trainings.

    Args:
        make_predictor: makes an untrained predictor. One that has `out_of_fold` after `fit` is fitted once, any other
            once per fold.
        scores: (n,) finite, higher is better.
        rivals: (n,) values of each trivial ranking by name, higher is better. One that is not finite is left out.
        rng: draws folds and bootstrap samples.
        fitted: a predictor that has learned from exactly these trainings; if it has `out_of_fold`, nothing is fitted.
        references: (n,) values by name, NaN if unknown. One that fewer than FEWEST trainings have is left out.
    """
    scores = np.asarray(scores, dtype=float)
    known = {name: np.asarray(v, dtype=float) for name, v in rivals.items() if np.isfinite(v).all()}
    taus = {name: kendall_tau(values, scores) for name, values in known.items()}
    seen = {name: tau for name, values in references.items() if (tau := _tau_of_known(values, scores)) is not None}
    if len(scores) < FEWEST or np.ptp(scores) == 0:
        return Evidence(0.0, (-1.0, 1.0), 0.0, taus, 0.0, False, len(scores), seen)
    predicted = out_of_fold(make_predictor, architectures, scores, rng, fitted)
    counts = rng.multinomial(len(scores), np.full(len(scores), 1 / len(scores)), size=DRAWS)
    drawn = _taus([predicted, *known.values()], scores, counts)
    tau = kendall_tau(predicted, scores)
    share = _share(tau, taus, drawn, len(scores))
    k = max(1, len(scores) // 5)
    return Evidence(
        tau=tau,
        interval=_interval(drawn[0]),
        recall=top_k_recall(predicted, scores, k),
        recall_interval=_interval(_recalls(predicted, scores, counts, k)),
        recalls={name: top_k_recall(values, scores, k) for name, values in known.items()},
        rivals=taus,
        share=share,
        trusted=share > 0,
        trainings=len(scores),
        references=seen,
    )


def out_of_fold(
    make_predictor: Callable[[], Predictor],
    architectures: Sequence[Architecture],
    scores: np.ndarray,
    rng: np.random.Generator,
    fitted: Predictor | None = None,
) -> np.ndarray:
    """(n,) expected score of each architecture by a predictor that has not seen it; arguments as in `assess`."""
    known = getattr(fitted or make_predictor().fit(architectures, scores), "out_of_fold", None)
    if known is not None:
        return known.mean
    folds = np.arange(len(scores)) % FOLDS
    rng.shuffle(folds)
    predicted = np.zeros(len(scores))
    for fold in range(FOLDS):
        inside, outside = (np.flatnonzero(where).tolist() for where in (folds != fold, folds == fold))
        predictor = make_predictor().fit([architectures[i] for i in inside], scores[inside])
        predicted[outside] = predictor.predict([architectures[i] for i in outside]).mean
    return predicted


def _tau_of_known(values: np.ndarray, scores: np.ndarray) -> float | None:
    known = np.isfinite(values)
    return kendall_tau(values[known], scores[known]) if known.sum() >= FEWEST else None


def _share(tau: float, rivals: Mapping[str, float], drawn: np.ndarray, n: int) -> float:
    """The rule of the module's docstring; `drawn` holds (1 + rivals, draws) taus, those of the predictor first."""
    luck = float(np.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1))))
    counting = [draws for draws, known in zip(drawn[1:], rivals.values(), strict=True) if known > luck]
    ahead = float((drawn[0] > np.max([np.zeros(drawn.shape[1]), *counting], axis=0)).mean())
    surprise = tau / (CORRELATED * luck)
    return MOST * float(np.clip(2 * ahead - 1, 0, 1) * np.clip((surprise - FROM) / (UP_TO - FROM), 0, 1))


def _interval(drawn: np.ndarray) -> tuple[float, float]:
    lower, upper = np.quantile(drawn, [LOWER, 1 - LOWER])
    return float(lower), float(upper)


def _recalls(ranking: np.ndarray, scores: np.ndarray, counts: np.ndarray, k: int) -> np.ndarray:
    """Recall of the k best in each bootstrap draw, (draws,). `counts` is as for `_taus`."""
    rows = [np.repeat(np.arange(len(scores)), drawn) for drawn in counts]
    return np.array([top_k_recall(ranking[drawn], scores[drawn], k) for drawn in rows])


def _taus(rankings: Sequence[np.ndarray], scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Kendall's tau of each ranking in each bootstrap draw: (rankings, draws).

    Args:
        rankings: (n,) values each.
        counts: (draws, n) how often each training is in each draw.

    Tau is a quadratic form of the counts over the signs of pairs. Pairs of a training with itself count nothing.
    """
    counts = counts.astype(float)
    order = np.sign(np.subtract.outer(scores, scores))
    pairs = np.einsum("di,ij,dj->d", counts, np.abs(order), counts, optimize=True)
    taus = []
    for ranking in rankings:
        agree = order * np.sign(np.subtract.outer(ranking, ranking))
        taus.append(np.einsum("di,ij,dj->d", counts, agree, counts, optimize=True) / np.maximum(pairs, 1.0))
    return np.array(taus)
