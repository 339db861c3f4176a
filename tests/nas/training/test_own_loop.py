"""Training loops of a person's own: what they are given, what counts of what they say, and what they may not do."""

from __future__ import annotations

import copy
import functools
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nas
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.data.dataset import Split, TrainingData
from nas.errors import InputError
from nas.execution.worker import failure_of
from nas.final.record import final_record
from nas.records.joint_space import JointSpace
from nas.training import rehearsal
from nas.training.loop import Training
from nas.training.own_loop import LoopFailed, LoopTooSlow, Report
from nas.training.rehearsal import rehearse_recipe
from nas.training.score import score
from search_spaces import Choice, Space
from search_spaces.cells import Conv, Head, Stem
from search_spaces.task import Task

SPACE = Space("plain", Stem(8), Conv(8), Head())
SEARCH = {"executor": "local", "tracking_uri": "", "known": "off", "baselines": ("majority",), "ensemble": "off"}


def made_here() -> TrainingData:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=120)
    inputs = (rng.normal(size=(120, 1, 6, 6)) + labels[:, None, None, None]).astype(np.float32)
    train, validation = Split(inputs[:90], labels[:90]), Split(inputs[90:], labels[90:])
    return TrainingData.measured(Task((1, 6, 6), 3), train, validation)


DATA = made_here()


def step(network: Any, data: Any, rate: float = 0.1) -> None:
    """One epoch of plain gradient descent."""
    for x, y in data.training:
        network.zero_grad()
        data.loss(network(x), y).backward()
        with torch.no_grad():
            for weights in network.parameters():
                weights -= rate * weights.grad


def plain(network: Any, data: Any, report: Any, budget: Any) -> None:
    for epoch in range(1, budget.epochs + 1):
        network.train()
        step(network, data, data.recipe.learning_rate or 0.1)
        if not report(epoch=epoch):
            return


def from_nought(network: Any, data: Any, report: Any, budget: Any, rate: float = 0.1) -> nn.Module:
    epoch = 0
    while report(epoch=epoch):
        step(network, data, rate)
        epoch += 1
    return network


def boasts(network: Any, data: Any, report: Any, budget: Any) -> None:
    for epoch in range(1, budget.epochs + 1):
        step(network, data)
        report(epoch=epoch, score=2.0)


SEEN: dict[str, Any] = {}


def looks(network: Any, data: Any, report: Any, budget: Any) -> None:
    """Writes into all that it is given, and notes what it was."""
    x, y = next(iter(data.training))
    SEEN["batches"] = (len(data.training), len(list(data.training)), x.shape[1:], y.dtype)
    SEEN["raw"] = torch.equal(data.training.inputs, torch.from_numpy(DATA.train.inputs))
    data.training.inputs.zero_()
    for inputs, _ in data.validation:
        inputs.zero_()
    SEEN["mean"] = float(data.prepare(data.training.inputs, data.training.targets)[0].mean())
    SEEN["validated"] = torch.cat([targets for _, targets in data.validation]).tolist()
    SEEN["budget"] = budget.epochs, budget.seconds
    SEEN["rate"] = data.recipe.learning_rate
    first = report.score
    report(epoch=1)
    SEEN["scores"] = first, report.score
    step(network, data)
    report(epoch=2)


def early(network: Any, data: Any, report: Any, budget: Any) -> None:
    step(network, data)
    report(epoch=1)
    step(network, data)
    SEEN["left"] = {name: value.clone() for name, value in network.state_dict().items()}


def never(network: Any, data: Any, report: Any, budget: Any) -> None:
    step(network, data)


def twice(network: Any, data: Any, report: Any, budget: Any) -> None:
    for epoch in range(1, budget.epochs + 1):
        report(epoch=epoch)
        report(epoch=epoch)


def skips(network: Any, data: Any, report: Any, budget: Any) -> None:
    report(epoch=1)
    report(epoch=3)


