"""Reads earlier searches of the same space, so that a new one need not begin from nothing.

What is needed of them is copied, as decisions and scores: the new search is resumed from its own journal alone,
whatever becomes of their directories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from nas.config.earlier_search import EarlierSearch
from nas.errors import InputError
from nas.journal.journal import Record, read
from nas.records.earlier_search import trainings, without_recipe
from nas.records.joint_space import JointSpace
from nas.records.trial import COMPLETED
from nas.setup.problem import identity
from predictors.extrapolation import ends
from predictors.transfer import FEWEST
from search_spaces.errors import SpaceError

GUIDED = "guided"
MOST = 300  # trainings kept of one search: a predictor of so many is fitted in seconds, and more say little more


def earlier_searches(
    directories: str | Path | Sequence[str | Path], joint: JointSpace, strategy: str = GUIDED
) -> tuple[EarlierSearch, ...]:
    """What the searches in these directories know, each directory once. They may still run; none is changed.

    Raises:
        InputError: no search there, one of another space, one of which fewer than five trainings are of use, or a
            strategy other than `guided`, which could not make use of them.
    """
    if isinstance(directories, str | Path):
        directories = (directories,)
    if directories and strategy != GUIDED:
        raise InputError(
            f"`learn_from` is for the strategy `{GUIDED}`; {strategy!r} cannot make use of earlier searches. "
            "Leave one of them out, or try the winner first by `start_from`."
        )
    resolved = dict.fromkeys(Path(directory).absolute().resolve() for directory in directories)
    return tuple(_earlier_search(directory, joint) for directory in resolved)


def _earlier_search(directory: Path, joint: JointSpace) -> EarlierSearch:
    record = read(directory)
    if not _same_space(record, joint):
        raise InputError(
            f"{directory} searched the space {record.header.space}, and this search is of {identity(joint.space)}. "
            "`learn_from` needs a search of the same space (its limits and data may differ). Leave it out."
        )
    trials = [trial for trial in record.trials if trial.usable]
    trials.sort(key=lambda trial: trial.finished)
    curves = [tuple(score for score in trial.scores if math.isfinite(score)) for trial in trials]
    scores, _ = ends(curves, [trial.state == COMPLETED for trial in trials])
    step = max(1.0, len(trials) / MOST)
    kept = [int(place * step) for place in range(min(len(trials), MOST))]
    found = EarlierSearch(
        str(directory),
        record.header.dataset,
        tuple(without_recipe(trials[place].decisions) for place in kept),
        tuple(float(scores[place]) for place in kept),
    )
    usable = len(trainings(found, joint)[0])
    if usable < FEWEST:
        raise InputError(
            f"`learn_from` needs at least {FEWEST} trainings of a search, and {directory} has {len(trials)}, {usable} "
            "of them of networks that can be built for this data. Leave it out, or let it run for longer."
        )
    return found


def _same_space(record: Record, joint: JointSpace) -> bool:
    """Whether the earlier search's architectures are what they were; its recipe may have been another."""
    if record.header.space == identity(joint.space):
        return True
    try:
        found = [joint.space.replay(without_recipe(trial.decisions)).fingerprint for trial in record.trials]
    except SpaceError:
        return False
    same_recipe = [trial for trial in record.trials if len(without_recipe(trial.decisions)) == len(trial.decisions)]
    known = {trial.number: fingerprint for trial, fingerprint in zip(record.trials, found, strict=True)}
    return record.header.space.split()[0] == joint.space.name and all(
        known[trial.number] == trial.fingerprint for trial in same_recipe
    )
