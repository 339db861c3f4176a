"""The trials of a search as a table: what each is made of in readable values, its recipe, and how it did."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nas.records.joint_space import JointSpace, in_words
from nas.records.trial import Trial
from nas.report.decisions import word
from search_spaces.errors import SpaceError

if TYPE_CHECKING:
    import pandas as pd

NAMES = (
    "number", "state", "score", "test_score", "epochs", "seconds", "parameters", "macs", "source", "attempts",
    "failure", "error", "fingerprint",
)  # fmt: skip


def trials_table(trials: Sequence[Trial], joint: JointSpace | None) -> pd.DataFrame:
    """A row per trial: facts, `scores` (one per epoch), then a column for each decision, named by its path.

    Args:
        joint: tells what the decisions stand for; without it the columns hold the indices of options.
    """
    import pandas as pd  # only now: it takes half a second to load

    return pd.DataFrame([{**facts(trial), "scores": list(trial.scores), **decided(trial, joint)} for trial in trials])


def facts(trial: Trial) -> dict[str, Any]:
    """What every trial has, whatever its space."""
    return {**{name: getattr(trial, name) for name in NAMES}, "epochs_done": len(trial.scores)}


def curves_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """A row per epoch of every trial: `number`, `epoch` (from 1), `score`."""
    import pandas as pd

    rows = [
        (trial.number, epoch, score) for trial in trials for epoch, score in enumerate(trial.scores, start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["number", "epoch", "score"])


def decided(trial: Trial, joint: JointSpace | None) -> dict[str, Any]:
    """What each decision of a trial stands for, by path: a number or word as it is, a cell by its name."""
    taken: dict[str, Any] = dict(trial.decisions)
    if joint is None:
        return taken

    def decide(path: str, options: tuple[Any, ...]) -> int:
        index = trial.decisions[path]
        option = options[index]
        taken[path] = option if isinstance(option, int | float | str | bool) else word(option)
        return index

    with contextlib.suppress(KeyError, IndexError, SpaceError, ValueError):
        joint.resolve(decide)
    return {in_words(path): value for path, value in taken.items()}
