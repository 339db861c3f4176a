from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.config.budget import Budget
from nas.config.data_options import DataOptions
from nas.config.earlier_search import EarlierSearch
from nas.config.recipe import Fidelity, TrainingConfig
from nas.config.search_config import AUTO, LIMITS, OBJECTIVES, SearchConfig, gpus_asked
from nas.errors import InputError
from predictors import PREDICTORS
from search_spaces.dsl import Choice

HERE = Path(__file__).parent
FORMER = ("inherit", "proxies")
OPTIONS = ("layout", "kind", "size")  # settings once, options of the data now
FULL = SearchConfig(
    data="digits", space="cnn", budget="1.5 hours, 40 trials, 90 gpu-minutes", objectives=("score", "macs"),
    limits={"parameters": 500000, "latency": 0.01}, seed=3, latency_batch=8, epochs=4, executor="local",
    cpus_per_trial=2, gpus_per_trial=0.5, tracking_uri="", storage="/tmp/checkpoints",
    options=DataOptions(size=(16, 16)),
    training=TrainingConfig(
        learning_rate=Choice(0.001, 0.01), optimizer=Choice("adamw", Choice("sgd", "muon")), clip=math.inf,
        dropout=Choice(None, 0.1), checkpointing=Choice(True, False), batch_size=64, augmentation="crop+flip",
        test_time_flip=False,
        fidelity=Choice(Fidelity(resolution=0.5), Fidelity(subset=Choice(0.25, 1.0))),
    ),
    start_from=({"0.width": 1, "training.learning_rate": 0},),
    final_share=0.25,
    learn_from=(EarlierSearch("/searches/a", "digits", ({"0.width": 0}, {"0.width": 1}), (0.5, 0.75)),),
)  # fmt: skip
PLAIN = SearchConfig(
    data="digits", final_share=0.25,
    training=TrainingConfig(augmentation="none", test_time_flip=False, fidelity=Fidelity(0.5)),
)  # fmt: skip
# settings that journals of older versions do not hold
NEWER = ("known", "designs", "baselines", "promote", "export", "stop_at", "patience_trials", "ensemble")
NEWER_OF_RECIPE = ("loss", "augment", "train")


@pytest.mark.parametrize(("name", "config"), [("full", FULL), ("plain", PLAIN)])
def test_a_config_of_an_older_version_is_read_and_written_nearly_as_it_was(name: str, config: SearchConfig) -> None:
    old = (HERE / f"config_before_pydantic_{name}.json").read_text(encoding="utf-8")
    assert SearchConfig.from_json(old) == config
    written = {key: value for key, value in json.loads(old).items() if key not in FORMER}
    options = {**json.loads(SearchConfig().to_json())["options"], **{key: written.pop(key) for key in OPTIONS}}
    now = {key: value for key, value in json.loads(config.to_json()).items() if key not in NEWER}
    now["training"] = {key: value for key, value in now["training"].items() if key not in NEWER_OF_RECIPE}
    assert now == {**written, "budget": str(config.budget), "options": options}


def test_a_config_of_a_version_without_some_settings_is_read() -> None:
    assert SearchConfig.from_json("{}") == SearchConfig()


SETTINGS = st.fixed_dictionaries({}, optional={
    "data": st.text(),
    "budget": st.builds(Budget, st.floats(1e-3, 1e9), st.none() | st.integers(1, 10**6)),
    "objectives": st.permutations(OBJECTIVES[1:]).map(lambda names: ("score", *names[:2])),
    "limits": st.dictionaries(st.sampled_from(LIMITS), st.integers(1, 10**9) | st.floats(1e-6, 1e9)),
    "predictor": st.sampled_from(["auto", *PREDICTORS]),
    "seed": st.integers(0, 2**70),
    "epochs": st.none() | st.integers(1, 1000),
    "executor": st.sampled_from(["auto", "ray", "local"]),
    "cpus_per_trial": st.integers(1, 64) | st.integers(1, 64).map(float),
    "gpus_per_trial": st.just(AUTO) | st.floats(0, 1) | st.integers(0, 8),
    "patience": st.floats(0.1, 1e6),
    "memory_per_trial": st.floats(0, 100) | st.just(0),
    "test_share": st.floats(0, 1, exclude_min=True, exclude_max=True),
    "options": st.builds(
        DataOptions, size=st.none() | st.tuples(st.integers(1, 99), st.integers(1, 99)), target=st.just("x")
    ),
    "training": st.builds(
        TrainingConfig,
        learning_rate=st.sampled_from([0, 0.1, Choice(0.1, 1)]),
        clip=st.floats(0),
        fidelity=st.builds(Fidelity, st.just(Choice(0.25, 1)) | st.floats(0.01, 1)),
    ),
    "start_from": st.lists(st.dictionaries(st.text(), st.integers(0, 9)), max_size=3).map(tuple),
})  # fmt: skip


