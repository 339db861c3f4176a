"""`--metric file.py:function`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import run

import nas


def test_on_the_command_line_and_on_folds(tmp_path: Path) -> None:
    """Few examples: each candidate is judged by the mean over folds. The code comes from a file."""
    (tmp_path / "mine.py").write_text("def missed(y_true, said):\n    return float((y_true != said).sum())\n")
    rows = np.random.default_rng(0).normal(size=(200, 3))
    frame = pd.DataFrame({"a": rows[:, 0], "b": rows[:, 1], "y": np.where(rows[:, 0] > 0, "high", "low")})
    frame.to_csv(tmp_path / "t.csv", index=False)
    command = ("search", "t.csv", "--target", "y", "--space", "mlp", "--budget", "1 trials", "--executor", "local")
    command += ("--known", "off", "--no-final", "--tracking-uri", "", "--directory", "s", "--metric", "mine.py:missed")
    assert "it is not known whether greater is better" in " ".join(run(*command, cwd=tmp_path, code=2).split())
    run(*command, "--greater-is-better", "no", cwd=tmp_path)
    (trial,) = nas.open(tmp_path / "s").candidates
    assert len(trial.scores) > 0 and all(
        score <= 0 and 3 * score == pytest.approx(round(3 * score)) for score in trial.scores
    )
