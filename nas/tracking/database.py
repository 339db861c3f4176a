"""MLflow's store: its client, its database, and the way into its UI."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nas.tracking.address import ARTIFACTS, database_of
from nas.tracking.runs import PARENT, TRIAL

TRAINING = {"workflowType": "machine_learning"}  # else the UI opens on its pages for language models
LINKS = 3
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines a trial in the midst of the progress
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def connect(uri: str, experiment: str) -> tuple[Any, str]:
    """A client and the id of the experiment, both made if need be."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):  # not before: its import sets them
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # a store that is down is said once, not at every retry

    database = database_of(uri)
    if database is not None:
        make_database(database)
    client = MlflowClient(uri)
    with _locked(database):
        found = client.get_experiment_by_name(experiment)
        if found is not None:
            if found.lifecycle_stage != "active":
                client.restore_experiment(found.experiment_id)
            return client, str(found.experiment_id)
        artifacts = (database.parent / ARTIFACTS / experiment).as_uri() if database is not None else None
        return client, str(client.create_experiment(experiment, artifact_location=artifacts))


def make_database(path: Path) -> None:
    """Makes MLflow's database where there is none.

    Migrations that are cut short or run twice break one for good: they run in a file of another name, under a lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        if path.exists():
            return
        from mlflow import MlflowClient

        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        try:
            MlflowClient(f"sqlite:///{part}").search_experiments()
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


def identity(uri: str) -> tuple[int, int] | None:
    """Tells one database file from another that has taken its place; None for a server, and where there is no file."""
    path = database_of(uri)
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def forget(client: Any) -> None:
    """Closes a client's connections: one to a file that was deleted would go on writing into nothing."""
    store = getattr(getattr(client, "_tracking_client", None), "store", None)
    engine = getattr(store, "engine", None)  # of MLflow's SQL store; it has no public way
    if engine is not None:
        engine.dispose()


@contextlib.contextmanager
def _locked(path: Path | None) -> Iterator[None]:
    if path is None:
        yield
        return
    with open(path.with_name(f".{path.name}.lock"), "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def runs_links(uri: str, base: str) -> list[tuple[str, str, str]]:
    """Name of each search, newest first, the address of its run, and that of its trials with the best on top.

    Args:
        base: address of the UI, e.g. `http://127.0.0.1:5000`.
    """
    from urllib.parse import urlencode

    from mlflow import MlflowClient

    client = MlflowClient(uri)
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    newest = ["attributes.start_time desc"]
    found = client.search_runs(ids, f"tags.`{TRIAL}` = 'search'", order_by=newest, max_results=LINKS)
    links = []
    for run in found:
        view = {
            **TRAINING,
            "searchFilter": f"tags.`{PARENT}` = '{run.info.run_id}'",
            "orderByKey": "metrics.`validation_score`",  # trials are listed flat only where they are sorted by a metric
            "orderByAsc": "false",
            "compareRunsMode": "CHART",
        }
        folder = f"{base}/#/experiments/{run.info.experiment_id}/runs"
        search = f"{folder}/{run.info.run_id}?{urlencode(TRAINING)}"
        links.append((str(run.info.run_name), search, f"{folder}?{urlencode(view)}"))
    return links
