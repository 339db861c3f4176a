"""From what was asked to the problem that is solved: data, the space with its limits, and what the journal keeps."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nas.config.recipe import TrainingConfig, each_recipe
from nas.config.search_config import AUTO, SearchConfig
from nas.data import NAMES, Dataset, load
from nas.errors import InputError
from nas.journal.directory import FINAL, RECORD
from nas.journal.journal import Header, Journal
from nas.records.joint_space import JointSpace
from nas.records.trial import Trial
from nas.setup.recipe_rules import check_recipe_rules
from search_spaces import load_space, rules
from search_spaces.catalog.joined import joined
from search_spaces.dsl import Choice
from search_spaces.errors import SpaceError
from search_spaces.network import build
from search_spaces.rules import Rule
from search_spaces.space import Space
from search_spaces.task import LANGUAGE, Task
from search_spaces.tree import outcomes

WINDOWS_OF_A_BATCH = 16
JOINED = "joined"  # layout of data with several inputs
SPACE_OF = {"pictures": "hybrid", "series": "sequence", "table": "tabular", "text": "text", "tokens": "text"}
MANY = {"pictures": "pictures", "series": "series", "table": "tables", "text": "texts", "tokens": "tokens"}
DONE = ("budget", "exhausted", "stop_at", "patience")  # why a search ended that has nothing left to do


def named_space(space: str | Space) -> Space:
    """The space of this name, or the space itself."""
    if isinstance(space, Space):
        return space
    if isinstance(space, str):
        return load_space(space)
    raise InputError(f"`space` must be a name, `module:attribute` or a Space, got {space!r}.")


def why_space(space: str | Space, dataset: Dataset) -> str:
    """Why `auto` took its space; empty where the person named one."""
    if space != AUTO:
        return ""
    layout = dataset.schema.layout if dataset.schema is not None else "pictures"
    if dataset.task.kind == LANGUAGE:
        return "made for language models; --space names another"
    if dataset.task.forecast is not None:
        return "sequence blocks and linear maps, made for forecasts; --space names another"
    if layout == JOINED:
        return "a branch for each input, in the space made for its kind; --space names another"
    return f"made for {MANY[layout]}; --space names another"


def space_for(space: str | Space, dataset: Dataset) -> Space:
    """The space of this name, or the one made for the data's kind where it is `auto`."""
    if space != AUTO:
        return named_space(space)
    if dataset.schema is None:
        return load_space("hybrid")
    if dataset.schema.layout == JOINED:
        return joined({one.name: load_space(SPACE_OF[one.layout]) for one in dataset.schema.inputs})
    if dataset.task.kind == LANGUAGE:
        return load_space("language")
    return load_space("forecast" if dataset.task.forecast is not None else SPACE_OF[dataset.schema.layout])


def with_rules(space: Space, further: Rule | Sequence[Rule]) -> Space:
    """The space with further rules."""
    further = (further,) if isinstance(further, Rule) else further
    return Space(space.name, *space.cells, rules=[*space.rules, *further], known=space.designs)


def reference(data: Any) -> str:
    """How data is found again: its name or absolute path; empty for arrays."""
    if isinstance(data, str) and data in NAMES:
        return data
    return str(Path(data).absolute()) if isinstance(data, str | Path) else ""


def opened_data(data: Any, config: SearchConfig) -> Dataset:
    """The data set, split in the same way for every seed, so that searches can be compared."""
    return load(
        data,
        validation_share=config.validation_share,
        test_share=config.test_share,
        options=config.options,
    )


def joint_space(space: Space, config: SearchConfig, dataset: Dataset) -> JointSpace:
    """What is searched, tried out once.

    Raises:
        SpaceError: no sample obeys the rules, or one that does cannot be built for this data.
        InputError: a recipe that does not fit the task, or a rule over it that has no one meaning.
    """
    if dataset.task.forecast is not None:
        for recipe in outcomes(config.recipe):
            _check_for_forecast(recipe)
    joint = JointSpace(limited(space, config, dataset.task), config.recipe, dataset.task)
    check_recipe_rules(joint)
    drawn = joint.sample(random.Random(config.seed))
    if dataset.task.kind == LANGUAGE:
        from nas.training.causality import check_causal  # only now: it loads torch

        check_causal(build(drawn.architecture, dataset.task), dataset.task)
    return joint


