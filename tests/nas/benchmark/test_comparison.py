"""Strategies side by side, and `nas replay` on the command line."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from nas.benchmark.comparison import Comparison, compare
from nas.benchmark.table import read_known
from nas.cli.main import app, main
from nas.errors import InputError
from search_spaces import SPACES, load_space

SPACE = SPACES["nasbench_macro"]()


def test_comparison_prints_a_line_each_and_saves_curves(path: Path, tmp_path: Path) -> None:
    lines = list(
        compare(path, "nasbench_macro", Comparison(["random", "evolution"], queries=12, seeds=2), out=tmp_path / "out")
    )
    assert [line.split()[0] for line in lines[1:]] == ["strategy", "random", "evolution", "Saved"]
    assert (tmp_path / "out" / "regret.png").stat().st_size > 1000
    assert (tmp_path / "out" / "regret.csv").read_text().startswith("queries,random,evolution\n1,")


def test_a_missing_file_and_an_unknown_strategy_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="readable"):
        read_known(tmp_path / "none.csv", SPACE)
    with pytest.raises(InputError, match="guided"):
        list(compare(path, "nasbench_macro", Comparison(["gudied"])))


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
        (["mine.csv"], "not a network of 'nasbench201'"),
        (["none.csv"], "none.csv is not a readable CSV file"),
    ):
        monkeypatch.setattr(sys, "argv", ["nas", "replay", *wrong])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def run_replay(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
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
