"""A deployed search answers raw rows over HTTP, from a real server, and refuses what it cannot read."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nas
from nas.errors import InputError
from nas.tracking import deploy
from nas.tracking.database import connect, make_database


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[dict[str, Any]]]:
    """A small finished search of a table, the address of its store, and rows."""
    folder = tmp_path_factory.mktemp("flowers")
    rng = np.random.default_rng(0)
    rows = [
        {"size": round(float(x), 2), "colour": str(rng.choice(["red", "blue"])), "kind": "large" if x > 0 else "small"}
        for x in rng.normal(size=240)
    ]
    with open(folder / "flowers.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["size", "colour", "kind"])
        writer.writeheader()
        writer.writerows(rows)
    make_database(folder / "mlflow.db")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    nas.search(
        str(folder / "flowers.csv"), "mlp", "2 trials", target="kind", epochs=2, executor="local", strategy="random",
        directory=folder / "search", tracking_uri=uri, baselines=("majority",),
    )  # fmt: skip
    return folder / "search", uri, rows


@contextlib.contextmanager
def served(model: str, uri: str) -> Iterator[str]:
    """MLflow's own scoring server on a free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, *command, "--host", "127.0.0.1", "--workers", "1"],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true",
             "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
             "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None, process.stderr.read()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/ping", timeout=5):
                break
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield f"{base}/invocations"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def asked(address: str, body: Any) -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_deployed_search_answers_over_http(flowers: tuple[Path, str, list[dict[str, Any]]]) -> None:
    search, uri, rows = flowers
    made = deploy(search, "flowers", "champion", None, None)
    assert (made.version, made.before, made.store) == ("1", "", uri)
    raw = [{name: row[name] for name in ("colour", "size")} for row in rows[:5]]
    expected = nas.load_predictor(search)(raw)
    with served(made.uri, uri) as address:
        status, body = asked(address, {"inputs": raw})
        assert status == 200
        assert [one["prediction"] for one in body["predictions"]] == expected.answers
        for one, shares in zip(body["predictions"], expected.probabilities, strict=True):
            assert one["probabilities"] == pytest.approx(dict(zip(expected.names, shares, strict=True)))
        for wrong, said in (
            ({"inputs": [{"colour": "red", "sise": 1.0}]}, "sise"),
            ({"inputs": [{"colour": "red", "size": "tall"}]}, "tall"),
            ({"inputs": []}, "no rows"),
            ({"inputs": [3, 4]}, ""),
            ({"inputs": "red"}, ""),
            ({"rows": raw}, "inputs"),
            (b"{not json", "JSON"),
        ):
            status, body = asked(address, wrong)
            assert 400 <= status < 500 and said.lower() in str(body).lower(), (wrong, status, body)
        assert asked(address, {"inputs": raw})[0] == 200


def test_the_alias_moves_forward_and_back(flowers: tuple[Path, str, list[dict[str, Any]]]) -> None:
    search, uri, _ = flowers
    first, second = (deploy(search, "moved", "champion", None, None) for _ in range(2))
    assert (first.version, second.version, second.before) == ("1", "2", "1")
    back = deploy(None, "moved", "champion", uri, 1)
    assert (back.version, back.before) == ("1", "2")
    client, _ = connect(uri, "nas")
    version = client.get_model_version_by_alias("moved", "champion")
    assert version.version in ("1", 1)
    assert client.get_run(version.run_id).data.tags["nas.trial"] == "search"
    with pytest.raises(InputError, match="Its versions: 1, 2"):
        deploy(None, "moved", "champion", uri, 9)
    with pytest.raises(InputError, match="nothing is registered"):
        deploy(None, "never", "champion", uri, 1)


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a b", "a@b", "-a", "a\nb", "é", "a" * 300])
def test_bad_names_are_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    for names in ((name, "champion"), ("good", name or "v3")):
        with pytest.raises(InputError, match=r"--(name|alias)"):
            deploy(tmp_path, *names, f"sqlite:///{tmp_path / 'x.db'}", None)
    assert not list(tmp_path.iterdir())


def test_what_has_no_winner_is_refused(tmp_path: Path) -> None:
    nas.search(
        "digits", "mlp", "1 trials", epochs=1, executor="local", strategy="random", directory=tmp_path / "search",
        tracking_uri="", final=False,
    )  # fmt: skip
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    with pytest.raises(InputError, match="no exported winner"):
        deploy(tmp_path / "search", "digits", "champion", uri, None)
    with pytest.raises(InputError, match="neither a search nor an export"):
        deploy(tmp_path / "nothing", "digits", "champion", uri, None)
    assert not (tmp_path / "x.db").exists()


def test_a_store_that_is_down_is_named(flowers: tuple[Path, str, list[dict[str, Any]]]) -> None:
    search, _, _ = flowers
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(InputError, match=f"MLflow at {address} cannot be used"):
        deploy(search, "flowers", "champion", address, None)
