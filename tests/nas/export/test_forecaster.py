"""A forecast from the search to the export: history in, the next steps with their times out."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import nas
from nas.config.recipe import Fidelity, TrainingConfig
from nas.errors import InputError
from nas.export.ensemble import export_ensemble
from nas.export.new_predictions import predictions

HOW = {
    "executor": "local", "tracking_uri": "", "epochs": 2, "known": "off", "cpus_per_trial": 1,
    "baselines": ("seasonal_naive", "linear"),
}  # fmt: skip


def history(shops: str = "ab", days: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frames = []
    for place, shop in enumerate(shops):
        t = np.arange(days)
        sales = 50 * (place + 1) + 0.05 * t + 8 * np.sin(2 * np.pi * t / 7) + rng.normal(0, 1, days)
        when = pd.date_range("2021-03-01", periods=days).strftime("%d.%m.%Y")
        frames.append(
            pd.DataFrame({"shop": shop, "day": when, "price": rng.normal(3, 1, days).round(2), "sales": sales})
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search on 160 days of each shop; the last 40 are its own test file."""
    folder = tmp_path_factory.mktemp("forecast")
    every = history()
    place = every.groupby("shop").cumcount()
    every[place < 160].to_csv(folder / "early.csv", index=False)
    late = every[place >= 160].sample(frac=1, random_state=1)[["sales", "day", "shop", "price"]]
    late.to_csv(folder / "late.csv", index=False, sep=";")
    result = nas.search(
        str(folder / "early.csv"), budget="2 trials", directory=folder / "search", time="day", target="sales",
        horizon=3, window=10, test=str(folder / "late.csv"), **HOW,
    )  # fmt: skip
    assert result.final is not None
    return folder


def test_the_raw_test_file_scores_what_was_logged(search: Path) -> None:
    made = predictions(search / "search", search / "late.csv")
    final = (search / "search" / "final" / "final.json").read_text()
    logged = float(final.split('"test_score": ')[1].split(",")[0])
    assert made.score == pytest.approx(logged, abs=1e-6)
    assert made.scored == 2 * (40 - 10 - 3 + 1)


def test_what_follows_a_history(search: Path) -> None:
    predict = nas.load_predictor(search / "search")
    every = history()
    found = predict(every.sample(frac=1, random_state=0))
    [first, second] = sorted(found.answers, key=lambda steps: steps[0]["sales"])
    assert [step["day"] for step in first] == ["17.09.2021", "18.09.2021", "19.09.2021"]
    assert 30 < first[0]["sales"] < 80 < second[0]["sales"] < 130
    alone = predict(every[every["shop"] == "a"].tail(10).to_dict("records"))
    np.testing.assert_allclose([s["sales"] for s in alone.answers[0]], [s["sales"] for s in first], rtol=1e-5)
    header, rows = found.table()
    assert header == ["shop", "day", "sales"] and len(rows) == 6 and found.probabilities is None


def test_the_network_follows_the_level(search: Path) -> None:
    network = nas.load(search / "search")
    window = torch.rand(4, 2, 10) * 20
    moved = window.clone()
    moved[:, 1] += 1_000
    with torch.inference_mode():
        torch.testing.assert_close(network(moved), network(window) + 1_000, rtol=1e-3, atol=0.05)


def test_the_file_alone_predicts(search: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(search / "search" / "export" / "predict.py"), str(search / "early.csv")]
    done = subprocess.run([*command, "--out", str(tmp_path / "said.csv")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "said.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["shop", "day", "sales"]
    assert [row[:2] for row in rows[:3]] == [["a", "08.08.2021"], ["a", "09.08.2021"], ["a", "10.08.2021"]]


def test_an_ensemble_follows_too(search: Path, tmp_path: Path) -> None:
    export_ensemble(search / "search", tmp_path / "both", 2)
    assert len(nas.load_predictor(tmp_path / "both")(history()).answers) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="price"), "Missing columns: 'price'"),
        (lambda rows: rows.assign(weather=1), "Unknown columns.*'weather'"),
        (lambda rows: rows.groupby("shop").head(9), "9 steps of time, but 10 are needed"),
        (lambda rows: pd.concat([rows, rows.tail(1)]), "stands twice"),
        (lambda rows: rows.assign(day=rows["day"].where(rows.index != 5)), "the time is missing"),
        (lambda rows: rows.assign(sales=["many", *rows["sales"][1:]]), "'many' is no number"),
        (lambda rows: rows.assign(day="2021-03-01"), "no date of the form"),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_read_is_refused(search: Path, change: object, message: str) -> None:
    predict = nas.load_predictor(search / "search")
    with pytest.raises(InputError, match=message):
        predict(change(history()))  # type: ignore[operator]


@pytest.mark.parametrize("recipe", [{"augmentation": "scale"}, {"fidelity": Fidelity(resolution=0.5)}])
def test_a_recipe_that_changes_windows_is_refused(recipe: dict, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not for forecasts"):
        nas.search(
            history("a"), budget="1 trials", directory=tmp_path / "search", horizon=3, target="sales",
            training=TrainingConfig(**recipe), **HOW,
        )  # fmt: skip
    assert not (tmp_path / "search").exists()
