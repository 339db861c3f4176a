"""Search, track, deploy, evolve, go back: one scenario as a person types it; and bad input, which leaves nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from nas.tracking.database import connect, make_database


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With data and a search `s` that nothing tracked."""
    folder = tmp_path_factory.mktemp("handover")
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (400, 2)).round(4)
    with open(folder / "data.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["left", "right", "answer"])
        writer.writerows([*row, "same" if row[0] * row[1] > 0 else "other"] for row in x)
    (folder / "results").mkdir()
    make_database(folder / "results" / "mlflow.db")
    run(
        "search", "data.csv", "--budget", "1 trials", "--epochs", "1", "--executor", "local", "--tracking-uri", "",
        "--baselines", "majority", "--directory", "s", cwd=folder,
    )  # fmt: skip
    return folder


def test_from_a_search_to_a_champion_that_stays(folder: Path) -> None:
    assert "1 trials written to" in run("track", "s", cwd=folder)
    assert "Everything is there already" in run("track", "s", cwd=folder)
    said = run("deploy", "s", "--name", "answers", cwd=folder)
    assert "answers version 1 is champion" in said and "mlflow models serve -m models:/answers@champion" in said
    said = run(
        "evolve", "answers", "--data", "data.csv", "--budget", "1 trials", "--executor", "local", "--directory", "e",
        cwd=folder,
    )  # fmt: skip
    assert ("Champion: version 1" in said and "No gain found" in said) or "as version 2" in said
    assert "answers version 1 is champion" in run("deploy", "--name", "answers", "--version", "1", cwd=folder)
    client, experiment = connect(f"sqlite:///{folder / 'results' / 'mlflow.db'}", "nas")
    assert str(client.get_model_version_by_alias("answers", "champion").version) == "1"
    assert len(client.search_runs([experiment], "tags.`nas.trial` = 'search'")) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["track", "nothing"], "holds no search"),
        (["track", "s", "--tracking-uri", "nowhere"], "must begin with one of"),
        (["deploy", "s", "--name", "a/b"], "--name"),
        (["deploy", "s", "--name", "a", "--alias", "v2"], "--alias"),
        (["deploy", "s", "--name", "a", "--version", "1"], "one of them"),
        (["deploy", "--name", "a"], "one of them"),
        (["deploy", "nothing", "--name", "a"], "neither a search nor an export"),
        (["evolve", "nobody", "--data", "data.csv"], "no model of this name"),
        (["evolve", "s", "--data", "digits"], "another task"),
        (["evolve", "s", "--data", "nothing.csv"], "nothing.csv"),
        (["evolve", "s", "--data", "data.csv", "--budget", "much"], "much"),
    ],
)
def test_bad_input_is_one_message(words: list[str], said: str, folder: Path) -> None:
    before = sorted(folder.rglob("*.py"))
    assert said in run(*words, cwd=folder, code=2).replace("\n", " ")
    assert sorted(folder.rglob("*.py")) == before
