"""The command line asks for what a search can be told: the same defaults, and in its help the names that there are."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
import typer

import nas
from nas.cli.main import app
from nas.config.budget import Budget
from nas.config.data_options import DataOptions
from nas.config.recipe import TrainingConfig
from nas.config.search_config import OBJECTIVES, SearchConfig, gpus_asked
from nas.execution import EXECUTORS
from nas.strategies import STRATEGIES

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
SEARCH = {option.name: option for option in COMMANDS["search"].params}
ELSEWHERE = {  # options that are no setting of the same name: what they come to when they are left out
    "objective": ("objectives", lambda given: ("score", *(given or ()))),
    "max_parameters": ("limits", lambda given: {} if given is None else given),
    "max_macs": ("limits", lambda given: {} if given is None else given),
    "max_latency": ("limits", lambda given: {} if given is None else given),
    "recipe": ("training", lambda given: TrainingConfig() if given is None else given),
    "train": ("training", lambda given: TrainingConfig(train=given)),
    "start_from": ("start_from", lambda given: tuple(given or ())),
    "learn_from": ("learn_from", lambda given: tuple(given or ())),
    "baselines": ("baselines", lambda given: tuple(given or ("auto",))),
    "budget": ("budget", Budget.parse),
    "options": ("options", lambda given: DataOptions() if given is None else given),
    "gpus_per_trial": ("gpus_per_trial", gpus_asked),
}
# what has no default in a config
NO_SETTING = {"data", "directory", "space", "resume_or_start", "prepare", "as_json", "quiet", "help"}


@pytest.mark.parametrize("name", sorted(set(SEARCH) - NO_SETTING - set(DataOptions.names())))
def test_an_option_left_out_is_the_setting_left_out(name: str) -> None:
    setting, read = ELSEWHERE.get(name, (name, lambda given: given))
    assert read(SEARCH[name].default) == getattr(SearchConfig(), setting)


@pytest.mark.parametrize("name", DataOptions.names())
def test_how_data_is_read_is_left_open_unless_it_is_said(name: str) -> None:
    assert SEARCH[name].default is None


def test_the_space_is_chosen_by_the_data_in_a_script_as_well() -> None:
    assert SEARCH["space"].default == inspect.signature(nas.search).parameters["space"].default


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_]+", text)) - {"or", "and"}


def test_help_names_the_strategies_that_there_are() -> None:
    assert words_of(SEARCH["strategy"].help) == set(STRATEGIES)
    replayed = next(option for option in COMMANDS["replay"].params if option.name == "strategy")
    assert words_of(replayed.help.split(";")[0]) == set(STRATEGIES)


def test_help_names_the_executors_that_there_are() -> None:
    assert set(re.findall(r"\[bold\](\w+)\[/\]", SEARCH["executor"].help)) == set(EXECUTORS)


def test_help_names_the_objectives_that_there_are() -> None:
    for command in ("search", "replay"):
        text = next(option for option in COMMANDS[command].params if option.name == "objective").help
        named = re.search(r"small: ([a-z_, ]+)", text)
        assert named is not None
        assert words_of(named[1].split(" a column")[0].split(", or")[0]) - {"a"} == set(OBJECTIVES[1:])
