"""The verdict's statistics on generated models whose true scores are known."""

from __future__ import annotations

import numpy as np
import pytest

from nas.final.verdict import Rival, compared, estimated, paired_accuracies, standing, wilson
from search_spaces.task import Task

TASK = Task((4,), 2)
VALUES = Task((4,), 1, "regression")


def outputs_with(right: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Outputs of a model that is right where it should be."""
    answers = np.where(right, targets, 1 - targets)
    return np.eye(2, dtype=np.float32)[answers]


def two_models(rng: np.random.Generator, n: int, own: float, other: float) -> tuple[np.ndarray, np.ndarray]:
    """Which examples each gets right; the two have the hard examples in common."""
    hard = rng.random(n)
    noise = rng.normal(0, 0.1, (2, n))
    return hard + noise[0] < own, hard + noise[1] < other


@pytest.mark.parametrize(("n", "accuracy"), [(60, 0.5), (60, 0.95), (400, 0.8), (2_000, 0.99)])
def test_wilson_covers_the_true_accuracy(n: int, accuracy: float) -> None:
    rng = np.random.default_rng(0)
    covered = [low <= accuracy <= high for low, high in (wilson(k, n) for k in rng.binomial(n, accuracy, 2_000))]
    assert 0.925 < np.mean(covered) < 0.985


def test_wilson_never_leaves_the_unit_interval_and_is_narrower_with_more() -> None:
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 0) == (0.0, 1.0)
    few, many = wilson(8, 10), wilson(800, 1_000)
    assert few[1] - few[0] > 5 * (many[1] - many[0])


def test_interval_of_a_paired_difference_covers_the_true_one() -> None:
    rng = np.random.default_rng(1)
    truth = float(np.mean([np.subtract(*map(np.mean, two_models(rng, 20_000, 0.8, 0.75))) for _ in range(50)]))
    covered = []
    for _ in range(800):
        _, low, high, _ = paired_accuracies(*two_models(rng, 300, 0.8, 0.75))
        covered.append(low <= truth <= high)
    assert 0.92 < np.mean(covered) < 0.985


@pytest.mark.parametrize("n", [80, 500])
def test_equal_models_are_rarely_told_apart(n: int) -> None:
    rng = np.random.default_rng(2)
    kinds, targets = [], np.zeros(n, dtype=np.int64)
    for _ in range(600):
        own, other = (outputs_with(right, targets) for right in two_models(rng, n, 0.8, 0.8))
        kinds.append(compared(TASK, own, targets, Rival("trees", 0.0, other)).kind)
    wrong = [kind for kind in kinds if kind != "not distinguishable"]
    assert len(wrong) / len(kinds) < 0.07
    assert {"better", "worse"} >= set(wrong)


def test_p_values_under_the_null_are_not_too_small() -> None:
    rng = np.random.default_rng(3)
    found = np.array([paired_accuracies(*two_models(rng, 400, 0.8, 0.8))[3] for _ in range(800)])
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (found <= level).mean() < level + 0.03


def test_a_real_difference_is_found_and_named_in_points() -> None:
    rng = np.random.default_rng(4)
    targets = rng.integers(0, 2, 3_000)
    own, other = (outputs_with(right, targets) for right in two_models(rng, 3_000, 0.85, 0.8))
    better = compared(TASK, own, targets, Rival("gradient boosting", 0.0, other))
    worse = compared(TASK, other, targets, Rival("a linear model", 0.0, own))
    assert better.kind == "better"
    assert better.low > 0
    assert better.p_value < 1e-3
    expected = f"by {100 * better.difference:.1f} ± {100 * better.half_width:.1f} points"
    assert better.sentence == f"better than gradient boosting {expected}"
    assert worse.sentence == f"worse than a linear model {expected}: take the linear model"


def test_pairing_finds_what_two_intervals_would_hide() -> None:
    targets = np.zeros(1_000, dtype=np.int64)
    own, other = np.arange(1_000) < 820, np.arange(1_000) < 800
    verdict = compared(TASK, outputs_with(own, targets), targets, Rival("trees", 0.0, outputs_with(other, targets)))
    assert verdict.winner_score.low < verdict.rival_score.high
    assert verdict.kind == "better"


def test_the_same_model_twice_is_not_distinguishable() -> None:
    targets = np.zeros(100, dtype=np.int64)
    outputs = outputs_with(np.arange(100) < 70, targets)
    verdict = compared(TASK, outputs, targets, Rival("itself", 0.0, outputs))
    assert (verdict.kind, verdict.p_value, verdict.difference) == ("not distinguishable", 1.0, 0.0)
    assert verdict.sentence.startswith("not distinguishable from itself (+0.0 ± ")


def test_few_examples_get_an_interval_and_no_verdict() -> None:
    targets = np.zeros(49, dtype=np.int64)
    own, other = outputs_with(np.ones(49, bool), targets), outputs_with(np.zeros(49, bool), targets)
    verdict = compared(TASK, own, targets, Rival("trees", 0.0, other))
    assert verdict.kind == "too few examples"
    assert "49 test examples are too few for a verdict (at least 50): winner 1.000 (95 % interval" in verdict.sentence


def regression(rng: np.random.Generator, n: int, own: float, other: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    targets = rng.normal(size=(n, 1))
    shared = rng.normal(size=(n, 1))
    return targets, *(targets + noise * (0.7 * shared + 0.7 * rng.normal(size=(n, 1))) for noise in (own, other))


def test_bootstrap_covers_the_true_r2_and_the_true_difference() -> None:
    rng = np.random.default_rng(5)
    truth = {noise: 1 - 0.98 * noise**2 for noise in (0.5, 0.6)}
    score_covered, difference_covered = [], []
    for _ in range(100):
        targets, own, other = regression(rng, 200, 0.5, 0.6)
        verdict = compared(VALUES, own, targets, Rival("trees", 0.0, other))
        score_covered.append(verdict.winner_score.low <= truth[0.5] <= verdict.winner_score.high)
        difference_covered.append(verdict.low <= truth[0.5] - truth[0.6] <= verdict.high)
    assert np.mean(score_covered) > 0.88
    assert np.mean(difference_covered) > 0.88


def test_equally_good_regressions_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(6)
    kinds = []
    for _ in range(100):
        targets, own, other = regression(rng, 200, 0.5, 0.5)
        kinds.append(compared(VALUES, own, targets, Rival("trees", 0.0, other)).kind)
    assert np.mean([kind != "not distinguishable" for kind in kinds]) < 0.11


def test_a_better_regression_is_named_in_r2() -> None:
    targets, own, other = regression(np.random.default_rng(7), 500, 0.3, 0.6)
    verdict = compared(VALUES, own, targets, Rival("trees", 0.0, other))
    assert verdict.kind == "better"
    assert verdict.sentence.startswith("better than trees by 0.")
    assert verdict.sentence.endswith(" of R²")


def test_the_bootstrap_is_the_same_for_a_seed_and_takes_several_values() -> None:
    targets, own, other = regression(np.random.default_rng(8), 100, 0.3, 0.6)
    both, many = np.hstack([own, other]), np.hstack([targets, targets])
    task = Task((4,), 2, "regression")
    assert estimated(task, both, many, seed=3) == estimated(task, both, many, seed=3)
    assert estimated(task, both, many, seed=3) != estimated(task, both, many, seed=4)


def test_the_rival_is_the_best_by_validation_not_by_test() -> None:
    rng = np.random.default_rng(9)
    targets = rng.integers(0, 2, 2_000)
    own, weak = (outputs_with(right, targets) for right in two_models(rng, 2_000, 0.9, 0.7))
    perfect = outputs_with(np.ones(2_000, bool), targets)
    rivals = [Rival("lucky on the test", 0.6, perfect), Rival("gradient boosting", 0.8, weak)]
    found = standing(TASK, own, targets, rivals, first=Rival("the first random candidate", 0.5, perfect))
    assert found.baseline is not None
    assert found.baseline.rival == "gradient boosting"
    assert found.first is not None
    assert found.first.sentence.endswith(": take the first random candidate")
    assert found.headline.startswith("accuracy 0.")
    assert "; better than gradient boosting by " in found.headline
    assert found.headline.endswith("(the best of 2 on the validation split)")


def test_without_rivals_the_interval_stands_alone() -> None:
    targets = np.zeros(100, dtype=np.int64)
    found = standing(TASK, outputs_with(np.arange(100) < 90, targets), targets)
    assert found.headline == (
        "accuracy 0.900 (95 % interval 0.826 to 0.945) on 100 test examples; nothing was trained to compare it with"
    )


def test_outputs_of_other_examples_are_refused() -> None:
    targets = np.zeros(100, dtype=np.int64)
    outputs = outputs_with(np.ones(100, bool), targets)
    with pytest.raises(ValueError, match="same examples, got 100 outputs of the winner, 50 of trees"):
        compared(TASK, outputs, targets, Rival("trees", 0.0, outputs[:50]))
