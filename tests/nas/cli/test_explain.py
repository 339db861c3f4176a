"""`nas explain` as a person types it: exit codes, one JSON document, and searches that have nothing to explain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import nas as typed
from command_line import run
from filelock import FileLock

from nas.journal.directory import LOCK

SPACE = """
from search_spaces import Choice, Space
from search_spaces.cells import Conv, Head, Stem

mine = Space("mine", Stem(Choice(4, 6)), Conv(Choice(4, 6, 8), kernel=Choice(1, 3)), Head())
"""
ASKED = (
    "--epochs", "1", "--executor", "local", "--tracking-uri", "", "--no-final", "--quiet", "--strategy", "random",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "spaces_of_mine.py").write_text(SPACE)
    run("search", "digits", "--space", "spaces_of_mine:mine", "--budget", "8 trials", "--directory", "s", *ASKED,
        cwd=folder)  # fmt: skip
    return folder


def test_effects_and_evidence_are_said_and_pay_is_kept(folder: Path) -> None:
    said = run("explain", "s", cwd=folder)
    assert "Kendall's tau" in said and "Hardly tried" in said and "Proposed by: random" in said
    done = typed("explain", "s", "--pay", "20s", "--json", cwd=folder)
    assert done.code == 0 and "Paid:" in done.stderr
    document = json.loads(done.stdout)
    assert document["effects"] and document["paid"][0]["path"] is None
    assert "another seed" in run("explain", "s", cwd=folder)


def test_a_running_search_is_explained_and_not_paid_for(folder: Path) -> None:
    with FileLock(folder / "s" / LOCK):
        assert "Kendall's tau" in run("explain", "s", cwd=folder)
        assert "still running" in run("explain", "s", "--pay", "5s", cwd=folder, code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "holds no search"),
        (["s", "--pay", "much"], "--pay"),
        (["s", "--pay", "5 trials"], "--pay"),
        (["s", "--trial", "99"], "no trial 99"),
    ],
)
def test_bad_input_is_one_message(words: list[str], said: str, folder: Path) -> None:
    assert said in run("explain", *words, cwd=folder, code=2)


def test_a_search_of_a_space_that_is_gone_is_refused(folder: Path) -> None:
    gone = folder / "s" / "space"
    kept, module = gone.with_name("space-gone"), folder / "spaces_of_mine.py"
    moved = module.rename(folder / "elsewhere.txt")
    if gone.exists():
        gone.rename(kept)
    try:
        assert "cannot be told apart" in run("explain", "s", cwd=folder, code=2)
    finally:
        moved.rename(module)
        if kept.exists():
            kept.rename(gone)


def test_a_search_without_trials_has_nothing_to_explain(folder: Path) -> None:
    run("search", "digits", "--space", "spaces_of_mine:mine", "--budget", "8 trials", "--directory", "empty",
        "--prepare", *ASKED, cwd=folder)  # fmt: skip
    assert "nothing to explain" in run("explain", "empty", cwd=folder, code=2)