@given(SETTINGS)
def test_every_config_is_read_back_equal(settings: dict[str, Any]) -> None:
    config = SearchConfig(**settings)
    for again in (SearchConfig.from_json(config.to_json()), pickle.loads(pickle.dumps(config)), copy.deepcopy(config)):
        assert again == config and repr(again) == repr(config)


NO_NUMBER = (
    st.text(max_size=5).filter(lambda text: text != AUTO) | st.booleans() | st.just(math.nan) | st.lists(st.none())
)
NO_WORD = st.integers() | st.none() | st.lists(st.text())
NO_FLAG = st.integers() | st.text() | st.none()
NO_WHOLE = NO_NUMBER | st.floats()
BROKEN = st.floats(1, 99).filter(lambda number: number % 1)
BAD = st.one_of(
    st.tuples(st.sampled_from(["data", "space", "strategy", "predictor", "experiment"]), NO_WORD),
    st.tuples(st.sampled_from(["ray_address", "tracking_uri", "storage"]), st.integers() | st.lists(st.text())),
    st.tuples(st.sampled_from(["final", "early_stopping"]), NO_FLAG),
    st.tuples(st.sampled_from(["final_share", "validation_share", "test_share"]),
              st.floats(max_value=0) | st.floats(1) | NO_NUMBER),
    st.tuples(st.just("seed"), st.integers(max_value=-1) | NO_WHOLE),
    st.tuples(st.sampled_from(["latency_batch", "epochs"]), st.integers(max_value=0) | NO_WHOLE),
    st.tuples(st.just("promote"), st.integers(max_value=-1) | st.just(1) | NO_WHOLE),
    st.tuples(st.just("cpus_per_trial"), st.integers(max_value=0) | BROKEN | NO_NUMBER),
    st.tuples(st.just("gpus_per_trial"),
              st.floats(max_value=0, exclude_max=True) | BROKEN | NO_NUMBER),
    st.tuples(st.just("patience"), st.floats(max_value=0) | st.just(math.inf) | NO_NUMBER),
    st.tuples(st.just("memory_per_trial"), st.floats(max_value=0, exclude_max=True) | st.just(math.inf) | NO_NUMBER),
    st.tuples(st.sampled_from(["executor", "latency_device"]),
              st.text(max_size=3).filter(lambda w: w not in ("ray", "cpu")) | NO_WORD),
    st.tuples(st.just("training"), st.sampled_from([None, {}, {"optimizer": "sgd"}, Fidelity()])),
    st.tuples(st.sampled_from(["limits", "objectives", "start_from", "learn_from"]), st.integers() | st.none()),
)  # fmt: skip


