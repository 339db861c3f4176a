"""What holds for every baseline in the registry, on small generated tasks of every kind that it says it can do."""

from __future__ import annotations

import functools
import pickle
import time

import numpy as np
import pytest

from nas.baselines import BASELINES, chosen, for_task
from nas.baselines.fitted import Fitted
from nas.data.dataset import Split, TrainingData
from nas.errors import InputError
from nas.training.score import score
from search_spaces.task import Forecast, Task

PLENTY = 400.0  # seconds: no clock cuts a training short, even on a loaded machine
SLACK = 8.0  # seconds that a loaded machine, first imports and one step of training may take beyond the time given


def made(task: Task, n: int = 240, seed: int = 0) -> TrainingData:
    """Examples whose targets follow from the inputs: level, frequency or a token, plus a little noise."""
    rng = np.random.default_rng(seed)
    if task.forecast is not None:
        return forecast_made(task, n, rng)
    if task.kind == "language":
        steps = rng.integers(1, 3, (n, task.input_shape[0] + 1)).cumsum(axis=1) % task.outputs
        parts = [Split(steps[rows, :-1], steps[rows, 1:]) for rows in (slice(n * 3 // 4), slice(n * 3 // 4, n))]
        return TrainingData(task, *parts, (0.0,), (1.0,))
    hidden = rng.integers(0, task.outputs if task.kind == "classification" else 3, n)
    if task.vocabulary:
        inputs = rng.integers(4, task.vocabulary, (n, *task.input_shape))
        inputs[np.arange(n), rng.integers(0, task.input_shape[0], n)] = 1 + hidden
    elif len(task.input_shape) == 2:
        times = np.arange(task.input_shape[1])
        waves = np.sin(2 * np.pi * times * (1 + 2 * hidden[:, None]) / len(times) + rng.uniform(0, 6, (n, 1)))
        inputs = (waves[:, None] + 0.3 * rng.normal(size=(n, *task.input_shape))).astype(np.float32)
    else:
        inputs = rng.normal(size=(n, *task.input_shape)).astype(np.float32)
        inputs.reshape(n, -1)[:, :2] += 2.0 * hidden[:, None]
    if task.kind == "classification":
        targets = hidden.astype(np.int64)
    else:
        targets = (50 + 10 * hidden[:, None] + rng.normal(size=(n, task.outputs))).astype(np.float32)
    held = n * 3 // 4
    data = TrainingData(
        task, Split(inputs[:held], targets[:held]), Split(inputs[held:], targets[held:]), (0.0,), (1.0,)
    )
    for split in (data.train, data.validation):  # as they come back from a store shared between processes
        split.inputs.setflags(write=False)
        split.targets.setflags(write=False)
    return data


def forecast_made(task: Task, n: int, rng: np.random.Generator) -> TrainingData:
    """Windows of waves with a period of six steps, and the values that follow them."""
    window, ahead = task.input_shape[1], task.outputs
    times = np.arange(window + ahead)
    waves = 2 * np.sin(2 * np.pi * (times + rng.integers(0, 6, (n, 1))) / 6) + rng.normal(50, 10, (n, 1))
    waves = (waves + 0.1 * rng.normal(size=waves.shape)).astype(np.float32)
    inputs = np.stack([rng.normal(size=(n, window)).astype(np.float32), waves[:, :window]], axis=1)
    parts = [Split(inputs[rows], waves[rows, window:]) for rows in (slice(n * 3 // 4), slice(n * 3 // 4, n))]
    return TrainingData.measured(task, *parts)


TASKS = {
    "table": Task((6,), 3),
    "table, two classes": Task((6,), 2),
    "table, value": Task((6,), 1, "regression"),
    "table, values": Task((6,), 2, "regression"),
    "series": Task((1, 60), 3),
    "series, channels": Task((3, 40), 2),
    "series, values": Task((2, 40), 2, "regression"),
    "short series": Task((1, 5), 2),
    "forecast": Task((2, 9), 2, "regression", metric="mase", forecast=Forecast(2, (1,), 6, (1.0,), 6)),
    "pictures": Task((2, 6, 6), 3),
    "language": Task((9,), 12, "language", 12),
    "tokens": Task((8,), 3, vocabulary=30),
    "tokens, two classes": Task((8,), 2, vocabulary=30),
    "tokens, value": Task((8,), 1, "regression", vocabulary=30),
}
PAIRS = [(name, kind) for name, pick in BASELINES.items() for kind, task in TASKS.items() if pick.fits(task)]
every = pytest.mark.parametrize(("name", "kind"), PAIRS)


@functools.cache
def trained(name: str, kind: str, refit: bool = True) -> Fitted:
    """A baseline with as much time as it wants; several tests look at the same one."""
    return BASELINES[name].train(made(TASKS[kind]), PLENTY, refit=refit)


@every
def test_outputs_are_those_of_a_network(name: str, kind: str) -> None:
    data, fitted = made(TASKS[kind]), trained(name, kind)
    outputs = fitted.predict(data.validation.inputs)
    assert outputs.shape == (len(data.validation), *data.task.output_shape)
    assert outputs.dtype == np.float32
    assert np.isfinite(outputs).all()
    assert fitted.predict(data.validation.inputs[:1]).shape == (1, *data.task.output_shape)
    assert fitted.predict(data.validation.inputs[:0]).shape == (0, *data.task.output_shape)


@every
def test_is_not_behind_a_constant(name: str, kind: str) -> None:
    if kind == "language":
        pytest.skip("no constant does it; test_language.py has the shares of the tokens instead")
    data, fresh = made(TASKS[kind]), made(TASKS[kind], seed=1)
    both = trained(name, kind), trained("majority", kind)
    value, least = (score(data.task, one.predict(fresh.train.inputs), fresh.train.targets) for one in both)
    assert value >= least - 0.05


@every
def test_validation_score_is_of_the_model_that_has_not_seen_that_part(name: str, kind: str) -> None:
    data = made(TASKS[kind])
    plain = trained(name, kind, refit=False)
    assert not plain.refitted
    measured = score(data.task, plain.predict(data.validation.inputs), data.validation.targets)
    assert plain.validation_score == pytest.approx(measured, abs=1e-6)
    assert trained(name, kind).validation_score == pytest.approx(measured, abs=1e-6)


@every
def test_same_seed_same_outputs(name: str, kind: str) -> None:
    data = made(TASKS[kind])
    again = BASELINES[name].train(data, PLENTY)
    first, second = (one.predict(data.validation.inputs) for one in (trained(name, kind), again))
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


@every
def test_a_trained_one_can_be_sent_to_another_process(name: str, kind: str) -> None:
    data, fitted = made(TASKS[kind]), trained(name, kind, refit=False)
    sent = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(sent.predict(data.validation.inputs), fitted.predict(data.validation.inputs))


@every
def test_little_time_is_kept_to_and_still_gives_a_model(name: str, kind: str) -> None:
    data = made(TASKS[kind], n=1_200)
    began = time.monotonic()
    fitted = BASELINES[name].train(data, 0.5)
    assert time.monotonic() - began < 0.5 + SLACK
    assert np.isfinite(fitted.predict(data.validation.inputs)).all()


@every
def test_a_class_without_a_training_example_is_no_error(name: str, kind: str) -> None:
    task = TASKS[kind]
    if task.kind != "classification":
        pytest.skip("regression has no classes")
    data = made(task)
    wider = Task(task.input_shape, task.outputs + 1, task.kind, task.vocabulary)
    data = TrainingData(wider, data.train, data.validation, data.mean, data.std)
    outputs = BASELINES[name].train(data, 20.0).predict(data.validation.inputs)
    assert outputs.shape == (len(data.validation), wider.outputs)
    assert (outputs.argmax(axis=1) != task.outputs).all()


@pytest.mark.parametrize("kind", TASKS)
def test_every_kind_of_task_has_a_baseline_that_reads_its_inputs(kind: str) -> None:
    names = for_task(TASKS[kind])
    if kind == "language":
        assert names == ["ngram_language"]
        return
    assert names[-1] == "majority"
    assert len(names) >= 2


def test_names_are_those_of_the_registry() -> None:
    assert all(pick.name == name for name, pick in BASELINES.items())
    assert len({pick.label for pick in BASELINES.values()}) == len(BASELINES)


def test_what_is_asked_for_is_taken_or_refused_with_a_way_out() -> None:
    series = TASKS["series"]
    assert chosen("auto", series)[0] == "rocket"
    assert chosen("off", series) == []
    assert chosen(["linear", "rocket", "linear"], series) == ["linear", "rocket"]
    with pytest.raises(InputError, match="Did you mean 'rocket'"):
        chosen(["rockets"], series)
    with pytest.raises(InputError, match=r"cannot do this task .* Those that can: bag_of_ngrams, majority"):
        chosen(["linear"], TASKS["tokens"])
    with pytest.raises(InputError, match="stand alone"):
        chosen(["auto", "linear"], series)
