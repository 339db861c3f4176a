from __future__ import annotations

import dataclasses
import math
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.journal import journal as journals
from nas.journal.journal import Header, Journal, JournalError
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED, Trial

HEADER = Header(config="{}", space="small 0", dataset="digits", fingerprint="f", task="{}")


def row(number: int, **values: object) -> Trial:
    return Trial(number, {"0.width": 1, "1:2.kernel": 0}, f"print{number}", epochs=3, seed=number, **values)  # type: ignore[arg-type]


def comparable(trial: Trial) -> tuple[Trial, str]:
    """NaN is not equal to itself, but its text is."""
    return dataclasses.replace(trial, scores=()), repr(trial.scores)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        journal.add(row(0, attributes={"generation": 2}))
        journal.add(row(1))
        journal.change(0, scores=(0.5, math.nan), seconds=1.5)
        journal.change(1, state=FAILED, failure="oom", error="no memory")
        journal.change(0, state=STOPPED)
        journal.spend("prediction", 0.25)
        journal.spend("prediction", 0.25)
        journal.set_run_id("run", 1)
        before = journal.trials
    with Journal.open(tmp_path / "s") as journal:
        assert [comparable(one) for one in journal.trials] == [comparable(one) for one in before]
        assert [one.finished for one in journal.trials] == [2, 1]
        assert journal.spent == {"prediction": 0.5}
        assert journal.header == HEADER
        assert journal.trials[1].mlflow_run_id == "run"
    record = journals.read(tmp_path / "s")
    assert len(record.trials) == 2
    assert record.elapsed > 0


def test_time_goes_on_where_it_stood(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        journal._before = 100.0
    with Journal.open(tmp_path / "s") as journal:
        assert 100 <= journal.elapsed() < 160


def test_running_trials_are_requeued_with_what_they_have(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        journal.add(row(0, scores=(0.5,)))
        journal.add(row(1, state=COMPLETED, scores=(0.1,)))
        journal.requeue()
        assert [one.state for one in journal.trials] == [REQUEUED, COMPLETED]
        assert journal.trials[0].scores == (0.5,)
        assert journal.trials[0].finished == 0


def test_totals_follow_every_change(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        for number, score in enumerate((0.3, 0.9, 0.6)):
            journal.add(row(number))
            state = STOPPED if number == 1 else COMPLETED
            journal.change(number, state=state, scores=(score,), seconds=2.0)
        journal.add(row(3, state=RUNNING))
    with Journal.open(tmp_path / "s") as journal:
        totals = journal.totals
        assert (totals.states[COMPLETED], totals.states[STOPPED], totals.states[RUNNING]) == (2, 1, 1)
        assert totals.begun == 4
        assert sum(totals.seconds.values()) == 6.0
        assert totals.best is not None
        assert totals.best.number == 2  # trained to the end counts more than a higher score of one stopped early


def test_a_second_driver_is_refused(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from nas.journal.journal import Header, Journal
journal = Journal.create(Path({str(tmp_path / "s")!r}), Header("{{}}", "s", "d", "f", "{{}}"))
print("open", flush=True)
sys.stdin.read()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(InputError, match=f"another process .id {other.pid}."):
            Journal.open(tmp_path / "s")
        assert journals.read(tmp_path / "s").trials == ()
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    Journal.open(tmp_path / "s").close()  # the kernel gave the lock back


def test_a_directory_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    Journal.create(tmp_path / "s", HEADER).close()
    with pytest.raises(InputError, match="nas resume"):
        Journal.create(tmp_path / "s", HEADER)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").touch()
    with pytest.raises(InputError, match="not empty"):
        Journal.create(tmp_path / "other", HEADER)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\0" * 200])
def test_a_foreign_file_is_no_journal(tmp_path: Path, content: bytes) -> None:
    (tmp_path / journals.FILE).write_bytes(content)
    for look in (journals.read, Journal.open):
        with pytest.raises(InputError):
            look(tmp_path)


@pytest.mark.parametrize(
    ("column", "value"),
    [("decisions", "{"), ("scores", "7"), ("state", "asleep"), ("decisions", "[1]"), ("attributes", "null")],
)
def test_a_damaged_row_is_named_not_run(tmp_path: Path, column: str, value: str) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        journal.add(row(0))
    with sqlite3.connect(tmp_path / "s" / journals.FILE) as connection:
        connection.execute(f"update trials set {column} = ?", (value,))
    with pytest.raises(InputError):
        Journal.open(tmp_path / "s")
    with pytest.raises(InputError):
        journals.read(tmp_path / "s")


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "s", HEADER) as journal:
        journal.add(row(0))
        journal._connection.execute("pragma max_page_count = 1")  # a disk that is full
        with pytest.raises(JournalError, match="full"):
            for number in range(1, 100):
                journal.add(row(number))
        count = len(journal)
        journal._connection.execute("pragma max_page_count = 1000000")
        journal.add(row(count))
    with Journal.open(tmp_path / "s") as journal:
        assert [one.number for one in journal.trials] == list(range(count + 1))


def test_what_a_driver_left_that_was_killed_as_it_began_is_no_search(tmp_path: Path) -> None:
    directory = tmp_path / "search"
    directory.mkdir()
    (directory / "search.lock").write_text("1")
    (directory / "search.db.part").write_bytes(b"half a journal")
    with Journal.create(directory, HEADER):
        assert (directory / "search.db").exists()
    assert not (directory / "search.db.part").exists()
