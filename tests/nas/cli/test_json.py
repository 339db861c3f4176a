"""`--json`: stdout is one document and nothing else, also where a person's own code prints; `--quiet`: a line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from command_line import nas, run

SEARCH = ["search", "digits", "--executor", "local", "--epochs", "1", "--tracking-uri", "", "--baselines", "majority"]
CHATTY = """
import sys
import torch
from torch import nn
from search_spaces import Choice, Space
from search_spaces.cells import Custom, Flatten, Head

class Loud(nn.Module):
    def __init__(self, in_features: int, width: int) -> None:
        super().__init__()
        print("a print of a person's own")
        self.in_features, self.width = in_features, width
        self.linear = nn.Linear(in_features, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.linear(x))

space = Space("chatty", Flatten(), Custom(Loud, width=Choice(4, 8, 12)), Head())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("json")
    (folder / "chatty.py").write_text(CHATTY)
    return folder


def document(*words: str, cwd: Path) -> dict[str, Any]:
    out = run(*words, "--json", cwd=cwd)
    assert out.count("\n") == 1 and out.endswith("\n")

    def no_constant(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    found: dict[str, Any] = json.loads(out, parse_constant=no_constant)
    assert found["schema"] == 1
    return found


def test_a_search_its_resume_and_what_shows_it_are_the_same_document(folder: Path) -> None:
    asked = [*SEARCH, "--space", "chatty:space", "--budget", "2 trials", "--directory", "s"]
    found = document(*asked, cwd=folder)
    assert (found["state"], found["ended"], found["metric"]) == ("ended", "budget", "accuracy")
    assert [trial["number"] for trial in found["trials"]] == [0, 1]
    assert found["best"] == max(found["trials"], key=lambda one: one["score"])["number"]
    assert all(set(trial["values"].values()) <= {4, 8, 12} for trial in found["trials"])
    assert found["final"]["winner"] in (0, 1) and found["final"]["baselines"][0]["name"] == "majority"
    assert Path(found["exported"]).is_dir()
    shown = document("show", "s", cwd=folder)
    assert shown.keys() == found.keys()
    assert [shown[name] for name in ("trials", "best", "directory", "counts", "budget")] == [
        found[name] for name in ("trials", "best", "directory", "counts", "budget")
    ]
    assert shown["final"].keys() == found["final"].keys()
    one = document("show", "s", "--trial", "1", cwd=folder)
    assert {name: value for name, value in one.items() if name != "schema"} == found["trials"][1]
    again = document("resume", "s", "--budget", "+1 trials", cwd=folder)
    assert again.keys() == found.keys() and len(again["trials"]) == 3
    same = document(*asked, "--resume-or-start", cwd=folder)
    assert same["trials"] == document("show", "s", cwd=folder)["trials"]


def test_quiet_says_what_one_must_know(folder: Path) -> None:
    asked = [*SEARCH, "--space", "mlp", "--budget", "1 trials", "--no-final", "--directory", "q", "--quiet"]
    assert run(*asked, cwd=folder) == f"{folder / 'q'}\n"
    assert run("show", "q", "--quiet", cwd=folder).startswith("ended (budget), 1 trials: 1 finished; best accuracy 0.")
    line = run("inspect", "mlp", "--samples", "20", "--quiet", cwd=folder)
    assert line.startswith("mlp: ") and line.count("\n") == 1


def test_inspect_as_a_document(folder: Path) -> None:
    found = document("inspect", "chatty:space", "--samples", "20", cwd=folder)
    assert (found["space"], found["size"], found["obeys"]) == ("chatty", 3, 1.0)
    assert found["dry_run"]["networks"] >= 1
    assert found["parameters"]["least"] <= found["parameters"]["median"] <= found["parameters"]["most"]
    assert found["seconds_per_epoch"] is None or math.isfinite(found["seconds_per_epoch"])


@pytest.mark.parametrize(
    "words", [["search", "digitz"], ["show", "nowhere"], ["inspect", "mpl"], ["resume", "nowhere"]]
)
def test_a_refusal_leaves_stdout_empty(words: list[str], tmp_path: Path) -> None:
    done = nas(*words, "--json", cwd=tmp_path)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.strip()