@given(BAD)
def test_a_bad_value_is_refused_with_its_name_its_rule_and_itself(case: tuple[str, Any]) -> None:
    name, value = case
    with pytest.raises(InputError) as caught:
        SearchConfig(**{name: value})
    message = str(caught.value)
    assert name in message or name.replace("_", " ") in message
    assert repr(value)[:200] in message
    assert re.search(r"must be|Known: ", message)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"budget": "10 bananas"}, "unknown unit 'bananas'. Write `10m`"),
        ({"executor": "rya"}, "Known: auto, ray, local. Did you mean 'ray'?"),
        ({"latency_device": "cdua"}, "Unknown latency device 'cdua'. Known: cpu, cuda. Did you mean 'cuda'?"),
        ({"predictor": "boosted_tree"}, "Did you mean 'boosted_trees'?"),
        ({"objectives": ("score", "mac")}, "Unknown objective 'mac'"),
        ({"objectives": ("macs",)}, "`objectives` must begin with 'score'"),
        ({"objectives": ("score", "macs", "macs")}, "name each one once"),
        ({"limits": {"paramters": 5}}, "Unknown limit 'paramters'. Known: parameters, macs, latency. Did you mean"),
        ({"limits": {"macs": 0}}, "The limit on `macs` must be more than 0, got 0."),
        ({"limits": {"macs": "many"}}, "The limit on `macs` must be more than 0, got 'many'."),
        ({"start_from": ({"0.width": "wide"},)}, "`start_from` must be"),
        ({"stategy": "random"}, "Did you mean 'strategy'?"),
        ({"inherit": "on"}, "Unknown setting 'inherit'. Known: data, space, budget,"),
        (
            {"budget": "4 gpu-hours", "gpus_per_trial": 0},
            "Budget `4 gpu-hours` counts GPU time, but a training holds no",
        ),
    ],
)
def test_a_refusal_says_how_to_go_on(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        SearchConfig(**settings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Invalid JSON"),
        ("null", "object"),
        ("[]", "object"),
        ('{"budget": null}', "Budget `None`"),
        ('{"training": {"learning_rate": -1}}', "`learning_rate` must be a number from 0 to 100, got -1"),
        ('{"training": {"learning_rate": {"choice": []}}}', "at least one option"),
        ('{"training": {"learning_rate": {"choice": [0.1, 0.1]}}}', "must differ"),
        ('{"training": {"learning_rate": {"choice": [0.1, -1]}}}', "got -1"),
        ('{"training": {"learning_rate": {"choice": 3}}}', "`learning_rate` must be"),
        ('{"training": {"lr": 1}}', "Unknown recipe setting 'lr'"),
        ('{"training": {"fidelity": {"fidelity": {"width": 3}}}}', "`fidelity.width` must be"),
        ('{"training": {"optimizer": ' + '{"choice": [' * 3000 + "]}" * 3000 + "}}", "recursion"),
        ('{"learn_from": [{"directory": 1}]}', "`learn_from`"),
        ('{"learn_from": [{"directory": "a", "data": "b", "decisions": [{}], "scores": []}]}', "one score for each"),
        ('{"start_from": [{"seed": "x"}]}', "`start_from`"),
    ],
)
def test_what_no_version_wrote_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        SearchConfig.from_json(text)
    assert str(caught.value).startswith("The journal's config cannot be read: ") and len(str(caught.value)) < 1000


def test_ray_is_used_unless_the_time_is_too_short_for_it() -> None:
    assert SearchConfig(budget="30s").executes_on == "local"
    assert SearchConfig(budget="30s", ray_address="somewhere:6379").executes_on == "ray"
    assert SearchConfig(budget="10m").executes_on == SearchConfig(budget="5 trials").executes_on == "ray"
    assert SearchConfig(budget="10m", executor="local").executes_on == "local"
    assert SearchConfig(budget="3 trials").executes_on == SearchConfig(budget="2 trials, 1h").executes_on == "local"
    assert SearchConfig(budget="3 trials", ray_address="somewhere:6379").executes_on == "ray"


def test_a_config_cannot_be_changed_and_a_changed_copy_is_checked() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SearchConfig().seed = 1  # type: ignore[misc]
    with pytest.raises(InputError, match="`seed`"):
        dataclasses.replace(SearchConfig(), seed=-1)


def test_gpus_on_the_command_line() -> None:
    assert [gpus_asked(text) for text in ("auto", "0.5", "2", "some")] == ["auto", 0.5, 2.0, "some"]


def test_one_name_stands_for_itself_and_a_number_for_none() -> None:
    assert SearchConfig(baselines="off").baselines == ("off",)
    assert SearchConfig(objectives="score").objectives == ("score",)
    assert SearchConfig(baselines=["linear", "majority"]).baselines == ("linear", "majority")
    with pytest.raises(InputError, match="`baselines` must be a name, or a tuple of names, got 3"):
        SearchConfig(baselines=3)
