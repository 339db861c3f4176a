"""The command line as a person uses it: what it prints, how it ends, and that bad input leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import nas

REPO = Path(__file__).parents[3]


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """A folder with archives that break a rule each."""
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 8, 8)), np.arange(40) % 2
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez(folder / "keys.npz", first=x, second=x[:, 0])
    np.savez(folder / "lengths.npz", x_train=x, y_train=y[:-1])
    np.savez(folder / "nan.npz", x_train=np.where(x > 0.99, np.nan, x), y_train=y)
    np.savez(folder / "one.npz", x_train=x, y_train=y * 0)
    (folder / "empty").mkdir()
    (folder / "broken" / "cat").mkdir(parents=True)
    (folder / "broken" / "cat" / "tom.png").write_bytes(b"no picture")
    return folder


BAD = {
    "unknown data": (["search", "digitz"], "Unknown data 'digitz'"),
    "unknown space": (["search", "digits", "--space", "hybird"], "Did you mean 'hybrid'"),
    "unknown strategy": (["search", "digits", "--strategy", "guide"], "Did you mean 'guided'"),
    "unknown predictor": (["search", "digits", "--predictor", "oracle"], "Unknown predictor 'oracle'"),
    "budget without unit": (["search", "digits", "--budget", "10 bananas"], "10 bananas"),
    "no budget": (["search", "digits", "--budget", "0m"], "0m"),
    "a rule nobody obeys": (["search", "digits", "--space", "mlp", "--max-parameters", "10"], "closest"),
    "a latency that is no time": (["search", "digits", "--max-latency", "2 bananas"], "2ms"),
    "an unknown recipe": (["search", "digits", "--recipe", "optimiser=sgd"], "Did you mean 'optimizer'"),
    "an impossible recipe": (["search", "digits", "--recipe", "label_smoothing=3"], "label_smoothing"),
    "fp16 on the CPU": (
        ["search", "digits", "--recipe", "precision=fp16", "--gpus-per-trial", "0", "--executor", "local"],
        "fp16 needs CUDA",
    ),
    "keys": (["search", "data/keys.npz"], "x_train"),
    "lengths": (["search", "data/lengths.npz"], "40"),
    "nan": (["search", "data/nan.npz"], "NaN"),
    "one class": (["search", "data/one.npz"], "class"),
    "no pictures": (["search", "data/empty"], "no pictures"),
    "unreadable picture": (["search", "data/broken"], "tom.png"),
    "show nothing": (["show", "nowhere"], "no search"),
    "export nothing": (["export", "nowhere", "out"], "no search"),
    "resume nothing": (["resume", "nowhere"], "no search"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_with_2_and_one_message_and_leaves_nothing(case: str, archives: Path) -> None:
    words, expected = BAD[case]
    before = sorted(archives.parent.rglob("*"))
    done = nas(*words, cwd=archives.parent)
    assert done.code == 2, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 or "Usage" in done.stderr
    assert sorted(archives.parent.rglob("*")) == before


def test_a_search_from_data_to_a_network_that_needs_nothing_of_ours(tmp_path: Path) -> None:
    search = ["search", "digits", "--space", "mlp", "--budget", "3 trials", "--epochs", "2", "--executor", "local"]
    done = nas(*search, "--directory", "s", "--tracking-uri", "", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert "Exported and verified" in done.stdout
    shown = nas("show", "s", "--optuna", "sqlite:///optuna.db", cwd=tmp_path)
    assert "3 trials" in shown.stdout, shown.stderr
    assert (tmp_path / "optuna.db").exists()
    copied = nas("export", "s", "model", cwd=tmp_path)
    assert copied.code == 0, copied.stderr
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "model.py", "weights.pt", "architecture.json", "card.md", "schema.json", "preprocess.json", "predict.py",
        "requirements.txt", "model.safetensors", "Dockerfile",
    }  # fmt: skip
    again = nas("export", "s", "model", cwd=tmp_path)
    assert again.code == 2
    assert "exists already" in again.stderr
    twice = nas(*search, "--directory", "s", "--tracking-uri", "", cwd=tmp_path)
    assert twice.code == 2
    assert "nas resume" in twice.stderr


def test_a_process_ends_with_2_and_the_message_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nas.cli.main", "search", "digits", "--budget", "10 bananas"]
    environment = {"PYTHONPATH": str(REPO), "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 2
    assert "10 bananas" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_teaches_without_loading_torch() -> None:
    code = (
        "import sys, nas.cli.main; sys.exit('torch' in sys.modules or 'ray' in sys.modules or 'mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0
    done = nas("search", "--help", cwd=REPO)
    assert "nas search digits --budget 3m" in done.stdout
