"""A finished search as a recording, so that a ranking can learn from what was trained on this machine."""

from __future__ import annotations

import re
from pathlib import Path

from nas.benchmark.recording import BETWEEN, Recording, Row, costs
from nas.config.search_config import AUTO
from nas.errors import InputError
from nas.records.earlier_search import without_recipe
from nas.records.trial import COMPLETED
from nas.setup.stored_search import stored_search
from predictors.pretrained.ranker import FEWEST
from search_spaces.profile import profile


def recording_of(directory: Path) -> Recording:
    """The whole trainings of a search.

    Raises:
        InputError: no search there, a space that is known by no name, data of several inputs or targets, or fewer than
            ten whole trainings.
    """
    stored = stored_search(directory)
    name, task = stored.config.space, stored.task
    if stored.space is None:
        raise InputError(f"{directory}: its space cannot be had again: {stored.missing}")
    name = stored.space.space.name if name == AUTO else name
    if not name:
        raise InputError(
            f"{directory} searched a space that a script made, and a benchmark knows spaces by name. Save the space in "
            "a file and search it as module:attribute."
        )
    if task.inputs or task.targets or task.forecast is not None:
        raise InputError(f"{directory}: a ranking learns from data with one input and one target, and no forecasts.")
    rows = []
    for trial in stored.trials:
        if trial.state == COMPLETED and trial.usable and trial.architecture is not None:
            facts, decisions = profile(trial.architecture, task), without_recipe(trial.decisions)
            rows.append(Row(trial.number, 0, decisions, tuple(trial.scores), trial.seconds, costs(facts)))
    if len(rows) < FEWEST:
        raise InputError(
            f"{directory} has {len(rows)} whole trainings, and a ranking learns from `at least {FEWEST}` of a search. "
            "Leave it out, or let it run for longer."
        )
    data = re.sub(rf"[^A-Za-z0-9_.-]|{BETWEEN}", "_", f"{stored.record.header.dataset}-{directory.resolve().name}")
    return Recording(name, data, task, 0, tuple(rows))
