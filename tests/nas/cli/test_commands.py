"""`nas show`, `inspect` and `export` on a real search, and Ctrl-C: for a person who looks again, or stops early."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import run

import nas
import nas.data
from nas.errors import InputError
from nas.final.record import final_record
from nas.journal import journal as journals
from nas.records.trial import COMPLETED, FAILED, STOPPED

REPO = Path(__file__).parents[3]
SEARCH = ["search", "digits", "--space", "mlp", "--executor", "local", "--epochs", "2", "--tracking-uri", ""]


def begin(*words: str, cwd: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPO), "COLUMNS": "120", "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "nas.cli.main", *words], cwd=cwd, env=environment, stdout=pipe, stderr=pipe, text=True
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a search lies in `s`, with its final and its export."""
    folder = tmp_path_factory.mktemp("commands")
    run(*SEARCH, "--budget", "6 trials", "--objective", "parameters", "--directory", "s", cwd=folder)
    return folder


def test_show_draws_the_trial_that_was_asked_for(folder: Path) -> None:
    rows = journals.read(folder / "s").trials
    assert f"Trial {rows[2].number}, {rows[2].parameters:,} parameters" in run("show", "s", "--trial", "2", cwd=folder)
    best = run("show", "s", cwd=folder)
    assert "Pareto front: validation accuracy against parameters" in best
    assert len(re.findall(r"^Trial \d+, ", best, re.MULTILINE)) == 1
    assert "no trial 99 in this search: its trials are 0 to 5" in run("show", "s", "--trial", "99", cwd=folder, code=2)


def test_inspect_writes_drawings_of_samples(tmp_path: Path) -> None:
    said = run("inspect", "mlp", "--samples", "50", "--render", "2", cwd=tmp_path)
    drawings = sorted((tmp_path / "results" / "drawings").iterdir())
    assert [path.name for path in drawings] == ["mlp-0.svg", "mlp-1.svg"]
    assert all(path.read_text().startswith("<svg") and "Flatten" in path.read_text() for path in drawings)
    assert said.count("Drew results/drawings/mlp-") == 2


