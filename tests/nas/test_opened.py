"""A search of a script is open afterwards, from another process and folder, with the script's own block in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nas
from nas.errors import InputError
from nas.journal.directory import claimed
from nas.setup.changed_code import BEFORE, CODE, changed_code

SCRIPT = Path(__file__).with_name("own_script.py")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a search that a script made, in a folder of its own."""
    folder = tmp_path_factory.mktemp("person")
    shutil.copy(SCRIPT, folder / "mine.py")
    done = subprocess.run(
        [sys.executable, "mine.py", str(folder / "run")], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_what_a_script_searched_is_read_in_another_process(searched: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(searched, tmp_path / "moved")
    found = nas.open(moved)
    assert found.exported is not None and found.final is not None
    table = found.trials
    assert set(table["1.width"]) <= {8, 16} and set(table["1.act"]) <= {"ReLU", "GELU"}
    assert [len(scores) for scores in table["scores"]] == [1, 1]
    assert list(found.curves.columns) == ["number", "epoch", "score"] and len(found.curves) == 2
    assert len(found.front) >= 1
    assert found.network()(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    assert found.space is not None and len(found.space.space.rules) == 2
    [other] = {0, 1} - {found.final.winner.trial.number}
    made = found.export(tmp_path / "out", trial=other)
    assert "class Block" in (made / "model.py").read_text()
    assert nas.load(moved)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    trained = found.continue_training(epochs=1)
    assert not trained.training


def test_it_is_resumed_from_what_it_keeps(searched: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(searched, tmp_path / "moved")
    (moved / "final").rename(moved / "final-old")
    assert len(nas.resume(moved, budget="3 trials").candidates) == 3


def test_changed_code_is_named_and_accepted_only_when_asked(searched: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(searched, tmp_path / "moved")
    assert changed_code(moved) == ""
    script = searched.parent / "mine.py"
    text = script.read_text()
    script.write_text(text.replace("act())", "act(), nn.Dropout(0.1))"))
    try:
        with pytest.raises(InputError, match=r"(?s)accept-changed-code.*\+.*nn\.Dropout"):
            nas.resume(moved, budget="3 trials")
        found = nas.resume(moved, budget="3 trials", accept_changed_code=True)
        marks = [trial.attributes.get(CODE) for trial in found.candidates]
        assert marks == [BEFORE, BEFORE, None]
        assert found.exported is not None and "Dropout" in (found.exported / "model.py").read_text()
        assert changed_code(moved) == "" and (moved / "space-before-1").is_dir()
    finally:
        script.write_text(text)


def test_searches_that_begin_at_once_get_a_directory_each(tmp_path: Path) -> None:
    made = {claimed(tmp_path / "space-data-20260101-000000") for _ in range(3)}
    assert len(made) == 3 and all(path.is_dir() for path in made)
