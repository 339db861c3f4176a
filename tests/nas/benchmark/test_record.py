"""A benchmark of own spaces: trained for real, gone on with, read back, refused, and learned from."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

import nas
from nas.benchmark import record as recorder
from nas.benchmark.own_search import recording_of
from nas.benchmark.ranking import learned
from nas.benchmark.record import Pair, Plan, Wanted, record, trained
from nas.benchmark.recording import Recording, Row, read, write
from nas.benchmark.table import read_known
from nas.errors import InputError
from search_spaces import SPACES, Task

PLAN = Plan(networks=3, epochs=2, examples=200)
PAIR = Pair("mlp", "digits", "digits")
PAIRS = [PAIR, Pair("cnn", "digits", "digits")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("bench")
    record(PAIRS, PLAN, found, workers=1)
    return found


def test_what_is_recorded(folder: Path) -> None:
    cnn, mlp = read(folder)
    assert (cnn.space, mlp.space, cnn.data) == ("cnn", "mlp", "digits")
    assert [(row.number, row.seed) for row in cnn.rows] == [(0, 0), (0, 1), (1, 0), (2, 0)]
    assert all(len(row.scores) == 2 and row.seconds > 0 and not row.error for row in cnn.rows)
    first, again = cnn.rows[:2]
    assert first.decisions == again.decisions
    assert len({tuple(row.decisions.items()) for row in cnn.rows}) == 3
    assert cnn.task == Task((1, 8, 8), 10)
    assert first.profile[0] > 0


def test_what_is_there_is_not_trained_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())

    class NoPool:
        def __init__(self, *given: object, **more: object) -> None: ...

        def submit(self, train: object, wanted: Wanted) -> None:
            raise AssertionError(f"{wanted} is trained again")

        def shutdown(self, **given: object) -> None: ...

    monkeypatch.setattr(recorder, "ProcessPoolExecutor", NoPool)
    said: list[tuple[int, int]] = []
    assert record(PAIRS, PLAN, tmp_path, said=lambda *counts: said.append(counts))[0].rows == read(folder)[1].rows
    with pytest.raises(AssertionError, match="number=3"):
        record(PAIRS, replace(PLAN, networks=4), tmp_path)


def test_which_networks_follow_from_the_seed_alone() -> None:
    first, second = (trained(Wanted(PAIR, 5, 0, PLAN)) for _ in range(2))
    assert (first.decisions, first.scores) == (second.decisions, second.scores)
    assert trained(Wanted(PAIR, 5, 0, replace(PLAN, seed=1))).decisions != first.decisions


def test_networks_keep_to_the_limit() -> None:
    plan = replace(PLAN, most_macs=300_000)
    assert all(trained(Wanted(PAIRS[1], number, 0, plan)).profile[1] <= 300_000 for number in range(3))


def test_other_examples_are_not_mixed_with_those_that_are_there(folder: Path) -> None:
    with pytest.raises(InputError, match="mlp@digits is recorded already, on 200 examples"):
        record([PAIR], replace(PLAN, examples=100), folder)


@pytest.mark.parametrize("wrong", [{"networks": 0}, {"epochs": 0}, {"examples": 10}])
def test_plans_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Plan(**wrong)


def test_failed_trainings_are_kept_and_replay_leaves_them_out(tmp_path: Path) -> None:
    space = SPACES["mlp"]()
    import random

    drawn = [space.sample(random.Random(seed)).decisions for seed in range(4)]
    rows = [Row(i, 0, d, (0.1, 0.2 + i), 1.0, (10, 20, 30)) for i, d in enumerate(drawn[:3])]
    rows.append(Row(3, 0, drawn[3], (), 0.5, (10, 20, 30), "Diverged: NaN, at once"))
    made = Recording("mlp", "toy", Task((8,), 3), 100, tuple(rows))
    write(tmp_path, made)
    assert read(tmp_path) == (made,)
    assert math.isnan(made.rows[3].score)
    assert len(made.group().scores) == 3
    assert len(read_known(tmp_path / "mlp@toy.csv.gz", space)) == 3


@pytest.mark.parametrize("damage", ["version", "json", "table", "number", "missing"])
def test_damaged_recordings_are_refused_by_name(folder: Path, tmp_path: Path, damage: str) -> None:
    for file in folder.glob("mlp*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    about, table = tmp_path / "mlp@digits.json", tmp_path / "mlp@digits.csv.gz"
    if damage == "version":
        about.write_text(json.dumps({**json.loads(about.read_text()), "version": 99}))
    elif damage == "json":
        about.write_text("{")
    elif damage == "table":
        table.write_bytes(table.read_bytes()[:-20])
    elif damage == "number":
        table.write_bytes(gzip.compress(gzip.decompress(table.read_bytes()).replace(b"0,0,", b"x,0,", 1)))
    else:
        table.unlink()
    with pytest.raises(InputError, match="version 99" if damage == "version" else "mlp@digits"):
        read(tmp_path)


def test_a_ranking_needs_enough_networks(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 10"):
        learned([folder])
    with pytest.raises(InputError, match="no recordings"):
        learned([tmp_path])


def test_an_ended_search_joins_and_a_ranking_is_learned_from_it(tmp_path: Path) -> None:
    result = nas.search(
        "digits", "mlp", "12 trials", directory=tmp_path / "search", executor="local", tracking_uri="", final=False,
        early_stopping=False, epochs=1,
    )  # fmt: skip
    found = recording_of(tmp_path / "search")
    assert len(found.rows) == len(result.candidates)
    write(tmp_path / "bench", found)
    ranker, networks, pairs = learned([tmp_path / "bench"])
    assert (networks, pairs) == (12, 1)
    ranker.save(tmp_path / "mine.npz")
    again = nas.search(
        "digits", "mlp", "3 trials", directory=tmp_path / "again", executor="local", tracking_uri="", final=False,
        predictor=str(tmp_path / "mine.npz"), known="off", seed=1, epochs=1,
    )  # fmt: skip
    assert "pretrained" in {trial.source for trial in again.candidates}
    assert np.isfinite([trial.score for trial in again.candidates]).all()


def test_searches_that_cannot_join(tmp_path: Path) -> None:
    nas.search(
        "digits",
        "mlp",
        "2 trials",
        directory=tmp_path / "few",
        executor="local",
        tracking_uri="",
        final=False,
        epochs=1,
    )
    with pytest.raises(InputError, match="2 whole trainings"):
        recording_of(tmp_path / "few")
    nas.search(
        "digits", SPACES["mlp"](), "2 trials", directory=tmp_path / "object", executor="local", tracking_uri="",
        final=False, epochs=1,
    )  # fmt: skip
    with pytest.raises(InputError, match="a benchmark knows spaces by name"):
        recording_of(tmp_path / "object")


def test_workers_end_with_a_killed_recorder(tmp_path: Path) -> None:
    words = f"bench record --data digits --space mlp --networks 200 --epochs 500 --workers 2 --bench {tmp_path}".split()
    recording = subprocess.Popen([sys.executable, "-m", "nas.cli.main", *words], stdout=subprocess.DEVNULL)
    workers: list[psutil.Process] = []
    while len(workers) < 2 and recording.poll() is None:
        workers = [one for one in psutil.Process(recording.pid).children() if "spawn_main" in " ".join(one.cmdline())]
        time.sleep(0.1)
    recording.kill()
    recording.wait()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert len(workers) == 2 and not alive
