"""What a search leaves in MLflow, on a resume too, and that MLflow can neither stall nor end a search."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest

import nas
from nas.data.schema import Schema
from nas.errors import InputError
from nas.tracking.address import store_uri
from nas.tracking.database import connect, make_database, runs_links
from nas.tracking.judgements import judged_before
from nas.tracking.runs import PARENT, TRIAL

QUICK = {"executor": "local", "epochs": 1, "space": "mlp", "budget": "3 trials", "strategy": "random"}


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all migrations done, to be copied."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    make_database(path)
    return path


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path) -> str:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def runs_of(uri: str) -> tuple[Any, list[Any]]:
    """The parent run and its children in order of trial."""
    client, experiment = connect(uri, "nas")
    runs = client.search_runs([experiment])
    parents = [run for run in runs if run.data.tags[TRIAL] == "search"]
    assert len(parents) == 1
    children = [run for run in runs if run.data.tags.get(PARENT) == parents[0].info.run_id]
    assert len(children) == len(runs) - 1
    return parents[0], sorted(children, key=lambda run: int(run.data.tags[TRIAL]))


def artifacts(uri: str, run: Any) -> set[str]:
    client, _ = connect(uri, "nas")
    return {found.path for found in client.list_artifacts(run.info.run_id)}


def count_of_system(run: Any) -> int:
    return sum(name.startswith("system/") for name in run.data.metrics)


def check_model(uri: str, parent: Any, result: nas.SearchResult, schema: Schema) -> None:
    """The winner is a model of the run, loads without pickle in any batch size, and has its score and its data."""
    client, _ = connect(uri, "nas")
    [output] = parent.outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert str(model.status) == "READY" and model.source_run_id == parent.info.run_id
    assert model.params["cell 01"] == repr(result.best.architecture.cells[0])
    scores = {metric.key: metric for metric in model.metrics}
    assert scores["final/test_score"].value == pytest.approx(result.best.test_score)
    assert (scores["final/test_score"].dataset_name, scores["final/test_score"].dataset_digest) == (
        "digits test", schema.fingerprint
    )  # fmt: skip
    assert scores["final/validation_score"].dataset_name == "digits validation"
    code = (
        "import mlflow, numpy, sys; mlflow.set_tracking_uri(sys.argv[1]);"
        "network = mlflow.pyfunc.load_model(sys.argv[2]);"
        "held = numpy.load(sys.argv[3]);"
        "made = numpy.concatenate([network.predict(held['inputs'][a:b].astype('float32')) "
        "for a, b in ((0, 1), (1, 8))]);"
        "numpy.testing.assert_allclose(made, held['outputs'][:8], rtol=1e-4, atol=1e-4);"
        "assert not any(name.split('.')[0] in ('nas', 'search_spaces') for name in sys.modules)"
    )
    check = result.directory / "final" / "check.npz"
    done = subprocess.run(
        [sys.executable, "-c", code, uri, f"models:/{model.model_id}", str(check)],
        env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True, text=True, cwd=result.directory, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "pickle" not in done.stderr


def test_a_search_is_a_run_with_a_run_per_trial(uri: str, tmp_path: Path) -> None:
    result = nas.search("digits", directory=tmp_path / "search", tracking_uri=uri, **QUICK)
    parent, children = runs_of(uri)
    assert parent.info.status == "FINISHED"
    assert parent.data.params["space"] == "mlp" and parent.data.params["data"] == "digits"
    assert parent.data.metrics["search/best_score"] == pytest.approx(max(one.score for one in result.candidates))
    assert parent.data.metrics["final/test_score"] == pytest.approx(result.best.test_score)
    assert {
        "architecture.json",
        "best_network.svg",
        "progress.png",
        "gradient_flow.png",
        "trials.csv",
        "model",
    } <= artifacts(uri, parent)
    schema = Schema.from_json((tmp_path / "search" / "schema.json").read_text())
    used = {one.tags[0].value: one.dataset for one in parent.inputs.dataset_inputs}
    for part in ("train", "validation", "test"):
        assert (used[part].name, used[part].digest) == (f"digits {part}", schema.fingerprint)
        assert json.loads(used[part].profile)["examples"] == getattr(schema.parts, part)
    assert "schema.json" in artifacts(uri, parent)
    groups = {name.partition("/")[0] for name in parent.data.metrics}
    assert groups == {"search", "final", "system"} and len(parent.data.metrics) <= 15 + count_of_system(parent)
    assert 0 < parent.data.metrics["system/system_memory_usage_percentage"] <= 100
    assert 0 <= parent.data.metrics["system/cpu_utilization_percentage"] <= 100
    assert not any(count_of_system(child) for child in children)
    check_model(uri, parent, result, schema)
    client = mlflow.MlflowClient(uri)
    steps = [[one.step for one in client.get_metric_history(child.info.run_id, "final_score")] for child in children]
    assert any(steps) and all(one == list(range(1, len(one) + 1)) for one in steps)
    note = parent.data.tags["mlflow.note.content"]
    assert result.final.standing.headline in note
    for child, candidate in zip(children, result.candidates, strict=True):
        assert f"[{candidate.number}](#/experiments/{child.info.experiment_id}/runs/{child.info.run_id})" in note
    assert parent.data.tags["nas.kind"] == "classification" and parent.data.tags["nas.layout"] == "pictures"
    assert len(children) == 3
    for child, candidate in zip(children, result.candidates, strict=True):
        assert child.info.status == "FINISHED"
        assert child.data.metrics["validation_score"] == child.data.metrics["score"]
        assert child.data.metrics["score"] == pytest.approx(candidate.score)
        assert child.data.metrics["parameters"] == candidate.parameters
        assert len(child.data.params) == len(candidate.decisions)
    (name, search, trials), *others = runs_links(uri, "http://here")
    assert (name, others) == ("search", [])
    assert f"/runs/{parent.info.run_id}?" in search
    assert all("workflowType=machine_learning" in link for link in (search, trials))


def test_a_resumed_search_goes_on_in_the_same_runs(uri: str, tmp_path: Path) -> None:
    settings = {**QUICK, "final": False}
    nas.search("digits", directory=tmp_path / "search", tracking_uri=uri, **settings)
    client, _ = connect(uri, "nas")
    before, children = runs_of(uri)
    client.delete_run(children[1].info.run_id)  # as if tracking had missed it
    client.update_run(children[2].info.run_id, status="RUNNING")  # as a killed driver leaves it
    nas.resume(tmp_path / "search", budget="5 trials")
    after, children = runs_of(uri)
    assert after.info.run_id == before.info.run_id
    assert [child.data.tags[TRIAL] for child in children] == ["0", "1", "2", "3", "4"]
    assert {child.info.status for child in children} == {"FINISHED"}


def test_edits_stand_beside_what_a_search_began_with(uri: str, tmp_path: Path) -> None:
    class AtOnce(nas.Observer):
        def search_started(self, started: Any) -> None:
            nas.edit(started.directory, budget="+1 trials")

    settings = {**QUICK, "final": False, "budget": "1 trials"}
    nas.search("digits", directory=tmp_path / "search", tracking_uri=uri, observers=[AtOnce()], **settings)
    nas.edit(tmp_path / "search", ban=["residual"], budget="3 trials")
    nas.resume(tmp_path / "search")
    tags = runs_of(uri)[0].data.tags
    assert tags["nas.edit.1"] == "Edit 1, from trial 0 on: budget +1 trials"
    assert tags["nas.edit.2"] == "Edit 2, from trial 2 on: ban residual; budget 3 trials"


def test_what_the_predictor_was_judged_by_is_kept_over_a_resume(uri: str, tmp_path: Path) -> None:
    """The chart needs every judgement, and the driver that made the first ones is gone."""
    settings = {**QUICK, "strategy": "guided", "final": False, "space": "cnn"}
    nas.search("digits", directory=tmp_path / "search", tracking_uri=uri, **{**settings, "budget": "12 trials"})
    nas.resume(tmp_path / "search", budget="17 trials")
    parent, _ = runs_of(uri)
    client, _ = connect(uri, "nas")
    judged = judged_before(client, parent.info.run_id)
    assert [one.trainings for one in judged] == [10, 15]
    evidence = judged[-1]
    assert evidence.interval[0] <= evidence.tau <= evidence.interval[1]
    assert evidence.recall_interval[0] <= evidence.recall <= evidence.recall_interval[1]
    assert set(evidence.rivals) == set(evidence.recalls) == {"parameters", "macs"}
    assert parent.data.metrics["predictor/share"] == evidence.share
    assert "predictor_on_probation.png" in artifacts(uri, parent)


def test_a_store_that_is_out_of_reach_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "mlflow.db"
    broken.write_text("no database")
    with caplog.at_level("WARNING", logger="nas"):
        nas.search(
            "digits", directory=tmp_path / "search", tracking_uri=f"sqlite:///{broken}", **{**QUICK, "final": False}
        )
    assert sum("misses some of this search" in record.message for record in caplog.records) == 1


def test_tracking_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    nas.search("digits", directory=tmp_path / "search", tracking_uri="", **{**QUICK, "final": False})
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_several_processes_make_one_database(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=make_database, args=(path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert all(process.exitcode == 0 for process in processes)
    assert connect(f"sqlite:///{path}", "nas")[1]
    assert sorted(found.name for found in tmp_path.iterdir()) == [".mlflow.db.lock", "mlflow.db"]


def test_addresses_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert store_uri(None) == f"sqlite:///{tmp_path}/results/mlflow.db"
    assert store_uri("sqlite:///runs.db") == f"sqlite:///{tmp_path}/runs.db"
    assert store_uri("http://127.0.0.1:5000") == "http://127.0.0.1:5000"
    with pytest.raises(InputError, match=r"sqlite:///runs\.db"):
        store_uri("runs.db")
