"""`--metric file.py:function` and `--train file.py:function`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import run

import nas

MINE = """
def missed(y_true, said):
    return float((y_true != said).sum())


def train(network, data, report, budget):
    for epoch in range(budget.epochs):
        if not report(epoch=epoch):
            return
"""


def test_on_the_command_line_and_on_folds(tmp_path: Path) -> None:
    """Few examples: each candidate is judged by the mean over folds. The code comes from a file."""
    (tmp_path / "mine.py").write_text(MINE)
    rows = np.random.default_rng(0).normal(size=(200, 3))
    frame = pd.DataFrame({"a": rows[:, 0], "b": rows[:, 1], "y": np.where(rows[:, 0] > 0, "high", "low")})
    frame.to_csv(tmp_path / "t.csv", index=False)
    command = ("search", "t.csv", "--target", "y", "--space", "mlp", "--budget", "1 trials", "--executor", "local")
    command += ("--known", "off", "--no-final", "--tracking-uri", "", "--directory", "s", "--metric", "mine.py:missed")
    command += ("--train", "mine.py:train")
    assert "it is not known whether greater is better" in " ".join(run(*command, cwd=tmp_path, code=2).split())
    command += ("--greater-is-better", "no")
    assert "`train` is given twice" in run(*command, "--recipe", "train=mine.py:missed", cwd=tmp_path, code=2)
    assert "missed would come to nothing" in run(*command[:-3], "mine.py:missed", *command[-2:], cwd=tmp_path, code=2)
    run(*command, cwd=tmp_path)
    (trial,) = nas.open(tmp_path / "s").candidates
    assert len(trial.scores) > 0 and all(
        score <= 0 and 3 * score == pytest.approx(round(3 * score)) for score in trial.scores
    )


LOOP = """
import torch


def train(network, data, report, budget):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(budget.epochs):
        network.train()
        for inputs, targets in data.training:
            optimizer.zero_grad()
            data.loss(network(inputs), targets).backward()
            optimizer.step()
        if not report(epoch=epoch):
            return
"""


def test_an_own_loop_trains_in_the_workers_of_ray(tmp_path: Path) -> None:
    """The workers are other processes: the loop gets there with its code."""
    (tmp_path / "mine.py").write_text(LOOP)
    command = ("search", "digits", "--space", "mlp", "--budget", "2 trials", "--epochs", "1", "--executor", "ray")
    command += ("--known", "off", "--no-final", "--tracking-uri", "", "--directory", "s")
    run(*command, "--train", "mine.py:train", cwd=tmp_path)
    found = nas.open(tmp_path / "s")
    assert [trial.state for trial in found.candidates] == ["completed"] * 2
    assert all(len(trial.scores) == 1 for trial in found.candidates)
    assert found.best.score > 0.2  # chance is 0.1, and no other loop has trained it
