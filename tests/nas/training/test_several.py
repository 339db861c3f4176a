"""Several inputs and targets in a training: scales, losses, scores, augmentation, steps."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nas.baselines import chosen, for_task, pick_for
from nas.config.recipe import TrainingConfig
from nas.data.dataset import Split, TrainingData
from nas.data.metrics import metric_for, r2
from nas.errors import InputError
from nas.training.augmentation import augment_for, augment_inputs
from nas.training.health import chance_loss
from nas.training.inference import outputs as outputs_of
from nas.training.loop import begin
from nas.training.score import Criterion
from nas.training.timing import seconds_per_step
from nas.training.whole_network import constants_of, normalization
from predictors.proxies import measure
from search_spaces import Space, Task
from search_spaces.cells import MLP, Branch, Branches, Conv, Embed, Fusion, Head, Stem
from search_spaces.task import Input, Target

INPUTS = (Input("numbers", (3,)), Input("text", (5,), 11), Input("picture", (2, 8, 8)))
TARGETS = (Target("risk", "regression", 2, 0.5), Target("decision", "classification", 3))
TASK = Task.of_several(INPUTS, outputs=5, kind="several", targets=TARGETS)
CELLS = (
    Branches((Branch("numbers", (MLP(8),)), Branch("text", (Embed(8), Conv())), Branch("picture", (Stem(4),))), 8),
    Fusion("concatenate", width=64),
    Head(),
)
SPACE = Space("several", *CELLS)


def data(n: int = 120, seed: int = 0) -> TrainingData:
    """Risk is in the numbers, the decision in one token of the text and the brightness of the picture."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(5, 3, (n, 3))
    tokens = rng.integers(1, 11, (n, 5))
    bright = rng.integers(0, 2, n)
    pictures = rng.normal(100, 20, (n, 2, 8, 8)) + 60 * bright[:, None, None, None]
    risk = np.stack([1000 + 50 * numbers[:, 0], numbers[:, 1]], axis=1)
    decision = (tokens == 3).any(axis=1) + bright
    inputs = np.concatenate([numbers, tokens, pictures.reshape(n, -1)], axis=1).astype(np.float32)
    targets = np.concatenate([risk, decision[:, None]], axis=1).astype(np.float32)
    cut = 2 * n // 3
    return TrainingData.measured(TASK, Split(inputs[:cut], targets[:cut]), Split(inputs[cut:], targets[cut:]))


def test_each_channel_of_each_input_is_normalised_and_tokens_stay() -> None:
    known = data()
    x = normalization(constants_of(known))(torch.from_numpy(known.train.inputs))
    places = TASK.input_slices()
    assert torch.equal(x[:, places["text"]], torch.from_numpy(known.train.inputs[:, places["text"]]))
    assert torch.allclose(x[:, places["numbers"]].mean(0), torch.zeros(3), atol=1e-4)
    picture = x[:, places["picture"]].reshape(-1, 2, 64)
    assert torch.allclose(picture.mean((0, 2)), torch.zeros(2), atol=1e-3)
    assert torch.allclose(picture.std((0, 2)), torch.ones(2), atol=1e-2)
    assert len(known.mean) == 3 + 1 + 2


def test_the_loss_is_the_weighted_sum_of_the_targets_own() -> None:
    known = data()
    loss = Criterion(known, 0.0, torch.device("cpu"))
    raw = torch.from_numpy(known.train.targets)
    true = loss.standardised(raw)
    assert torch.allclose(true[:, :2].mean(0), torch.zeros(2), atol=1e-4)
    assert torch.equal(true[:, 2], raw[:, 2])
    outputs = torch.randn(len(raw), 5)
    expected = 0.5 * F.mse_loss(outputs[:, :2], true[:, :2]) + F.cross_entropy(outputs[:, 2:], raw[:, 2].long())
    assert torch.allclose(loss(outputs, true), expected)
    assert torch.allclose(loss.plain(outputs, true), expected)
    back = loss.rescaled(outputs)
    assert torch.equal(back[:, 2:], outputs[:, 2:])
    mean, std = raw[:, :2].mean(0), raw[:, :2].std(0, correction=0)
    assert torch.allclose(back[:, :2], outputs[:, :2] * std + mean, rtol=1e-4)
    assert chance_loss(TASK) == pytest.approx(0.5 + np.log(3))


