"""A search of a script is open afterwards, from another process and folder, with the script's own block in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nas
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal import journal as journals
from nas.journal.directory import claimed
from nas.setup.changed_code import BEFORE, CODE, changed_code, new_segment

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
        assert [edit.sentence for edit in journals.read(moved).edits] == ["Edit 1, from trial 2 on: changed code"]
    finally:
        script.write_text(text)


CODE_OF_A_PERSON = {
    "mine.py": """
from torch import nn
import sizes
from parts import helper as grown
from search_spaces import Choice, Space
from search_spaces.cells import Custom, Flatten, Head
SLOPE: float = 0.1
TABLE = {"wide": sizes.LEAST * 2}

class Base(nn.Module):
    def forward(self, x):
        return nn.functional.leaky_relu(self.body(x), SLOPE)

class Block(Base):
    def __init__(self, in_features, width):
        super().__init__()
        self.in_features, self.width = in_features, width
        self.body = nn.Linear(in_features, grown(width) + TABLE["wide"] + sizes.LEAST)

space = Space("mine", Flatten(), Custom(Block, width=Choice(4, 8)), Head())
unused = 3
""",
    "parts.py": "from sizes import FACTOR\ndef helper(width):\n    return width * FACTOR\n",
    "sizes.py": "LEAST = 2\nHALF = 1\nFACTOR = HALF + 1\n",
}
CHANGES = {  # file, old text, new text, whether the networks are others by it
    "its own class": ("mine.py", "grown(width)", "2 * grown(width)", True),
    "a class below": ("mine.py", "leaky_relu(self.body(x), SLOPE)", "relu(self.body(x))", True),
    "a constant with a type": ("mine.py", "0.1", "0.2", True),
    "a constant made of another": ("mine.py", "sizes.LEAST * 2", "sizes.LEAST * 3", True),
    "a constant by its module": ("sizes.py", "LEAST = 2", "LEAST = 3", True),
    "a helper in another file": ("parts.py", "width * FACTOR", "width + FACTOR", True),
    "a constant of a helper": ("sizes.py", "FACTOR = HALF + 1", "FACTOR = HALF + 2", True),
    "a constant behind a constant": ("sizes.py", "HALF = 1", "HALF = 3", True),
    "a comment": ("mine.py", "        super()", "        # why\n        super()", False),
    "the layout": ("parts.py", "width * FACTOR", "(width\n        * FACTOR)", False),
    "something else in the file": ("mine.py", "unused = 3", "unused = 4", False),
}


@pytest.fixture(scope="module")
def of_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a person's files, and in `run` a search of theirs that is set up."""
    folder = tmp_path_factory.mktemp("files")
    for name, text in CODE_OF_A_PERSON.items():
        (folder / name).write_text(text)
    code = "import nas; nas.search('digits', 'mine:space', '2 trials', directory='run', prepare=True, tracking_uri='')"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_makes_other_networks_is_a_change(change: str, of_files: Path) -> None:
    file, old, new, other = CHANGES[change]
    path = of_files / file
    text = path.read_text()
    assert text.count(old) == 1 and changed_code(of_files / "run") == ""
    path.write_text(text.replace(old, new))
    try:
        diff = changed_code(of_files / "run")
        assert bool(diff) == other
        assert not other or (file in diff and f"+{new.splitlines()[0]}".lstrip("+").strip() in diff)
    finally:
        path.write_text(text)


def test_what_was_kept_of_other_code_goes(tmp_path: Path) -> None:
    nas.search("digits", "mlp", "2 trials", directory=tmp_path / "s", prepare=True, tracking_uri="", known="off")
    storage = tmp_path / "s" / "checkpoints"
    storage.mkdir()
    for number in range(2):
        nas.ask(tmp_path / "s")
        for name in (f"{number}.pt", f"{number}-weights.pt"):
            (storage / name).touch()
    nas.tell(tmp_path / "s", 0, 0.5)
    nas.tell(tmp_path / "s", 1, 0.5, epoch=1)
    with journals.Journal.open(tmp_path / "s") as journal:
        new_segment(journal, SearchConfig.from_json(journal.header.config), str(storage))
        assert [trial.attributes.get(CODE) for trial in journal.trials] == [BEFORE, None]
        assert journal.trials[1].scores == ()  # it begins anew
        assert [edit.code for edit in journal.edits] == [True]
    assert list(storage.iterdir()) == []


def test_searches_that_begin_at_once_get_a_directory_each(tmp_path: Path) -> None:
    made = {claimed(tmp_path / "space-data-20260101-000000") for _ in range(3)}
    assert len(made) == 3 and all(path.is_dir() for path in made)


def test_a_result_is_what_opening_the_search_gives(tmp_path: Path) -> None:
    found = nas.search(
        "digits", "cnn", "2 trials", epochs=1, executor="local", tracking_uri="", baselines=("majority",),
        directory=tmp_path / "run", export=False,
    )  # fmt: skip
    opened = nas.open(tmp_path / "run")
    assert type(opened) is type(found) is nas.SearchResult
    assert found.trials.equals(opened.trials) and found.curves.equals(opened.curves)
    assert any("kernel" in str(name) for name in found.trials.columns)
    assert found.verdict is not None and found.verdict == opened.verdict
    assert found.verdict.rival == "the most frequent class or mean"
    inputs = torch.zeros(2, 1, 8, 8)
    assert torch.equal(found.network()(inputs), opened.network()(inputs))
    [other] = {0, 1} - {found.best.number}
    assert (found.export(tmp_path / "other", trial=other) / "model.py").is_file()
