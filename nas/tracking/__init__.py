"""MLflow, which is imported here and nowhere else. Written by the driver only, from one thread of its own.

Tracking is a view of the journal. It never stalls a search (events are queued), never ends one (every failure is caught
and reported once), and can be written again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nas.config.search_config import SearchConfig
from nas.driver.events import Observer
from nas.errors import InputError
from nas.journal.directory import FILE
from nas.journal.journal import read
from nas.tracking.address import store_uri

if TYPE_CHECKING:
    from nas.records.results import SearchOutcome
    from nas.setup.stored_search import StoredSearch
    from nas.tracking.registry import Deployed

EXPERIMENT = SearchConfig.__dataclass_fields__["experiment"].default  # where nothing says another


def track(config: SearchConfig, remember: Callable[[str, int | None], None]) -> Observer:
    """The observer that writes a search to MLflow; `remember` writes the runs' names into the journal."""
    from nas.tracking.tracker import MlflowTracker

    return MlflowTracker(store_uri(config.tracking_uri), config.experiment, remember)


def record(outcome: SearchOutcome, stored: StoredSearch, tracking_uri: str | None) -> tuple[str, bool]:
    """Writes a search into a store: its address, and whether anything was missing there. See `write_again`.

    Args:
        tracking_uri: by default that of the search.
    """
    from nas.tracking.write_again import write_again

    uri = store_uri(tracking_uri if tracking_uri is not None else stored.config.tracking_uri or None)
    return uri, write_again(outcome, stored, uri)


def attach(path: Path, outcome: SearchOutcome, stored: StoredSearch) -> None:
    """A file as an artifact of the search's run, in the store that it wrote into; nothing where it wrote to none.

    Raises:
        InputError: the store cannot be reached.
    """
    config = stored.config
    if config.tracking_uri == "" or stored.space is None:
        return
    from nas.tracking.database import connect
    from nas.tracking.registry import reached
    from nas.tracking.runs import parent_of
    from nas.tracking.write_again import started_of

    uri = store_uri(config.tracking_uri)
    with reached(uri):
        client, experiment = connect(uri, config.experiment)
        run = parent_of(client, experiment, started_of(outcome, stored))
        if run is not None:
            client.log_artifact(run.info.run_id, str(path))


def deploy(directory: Path | None, name: str, alias: str, tracking_uri: str | None, version: int | None) -> Deployed:
    """Registers the export of a search, or an export, for serving, or moves the alias to a version that there is.

    Args:
        tracking_uri: by default the store of the search.
        version: instead of `directory`.

    Raises:
        InputError: bad names, no winner, no such version, or a store that cannot be reached.
    """
    from nas.tracking import registry

    if (directory is None) == (version is None):
        raise InputError(
            "Name the directory of a search or an export, or a `--version` that was deployed: one of them."
        )
    registry.check_names(name, alias)
    config = _config_of(directory)
    uri = store_uri(tracking_uri if tracking_uri is not None or config is None else config.tracking_uri or None)
    experiment = config.experiment if config is not None else EXPERIMENT
    if directory is not None:
        return registry.deploy(directory, name, alias, uri, experiment)
    return registry.move_alias(name, alias, str(version), uri, experiment)


def export_in_registry(name: str, alias: str, tracking_uri: str | None, folder: Path) -> tuple[Path, str]:
    """The export behind an alias, copied into `folder`, and its version.

    Raises:
        InputError: nothing is registered so, or a store that cannot be reached.
    """
    from nas.tracking.registry import fetched

    return fetched(name, alias, store_uri(tracking_uri), EXPERIMENT, folder)


def _config_of(directory: Path | None) -> SearchConfig | None:
    if directory is None or not (directory / FILE).is_file():
        return None
    return SearchConfig.from_json(read(directory).header.config)


def serve(tracking_uri: str | None, port: int, say: Callable[[str], None]) -> None:
    """Runs MLflow's UI on this machine until Ctrl-C."""
    from nas.tracking.serve import run_server

    run_server(store_uri(tracking_uri), port, say)
