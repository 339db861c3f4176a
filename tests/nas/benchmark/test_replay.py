"""Searches on a recorded table: nothing is trained, and the same study code proposes."""

from __future__ import annotations

import csv
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nas.strategies.optuna.planned import costs

from nas.benchmark.comparison import Comparison, compare
from nas.benchmark.replay import replay
from nas.benchmark.table import RecordedSpace, Table, read, read_known
from nas.cli.main import app, main
from nas.errors import InputError
from search_spaces import SPACES, load_space
from search_spaces.catalog.nasbench_macro import from_string

SPACE = SPACES["nasbench_macro"]()


def worth(name: str) -> float:
    return 80 + sum(int(digit) for digit in name) - 0.5 * (name[0] == name[1])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred networks of nasbench_macro with made-up scores."""
    rng = random.Random(0)
    names = sorted({"".join(rng.choice("012") for _ in range(8)) for _ in range(220)})
    file = tmp_path_factory.mktemp("table") / "macro.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["arch", "acc1", "mean_acc", "short", "time", "note"])
        writer.writerows([name, worth(name), worth(name) + 0.1, worth(name) - 3, 10, "fine"] for name in names)
    return file


@pytest.fixture(scope="module")
def table(path: Path) -> Table:
    return read(path, SPACE, ["short", "acc1"], "mean_acc", seconds="time", shares=(0.1, 1.0))


def test_rows_are_architectures_with_numbers(table: Table) -> None:
    assert set(table.columns) == {"acc1", "mean_acc", "short", "time"}
    assert table.scores().max() == table.columns["acc1"].max()
    assert table.rungs[0].seconds[0] == pytest.approx(1.0)


def test_what_is_not_recorded_becomes_the_nearest_that_is(table: Table) -> None:
    space = RecordedSpace.of(table)
    rng = random.Random(1)
    for _ in range(50):
        assert 0 <= space.row(space.sample(rng)) < len(table)
    known = table.decisions[7]
    assert space.row(space.replay(known)) == 7
    assert space.size() == len(table)


@pytest.mark.parametrize("strategy", ["guided", "evolution", "random", "tpe"])
def test_every_strategy_searches_a_table_and_never_asks_twice(table: Table, strategy: str) -> None:
    run = replay(table, strategy, queries=25, seed=1)
    rows = [query.row for query in run.queries]
    assert len(rows) == len(set(rows)) == 25
    curve = run.curve()
    assert (np.diff(curve) >= 0).all()
    assert run.seconds()[-1] == pytest.approx(250)


def test_same_seed_same_search(table: Table) -> None:
    first, second = ([query.row for query in replay(table, "guided", queries=20, seed=4).queries] for _ in range(2))
    assert first == second


def test_guided_finds_the_best_sooner_than_chance(table: Table) -> None:
    guided, chance = (
        np.mean([replay(table, name, queries=40, seed=seed).curve()[-1] for seed in range(3)])
        for name in ("guided", "random")
    )
    assert guided >= chance


def test_short_trainings_are_rungs_and_cost_less(table: Table) -> None:
    run = replay(table, "evolution", queries=30, seed=0, rungs=True)
    stopped = [query for query in run.queries if query.rung == 0]
    assert 10 <= len(stopped) < 30
    assert {query.seconds for query in stopped} == {1.0}
    assert {query.seconds for query in run.queries if query.rung == 1} == {11.0}


@pytest.mark.parametrize("strategy", ["guided", "evolution"])
def test_after_every_so_many_short_trainings_the_most_promising_goes_on(table: Table, strategy: str) -> None:
    run = replay(table, strategy, queries=27, seed=0, rungs=True, factor=5, promote=True)
    whole = [place for place, query in enumerate(run.queries) if query.rung == 1]
    assert whole == [10, 16, 22]
    for place in whole:
        assert run.queries[place].row in {query.row for query in run.queries[:place] if query.rung == 0}
        assert (run.queries[place].seconds, run.queries[place].source) == (10.0, "promoted")
    assert len({run.queries[place].row for place in whole}) == 3
    assert table.scores()[run.queries[whole[0]].row] > np.median(table.scores())


def test_a_budget_of_seconds_ends_it(table: Table) -> None:
    assert len(replay(table, "random", seconds=55).queries) == 6


def test_a_table_that_is_used_up_ends_the_search(path: Path) -> None:
    lines = path.read_text().splitlines()[:6]
    small = path.parent / "small.csv"
    small.write_text("\n".join(lines))
    run = replay(read_known(small, SPACE), "random", queries=50)
    assert len(run.queries) <= 5


def test_the_best_is_chosen_by_validation_not_by_test(table: Table) -> None:
    run = replay(table, "random", queries=10)
    best = max((query.row for query in run.queries), key=lambda row: table.scores()[row])
    assert run.curve()[-1] == table.columns["mean_acc"][best]


def test_comparison_prints_a_line_each_and_saves_curves(path: Path, tmp_path: Path) -> None:
    lines = list(
        compare(path, "nasbench_macro", Comparison(["random", "evolution"], queries=12, seeds=2), out=tmp_path / "out")
    )
    assert [line.split()[0] for line in lines[1:]] == ["strategy", "random", "evolution", "Saved"]
    assert (tmp_path / "out" / "regret.png").stat().st_size > 1000
    assert (tmp_path / "out" / "regret.csv").read_text().startswith("queries,random,evolution\n1,")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("arch,acc1\n", "no rows"),
        ("arch,acc1,mean_acc\n0121,90,90\n", "line 2"),
        ("arch,acc1\n00000000,90\n", "mean_acc"),
        ("arch,acc1,mean_acc\n00000000,good,90\n", "acc1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content)
    with pytest.raises(InputError, match=said):
        read_known(file, SPACE)


def test_a_missing_file_and_an_unknown_strategy_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="readable"):
        read_known(tmp_path / "none.csv", SPACE)
    with pytest.raises(InputError, match="guided"):
        list(compare(path, "nasbench_macro", Comparison(["gudied"])))


def test_empty_numbers_are_nan(tmp_path: Path) -> None:
    file = tmp_path / "gap.csv"
    file.write_text("arch,acc1,mean_acc,extra\n00000000,90,91,\n00000001,92,93,5\n")
    table = read_known(file, SPACE)
    assert math.isnan(table.columns["extra"][0])
    assert table.decisions[1] == from_string("00000001")


def test_a_table_of_any_space_names_its_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the command line, with a space of one's own; a whole number as score is no decision."""
    (tmp_path / "mine.py").write_text(
        "from search_spaces import Choice, Space\n"
        "from search_spaces.cells import Conv, Head, Stem\n"
        "space = Space('mine', Stem(Choice(4, 8)), Conv(8, kernel=Choice(1, 3, 5)), Head())\n"
    )
    paths = sorted(load_space(f"{tmp_path / 'mine.py'}:space").sample(random.Random(0)).decisions)
    lines = [f"{a},{b},{10 * a + b}" for a in (0, 1) for b in (0, 1, 2)]
    (tmp_path / "mine.csv").write_text("\n".join([",".join([*paths, "score"]), *lines]))
    words = ["mine.csv", "--space", "mine.py:space", "--queries", "6", "--seeds", "2", "--strategy", "random"]
    done = run_replay(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "6 networks" in done.stdout
    row = done.stdout.splitlines()[-1].split()
    assert row[:5] == ["random", "0.000", "12.000", "±", "0.000"]
    assert row[5] == "2/2"
    monkeypatch.chdir(tmp_path)
    for wrong, said in (
        (["mine.csv", "--space", "mine.py:space", "--predictor", "oracle"], "Unknown predictor 'oracle'"),
        (["mine.csv", "--space", "mine.py:space", "--queries", "0"], "`queries`"),
        (["mine.csv"], "c100_val_12"),
        (["none.csv"], "none.csv is not a readable CSV file"),
    ):
        monkeypatch.setattr(sys, "argv", ["nas", "replay", *wrong])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def run_replay(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "nas.cli.main", "replay", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False)


def test_rungs_and_objectives_from_the_command_line(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["replay", str(path), "--space", "nasbench_macro", "--seeds", "1", "--strategy", "evolution"]
    rungs = ["--rung", "short=0.1", "--seconds", "time", "--factor", "4", "--queries", "4"]
    app([*words, *rungs, "--out", str(tmp_path / "cheap")], standalone_mode=False)
    said = capsys.readouterr().out
    assert "the cost of 4 whole trainings, one in 4 going on" in said
    row = said.splitlines()[2].split()
    assert int(row[6]) > int(row[7]) >= 1  # begun, ended
    assert len((tmp_path / "cheap" / "regret.csv").read_text().splitlines()) == 5
    front = ["--objective", "parameters", "--objective=-short", "--queries", "12", "--out", str(tmp_path / "front")]
    app([*words, *front], standalone_mode=False)
    assert 0 < float(capsys.readouterr().out.splitlines()[2].split()[1]) < 1
    assert (tmp_path / "front" / "hypervolume.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rung", "short"], "'short' is not `COLUMN=SHARE`"),
        (["--rung", "short=1.5"], "`0 < share < 1`"),
        (["--rung", "short=0.5", "--rung", "acc1=0.1"], "the shortest training first"),
        (["--rung", "shrot=0.5"], "no column of numbers 'shrot'"),
        (["--rung", "short=0.5", "--factor", "1"], "`factor`"),
        (["--promote"], "needs a rung"),
        (["--rung", "short=0.5", "--objective", "time"], "cannot go together"),
        (["--objective=-tmie"], "'tmie' is no objective"),
        (["--score", "gap"], "line 3: no number in column 'gap'"),
        (["--seconds", "debt"], "at least 0"),
    ],
)
def test_bad_rungs_objectives_and_columns_are_refused_and_nothing_is_written(
    tmp_path: Path, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "macro.csv"
    file.write_text("arch,acc1,mean_acc,short,time,gap,debt\n00000000,90,91,70,1,5,1\n00000001,92,93,71,1,,-1\n")
    monkeypatch.setattr(
        sys, "argv", ["nas", "replay", str(file), "--space", "nasbench_macro", "--out", str(tmp_path / "out"), *words]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_measured_objectives_are_seen_for_queried_networks_only(table: Table) -> None:
    """What a profile knows stands in the study at once, a column from the moment it is told."""
    run = replay(table, "guided", queries=20, seed=0, objectives=("score", "parameters", "-short"))
    points = run.points()
    assert points[:, 2].tolist() == [-table.columns["short"][query.row] for query in run.queries]
    assert (points[:, 1] > 0).all()
    space = RecordedSpace.of(table)
    assert math.isnan(costs(space.replay(table.decisions[0]), space, ("score", "-short"))[0])