def _check_for_forecast(recipe: TrainingConfig) -> None:
    """Raises InputError where a recipe would change windows, but not the values that follow them."""
    augmentation, fidelity = recipe.augmentation, recipe.fidelity
    words = augmentation.options if isinstance(augmentation, Choice) else (augmentation,)
    wrong = [word for word in words if word not in ("auto", "none")]
    if wrong:
        raise InputError(
            f"`augmentation` {wrong[0]!r} changes a window, but not the values that follow it, so it is not for "
            "forecasts. Take `none`."
        )
    for one in fidelity.options if isinstance(fidelity, Choice) else (fidelity,):
        if one.resolution != 1:
            raise InputError("A fidelity's `resolution` makes windows shorter, so it is not for forecasts. Take 1.")


def recipe_for(recipe: TrainingConfig, task: Task) -> TrainingConfig:
    """The recipe with what is left open decided for languages: batches of 16 windows, which Muon pays for.

    A window has as many targets as tokens, so more and smaller batches take the network further in the same time.
    """
    if task.kind != LANGUAGE:
        return recipe
    return each_recipe(recipe, _for_language)


def _for_language(recipe: TrainingConfig) -> TrainingConfig:
    batch = WINDOWS_OF_A_BATCH if recipe.batch_size == 0 else recipe.batch_size
    ours = recipe.optimizer == "auto" and recipe.train is None
    return dataclasses.replace(recipe, batch_size=batch, optimizer="muon" if ours else recipe.optimizer)


def limited(space: Space, config: SearchConfig, task: Task) -> Space:
    """`space` with the limits as further rules; one on latency times cells and some networks on its device first."""
    further: list[rules.Rule] = []
    for name, limit in sorted(config.limits.items()):
        if name == "latency":
            from nas.training.latency import max_latency  # only now: it loads what times networks

            device, batch = config.latency_device, config.latency_batch
            further.append(max_latency(limit, space, task, device=device, batch=batch))
        else:
            further.append({"parameters": rules.max_parameters, "macs": rules.max_macs}[name](int(limit)))
    if not further:
        return space
    return with_rules(space, further)


def header(config: SearchConfig, joint: JointSpace, dataset: Dataset) -> Header:
    """What the journal keeps of the question."""
    task = json.dumps(dataset.task.to_data())
    return Header(config.to_json(), identity(joint.space), dataset.name, dataset.fingerprint, task)


def identity(space: Space) -> str:
    """Name of a space and a hash of what it can build; rules are not part of it."""
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(space.cells))
    return f"{space.name} {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def same_networks(found: Header, trials: Iterable[Trial], joint: JointSpace) -> bool:
    """Whether the trials of a search are what they were in this space: it is the same one, or has only grown since."""
    try:
        return found.space == identity(joint.space) or (
            found.space.split()[0] == joint.space.name
            and all(joint.replay(trial.decisions).fingerprint == trial.fingerprint for trial in trials)
        )
    except (SpaceError, InputError):
        return False


def check_same(journal: Journal, joint: JointSpace, dataset: Dataset) -> None:
    """Raises InputError unless a resumed search has the data that it began with, and a space that holds its trials."""
    found = journal.header
    check_data(found, dataset)
    if not same_networks(found, journal.trials, joint):
        raise InputError(
            f"The space {joint.space.name!r} has changed since this search began ({identity(joint.space)}, not "
            f"{found.space}), and trials of before would be other networks in it. Bring the old one back, or start a "
            "new search."
        )


def check_unfinished(journal: Journal, config: SearchConfig) -> None:
    """Raises InputError where a search came to its end: its final would be trained again, with no time to do it in."""
    directory = journal.directory
    if journal.waiting_edits():
        return
    if config.final and journal.ended in DONE and (directory / FINAL / RECORD).exists():
        raise InputError(
            f"The search in {directory} came to its end ({journal.ended}), with its final. Give it more: "
            f"`nas resume {directory} --budget +1h`, or set its goal higher: `nas edit {directory} --stop-at …`."
        )


def check_data(found: Header, dataset: Dataset) -> None:
    """Raises InputError unless it is the data that the search began with."""
    if found.fingerprint != dataset.fingerprint:
        raise InputError(
            f"The data {dataset.name!r} is not what this search began with: its fingerprint is {dataset.fingerprint}, "
            f"not {found.fingerprint}. Give `nas.resume(directory, data=…)` the same data."
        )


def storage_for(config: SearchConfig, directory: Path) -> str:
    """Where checkpoints and weights lie: in the search's directory, or in a folder of its own on the shared storage."""
    if not config.storage:
        return str(directory / "checkpoints")
    own = hashlib.sha256(str(directory).encode()).hexdigest()[:8]
    return f"{config.storage.rstrip('/')}/{directory.name}-{own}"