def test_an_ensemble_of_the_finals_best_is_one_network(folder: Path) -> None:
    import torch

    said = run("export", "s", "both", "--ensemble", "2", cwd=folder)
    assert "Exported and verified" in said
    network = nas.load(folder / "both")
    assert network(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert "2 networks" in (folder / "both" / "card.md").read_text()
    test = nas.data.load("digits").test
    said = nas.load_predictor(folder / "both")(test.open_rows())
    np.testing.assert_allclose(said.outputs, network(torch.from_numpy(test.open().inputs)).detach(), atol=1e-5)
    count = len(final_record(folder / "s")["runs"])
    assert f"2 to {count} members" in run("export", "s", "many", "--ensemble", "9", cwd=folder, code=2)
    assert not (folder / "many").exists()


def test_formats_are_exported_and_what_was_proved_is_said(folder: Path) -> None:
    before = set(folder.iterdir())
    said = run("export", "s", "formats", "--format", "hf, pt2", "--merge-normalisation", cwd=folder)
    assert "model.pt2: batches of 1 and 5: within" in said and "huggingface: batches of 1 and 5" in said
    assert "nothing is merged" in said  # a space without convolutions
    card = (folder / "formats" / "card.md").read_text()
    assert "| `model.pt2` |" in card and "| `huggingface` |" in card
    assert {path.name for path in folder.iterdir()} == {path.name for path in before} | {"formats"}
    wrong = run("export", "s", "many", "--format", "python,tflite", cwd=folder, code=2)
    assert "Unknown format 'tflite'. Known: python, pt2, onnx, int8, hf" in wrong
    assert "exists already" in run("export", "s", "formats", "--format", "pt2", cwd=folder, code=2)
    assert not (folder / "many").exists()


def test_an_ensemble_is_one_network_in_every_format(folder: Path) -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs the extra onnx")
    said = run("export", "s", "all", "--ensemble", "2", "--format", "pt2,onnx,int8,hf", cwd=folder)
    assert re.search(r"model\.int8\.onnx: .*accuracy 0\.\d+ in place of 0\.\d+ on 359 test examples, which costs", said)
    names = {"model.pt2", "model.onnx", "model.int8.onnx", "huggingface", "card.md"}
    assert names <= {path.name for path in (folder / "all").iterdir()}


def test_any_trial_can_be_exported_and_is_trained_in_full_first(folder: Path) -> None:
    final = json.loads((folder / "s" / "final" / "final.json").read_text())
    other = next(row for row in journals.read(folder / "s").trials if row.number != final["finalists"][0]["number"])
    run("export", "s", "other", "--trial", str(other.number), cwd=folder)
    written = json.loads((folder / "other" / "architecture.json").read_text())
    assert written["decisions"] == dict(other.decisions)
    assert (folder / "other" / "predict.py").is_file()
    card = (folder / "other" / "card.md").read_text()
    assert "6 epochs" in card  # the search's, three times
    assert "no trial 99" in run("export", "s", "none", "--trial", "99", cwd=folder, code=2)
    assert "cannot go together" in run("export", "s", "none", "--trial", "1", "--ensemble", "2", cwd=folder, code=2)
    assert not (folder / "none").exists()


def test_raw_rows_are_predicted_from_the_command_line(folder: Path) -> None:
    test = nas.data.load("digits").test
    inputs, labels = test.open_rows(), test.open().targets
    np.savez(folder / "new.npz", X=inputs, y=labels)
    score = final_record(folder / "s")["finalists"][0]["test_score"]
    said = run("predict", "s", "new.npz", "--out", "said.csv", cwd=folder)
    assert f"accuracy {score:.4f} on {len(labels)} rows" in said and "said.csv" in said
    rows = (folder / "said.csv").read_text().splitlines()
    assert rows[0].startswith("row,prediction,p(0),p(1)") and len(rows) == len(labels) + 1
    np.savez(folder / "other.npz", X=inputs[:, :4], y=labels)
    for words in (("s", "other.npz"), ("s", "none.npz"), ("none", "new.npz"), ("s", "new.npz", "--out", "new.npz")):
        assert run("predict", *words, cwd=folder, code=2)
    assert not (folder / "predictions.csv").exists()


def test_a_search_that_has_ended_is_not_ended_again(folder: Path) -> None:
    before = (folder / "s" / "final" / "final.json").read_bytes()
    assert "--budget" in run("resume", "s", cwd=folder, code=2)
    assert (folder / "s" / "final" / "final.json").read_bytes() == before


def test_a_search_is_shown_without_the_file_of_its_space(tmp_path: Path) -> None:
    source = "from search_spaces import Choice, Space\nfrom search_spaces.cells import Conv, Head\n"
    own = tmp_path / "own.py"
    own.write_text(source + 'mine = Space("mine", Conv(Choice(8, 16, 32, 64)), Head())\n')
    words = ["search", "digits", "--space", "own:mine", *SEARCH[4:], "--budget", "2 trials", "--directory", "s"]
    run(*words, cwd=tmp_path)
    assert "Conv" in run("show", "s", cwd=tmp_path)
    own.write_text(source + 'mine = Space("mine", Conv(Choice(8, 16)), Head())\n')
    assert "Conv" in run("show", "s", cwd=tmp_path)  # the search keeps the space that it began with
    assert "has changed since" in run("resume", "s", "--budget", "3 trials", cwd=tmp_path, code=2)
    own.unlink()
    assert "Conv" in run("show", "s", cwd=tmp_path)


def test_a_search_starts_from_another_ones_winner(folder: Path) -> None:
    more = [*SEARCH, "--budget", "2 trials", "--no-final", "--directory"]
    run(*more, "t", "--start-from", "s", "--start-from", "s/export/architecture.json", cwd=folder)
    rows = journals.read(folder / "t").trials
    assert [row.source == "given" for row in rows] == [True, False]
    winners = [row for row in journals.read(folder / "s").trials if row.fingerprint == rows[0].fingerprint]
    assert winners[0].test_score is not None
    elsewhere = [word if word != "mlp" else "cnn" for word in more]
    assert "of the space 'mlp'" in run(*elsewhere, "u", "--start-from", "s", cwd=folder, code=2)
    assert not (folder / "u").exists()


def test_a_search_learns_from_another(folder: Path) -> None:
    more = [*SEARCH, "--budget", "12 trials", "--no-final", "--directory"]
    said = run(*more, "l", "--learn-from", "s", cwd=folder)
    assert f"Beginning from 6 trainings on digits in {folder / 's'}" in said
    record = journals.read(folder / "l")
    assert "earlier" in {row.source for row in record.trials[:10]}
    (earlier,) = json.loads(record.header.config)["learn_from"]
    assert earlier["directory"] == str(folder / "s")
    elsewhere = [word if word != "mlp" else "cnn" for word in more]
    assert "a search of the same space" in run(*elsewhere, "v", "--learn-from", "s", cwd=folder, code=2)
    assert not (folder / "v").exists()


def test_ctrl_c_ends_with_an_export_and_a_resume_goes_on(tmp_path: Path) -> None:
    search = begin(*SEARCH, "--budget", "200 trials", "--directory", "s", cwd=tmp_path)
    while not ended(tmp_path / "s"):
        assert search.poll() is None, search.communicate()[1]
        time.sleep(0.05)
    search.send_signal(signal.SIGINT)
    said, errors = search.communicate(timeout=300)
    assert search.returncode == 0, errors
    assert "Traceback" not in errors
    assert "Exported and verified" in said
    assert "nas resume s" in said
    record = journals.read(tmp_path / "s")
    before = ended(tmp_path / "s")
    assert record.ended == "interrupted"
    assert 1 <= len(before) < 200
    assert (tmp_path / "s" / "export" / "model.py").is_file()

    run("resume", "s", "--budget", f"{len(record.trials) + 3} trials", cwd=tmp_path)
    after = journals.read(tmp_path / "s")
    assert after.ended == "budget"
    assert len(ended(tmp_path / "s")) == len(record.trials) + 3
    assert {number: scores for number, scores in ended(tmp_path / "s").items() if number in before} == before


def ended(search: Path) -> dict[int, tuple[float, ...]]:
    """Scores of the trials that have ended, by number; none while there is no journal yet."""
    try:
        rows = journals.read(search).trials
    except InputError:
        return {}
    return {row.number: row.scores for row in rows if row.state in (COMPLETED, STOPPED, FAILED)}
