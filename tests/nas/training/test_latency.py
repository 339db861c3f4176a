"""Latency: measured per cell, kept on disk, predicted for networks."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.training.latency import LatencyTable, Timed, _fit, measured, parse_seconds
from search_spaces import SPACES, Task, build
from search_spaces.cells import Conv, Head

TASK = Task((3, 16, 16), 10)


def test_a_cell_is_measured_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = LatencyTable(folder=tmp_path)
    architecture = SPACES["cnn"]().sample(random.Random(0))
    first = table.predict(architecture, TASK)
    table.save()
    monkeypatch.setattr("nas.training.latency.measured", lambda *args, **options: pytest.fail("measured again"))
    assert table.predict(architecture, TASK) == first > 0
    assert LatencyTable(folder=tmp_path).predict(architecture, TASK) == pytest.approx(first)


def test_a_table_that_cannot_be_read_is_measured_anew(tmp_path: Path) -> None:
    table = LatencyTable(folder=tmp_path)
    table.path.parent.mkdir(parents=True, exist_ok=True)
    table.path.write_text('{"device": ')
    assert LatencyTable(folder=tmp_path).cell_seconds(Head(outputs=2), (4,)) > 0


def test_what_was_timed_under_more_load_is_timed_again(tmp_path: Path) -> None:
    cell, shape = Head(outputs=2), (4,)
    busy, quiet = LatencyTable(folder=tmp_path), LatencyTable(folder=tmp_path)
    busy.load, quiet.load = 2.0, 0.1
    first = busy.cell_seconds(cell, shape)
    busy.cells = {name: Timed(1000 * first, 2.0) for name in busy.cells}
    busy.save()
    again = LatencyTable(folder=tmp_path)
    again.load = 1.9
    assert again.cell_seconds(cell, shape) == 1000 * first
    again.load = 0.1
    assert again.cell_seconds(cell, shape) < 1000 * first
    again.save()
    busy.save()  # which knows nothing better
    last = LatencyTable(folder=tmp_path)
    last.load = 2.0
    assert last.cell_seconds(cell, shape) < 1000 * first


def test_a_table_of_before_is_measured_anew(tmp_path: Path) -> None:
    table = LatencyTable(folder=tmp_path)
    table.cell_seconds(Head(outputs=2), (4,))
    (name,) = table.cells
    table.path.parent.mkdir(parents=True, exist_ok=True)
    table.path.write_text(json.dumps({"device": table.key, "cells": {name: 1e9}}))
    assert LatencyTable(folder=tmp_path).cell_seconds(Head(outputs=2), (4,)) < 1e9


def test_no_correction_predicts_less_than_the_fastest_cell(tmp_path: Path) -> None:
    space, table = SPACES["cnn"](), LatencyTable(folder=tmp_path)
    rng = random.Random(0)
    for _ in range(20):
        architecture = space.sample(rng)
        table.corrections[space.name] = (rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(-1, 1))
        least = min(one.seconds for one in table.cells.values()) if table.cells else 0.0
        assert table.predict(architecture, TASK) >= least


def test_tables_of_other_batches_are_other_tables(tmp_path: Path) -> None:
    assert LatencyTable(batch=1, folder=tmp_path).path != LatencyTable(batch=8, folder=tmp_path).path


def test_much_more_work_takes_longer(tmp_path: Path) -> None:
    table = LatencyTable(folder=tmp_path, batch=4)
    assert table.cell_seconds(Conv(width=256, kernel=5), (32, 32, 32)) > table.cell_seconds(Conv(width=8), (4, 4, 4))


def test_calibration_brings_the_sum_to_the_whole(tmp_path: Path) -> None:
    space, table = SPACES["hybrid"](), LatencyTable(folder=tmp_path)
    table.calibrate(space, TASK, networks=6)
    ratios = []
    for seed in range(4):
        architecture = space.sample(random.Random(100 + seed))
        whole = measured(build(architecture, TASK), TASK.input_shape)
        ratios.append(table.predict(architecture, TASK) / whole)
    assert 0.3 < sorted(ratios)[1] < 3


def test_the_correction_recovers_a_line() -> None:
    features = [(0.001 * i, float(i % 5), 1.0) for i in range(1, 12)]
    times = [0.8 * a + 0.0001 * b + 0.0002 * c for a, b, c in features]
    assert _fit(features, times) == pytest.approx((0.8, 0.0001, 0.0002))
    assert _fit(features[:2], times[:2])[1:] == (0.0, 0.0)


@pytest.mark.parametrize(("text", "seconds"), [("2ms", 2e-3), ("0.5 s", 0.5), ("300us", 3e-4), (0.25, 0.25)])
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["soon", "0ms", "-1ms", "2 bananas", ""])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="such as `2ms`"):
        parse_seconds(text)