def test_the_score_is_the_mean_of_the_targets_own() -> None:
    rng = np.random.default_rng(0)
    outputs, values, classes = rng.normal(size=(50, 5)), rng.normal(size=(50, 2)), rng.integers(0, 3, 50)
    targets = np.concatenate([values, classes[:, None]], axis=1).astype(np.float32)
    right = (outputs[:, 2:].argmax(1) == classes).mean()
    assert metric_for(TASK)(outputs, targets) == pytest.approx((r2(outputs[:, :2], values) + right) / 2)


def test_augmentation_changes_each_input_in_its_own_shape_and_no_token() -> None:
    x = torch.from_numpy(data().train.inputs)
    places = TASK.input_slices()
    augment = augment_inputs("auto", TASK)
    assert augment is not None
    changed = augment(x, torch.Generator().manual_seed(0))
    alone = augment_for("auto", (2, 8, 8))
    assert alone is not None
    expected = alone(x[:, places["picture"]].unflatten(1, (2, 8, 8)), torch.Generator().manual_seed(0))
    assert torch.equal(changed[:, places["picture"]], expected.flatten(1))
    assert torch.equal(changed[:, : places["picture"].start], x[:, : places["picture"].start])
    noisy = augment_inputs("jitter", TASK)
    assert noisy is not None
    after = noisy(x, torch.Generator().manual_seed(0))
    assert torch.equal(after[:, places["text"]], x[:, places["text"]])
    assert not torch.equal(after[:, places["numbers"]], x[:, places["numbers"]])
    assert augment_inputs("crop", Task.of_several(INPUTS[:2], outputs=2)) is None


def test_a_training_learns_from_every_input() -> None:
    known, architecture = data(600), SPACE.sample(random.Random(0), TASK)
    config = TrainingConfig(augmentation="none", label_smoothing=0.0, batch_size=50, learning_rate=0.01)
    training = begin(architecture, known, config, epochs=12, seed=0)
    scores = [training.epoch().score for _ in range(12)]
    assert scores[-1] > max(0.7, scores[0])
    whole, split = training.trained_network(), known.validation
    for place in TASK.input_slices().values():
        mixed = split.inputs.copy()
        mixed[:, place] = np.random.default_rng(0).permutation(mixed[:, place])
        assert metric_for(TASK)(outputs_of(whole, mixed), split.targets) < scores[-1] - 0.05


def test_mixing_tokens_is_refused() -> None:
    architecture = SPACE.sample(random.Random(0), TASK)
    with pytest.raises(InputError, match="cannot mix tokens"):
        begin(architecture, data(), TrainingConfig(mixup=0.2), epochs=1, seed=0)


def test_timing_and_proxies_take_such_tasks() -> None:
    architecture, known = SPACE.sample(random.Random(0), TASK), data()
    assert seconds_per_step(architecture, TASK, 8, steps=1) > 0
    x = normalization(constants_of(known))(torch.from_numpy(known.train.inputs[:16])).numpy()
    found = measure(architecture, TASK, x, known.train.targets[:16])
    assert [name for name, value in found.items() if not np.isfinite(value)] == []


def test_baselines_see_words_and_give_a_model_a_target() -> None:
    known = data(400)
    names = for_task(TASK)
    assert "linear" in names and "majority" in names and "bag_of_ngrams" not in names
    scores = {}
    for name in ("linear", "majority"):
        fitted = pick_for(name, TASK).train(known, 5.0)
        outputs = fitted.predict(known.validation.inputs)
        assert outputs.shape == (len(known.validation), 5)
        scores[name] = fitted.validation_score
        if name == "majority":
            assert metric_for(TASK)(outputs, known.validation.targets) <= scores["linear"]
    assert scores["linear"] > scores["majority"] + 0.3
    with pytest.raises(InputError, match="cannot do this task"):
        chosen("rocket", TASK)
