"""`nas track`: a search is written into another store, once, and says what stands in the way."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path
from typing import Any

import pytest

import nas
from nas.errors import InputError
from nas.report.search_result import SearchResult
from nas.tracking import record
from nas.tracking.database import connect, make_database
from nas.tracking.runs import PARENT, TRIAL

QUICK = {
    "executor": "local",
    "epochs": 2,
    "space": "mlp",
    "strategy": "random",
    "baselines": ("majority",),
    "ensemble": "off",
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search that was tracked nowhere."""
    directory = tmp_path_factory.mktemp("searched") / "search"
    nas.search("digits", budget="3 trials", directory=directory, tracking_uri="", **QUICK)
    return directory


@pytest.fixture
def uri(tmp_path: Path) -> str:
    make_database(tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def written(opened: SearchResult, uri: str | None) -> bool:
    assert opened.stored is not None
    return record(opened, opened.stored, uri)[1]


def all_of(uri: str) -> tuple[Any, list[Any]]:
    client, experiment = connect(uri, "nas")
    runs = client.search_runs([experiment])
    [parent] = [run for run in runs if run.data.tags[TRIAL] == "search"]
    children = [run for run in runs if run.data.tags.get(PARENT) == parent.info.run_id]
    assert len(runs) == 1 + len(children)
    return parent, sorted(children, key=lambda run: int(run.data.tags[TRIAL]))


def test_a_search_is_written_once(searched: Path, uri: str) -> None:
    before = {path: path.read_bytes() for path in searched.rglob("*.json")}
    opened = nas.open(searched)
    assert written(opened, uri)
    parent, children = all_of(uri)
    assert parent.info.status == "FINISHED" and len(children) == 3
    best = max(trial.score for trial in opened.candidates if trial.usable)
    assert parent.data.metrics["search/best_score"] == pytest.approx(best)
    assert parent.data.metrics["final/test_score"] == pytest.approx(opened.best.test_score)
    client, _ = connect(uri, "nas")
    for child, trial in zip(children, opened.candidates, strict=True):
        history = client.get_metric_history(child.info.run_id, "score")
        assert [(point.step, point.value) for point in history] == list(enumerate(trial.scores, start=1))
    [output] = parent.outputs.model_outputs
    assert client.get_logged_model(output.model_id).source_run_id == parent.info.run_id
    assert not written(nas.open(searched), uri)
    again, same = all_of(uri)
    assert again.to_dictionary() == parent.to_dictionary()
    assert [one.to_dictionary() for one in same] == [one.to_dictionary() for one in children]
    assert before == {path: path.read_bytes() for path in searched.rglob("*.json")}


def test_what_came_since_is_added(tmp_path: Path, uri: str) -> None:
    directory = tmp_path / "search"
    nas.search("digits", budget="2 trials", directory=directory, tracking_uri="", final=False, **QUICK)
    assert written(nas.open(directory), uri)
    nas.resume(directory, budget="4 trials")
    assert written(nas.open(directory), uri)
    parent, children = all_of(uri)
    assert [child.data.tags[TRIAL] for child in children] == ["0", "1", "2", "3"]
    assert {child.info.status for child in children} == {"FINISHED"} and parent.info.status == "FINISHED"
    assert not written(nas.open(directory), uri)


class Refusing(http.server.BaseHTTPRequestHandler):
    """Asks for a password, as MLflow's basic authentication does."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()
        self.wfile.write(b"You are not authenticated. Please see documentation.")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_a_server_that_asks_for_a_password_is_named(searched: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with pytest.raises(InputError, match="asks for a user and a password"):
                written(nas.open(searched), f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()


def test_a_file_that_is_no_store_is_named(searched: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("no database")
    with pytest.raises(InputError, match="cannot be used"):
        written(nas.open(searched), f"sqlite:///{tmp_path / 'notes.db'}")
    with pytest.raises(InputError, match="must begin with one of"):
        written(nas.open(searched), "nowhere")
