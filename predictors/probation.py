"""How far a predictor is trusted, from evidence of this very run.

Finished trainings are predicted by learners that have not seen them, and the ranking is compared with trivial ones (a
count of parameters, of multiply-adds, …). The rule for the share of trials that the
predictor may propose:

    share = MOST * clip(2 * (P - 1/2), 0, 1) * clip((tau / luck - FROM) / (UP_TO - FROM), 0, 1)

P is the share of bootstrap draws of the trainings in which the predictor's Kendall tau exceeds that of every rival in
force. A rival is in force where its own tau is above its luck (a count that does not rank is no standard). Luck is the
standard deviation of tau between unrelated orders of n values, sqrt(2 (2n + 5) / (9 n (n - 1))) (Kendall 1938), times
CORRELATED for predictions out of fold, whose errors hang together (measured on shuffled labels: 1.2 to 1.5 times).
A reference is no rival: it knows what nobody knows before a training has begun, such as the score after one epoch. It
says how much there is left to learn, and takes no slots from a predictor, since it could fill none.
Below FEWEST trainings the share is zero. It is never all: a tenth of the trials stays free, so that evidence about what
the predictor dislikes keeps coming in.
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
DRAWS = 200
LOWER = 0.1
CORRELATED = 1.5
FROM, UP_TO = 1.3, 2.5
MOST = 0.9


@dataclass(frozen=True)
class Evidence:
    """What the finished trainings say about the predictor.

    Args:
        tau: Kendall's tau out of fold, -1 to 1.
        interval: its 10 and 90 percent bootstrap quantiles.
        recall: share of the best fifth of trainings that is among the best fifth predicted, 0 to 1.
        rivals: Kendall's tau of each trivial ranking on the same trainings.
        references: Kendall's tau of what is known only once a training has begun, on those it is known of.
        recall_interval: the recall's 10 and 90 percent bootstrap quantiles.
        recalls: the same share by each trivial ranking.
        share: share of trials that the predictor may propose, 0 to 1.
        trusted: whether the share is above zero.
        trainings: how many trainings the evidence rests on.
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
        make_predictor: makes an untrained predictor. One whose `out_of_fold` says after `fit` what it predicts for each
            architecture from the others is fitted once, any other once per fold.
        scores: (n,) finite, higher is better.
        rivals: (n,) values of trivial rankings by name, higher is better. One that is not finite is left out.
        rng: for folds and bootstrap.
        fitted: a predictor that has learned from exactly these, if there is one: spares a fit where it knows its
            `out_of_fold`.
        references: (n,) values by name, NaN where one is not known. One that fewer than FEWEST have is left out.
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
    """(n,) expected score of each architecture by a predictor that has not seen it."""
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
    """The rule of the module's docstring; `drawn` holds (1 + rivals, draws) taus, the predictor's first."""
    luck = float(np.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1))))
    in_force = [draws for draws, known in zip(drawn[1:], rivals.values(), strict=True) if known > luck]
    ahead = float((drawn[0] > np.max([np.zeros(drawn.shape[1]), *in_force], axis=0)).mean())
    surprise = tau / (CORRELATED * luck)
    return MOST * float(np.clip(2 * ahead - 1, 0, 1) * np.clip((surprise - FROM) / (UP_TO - FROM), 0, 1))


def _interval(drawn: np.ndarray) -> tuple[float, float]:
    lower, upper = np.quantile(drawn, [LOWER, 1 - LOWER])
    return float(lower), float(upper)


def _recalls(ranking: np.ndarray, scores: np.ndarray, counts: np.ndarray, k: int) -> np.ndarray:
    """Recall of the k best in bootstrap draws, (draws,); `counts` (draws, n) says how often each training was drawn."""
    rows = [np.repeat(np.arange(len(scores)), drawn) for drawn in counts]
    return np.array([top_k_recall(ranking[drawn], scores[drawn], k) for drawn in rows])


def _taus(rankings: Sequence[np.ndarray], scores: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Tau of each ranking in bootstrap draws of the trainings, (draws, n) counts of each: (rankings, draws).

    A draw counts each training w times, so tau is a quadratic form of the counts over signs of pairs; pairs of a
    training with itself count nothing.
    """
    counts = drawn.astype(float)
    order = np.sign(np.subtract.outer(scores, scores))
    pairs = np.einsum("di,ij,dj->d", counts, np.abs(order), counts, optimize=True)
    taus = []
    for ranking in rankings:
        agree = order * np.sign(np.subtract.outer(ranking, ranking))
        taus.append(np.einsum("di,ij,dj->d", counts, agree, counts, optimize=True) / np.maximum(pairs, 1.0))
    return np.array(taus)