def late(network: Any, data: Any, report: Any, budget: Any) -> None:
    report(epoch=5)


def in_words(network: Any, data: Any, report: Any, budget: Any) -> None:
    report(epoch="first")


def deaf(network: Any, data: Any, report: Any, budget: Any) -> None:
    for epoch in range(1, 100):
        report(epoch=epoch)


def another(network: Any, data: Any, report: Any, budget: Any) -> nn.Module:
    own = copy.deepcopy(network)
    plain(own, data, report, budget)
    return own


def raises(network: Any, data: Any, report: Any, budget: Any) -> None:
    raise KeyError("no such thing")


def raises_late(network: Any, data: Any, report: Any, budget: Any) -> None:
    plain(network, data, report, budget)
    raise KeyError("after the end")


def halved(network: Any, data: Any, report: Any, budget: Any) -> None:
    network.double()
    report(epoch=1)


def grown(network: Any, data: Any, report: Any, budget: Any) -> None:
    network.add_module("further", nn.Linear(3, 3))
    report(epoch=1)


def endless(network: Any, data: Any, report: Any, budget: Any) -> None:
    while True:
        pass


def stubborn(network: Any, data: Any, report: Any, budget: Any) -> None:
    report(epoch=1)
    try:
        endless(network, data, report, budget)
    except Exception:
        endless(network, data, report, budget)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 16), nn.ReLU(), nn.Linear(16, 3))


def training(loop: Callable[..., Any], epochs: int = 3, **settings: Any) -> Training:
    return Training(network(), DATA, TrainingConfig(train=loop, **settings), epochs=epochs, seed=0)


def to_the_end(found: Training) -> list[float]:
    scores = []
    while not found.finished:
        scores.append(found.epoch().score)
    return scores


