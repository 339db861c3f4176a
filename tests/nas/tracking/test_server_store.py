"""A store behind MLflow's own server, which keeps the artifacts too: written there, and deployed from there."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import nas
from nas.tracking import deploy, record
from nas.tracking.database import connect, make_database
from nas.tracking.serve import SERVER


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """`mlflow server` on a free port of the loopback address."""
    make_database(folder / "mlflow.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
            "--artifacts-destination", str(folder / "files"),
        ],
        env={**os.environ, **SERVER}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        cwd=folder,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None and time.monotonic() < deadline
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_a_search_is_written_to_a_server_and_deployed_from_it(tmp_path: Path) -> None:
    search = tmp_path / "search"
    nas.search(
        "digits", "mlp", "2 trials", epochs=1, executor="local", strategy="random", directory=search, tracking_uri="",
        baselines=("majority",),
    )  # fmt: skip
    with server(tmp_path) as uri:
        for expected in (True, False):
            opened = nas.open(search)
            assert record(opened, opened.stored, uri)[1] is expected
        made = deploy(search, "digits", "champion", uri, None)
        client, _ = connect(uri, "nas")
        version = client.get_model_version_by_alias("digits", "champion")
        assert str(version.version) == made.version and client.get_run(version.run_id).info.status == "FINISHED"
        kept = {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}
        assert {"predict.py", "served_model.py", "weights.pt", "MLmodel", "architecture.json"} <= kept
