from __future__ import annotations

import dataclasses
import math
import pickle
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.cli.recipe import recipe
from nas.config import recipe as module
from nas.config.own_code import OPTIMIZER
from nas.config.recipe import Fidelity, TrainingConfig
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.training.augmentation import AUGMENTATIONS
from nas.training.optimizers import OPTIMIZERS
from nas.training.schedule import SCHEDULES
from search_spaces import dsl, load_space, tree
from search_spaces.dsl import Choice, Tied
from search_spaces.task import Task

RANGES = {
    "learning_rate": (0.0, 100.0), "weight_decay": (0.0, 10.0), "warmup": (0.0, 0.9), "label_smoothing": (0.0, 0.9),
    "clip": (0.0, math.inf), "dropout": (0.0, 0.95), "stochastic_depth": (0.0, 0.95), "mixup": (0.0, 10.0),
    "cutmix": (0.0, 10.0), "ema": (0.0, 0.99999),
}  # fmt: skip
WORDS = {
    "optimizer": ("auto", *OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
    "precision": ("auto", "float32", "bf16", "fp16"),
    "augmentation": ("none", "auto", *AUGMENTATIONS),
}
FLAGS = ("checkpointing", "cuda_graph")
NO_NUMBER = st.text(max_size=5) | st.booleans() | st.just(math.nan) | st.tuples() | st.lists(st.floats(0, 0.5))
NO_FLAG = st.integers() | st.sampled_from(["true", 0.0, "on"])


def outside(name: str) -> st.SearchStrategy[Any]:
    low, high = RANGES[name]
    below = st.floats(max_value=low, exclude_max=True)
    return below if math.isinf(high) else below | st.floats(high, exclude_min=True)


VALID = st.one_of(
    *(st.tuples(st.just(name), st.floats(*RANGES[name]) | st.just(0)) for name in RANGES),
    *(st.tuples(st.just(name), st.sampled_from(words)) for name, words in WORDS.items()),
    *(st.tuples(st.just(name), st.booleans()) for name in FLAGS),
    st.tuples(st.sampled_from(["channels_last", "test_time_flip"]), st.sampled_from(["auto", True, False])),
    st.tuples(st.just("batch_size"), st.integers(0, 10**6)),
    st.tuples(st.just("accumulate"), st.integers(1, 32)),
    st.tuples(st.just("fidelity"), st.builds(Fidelity, *[st.floats(0.01, 1.0)] * 3)),
    st.just(("dropout", None)),
)
BAD = st.one_of(
    *(st.tuples(st.just(name), outside(name) | NO_NUMBER) for name in RANGES),
    *(st.tuples(st.just(name), st.text(max_size=5).filter(lambda w, known=words: w not in known) | st.integers())
      for name, words in WORDS.items()),
    *(st.tuples(st.just(name), NO_FLAG | st.none()) for name in FLAGS),
    st.tuples(st.just("channels_last"), NO_FLAG | st.none()),
    st.tuples(st.just("batch_size"), st.integers(max_value=-1) | st.floats() | NO_NUMBER),
    st.tuples(st.just("accumulate"), st.integers(max_value=0) | st.floats() | NO_NUMBER),
    st.tuples(st.just("fidelity"), st.sampled_from([None, 0.5, {"resolution": 0.5}, TrainingConfig()])),
).filter(lambda case: case[0] != "augmentation" or "+" not in str(case[1]))  # fmt: skip


@given(VALID)
def test_a_value_in_range_is_kept_as_it_is(case: tuple[str, Any]) -> None:
    name, value = case
    found = getattr(TrainingConfig(**{name: value, **({"batch_size": 32} if name == "accumulate" else {})}), name)
    assert found == value and type(found) is type(value)
    assert getattr(TrainingConfig(**{name: Choice(value)}), name) == Choice(value)


def refused(make: Any, name: str, value: Any) -> str:
    """The message; it names the field, the value and the rule."""
    with pytest.raises(InputError) as caught:
        make()
    message = str(caught.value)
    assert name in message or name.replace("_", " ") in message
    assert repr(value)[:200] in message or name == "augmentation"
    assert re.search(r"must be|Known: ", message)
    return message


@given(BAD)
def test_a_value_out_of_range_is_refused(case: tuple[str, Any]) -> None:
    name, value = case
    refused(lambda: TrainingConfig(**{name: value}), name, value)


@given(BAD.filter(lambda case: isinstance(case[1], str | int | float | None)))
def test_every_option_of_a_choice_is_checked(case: tuple[str, Any]) -> None:
    name, value = case
    valid = getattr(TrainingConfig(), name)
    if value != valid:  # 0 is no option beside False
        refused(lambda: TrainingConfig(**{name: Choice(valid, value)}), name, value)
        refused(lambda: TrainingConfig(**{name: Choice(valid, Choice(value))}), name, value)


@given(st.sampled_from(["resolution", "subset", "width"]), st.floats(max_value=0.009) | st.floats(1.001) | NO_NUMBER)
def test_a_fidelity_is_a_share(name: str, value: Any) -> None:
    refused(lambda: Fidelity(**{name: value}), f"fidelity.{name}", value)
    assert TrainingConfig(fidelity=Fidelity(resolution=Choice(0.5, 1))).fidelity.resolution == Choice(0.5, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "adamq"}, "Known: auto, adamw, sgd, muon, a name of torch.optim such as RAdam"),
        ({"optimizer": "adamq"}, "Did you mean 'adamw'?"),
        ({"schedule": "cosin"}, "Did you mean 'cosine'?"),
        ({"precision": "fp61"}, "Did you mean 'fp16'?"),
        ({"augmentation": "crop+flop"}, "Unknown augmentation 'flop'"),
        ({"augmentation": "crop+mine.py:warped"}, "goes into `augment`: augment=mine.py:warped"),
        ({"learningrate": 0.1}, "Unknown recipe setting 'learningrate'"),
        ({"learningrate": 0.1}, "Did you mean 'learning_rate'?"),
        ({"accumulate": 65, "batch_size": 64}, "`accumulate` must be at most `batch_size` (64), got 65"),
        ({"accumulate": 33}, "`accumulate` must be at most `batch_size` (32), got 33"),
        ({"mixup": 0.1, "cutmix": 0.2}, "`mixup` (0.1) and `cutmix` (0.2) exclude each other; set one"),
        ({"checkpointing": True, "cuda_graph": True}, "set one of them to False"),
        ({"mixup": 0.1, "cutmix": 0.2, "warmup": Choice(0.0, 0.1)}, "exclude each other"),
        ({"learning_rate": Tied("rate", 0.1)}, "`learning_rate` must be a number from 0 to 100, got Tied("),
    ],
)
def test_a_refusal_says_how_to_go_on(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        TrainingConfig(**settings)


def test_the_names_are_those_that_a_training_knows() -> None:
    assert OPTIMIZER.own == ("auto", *OPTIMIZERS)
    for name in SCHEDULES:
        TrainingConfig(schedule=name)
    assert ("none", "auto", *AUGMENTATIONS) == module.AUGMENTATIONS


def test_a_changed_recipe_is_checked_again() -> None:
    with pytest.raises(InputError, match="`clip`"):
        dataclasses.replace(TrainingConfig(), clip=-1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().clip = 1.0  # type: ignore[misc]


@given(st.integers(0, 2**32))
def test_what_an_open_recipe_is_resolved_to_is_valid(seed: int) -> None:
    rng = random.Random(seed)
    recipe = TrainingConfig(
        mixup=Choice(0.0, 0.2),
        cutmix=Choice(0.0, 0.2),
        dropout=Choice(None, 0.1),
        fidelity=Choice(Fidelity(), Fidelity(0.5)),
    )
    decisions: dict[str, int] = {}

    def decide(path: str, options: tuple[Any, ...]) -> int:
        return decisions.setdefault(path, rng.randrange(len(options)))

    if decisions.get("mixup") and decisions.get("cutmix"):
        return
    try:
        closed = dsl.resolve(recipe, decide)
    except InputError:
        assert decisions["mixup"] and decisions["cutmix"]
        return
    assert not tree.is_open(closed) and pickle.loads(pickle.dumps(closed)) == closed
    assert dsl.resolve(recipe, lambda path, options: decisions[path]) == closed


def test_joint_sampling_passes_over_pairs_that_exclude_each_other() -> None:
    recipe = TrainingConfig(mixup=Choice(0.0, 0.2), cutmix=Choice(0.0, 0.2))
    joint = JointSpace(load_space("mlp"), recipe, Task((8,), 3))
    pairs = {(p.recipe.mixup, p.recipe.cutmix) for p in (joint.sample(random.Random(seed)) for seed in range(40))}
    assert pairs == {(0.0, 0.0), (0.2, 0.0), (0.0, 0.2)}
    assert pickle.loads(pickle.dumps(joint)) == joint
    with pytest.raises(InputError, match="exclude each other"):
        joint.resolve(lambda path, options: len(options) - 1)
    never = JointSpace(
        load_space("mlp"), TrainingConfig(mixup=Choice(0.1, 0.2), cutmix=Choice(0.1, 0.2)), Task((8,), 3)
    )
    with pytest.raises(InputError, match="No valid recipe in 200 draws"):
        never.sample(random.Random(0))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], TrainingConfig()),
        (["augmentation=auto", "learning_rate=0.001,0.003"],
         TrainingConfig(augmentation="auto", learning_rate=Choice(0.001, 0.003))),
        (["checkpointing=true", "batch_size=64"], TrainingConfig(checkpointing=True, batch_size=64)),
    ],
)  # fmt: skip
def test_words_of_the_command_line(words: list[str], expected: TrainingConfig) -> None:
    assert recipe(words) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lr"], "`name=value`, got 'lr'"),
        (["learning_rat=1"], "Did you mean 'learning_rate'?"),
        (["learning_rate=fast"], "must be a number from 0 to 100, got 'fast'"),
        (["learning_rate=0.1,200"], "must be a number from 0 to 100, got 200"),
        (["learning_rate=0.1,0.1"], "must differ"),
        (["fidelity=0.5"], "is set from Python"),
        (["mixup=0.1", "cutmix=0.1"], "exclude each other"),
    ],
)
def test_words_that_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        recipe(words)
