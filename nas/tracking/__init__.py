"""MLflow, which is imported here and nowhere else. Written by the driver only, from one thread of its own.

Tracking is a view of the journal. It never stalls a search (events are queued), never ends one (every failure is caught
and reported once), and can be written again.
"""

from __future__ import annotations

from collections.abc import Callable

from nas.config.search_config import SearchConfig
from nas.driver.events import Observer
from nas.tracking.address import store_uri


def track(config: SearchConfig, remember: Callable[[str, int | None], None]) -> Observer:
    """The observer that writes a search to MLflow; `remember` writes the runs' names into the journal."""
    from nas.tracking.tracker import MlflowTracker

    return MlflowTracker(store_uri(config.tracking_uri), config.experiment, remember)


def serve(tracking_uri: str | None, port: int, say: Callable[[str], None]) -> None:
    """Runs MLflow's UI on this machine until Ctrl-C."""
    from nas.tracking.serve import run_server

    run_server(store_uri(tracking_uri), port, say)
