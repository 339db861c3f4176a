"""The parts of the baselines against plain computations, and what they reach on recorded data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from nas.baselines import ridge
from nas.baselines.bag_of_ngrams import Ngrams
from nas.baselines.examples import Scaling, at_most
from nas.baselines.rocket import Rocket
from nas.baselines.rocket_features import KERNELS, Dilation, RocketFeatures, _convolutions, _counted, _dilations
from nas.data.dataset import Split
from nas.data.load import load
from nas.training.score import score
from search_spaces.task import Task


@pytest.mark.parametrize("step", [1, 3])
def test_convolutions_are_those_with_weights_two_and_minus_one(step: int) -> None:
    series = np.random.default_rng(0).normal(size=(2, 40)).astype(np.float32)
    bare = Dilation(step, np.empty((84, 1), dtype=np.float32), None, odd=False)
    padded = np.pad(series, ((0, 0), (4 * step, 4 * step)))
    for number, found in _convolutions(series.T[None], bare):
        weights = np.full(9, -1.0)
        weights[list(KERNELS[number])] = 2.0
        expected = sum(weight * padded[:, tap * step : tap * step + 40] for tap, weight in enumerate(weights))
        np.testing.assert_allclose(found.T, expected, atol=1e-4)


def test_with_channels_a_kernel_reads_the_sum_of_some() -> None:
    block = np.random.default_rng(0).normal(size=(3, 30, 2)).astype(np.float32)
    thresholds = np.empty((84, 1), dtype=np.float32)
    several = Dilation(2, thresholds, ((0, 2),) * 84, odd=False)
    alone = Dilation(2, thresholds, None, odd=False)
    summed = (block[0] + block[2])[None]
    expected = {number: found.copy() for number, found in _convolutions(summed, alone)}
    for number, found in _convolutions(block, several):
        np.testing.assert_allclose(found, expected[number], atol=1e-4)


@pytest.mark.parametrize("length", [1, 254, 255, 256, 700])
def test_eight_bit_sums_count_right(length: int) -> None:
    flags = np.random.default_rng(0).random((length, 5)) < 0.9
    np.testing.assert_array_equal(_counted(flags), flags.sum(axis=0))


@pytest.mark.parametrize(("length", "per_kernel"), [(9, 119), (25, 119), (500, 119), (500, 1), (100_000, 12)])
def test_dilations_share_all_features_and_stay_inside_the_series(length: int, per_kernel: int) -> None:
    found = _dilations(length, per_kernel)
    assert sum(count for _, count in found) == per_kernel
    assert found[0][0] == 1
    assert all((step * 8) <= max(length - 1, 8) for step, _ in found)


def test_features_are_shares_and_equal_in_blocks_of_any_size() -> None:
    series = np.random.default_rng(0).normal(size=(40, 2, 300)).astype(np.float32)
    transform = RocketFeatures.fit(series, 1_000, np.random.default_rng(1))
    features = transform.transform(series)
    assert features.shape == (40, 924)
    assert features.min() >= 0
    assert features.max() <= 1
    np.testing.assert_array_equal(features[7:9], transform.transform(series[7:9]))


@pytest.mark.parametrize(("rows", "columns"), [(30, 80), (200, 12)])
def test_leaving_one_out_chooses_and_fits_as_scikit_learn(rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(2, 3, (rows, columns)).astype(np.float32)
    y = (x[:, :2] + rng.normal(0, 2, (rows, 2))).astype(np.float32)
    ours = ridge.fitted_by_leaving_one_out(x, y)
    theirs = RidgeCV(alphas=ridge.PENALTIES).fit(Scaling.of(x)(x), y)
    assert ours.penalty == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(ours(x), theirs.predict(Scaling.of(x)(x)), atol=1e-2)
    np.testing.assert_allclose(ridge.fitted(x, y, ours.penalty)(x), ours(x), atol=1e-2)


def test_equal_rows_and_a_tiny_penalty_are_no_error() -> None:
    x = np.repeat(np.random.default_rng(0).normal(size=(20, 900)).astype(np.float32), 3, axis=0)
    y = np.repeat(np.eye(2, dtype=np.float32)[np.arange(20) % 2], 3, axis=0)
    found = ridge.fitted(x, y, 1e-9)
    assert np.isfinite(found(x)).all()
    assert found.penalty > 1e-9


def test_missing_numbers_and_constant_columns_become_zero() -> None:
    rows = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, 2.0], [5.0, 5.0, 4.0]], dtype=np.float32)
    scaled = Scaling.of(rows)(rows)
    np.testing.assert_allclose(scaled[:, 0], [-1.2247, 0, 1.2247], atol=1e-3)
    np.testing.assert_array_equal(scaled[:, 1], 0)
    assert scaled[0, 2] == 0


def test_fewer_examples_still_hold_every_class() -> None:
    targets = np.zeros(1_000, dtype=np.int64)
    targets[[3, 700]] = [1, 2]
    kept, note = at_most(Split(np.arange(1_000)[:, None], targets), Task((1,), 3), 60, seed=0)
    assert len(kept) == 60
    assert set(kept.targets) == {0, 1, 2}
    assert note == "trained on 60 of 1,000 examples"
    np.testing.assert_array_equal(targets[kept.inputs[:, 0]], kept.targets)


def test_ngrams_are_tokens_and_pairs_without_the_padding() -> None:
    texts = np.array([[5, 6, 0, 0], [5, 5, 6, 0], [7, 0, 0, 0]])
    grams = Ngrams.of(texts, 10)
    assert grams.padding == 0
    assert set(grams.known) == {5, 6, 7, 10 + 56, 10 + 55}
    rows = grams(np.array([[5, 6, 0, 0], [9, 9, 9, 9]])).toarray()
    assert np.linalg.norm(rows[0]) == pytest.approx(1.0)
    assert (rows[0] > 0).sum() == 3
    assert (rows[1] == 0).all()


@pytest.mark.parametrize(("name", "least"), [("GunPoint", 0.98), ("JapaneseVowels", 0.975), ("ECG5000", 0.94)])
def test_rocket_reaches_what_is_published(shared: Path, name: str, least: float) -> None:
    dataset = load(str(shared / "data" / "series" / f"{name}.npz"))
    fitted = Rocket().train(dataset.search, 120.0)
    test = dataset.test.open()
    assert score(dataset.task, fitted.predict(test.inputs), test.targets) >= least
