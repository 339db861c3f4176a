"""The durable record of a search: `search.db` in its directory, written before anything acts on it.

SQLite in WAL mode with synchronous=FULL: a trial that was written survives kill -9 and power loss. One driver at a time
holds the directory, by a lock that the kernel gives back when the process ends. Everything else (Optuna's study, the
predictor, the stopping rule, MLflow) is rebuilt from here. Reading needs no disk: the trials are mirrored in memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from nas.config.edit import Edit
from nas.errors import InputError
from nas.journal.directory import FILE, LOCK, PART, check_free
from nas.journal.totals import Totals
from nas.records.proposal import Proposal
from nas.records.trial import REQUEUED, RUNNING, STATES, Trial

VERSION = 1
JSON_COLUMNS = {"decisions": dict, "scores": list, "attributes": dict}
SCHEMA = """
create table search (
    id integer primary key check (id = 1), version integer not null, config text not null, space text not null,
    dataset text not null, fingerprint text not null, task text not null, started real not null,
    elapsed real not null default 0, ended text not null default '', statement text not null default '',
    mlflow_run_id text not null default ''
);
create table trials (
    number integer primary key, decisions text not null, fingerprint text not null, state text not null,
    epochs integer not null, seed integer not null, scores text not null, seconds real not null,
    parameters integer not null, macs integer not null, activation_bytes integer not null, source text not null,
    error text not null, failure text not null, attempts integer not null, finished integer not null,
    began real not null, test_score real, attributes text not null, mlflow_run_id text not null
);
create table spent (purpose text primary key, seconds real not null);
"""
EDITS = "create table if not exists edits (number integer primary key, edit text not null, trial integer)"


class JournalError(RuntimeError):
    """The journal cannot be written, e.g. because the disk is full. What it held before is intact."""


COLUMNS = tuple(f.name for f in dataclasses.fields(Trial) if f.name not in ("architecture", "recipe"))


@dataclass(frozen=True)
class Header:
    """What the search is about; written once.

    Args:
        config: `SearchConfig` as JSON.
        space: name and hash of the space's text, to tell another space of the same name.
        dataset: name of the data set.
        fingerprint: of the data set's content.
        task: input shape, outputs and kind as JSON.
    """

    config: str
    space: str
    dataset: str
    fingerprint: str
    task: str


class Journal:
    """The open journal of one directory. Thread-safe; use it as a context manager.

    Attributes:
        edits: what was changed since the search began, as far as it has been taken up.

    Raises:
        InputError: no journal there, one of another version, or a directory that another process holds.
        JournalError: a write failed; the mirror in memory is unchanged.
    """

    def __init__(
        self, directory: Path, lock: BaseFileLock, connection: sqlite3.Connection, began: float | None
    ) -> None:
        self.directory = directory
        self._lock = lock
        self._connection = connection
        self._guard = threading.RLock()
        self._trials: list[Trial] = []
        self.totals = Totals()
        for trial in _trials(connection):
            self._trials.append(trial)
            self.totals.change(None, trial)
        self.header = Header(*_one(connection, "select config, space, dataset, fingerprint, task from search"))
        self._before, self.mlflow_run_id, self.ended = _one(
            connection, "select elapsed, mlflow_run_id, ended from search"
        )
        self.spent: dict[str, float] = dict(connection.execute("select purpose, seconds from spent"))
        self._finished = max((trial.finished for trial in self._trials), default=0)
        self._opened = time.monotonic() if began is None else began
        self.edits: list[Edit] = [edit for edit in _edits(connection) if edit.trial is not None]
        self._written = -1  # SQLite's count of what other processes have written, as last seen

    @classmethod
    def create(cls, directory: Path, header: Header, began: float | None = None) -> Journal:
        """A new journal; its clock starts at `began` (`time.monotonic`). The directory may exist if it is empty."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            check_free(directory)
            lock = _locked(directory)
            part = directory / PART  # a journal appears whole or not at all
            part.unlink(missing_ok=True)
            with (
                contextlib.closing(sqlite3.connect(part, isolation_level=None)) as connection,
                _transaction(connection),
            ):
                for statement in (*SCHEMA.split(";"), EDITS):
                    connection.execute(statement)
                connection.execute(
                    "insert into search (id, version, config, space, dataset, fingerprint, task, started) "
                    "values (1, ?, ?, ?, ?, ?, ?, ?)",
                    (VERSION, *dataclasses.astuple(header), time.time()),
                )
            os.replace(part, directory / FILE)
            connection = _connected(directory / FILE)
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"A search cannot be kept in {directory}: {error}. Name another with `--directory`."
            ) from None
        return cls(directory, lock, connection, began)

    @classmethod
    def open(cls, directory: Path, began: float | None = None, wait: float = 0.0) -> Journal:
        """The journal of an earlier search, to go on with; waits so many seconds where another process has it."""
        path = _existing(directory)
        try:
            lock = _locked(directory, wait)
        except OSError as error:
            raise InputError(f"The search in {directory} cannot be resumed: {error}.") from None
        try:
            connection = _connected(path)
            _check_version(connection, path)
            connection.execute(EDITS)  # which journals of before do not have
            return cls(directory, lock, connection, began)
        except BaseException as error:
            lock.release()
            if isinstance(error, sqlite3.Error | ValueError | TypeError) and not isinstance(error, InputError):
                raise InputError(f"{path} cannot be read as a journal: {error}.") from None
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(JournalError):
            self._write([])
        self._connection.close()
        self._lock.release()

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials in order of number, as they stand now."""
        return self._trials

    def __len__(self) -> int:
        return len(self._trials)

    def rebuild(self, replay: Callable[[Mapping[str, int]], Proposal]) -> None:
        """Gives every trial the architecture and the recipe that its decisions lead to, which no column holds."""
        with self._guard:
            self._trials = [rebuilt(trial, replay) for trial in self._trials]

    @property
    def finished(self) -> int:
        """How many trials have ended."""
        return self._finished

    def since_opened(self) -> float:
        """Seconds that this driver has run."""
        return time.monotonic() - self._opened

    def elapsed(self) -> float:
        """Seconds that drivers of this search have run, as far as the journal knows, and this one until now."""
        return self._before + self.since_opened()

    def add(self, trial: Trial) -> None:
        """Writes a new trial, whose number is the next."""
        marks = ", ".join("?" * len(COLUMNS))
        with self._guard:
            self._write([(f"insert into trials ({', '.join(COLUMNS)}) values ({marks})", _values(trial))])  # noqa: S608
            self._trials.append(trial)
            self.totals.change(None, trial)

    def change(self, number: int, **values: Any) -> Trial:
        """Writes new values into a trial; a state that ends it also gets its place in the order of finishing."""
        with self._guard:
            old = self._trials[number]
            trial = dataclasses.replace(old, **values)
            if trial.ended and not trial.finished:
                trial = dataclasses.replace(trial, finished=self._finished + 1)
            names = [name for name in COLUMNS if getattr(trial, name) is not getattr(old, name)]
            if names:
                assignments = ", ".join(f"{name} = ?" for name in names)
                cells = [*_values(trial, names), number]
                self._write([(f"update trials set {assignments} where number = ?", cells)])  # noqa: S608
            self._finished = max(self._finished, trial.finished)
            self._trials[number] = trial
            self.totals.change(old, trial)
            return trial

    def new_edits(self) -> list[Edit]:
        """What persons have changed and the driver has not taken up; costs next to nothing where nobody has written."""
        with self._guard:
            try:
                (written,) = self._connection.execute("pragma data_version").fetchone()
                found = _edits(self._connection) if written != self._written else []
            except (sqlite3.Error, ValueError):  # of a later version, or a disk that is gone: the search goes on
                return []
            self._written = written
            return [edit for edit in found if edit.trial is None]

    def waiting_edits(self) -> list[Edit]:
        """What was changed too late for the driver of before."""
        return [edit for edit in _edits(self._connection) if edit.trial is None and not edit.stop]

    def unend(self) -> None:
        """The search has not come to its end after all."""
        self._write([("update search set ended = ''", ())])
        self.ended = ""

    def forget_stops(self) -> None:
        """Who asked for an end before does not mean what goes on now."""
        for edit in _edits(self._connection):
            if edit.trial is None and edit.stop:
                self.forget(edit)

    def forget(self, edit: Edit) -> None:
        """An edit that was never taken up goes."""
        self._write([("delete from edits where number = ?", (edit.number,))])

    def take_up(self, edit: Edit, config: str) -> Edit:
        """Writes that an edit holds from the next trial on, and the question as it is now."""
        with self._guard:
            edit = dataclasses.replace(edit, trial=len(self._trials))
            self._write(
                [
                    ("update edits set trial = ? where number = ?", (edit.trial, edit.number)),
                    ("update search set config = ?", (config,)),
                ]
            )
            self.edits.append(edit)
            return edit

    def mark(self, marks: Mapping[int, Mapping[str, Any]]) -> None:
        """Gives trials other attributes, after which another may be the best."""
        with self._guard:
            for number, attributes in marks.items():
                self.change(number, attributes=attributes)
            self.totals = Totals()
            for trial in self._trials:
                self.totals.change(None, trial)

    def spend(self, purpose: str, seconds: float) -> None:
        """Adds seconds to what a purpose has cost; in memory only where the disk is full."""
        with self._guard, contextlib.suppress(JournalError):
            total = self.spent[purpose] = self.spent.get(purpose, 0.0) + seconds
            self._write([("insert or replace into spent values (?, ?)", (purpose, total))])

    def end(self, reason: str, statement: str) -> None:
        """Writes why the search ended and where its time went."""
        self._write([("update search set ended = ?, statement = ?", (reason, statement))])
        self.ended = reason

    def set_config(self, config: str) -> None:
        """Writes a changed question, e.g. a larger budget."""
        self._write([("update search set config = ?", (config,))])

    def requeue(self) -> None:
        """After an interruption: what was in training then is to be taken up again."""
        for trial in list(self._trials):
            if trial.state == RUNNING:
                self.change(trial.number, state=REQUEUED)

    def set_run_id(self, run_id: str, number: int | None = None) -> None:
        """Remembers the MLflow run of the search or of a trial."""
        if number is not None:
            self.change(number, mlflow_run_id=run_id)
            return
        self._write([("update search set mlflow_run_id = ?", (run_id,))])
        self.mlflow_run_id = run_id

    def _write(self, statements: list[tuple[str, Any]]) -> None:
        """One transaction, with the clock in it."""
        try:
            with self._guard, _transaction(self._connection):
                for statement, values in statements:
                    self._connection.execute(statement, values)
                self._connection.execute("update search set elapsed = ?", (self.elapsed(),))
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"{self.directory / FILE} cannot be written: {error}.") from error


def rebuilt(trial: Trial, replay: Callable[[Mapping[str, int]], Proposal]) -> Trial:
    """The trial with the architecture and the recipe that its decisions lead to."""
    proposal = replay(trial.decisions)
    return dataclasses.replace(trial, architecture=proposal.architecture, recipe=proposal.recipe)


def add_edit(directory: Path, edit: Edit) -> Edit:
    """Writes an edit into the journal of a search, whether a driver runs it or not.

    Raises:
        InputError: no journal there, or one whose driver would not see it.
    """
    path = _existing(directory)
    try:
        with contextlib.closing(_connected(path)) as connection:
            _check_version(connection, path)
            with _transaction(connection):
                if not is_running(directory):
                    connection.execute(EDITS)
                (last,) = connection.execute("select coalesce(max(number), 0) from edits").fetchone()
                connection.execute("insert into edits (number, edit) values (?, ?)", (last + 1, edit.to_json()))
    except sqlite3.Error as error:
        raise InputError(f"{path} cannot be edited: {error}.") from None
    return dataclasses.replace(edit, number=last + 1)


def is_running(directory: Path) -> bool:
    """Whether a driver holds the search in this directory now."""
    path = Path(directory) / LOCK
    if not path.is_file():
        return False
    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


@dataclass(frozen=True)
class Record:
    """A journal as read by someone who does not go on with it."""

    header: Header
    trials: tuple[Trial, ...]
    spent: Mapping[str, float]
    elapsed: float
    ended: str
    statement: str
    edits: tuple[Edit, ...] = ()


def read(directory: Path) -> Record:
    """The journal of a search that may still be running elsewhere; nothing is locked or written.

    Raises:
        InputError: no readable journal there.
    """
    path = _existing(directory)
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        ) as connection:
            _check_version(connection, path)
            header = Header(*_one(connection, "select config, space, dataset, fingerprint, task from search"))
            elapsed, ended, statement = _one(connection, "select elapsed, ended, statement from search")
            spent = dict(connection.execute("select purpose, seconds from spent"))
            edits = tuple(_edits(connection))
            return Record(header, tuple(_trials(connection)), spent, elapsed, ended, statement, edits)
    except (sqlite3.Error, ValueError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read as a journal: {error}.") from None


def _existing(directory: Path) -> Path:
    path = Path(directory) / FILE
    if not path.is_file():
        raise InputError(f"{directory} holds no search: there is no {FILE}. Name the directory of a search.")
    return path


def _locked(directory: Path, wait: float = 0.0) -> BaseFileLock:
    """A lock that lasts as long as this process, however it ends; the file says which process holds it."""
    path = directory / LOCK
    holder = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    lock = FileLock(path, timeout=wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(
            f"The search in {directory} is being run by another process (id {holder or 'unknown'}). Wait for it or "
            "end it."
        ) from None
    path.write_text(str(os.getpid()), encoding="utf-8")
    return lock


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    return connection


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = _one(connection, "select version from search")
    if version != VERSION:
        raise InputError(f"{path} has version {version!r}; this program reads version {VERSION}.")


def _one(connection: sqlite3.Connection, statement: str) -> tuple[Any, ...]:
    row = connection.execute(statement).fetchone()
    if row is None:
        raise InputError("The journal is empty: the search ended while it was being created. Start it again.")
    return row


def _trials(connection: sqlite3.Connection) -> Iterator[Trial]:
    every = connection.execute(f"select {', '.join(COLUMNS)} from trials order by number")  # noqa: S608
    for expected, values in enumerate(every):
        cells = dict(zip(COLUMNS, values, strict=True))
        cells.update({name: json.loads(cells[name]) for name in JSON_COLUMNS})
        for name, kind in JSON_COLUMNS.items():
            if not isinstance(cells[name], kind):
                raise InputError(f"`{name}` of trial {cells['number']} must be a JSON {kind.__name__}.")
        cells["scores"] = tuple(math.nan if score is None else float(score) for score in cells["scores"])
        if cells["state"] not in STATES:
            raise InputError(f"Trial {cells['number']} has the unknown state {cells['state']!r}.")
        if cells["number"] != expected:
            raise InputError(f"Trial {expected} is missing: the next one is {cells['number']}.")
        yield Trial(**cells)


def _edits(connection: sqlite3.Connection) -> list[Edit]:
    """In order of number; none in a journal of an older version."""
    if connection.execute("select 1 from sqlite_master where name = 'edits'").fetchone() is None:
        return []
    found = connection.execute("select edit, number, trial from edits order by number").fetchall()
    return [Edit.from_json(*row) for row in found]


def _values(trial: Trial, names: Any = COLUMNS) -> list[Any]:
    return [_cell(name, getattr(trial, name)) for name in names]


def _cell(name: str, value: Any) -> Any:
    if name == "scores":
        return json.dumps([score if math.isfinite(score) else None for score in value])
    if name in JSON_COLUMNS:
        return json.dumps(dict(value))
    return value
