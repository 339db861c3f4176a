"""A search that lies in a directory, written into a store of MLflow: what was tracked elsewhere, or not at all.

For machines without a way to a server: search there, carry the directory home, write its runs there.
"""

from __future__ import annotations

from typing import Any

from nas.data.schema import FILE, Schema
from nas.driver.events import SearchStarted
from nas.errors import InputError
from nas.records.results import SearchOutcome
from nas.report.page import write_page
from nas.setup.stored_search import StoredSearch
from nas.tracking.address import store_uri
from nas.tracking.database import connect
from nas.tracking.registry import reached
from nas.tracking.runs import WRITTEN, Runs, parent_of, written


def write_again(outcome: SearchOutcome, stored: StoredSearch, uri: str) -> bool:
    """Writes what the store does not hold yet, and says whether there was anything.

    Args:
        outcome: of the search, ended or running. stored: what its journal says.
        uri: of the store, absolute.

    Raises:
        InputError: the search itself writes there now, its space cannot be had, or the store cannot be used.
    """
    config, ended = stored.config, bool(stored.record.ended)
    if stored.space is None:
        raise InputError(f"The networks of this search cannot be named: {stored.missing}")
    if not ended and config.tracking_uri != "" and store_uri(config.tracking_uri) == uri:
        raise InputError(
            f"The search in {outcome.directory} has not ended, and writes into {uri} itself. Look at it by `nas ui`, "
            f"go on with it by `nas resume {outcome.directory}`, or name another store with `--tracking-uri`."
        )
    started = started_of(outcome, stored)
    with reached(uri):
        client, experiment = connect(uri, config.experiment)
        found = parent_of(client, experiment, started)
        if found is not None and found.data.tags.get(WRITTEN) == written(outcome.ended, stored.trials):
            return False
        judged = found is not None and "nas.winner" in found.data.tags
        _write(Runs(client, experiment, started, lambda run, number: None), outcome, stored, ended, judged)
    return True


def _write(runs: Runs, outcome: SearchOutcome, stored: StoredSearch, ended: bool, judged: bool) -> None:
    runs.take_up(stored.trials)
    if not judged:
        if outcome.final is not None:
            runs.judge(outcome.final)
        runs.progress(stored.trials)
    if ended:
        best = outcome.best if any(trial.usable for trial in stored.trials) else None
        runs.close(outcome, best, stored.trials, [])
        page = write_page(stored, outcome)
        runs.client.log_artifact(runs.parent, str(page))
        return
    runs.describe(stored.trials, outcome.final)
    runs.tag(runs.parent, {WRITTEN: written(outcome.ended, stored.trials)})


def started_of(outcome: SearchOutcome, stored: StoredSearch) -> SearchStarted:
    """What was told when the search began."""
    header: Any = stored.record.header
    schema = outcome.directory / FILE
    assert stored.space is not None  # noqa: S101 - for the type checker
    return SearchStarted(
        directory=outcome.directory,
        config=stored.config,
        space=stored.space.space,
        dataset=header.dataset,
        fingerprint=header.fingerprint,
        task=stored.task,
        schema=Schema.from_json(schema.read_text(encoding="utf-8")) if schema.is_file() else None,
        resumed=True,
        trials=stored.trials,
    )