def loops() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("loop ")]


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    """After each test no loop is running."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("loop "):
            thread.join(10.0)
    assert loops() == []


@pytest.mark.parametrize("loop", [plain, functools.partial(from_nought, rate=0.2)])
def test_a_loop_trains_the_network_and_our_score_of_it_counts(loop: Callable[..., Any]) -> None:
    found = training(loop, 4)
    scores = to_the_end(found)
    assert len(scores) == 4 and scores[-1] > 0.8
    outputs = found.trained_network()(torch.from_numpy(DATA.validation.inputs)).detach().numpy()
    assert scores[-1] == score(DATA.task, outputs, DATA.validation.targets)
    assert found.network.state_dict().keys() == network().state_dict().keys()


def test_it_gives_the_same_again_whatever_is_trained_between() -> None:
    alone = to_the_end(training(plain))
    one, other = training(plain), training(functools.partial(from_nought, rate=0.3))
    pairs = [(one.epoch().score, other.epoch().score) for _ in range(3)]
    assert [first for first, _ in pairs] == alone
    assert [second for _, second in pairs] == to_the_end(training(functools.partial(from_nought, rate=0.3)))


def test_what_a_loop_is_given() -> None:
    before = DATA.train.inputs.copy(), DATA.validation.inputs.copy()
    scores, seen = to_the_end(training(looks, 2, learning_rate=0.5)), SEEN
    assert seen["batches"] == (3, 3, (1, 6, 6), torch.int64) and seen["raw"]
    assert seen["mean"] == pytest.approx(0.0, abs=1e-5) and seen["validated"] == DATA.validation.targets.tolist()
    assert seen["budget"] == (2, math.inf) and seen["rate"] == 0.5
    assert seen["scores"] == (None, scores[0])
    np.testing.assert_array_equal(DATA.train.inputs, before[0])
    np.testing.assert_array_equal(DATA.validation.inputs, before[1])


def test_values_are_standardised_for_a_loop_and_the_network_says_them_in_their_own_scale() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(120, 36)).astype(np.float32)
    split = Split(inputs, (1000.0 + 50.0 * inputs[:, :1]).astype(np.float32))
    data = TrainingData.measured(Task((36,), 1, "regression", metric="r2"), split, split)
    net = nn.Sequential(nn.Linear(36, 1))
    found = Training(net, data, TrainingConfig(train=plain), epochs=20, seed=0)
    assert to_the_end(found)[-1] > 0.9
    assert float(found.trained_network()(torch.from_numpy(inputs)).detach().mean()) == pytest.approx(1000.0, abs=5.0)


def test_a_score_of_its_own_counts_for_nothing_and_that_is_said() -> None:
    found = training(boasts, 1)
    report = found.epoch()
    assert report.score <= 1.0
    assert ["the score that the loop reported is not the accuracy" in text for text in report.notices] == [True]


def test_a_loop_may_return_early_and_what_it_leaves_is_scored() -> None:
    found = training(early, 5)
    assert len(to_the_end(found)) == 2 and found.finished
    assert all(torch.equal(value, SEEN["left"][name]) for name, value in found.network.state_dict().items())


MISTAKES = [
    (never, "returned without a report"),
    (twice, "epoch 1 is reported twice"),
    (skips, "epoch 2 is to be reported next, got 3"),
    (late, "the first epoch that is reported must be 1, or 0 .*got 5"),
    (in_words, "takes a whole number, got 'first'"),
    (deaf, "it reported again after `report` had said that it is over"),
    (another, "returned another Sequential, not the network that it was given"),
    (raises, r"KeyError: 'no such thing'.*test_own_loop.py, line \d+: raise KeyError"),
    (raises_late, r"KeyError: 'after the end'"),
    (halved, r"changed what the network is made of \(\S+weight\)"),
    (grown, r"changed what the network is made of \(further.weight\)"),
]


@pytest.mark.parametrize(("loop", "words"), MISTAKES)
def test_mistakes_are_refused_before_anything_is_spent(loop: Callable[..., Any], words: str) -> None:
    joint = JointSpace(SPACE, TrainingConfig(train=Choice(plain, loop)), DATA.task)
    with pytest.raises(InputError, match=rf"(?s)`train` \S+{loop.__name__} would come to nothing: The loop .*{words}"):
        rehearse_recipe(joint, DATA)


@pytest.mark.parametrize(("loop", "words"), MISTAKES)
def test_mistakes_in_a_search_are_failures_with_a_type(loop: Callable[..., Any], words: str) -> None:
    found = training(loop, 3)
    with pytest.raises(LoopFailed, match=f"(?s){words}") as raised:
        to_the_end(found)
    found.close()
    assert failure_of(raised.value)[0] == "loop"


def test_a_loop_that_runs_out_of_memory_is_taken_for_that() -> None:
    found = training(plain)
    found._network[1].register_forward_hook(lambda *given: (_ for _ in ()).throw(torch.OutOfMemoryError("full")))
    with pytest.raises(torch.OutOfMemoryError) as raised:
        found.epoch()
    assert failure_of(raised.value)[0] == "oom"


def test_a_loop_that_takes_too_long_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    found = training(endless)
    with pytest.raises(LoopTooSlow, match="its loop had not reported after"):
        found.epoch(deadline=time.time())
    monkeypatch.setattr(rehearsal, "LOOP_SECONDS", 0.1)
    with pytest.raises(InputError, match="endless would come to nothing: its loop had not reported after"):
        rehearse_recipe(JointSpace(SPACE, TrainingConfig(train=endless), DATA.task), DATA)


@pytest.mark.parametrize("loop", [plain, boasts, stubborn])
def test_a_stopped_training_ends_its_loop(loop: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.training.own_loop.WIND_UP", 0.2)
    found = training(loop, 50)
    found.epoch()
    assert len(loops()) == 1
    found.close()
    assert loops() == []


@given(st.lists(st.integers(-1, 4), max_size=5))
def test_epochs_are_reported_each_once_and_in_order(numbers: list[int]) -> None:
    said: list[int] = []
    report = Report(lambda number: said.append(number) is None)
    right = numbers == list(range(len(numbers))) or numbers == list(range(1, len(numbers) + 1))
    try:
        for number in numbers:
            assert report(epoch=number)
        assert right
    except ValueError:
        assert not right
    assert said == list(range(1, len(said) + 1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimizer": "sgd"}, "`optimizer` is for our own training loop, and `train` takes its place"),
        ({"mixup": 0.2}, "`mixup` is for our own training loop"),
        ({"train": 3}, "`train` must be None or a function"),
        ({"train": "nowhere:train"}, "No module named 'nowhere'"),
        ({"train": "mine"}, "`train` is 'mine', which names no module"),
        ({"train": "mine.py"}, "mine.py is a file. Say what stands in it"),
        ({"train": lambda *given: None}, "`train` must have a name by which it is found again"),
    ],
)
def test_what_is_no_loop_or_has_no_meaning_beside_one_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        TrainingConfig(**{"train": plain, **settings})


def test_it_is_stored_with_the_question() -> None:
    config = SearchConfig(training=TrainingConfig(train=Choice(functools.partial(from_nought, rate=0.2), plain)))
    assert SearchConfig.from_json(config.to_json()) == config
    assert TrainingConfig(train=plain).identity != TrainingConfig().identity


def test_a_search_by_it_to_its_end_and_on(tmp_path: Path) -> None:
    """The code lies in a file: it stays with the search, and is named where it changes."""
    text = Path(__file__).read_text()
    own = "import torch\n\n\n" + text[text.index("def step(") : text.index("def from_nought(")].replace(": Any", "")
    (tmp_path / "mine.py").write_text(own)
    place = tmp_path / "s"
    found = nas.search(
        "digits", "mlp", "3 trials", epochs=2, directory=place, train=f"{tmp_path}/mine.py:plain",
        learning_rate=Choice(0.05, 0.1), **SEARCH,
    )  # fmt: skip
    assert all(trial.scores and trial.state in ("completed", "stopped") for trial in found.candidates)
    assert found.exported is not None and found.best.test_score > 0.5
    assert final_record(place)["finalists"]
    nas.open(place).continue_training(epochs=1)
    assert len(nas.resume(place, budget="+1 trials").candidates) == 4
    (tmp_path / "mine.py").write_text(own.replace("rate * weights.grad", "2 * rate * weights.grad"))
    with pytest.raises(InputError, match=r"(?s)accept-changed-code.*2 \* rate"):
        nas.resume(place, budget="+1 trials")


def test_on_folds_each_has_a_loop(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    found = nas.search(
        (rows, np.where(rows[:, 0] > 0, "high", "low")), "mlp", "2 trials", epochs=2, directory=tmp_path / "s",
        train=plain, final=False, **SEARCH,
    )  # fmt: skip
    assert [len(trial.scores) for trial in found.candidates] == [2, 2]


def moody(network: Any, data: Any, report: Any, budget: Any) -> None:
    """Works in the rehearsal and fails in the search's second and third training."""
    moody.calls += 1
    if moody.calls in (3, 4):
        raise RuntimeError(f"call {moody.calls}")
    plain(network, data, report, budget)


def test_a_loop_that_fails_now_and_then_costs_those_trainings_and_is_said_once(tmp_path: Path) -> None:
    class Listener(nas.Observer):
        said: tuple[str, ...] = ()

        def message(self, text: str) -> None:
            self.said += (text,)

    listener, moody.calls = Listener(), 0
    found = nas.search(
        "digits", "mlp", "4 trials", epochs=1, directory=tmp_path / "s", train=moody, final=False,
        observers=[listener], **SEARCH,
    )  # fmt: skip
    assert [trial.failure for trial in found.candidates] == ["", "loop", "loop", ""]
    assert sum("moody raised RuntimeError" in text for text in listener.said) == 1
    assert "call 4" in found.candidates[2].error
