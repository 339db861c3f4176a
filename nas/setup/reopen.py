"""A search that has ended, or runs in another process, read back from its journal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal.journal import Record, read
from nas.records.joint_space import JointSpace
from nas.records.row import Row
from nas.records.trial import Candidate
from nas.setup import problem as opening
from nas.strategies import STRATEGIES
from nas.strategies.optuna.study import Study
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.task import Task


@dataclass(frozen=True)
class Revisited:
    """What the journal says.

    Args:
        joint: the space that was searched; None where it cannot be found again, and `missing` says why.
        candidates: in order of number; without cells where `joint` is None.
    """

    record: Record
    config: SearchConfig
    task: Task
    joint: JointSpace | None
    candidates: tuple[Candidate, ...]
    missing: str = ""

    def trial(self, number: int) -> Candidate:
        """The candidate of this number.

        Raises:
            InputError: there is none.
        """
        found = next((one for one in self.candidates if one.number == number), None)
        if found is None:
            last = len(self.candidates) - 1
            raise InputError(f"There is no trial {number} in this search: its trials are 0 to {last}.")
        return found

    def copy_to_optuna(self, url: str, name: str) -> None:
        """Copies the search as a study into an Optuna storage, e.g. `sqlite:///optuna.db`, for optuna-dashboard.

        Raises:
            SpaceError: the space cannot be found again.
        """
        if self.joint is None:
            raise SpaceError(f"The decisions of this search cannot be named again: {self.missing}")
        sampler = STRATEGIES[self.config.strategy](self.joint, seed=0, objectives=self.config.objectives)
        Study(self.joint, sampler, self.config.objectives, self.record.rows).copy_to(url, name)


def revisit(directory: str | Path) -> Revisited:
    """Reads the search in `directory`; locks and writes nothing.

    Raises:
        InputError: there is no readable search.
    """
    record = read(Path(directory))
    config = SearchConfig.from_json(record.header.config)
    data = json.loads(record.header.task)
    task = Task(**{**data, "input_shape": tuple(data["input_shape"])})
    joint, missing = _joint(config, task, record.header.space)
    return Revisited(record, config, task, joint, tuple(_candidate(row, joint, config) for row in record.rows), missing)


def _joint(config: SearchConfig, task: Task, identity: str) -> tuple[JointSpace | None, str]:
    """The space as it was searched, or None and why it cannot be had."""
    if not config.space:
        return None, "its space was given as an object."
    try:
        space = opening.named(config.space)
    except SpaceError as error:
        return None, str(error)
    if opening.identity(space) != identity:
        return None, f"the space {config.space!r} has changed since."
    return JointSpace(space, config.training, task), ""


def _candidate(row: Row, joint: JointSpace | None, config: SearchConfig) -> Candidate:
    architecture, training = Architecture(config.space or "own", (), row.decisions), TrainingConfig()
    if joint is not None:
        proposal = joint.replay(row.decisions)
        architecture, training = proposal.architecture, proposal.training
    return row.candidate(architecture, training)
