"""`nas.edit` and `nas.stop`: a search that is changed, or ended, from outside; while it runs, or before it goes on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nas.config.edit import NOW, SOON, Edit
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal.journal import Journal, add_edit, is_running
from nas.records.problem import Problem
from nas.setup.problem import limited
from nas.setup.steering import Steering, narrowed
from nas.setup.stored_search import StoredSearch, stored_search
from search_spaces.errors import SpaceError


def edit(
    directory: str | Path,
    *,
    ban: Sequence[str] = (),
    pin: Sequence[str] = (),
    clear: bool = False,
    budget: str = "",
    stop_at: float | str = "",
    patience_trials: int | str = "",
) -> str:
    """Changes a search from now on; what came of it, in words.

    Trials of before stay, and teach the predictor. Those that are ruled out cannot win, and are not trained on.

    Args:
        directory: of the search. One that runs takes the change up before its next training; one that does not has it
            when it is resumed.
        ban: cells (`Transformer`) or values (`conv.kernel=7`) that no network may have any more.
        pin: values that places must have, e.g. `stem.width=32`; see `search_spaces.narrow` for how places are named.
        clear: free what was banned and pinned before.
        budget: a new one, or more of the old one: `+1h`, `+50 trials`.
        stop_at, patience_trials: see `SearchConfig`; `"none"` takes a goal away.

    Raises:
        InputError, SpaceError: a change that cannot be; nothing has been changed.
    """
    asked = Edit(
        ban=_texts("ban", ban),
        pin=_texts("pin", pin),
        clear=clear,
        budget=budget.strip(),
        stop_at=str(stop_at),
        patience_trials=str(patience_trials),
    )
    if not asked.words:
        raise InputError("An edit must change something: `--ban`, `--pin`, `--clear`, `--budget`, `--stop-at`, …")
    directory = Path(directory).absolute()
    seen = stored_search(directory)
    config, out = _tried(seen, asked)
    if is_running(directory):
        number = add_edit(directory, asked).number
        when = "the search that runs takes it up before its next training"
    else:
        number = _written(directory, seen, asked)
        when = f"go on by `nas resume {directory}`"
    told = f"{out} of {len(seen.trials)} trials so far are out; they still teach the predictor. " if out else ""
    whole = f" (budget {config.budget})" if asked.budget else ""
    return f"Edit {number}: {asked.words}{whole}. {told}{when[0].upper()}{when[1:]}."


def stop(directory: str | Path, *, now: bool = False) -> str:
    """Ends the search phase of a search that runs; what will happen, in words.

    Args:
        now: as Ctrl-C: it ends with the best so far, without a full final; in the final, after the epoch in training.
            Else the search phase alone ends, and its full final follows.

    Raises:
        InputError: no search, or one that nobody runs.
    """
    directory = Path(directory).absolute()
    stored = stored_search(directory)
    if not is_running(directory):
        ended = f"It has ended ({stored.record.ended})" if stored.record.ended else "It was interrupted"
        raise InputError(f"No process runs the search in {directory}. {ended}: there is nothing to stop.")
    add_edit(directory, Edit(stop=NOW if now else SOON))
    if now:
        return "The search ends with its best so far after the epoch in training, as by Ctrl-C."
    return "The search phase ends after the epochs in training; the final follows. `--now` ends without it."


def _tried(seen: StoredSearch, asked: Edit) -> tuple[SearchConfig, int]:
    """The question after the edit and all before it, and how many trials are out by it.

    Raises:
        InputError, SpaceError: it cannot be.
    """
    config = seen.config
    waiting = [one for one in seen.record.edits if one.trial is None and not one.stop]
    for one in [*waiting, asked]:
        config = one.applied(config, seen.task.metric)
    if not (asked.ban or asked.pin or asked.clear):
        return config, 0
    if seen.space is None:
        raise SpaceError(f"What is banned and pinned needs the space: {seen.missing}")
    joint = narrowed(seen.space, [*seen.record.edits, asked])
    limits = replace(joint, space=limited(joint.space, config, seen.task))
    limits.sample(random.Random(config.seed))  # raises where nothing is left that obeys the rules
    return config, sum(not joint.permits(trial.decisions) for trial in seen.trials)


def _written(directory: Path, seen: StoredSearch, asked: Edit) -> int:
    """The edit taken up at once, in a search that nobody runs."""
    with Journal.open(directory) as journal:
        number = add_edit(directory, asked).number
        if seen.space is not None:
            Steering(journal, seen.config, Problem(seen.space)).taken_up()
        journal.unend()
        return number


def _texts(name: str, values: Sequence[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        values = (values,)
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise InputError(f"`{name}` must be a list of texts, got {list(values)!r}.")
    return tuple(value.strip() for value in values)
