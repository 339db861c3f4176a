"""MLflow's store locked, deleted or read-only in mid-search: the search goes on, says so, and the store catches up."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spaces
from drivers import DRIVE

import nas
from nas.journal import journal as journals
from nas.tracking import tracker
from nas.tracking.database import connect, make_database
from nas.tracking.runs import PARENT, TRIAL

pytestmark = pytest.mark.faults
TRIALS = 12
QUICK = {"executor": "local", "final": False, "epochs": 2, "strategy": "random"}
DROP, DAC_OVERRIDE = 24, 1  # of prctl(2) and capabilities(7): root writes everywhere by this capability


@pytest.fixture(scope="module")
def ready(tmp_path_factory) -> Path:
    """A database with all migrations done."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    make_database(path)
    return path


class Meddler(nas.Observer):
    """Does `harm` after three trials, waits until MLflow has noticed, and does `good` three trials later."""

    def __init__(self, harm, good=lambda: None) -> None:
        self.harm, self.good, self.ended = harm, good, 0

    def trial_ended(self, candidate) -> None:
        self.ended += 1
        if self.ended == 3:
            self.harm()
        if self.ended == 4:
            time.sleep(1.0)
        if self.ended == 6:
            self.good()


def search(folder: Path, uri: str, observer: nas.Observer) -> nas.SearchResult:
    budget, place = f"{TRIALS} trials", folder / "search"
    observers = [observer]
    return nas.search("digits", spaces.small(), budget, directory=place, tracking_uri=uri, observers=observers, **QUICK)


def tracked(uri: str) -> dict[int, float]:
    """Score by trial, as MLflow has it."""
    client, experiment = connect(uri, "nas")
    runs = [run for run in client.search_runs([experiment], max_results=1000) if PARENT in run.data.tags]
    assert {run.info.status for run in runs} == {"FINISHED"}
    return {int(run.data.tags[TRIAL]): run.data.metrics["validation_score"] for run in runs}


def expected(result: nas.SearchResult) -> dict[int, float]:
    return {one.number: pytest.approx(one.score) for one in result.candidates if one.usable}


def test_a_locked_store_is_filled_in_when_it_is_free_again(ready, tmp_path, caplog, monkeypatch, injected) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    path = tmp_path / "mlflow.db"
    path.write_bytes(ready.read_bytes())
    monkeypatch.setattr(tracker, "AGAIN", 0.0)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def impatient(connection, cursor, statement, parameters, *_):  # a fifth of a second instead of MLflow's 20
        return statement.replace("busy_timeout = 20000", "busy_timeout = 200"), parameters

    def lock() -> None:
        holder.stdin.write(b"lock\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"locked\n"

    event.listen(Engine, "before_cursor_execute", impatient, retval=True)
    try:
        result = search(tmp_path, f"sqlite:///{path}", Meddler(lock, holder.kill))
    finally:
        event.remove(Engine, "before_cursor_execute", impatient)
        holder.kill()
        holder.wait()
    assert tracked(f"sqlite:///{path}") == expected(result)
    said = " ".join(caplog.messages)
    assert "misses some of this search" in said
    assert "written again" in said
    injected("MLflow's store locked by another process", outcome="search went on; store caught up")


HOLD = """
import sqlite3, sys
sys.stdin.readline()
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("begin exclusive")
print("locked", flush=True)
sys.stdin.readline()
"""


def test_a_store_that_is_deleted_is_made_anew_and_filled_in(ready, tmp_path, injected) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(ready.read_bytes())
    result = search(tmp_path, f"sqlite:///{path}", Meddler(path.unlink))
    assert tracked(f"sqlite:///{path}") == expected(result)
    injected("MLflow's store deleted in mid-search", outcome="made anew and filled in")


def without_rights() -> None:
    """Before a program starts: from then on a directory's mode holds for root as well."""
    ctypes.CDLL(None).prctl(DROP, DAC_OVERRIDE, 0, 0, 0)


@contextlib.contextmanager
def read_only(folder: Path):
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)


def drive(place: Path, **settings) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DRIVE), "search", str(place), json.dumps({"budget": "4 trials", **QUICK, **settings})],
        capture_output=True,
        text=True,
        preexec_fn=without_rights,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )


def test_a_read_only_place_for_mlflow_costs_a_warning(tmp_path, injected) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    with read_only(closed):
        done = drive(tmp_path / "search", tracking_uri=f"sqlite:///{closed / 'mlflow.db'}")
    assert done.returncode == 0, done.stderr
    assert "misses some of this search" in done.stderr
    assert len(journals.read(tmp_path / "search").trials) == 4
    assert not list(closed.iterdir())
    injected("read-only folder for MLflow", outcome="search went on, with a warning")


def test_a_read_only_place_for_the_search_is_refused(tmp_path, injected) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    with read_only(closed):
        (tmp_path / "closed.events").touch()
        done = drive(closed)
    assert done.returncode != 0
    assert "A search cannot be kept in" in done.stderr
    assert not list(closed.iterdir())
    injected("read-only folder for the search", outcome="refused before anything began")
