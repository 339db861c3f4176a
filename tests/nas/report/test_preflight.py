from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from nas.config.budget import FINAL_SHARE, Budget
from nas.report.preflight import preflight, render, save_plot
from search_spaces import Choice, Repeat, Space, Task
from search_spaces.cells import Conv, Head, Stem, Transformer
from search_spaces.rules import forbid, max_parameters, where

TASK = Task((1, 8, 8), 10)


def space() -> Space:
    return Space(
        "small",
        Stem(Choice(4, 8)),
        Repeat(Choice(Conv(), Transformer(8, heads=Choice(2, 3))), times=Choice(1, 2)),
        Head(),
        rules=[max_parameters(1_000), forbid(where(Conv, kernel=3)) | max_parameters(10**6)],
    )


def test_says_what_builds_what_is_rejected_and_what_is_never_reached() -> None:
    found = preflight(space(), TASK, samples=400, timed=False)
    assert 0 < found.obeys < found.builds < 1
    assert found.rejections[0][0] == "parameters <= 1,000"
    assert "got 3 heads for 8 channels" in found.failures[0][0]
    assert any(option.endswith("heads:1") for option in found.unreachable)
    assert len(found.parameters) == len(found.memory_bytes) == round(found.obeys * 400)
    assert max(found.parameters) <= 1_000


def test_budget_and_rendering(tmp_path: Path) -> None:
    found = preflight(space(), TASK, samples=50, examples=200, epochs=2, budget=Budget(seconds=60), batch_size=16)
    assert len(found.timings) == 3
    assert found.trainings == pytest.approx(60 * (1 - FINAL_SHARE) / (2 * found.seconds_per_epoch), abs=1)
    console = Console(width=160, record=True)
    console.print(render(found))
    text = console.export_text()
    assert "decision sequences" in text
    few = preflight(space(), TASK, samples=20, examples=200, budget=Budget(seconds=1e6, trials=7), parallel=2)
    assert few.trainings == 7 and few.budget_seconds == 7 * few.seconds_per_epoch * few.epochs / 2
    assert save_plot(found, tmp_path / "space.png").stat().st_size > 1_000
