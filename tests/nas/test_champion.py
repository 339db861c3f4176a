"""`nas evolve`: the alias moves only where the challenger is better on the same sealed examples."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import nas
from nas.errors import InputError
from nas.records.verdict import BETTER
from nas.tracking import deploy
from nas.tracking.database import connect, make_database

QUICK: dict[str, Any] = {
    "executor": "local",
    "strategy": "random",
    "baselines": ("majority",),
    "ensemble": "off",
    "known": "off",
}


def table(path: Path, noise: float, rows: int = 1500, names: tuple[str, str] = ("large", "small")) -> Path:
    """Two classes that only both columns together tell; with noise that is far larger than they are, nothing can."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (rows, 2))
    said = np.where((x[:, 0] > 0) ^ (x[:, 1] > 0), *names)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["left", "right", "answer"])
        writer.writerows(
            [*(row + noise * rng.normal(size=2)).round(4), answer] for row, answer in zip(x, said, strict=True)
        )
    return path


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A search on data from which nothing can be learned, deployed, and its store."""
    folder = tmp_path_factory.mktemp("weak")
    make_database(folder / "mlflow.db")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    data = table(folder / "noise.csv", noise=100.0)
    nas.search(str(data), "mlp", "1 trials", epochs=1, directory=folder / "search", tracking_uri=uri, **QUICK)
    deploy(folder / "search", "answers", "champion", None, None)
    return folder / "search", uri


def champion_of(uri: str) -> str:
    client, _ = connect(uri, "nas")
    return str(client.get_model_version_by_alias("answers", "champion").version)


def test_a_better_challenger_takes_the_place_and_an_equal_one_does_not(weak: tuple[Path, str], tmp_path: Path) -> None:
    _, uri = weak
    data = table(tmp_path / "clear.csv", noise=0.0)
    said: list[str] = []
    found = nas.evolve(
        "answers",
        str(data),
        "2 trials",
        epochs=12,
        tracking_uri=uri,
        directory=tmp_path / "a",
        say=said.append,
        **QUICK,
    )
    assert found.better and found.verdict.kind == BETTER and found.verdict.low > 0
    assert found.verdict.winner_score.value == pytest.approx(found.result.best.test_score)
    assert (found.version, champion_of(uri)) == ("2", "2")
    assert "version 1 of 'answers'" in said[0] and "looks better than it is" in said[1]
    again = nas.evolve("answers", str(data), "1 trials", epochs=1, tracking_uri=uri, directory=tmp_path / "b", **QUICK)
    assert not again.better and again.version == "" and champion_of(uri) == "2"


def test_data_of_another_task_is_refused_before_anything_is_written(weak: tuple[Path, str], tmp_path: Path) -> None:
    search, uri = weak
    other = table(tmp_path / "other.csv", 0.0, 200, ("yes", "no"))
    lacking = tmp_path / "lacking.csv"
    lacking.write_text(
        other.read_text().replace("left,right", "left,wrong").replace("yes", "large").replace("no", "small")
    )
    for data, said in ((str(other), "no, yes"), (str(lacking), "'right'"), ("digits", "another task")):
        with pytest.raises(InputError, match=said):
            nas.evolve(search, data, "1 trials", directory=tmp_path / "s", tracking_uri=uri, **QUICK)
    with pytest.raises(InputError, match="no model of this name"):
        nas.evolve("nobody", str(other), "1 trials", directory=tmp_path / "s", tracking_uri=uri, **QUICK)
    with pytest.raises(InputError, match="there is no store"):
        nas.evolve("nobody", str(other), "1 trials", tracking_uri=f"sqlite:///{tmp_path}/no.db", **QUICK)
    assert {path.name for path in tmp_path.iterdir()} == {"other.csv", "lacking.csv"}


class Own(nn.Module):
    """Says the class of the rows of `table`, given the order of classes, or the opposite."""

    def __init__(self, right: bool = True) -> None:
        super().__init__()
        self.sign = nn.Parameter(torch.tensor(1.0 if right else -1.0), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        product = -x[:, 0] * x[:, 1] * self.sign  # large where the signs of both columns differ
        return torch.stack([product, -product], dim=1)


def test_a_network_of_ones_own_stays_where_it_is_not_beaten_and_goes_where_it_is(tmp_path: Path) -> None:
    data = str(table(tmp_path / "clear.csv", noise=0.0))
    settings = {**QUICK, "tracking_uri": "", "space": "mlp"}
    kept = nas.evolve(Own(), data, "1 trials", epochs=1, directory=tmp_path / "a", **settings)
    assert not kept.better and kept.verdict.rival_score.value > 0.95
    beaten = nas.evolve(Own(right=False), data, "1 trials", epochs=1, directory=tmp_path / "b", **settings)
    assert beaten.better and beaten.verdict.rival_score.value < 0.05


def test_a_network_of_ones_own_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "import torch\n\n\ndef made():\n    return torch.nn.Linear(2, 2)\n\n\nwrong = torch.nn.Linear(3, 2)\n"
        "wide = torch.nn.Linear(2, 5)\nnothing = 7\n\n\ndef needs(what):\n    return what\n"
    )
    data = str(table(tmp_path / "clear.csv", noise=0.0, rows=300))
    settings = {**QUICK, "tracking_uri": "", "space": "mlp", "directory": tmp_path / "s"}
    assert nas.evolve("mine.py:made", data, "1 trials", epochs=1, **settings).result.candidates
    for name, said in (
        ("mine.py:wrong", "cannot take this data, batch x 2"),
        ("mine.py:wide", "one number for each of large, small"),
        ("mine.py:nothing", "raised TypeError"),
        ("mine.py:needs", "called without arguments"),
        ("mine.py:absent", "Cannot load network"),
        ("nowhere:made", "or name a search, an export or a registered model"),
    ):
        with pytest.raises(InputError, match=said):
            nas.evolve(name, data, "1 trials", **{**settings, "directory": tmp_path / "t"})
    assert not (tmp_path / "t").exists()


def test_the_search_begins_from_the_stages_of_a_sequential(tmp_path: Path) -> None:
    data, said = str(table(tmp_path / "clear.csv", noise=0.0)), list[str]()
    mine = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    settings = {**QUICK, "tracking_uri": "", "directory": tmp_path / "s", "say": said.append}
    found = nas.evolve(mine, data, "2 trials", epochs=8, **settings)
    assert "begins from its 3 stages" in said[1]
    first, second = (one.architecture for one in found.result.candidates)
    assert [type(one).__name__ for one in first.cells] == [
        "Custom[torch.nn.modules.linear:Linear]", "Custom[torch.nn.modules.activation:Tanh]", "Head",
    ]  # fmt: skip
    assert second.fingerprint != first.fingerprint
    assert nas.load_predictor(found.result.directory).names == ("large", "small")
