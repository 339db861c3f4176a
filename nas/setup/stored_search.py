"""A search that has ended, or runs in another process, read back from its journal."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal.journal import Record, read, rebuilt
from nas.records.joint_space import JointSpace
from nas.records.trial import Trial
from nas.setup.kept_code import enter_kept_code
from nas.setup.kept_space import space_of
from nas.setup.problem import same_networks
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.task import Task


@dataclass(frozen=True)
class StoredSearch:
    """What the journal says.

    Args:
        space: that was searched; None where it cannot be found again, and `missing` says why.
        trials: in order of number; their architectures have no cells where `space` is None.
    """

    record: Record
    config: SearchConfig
    task: Task
    space: JointSpace | None
    trials: tuple[Trial, ...]
    missing: str = ""

    def trial(self, number: int) -> Trial:
        """The trial of this number.

        Raises:
            InputError: there is none.
        """
        if not 0 <= number < len(self.trials):
            raise InputError(
                f"There is no trial {number} in this search: its trials are 0 to {len(self.trials) - 1}."
            )  # fmt: skip
        return self.trials[number]


def stored_search(directory: str | Path) -> StoredSearch:
    """Reads the search in `directory`; locks and writes nothing.

    Raises:
        InputError: there is no readable search.
    """
    record = read(Path(directory))
    enter_kept_code(Path(directory))
    config = SearchConfig.from_json(record.header.config)
    task = Task.from_data(json.loads(record.header.task))
    space, missing = _space(Path(directory), config, task, record)
    if space is not None:
        trials = tuple(rebuilt(trial, space.replay) for trial in record.trials)
    else:
        name = config.space or "own"
        trials = tuple(
            dataclasses.replace(trial, architecture=Architecture(name, (), trial.decisions)) for trial in record.trials
        )
    return StoredSearch(record, config, task, space, trials, missing)


def _space(directory: Path, config: SearchConfig, task: Task, record: Record) -> tuple[JointSpace | None, str]:
    """The space as it was searched, or None and why it cannot be had."""
    try:
        space = space_of(directory, config.space)
    except (SpaceError, InputError) as error:
        return None, str(error)
    joint = JointSpace(space, config.recipe, task)
    if not same_networks(record.header, record.trials, joint):
        return None, f"the space {space.name!r} has changed since."
    return joint, ""
