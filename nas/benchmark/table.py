"""Recorded benchmarks: architectures that somebody trained, with their scores and what they cost.

A table stands in for training, so that strategies and predictors are judged in seconds. Where a table does not hold a
whole space, what is proposed outside of it becomes the nearest recorded architecture.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import importlib
import io
import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.records.proposal import Proposal
from search_spaces.architecture import Architecture
from search_spaces.decide import replay
from search_spaces.errors import SpaceError
from search_spaces.space import Space
from search_spaces.task import Task

Decisions = Mapping[str, int]
SCORE = "score"
FAILED = "error"  # column of why a training failed, which left no score
KNOWN_NAMES = ("arch_str", "arch")  # columns that hold an architecture's official name


@dataclass(frozen=True)
class Rung:
    """A training of a certain length, as recorded.

    Args:
        column: of its validation score.
        seconds: cost of each row, (n,), not negative.
    """

    column: str
    seconds: np.ndarray


@dataclass(frozen=True)
class Table:
    """Recorded trainings of one space.

    Args:
        space: what the rows are of.
        task: that they were trained on.
        decisions: of each row.
        columns: numbers by name, each (n,).
        rungs: from the shortest training to the whole one; the last one's score is what a search maximises.
        test: column that is reported and never searched by.
    """

    space: Space
    task: Task
    decisions: tuple[Decisions, ...]
    columns: Mapping[str, np.ndarray]
    rungs: tuple[Rung, ...]
    test: str

    def __len__(self) -> int:
        return len(self.decisions)

    def scores(self, rung: int = -1) -> np.ndarray:
        """Validation scores of all rows, (n,)."""
        return self.columns[self.rungs[rung].column]


@dataclass(frozen=True)
class Layout:
    """Where a recorded benchmark keeps what a search needs.

    Args:
        columns: of validation scores, from the shortest training to the whole one.
        test: column to report.
        seconds: column with the cost of a whole training; "" where every one costs 1.
        shares: cost of each of `columns` as a share of the whole.
        task: that the rows were trained on.
    """

    columns: tuple[str, ...] = (SCORE,)
    test: str = SCORE
    seconds: str = ""
    shares: tuple[float, ...] = (1.0,)
    task: Task = Task((3, 32, 32), 10)  # noqa: RUF009 - frozen


PUBLISHED = {
    "nasbench201": Layout(
        ("c100_val_12", "c100_val_200_mean"),
        "c100_test_200",
        "c100_train_time_200_s",
        (12 / 200, 1.0),
        Task((3, 32, 32), 100),
    ),
    "nasbench_macro": Layout(("acc1",), "mean_acc"),
    "accel_nasbench": Layout(("val_top1",), "val_top1", "train_time", (1.0,), Task((3, 224, 224), 1000)),
}


@dataclass(frozen=True)
class Columns:
    """Which columns a person names; what is empty is as published where the table has it, otherwise left out.

    Args:
        score: that is searched by, at the end of a whole training; without a published one `score`.
        test: that is reported; by default the score's.
        seconds: cost of a whole training; by default all cost 1.
        rungs: shares of a whole training's cost, by the column of the shorter training's score.
    """

    score: str = ""
    test: str = ""
    seconds: str = ""
    rungs: Mapping[str, float] = field(default_factory=dict)

    def layout(self, space: Space, there: Collection[str]) -> Layout:
        """Of a table that has the columns `there`.

        Raises:
            InputError: shares that do not grow or are no shares.
        """
        shares = tuple(self.rungs.values())
        if not all(low < high for low, high in itertools.pairwise((0.0, *shares, 1.0))):
            said = ", ".join(f"{share:g}" for share in shares)
            raise InputError(f"Rungs with shares {said} do not fit: `0 < share < 1`, the shortest training first.")
        published = PUBLISHED.get(space.name, Layout())
        whole = published.columns[-1]
        score = self.score or (SCORE if whole not in there and SCORE in there else whole)
        rungs, test = self.rungs, score
        if not self.score and score == whole:  # a published score goes with its published test and shorter trainings
            test = published.test if published.test in there else score
            known = zip(published.columns[:-1], published.shares, strict=False)
            rungs = rungs or {name: share for name, share in known if name in there}
        seconds = published.seconds if published.seconds in there else ""
        return Layout(
            (*rungs, score), self.test or test, self.seconds or seconds, (*rungs.values(), 1.0), published.task
        )


def rungs_of(texts: Sequence[str]) -> dict[str, float]:
    """`COLUMN=SHARE`, as given on the command line, as shares by column."""
    rungs = {}
    for text in texts:
        column, _, share = text.rpartition("=")
        try:
            rungs[column] = float(share)
        except ValueError:
            column = ""
        if not column:
            raise InputError(
                f"Rung {text!r} is not `COLUMN=SHARE`. Write the share of a whole training's cost: acc_12=0.06."
            )
    return rungs


def read(path: str | Path, space: Space, layout: Layout) -> Table:
    """The table in a CSV file (plain or `.gz`) of architectures of `space`.

    Raises:
        InputError: no such file or column, an unreadable number, or a row that is not of the space.
    """
    return _table(Path(path), _rows(Path(path)), space, layout)


def read_known(path: str | Path, space: Space, columns: Columns | None = None) -> Table:
    """The same with the columns that are named and the published ones of the space."""
    rows = _rows(Path(path))
    return _table(Path(path), rows, space, (columns or Columns()).layout(space, rows[0]))


def _table(path: Path, rows: list[dict[str, str]], space: Space, layout: Layout) -> Table:
    wanted = [name for name in rows[0] if name not in KNOWN_NAMES]
    columns = {name: values for name in wanted if (values := _numbers(rows, name)) is not None}
    for name in (*layout.columns, layout.test, *filter(None, [layout.seconds])):
        if name not in columns:
            raise InputError(f"{path} has no column of numbers {name!r}. It has {', '.join(sorted(columns))}.")
        if not np.isfinite(columns[name]).all():
            line = int(np.flatnonzero(~np.isfinite(columns[name]))[0]) + 2
            raise InputError(f"{path}, line {line}: no number in column {name!r}. Leave that network out.")
    whole = columns[layout.seconds] if layout.seconds else np.ones(len(rows))
    if whole.min() < 0:
        raise InputError(f"{path}: column {layout.seconds!r} of seconds holds {whole.min():g}, `at least 0`.")
    rungs = tuple(Rung(name, share * whole) for name, share in zip(layout.columns, layout.shares, strict=True))
    convert, decisions = _converter(space), []
    for line, row in enumerate(rows, 2):
        try:
            decisions.append(convert(row))
        except (SpaceError, KeyError, ValueError) as error:
            raise InputError(f"{path}, line {line}: not a network of {space.name!r}: {error}.") from None
    return Table(space, layout.task, tuple(decisions), columns, rungs, layout.test)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a readable CSV file: {error}. Give a .csv or .csv.gz file.") from None
    rows = [row for row in csv.DictReader(io.StringIO(text)) if not row.get(FAILED)]
    if not rows:
        raise InputError(f"{path} holds no rows. A table has a line of column names and a line for each network.")
    return rows


def _converter(space: Space) -> Callable[[Mapping[str, str]], Decisions]:
    """From a row to decisions: the space's own `from_row`, or `from_string` on the column with the official name.

    Any other space may name its decisions as columns, with the index of the option in each.
    """
    module: Any = None
    with contextlib.suppress(ImportError):
        module = importlib.import_module(f"search_spaces.catalog.{space.name}")
    if hasattr(module, "from_row"):
        return module.from_row

    def convert(row: Mapping[str, str]) -> Decisions:
        name = next((row[column] for column in KNOWN_NAMES if column in row), None)
        if name is not None and hasattr(module, "from_string"):
            return module.from_string(name)
        decisions = {path: int(value) for path, value in row.items() if _is_whole(value)}
        return space.resolve(replay(decisions)).decisions

    return convert


def _is_whole(value: str | None) -> bool:
    return bool(value) and str(value).lstrip("-").isdigit()


def _numbers(rows: Sequence[Mapping[str, str]], name: str) -> np.ndarray | None:
    """A column as numbers, NaN where it is empty; None where it holds words."""
    try:
        return np.array([float(row[name]) if row[name] else math.nan for row in rows])
    except (TypeError, ValueError):
        return None


class RecordedSpace(JointSpace):
    """The space of a table, in which every proposal is one of its rows."""

    rows: dict[tuple[tuple[str, int], ...], int]

    @classmethod
    def of(cls, table: Table) -> RecordedSpace:
        """The space of `table`; the recipe is not searched."""
        space = cls(table.space, TrainingConfig(), table.task)
        keys = [_key(decisions) for decisions in table.decisions]
        object.__setattr__(space, "rows", dict(zip(keys, range(len(keys)), strict=True)))
        object.__setattr__(space, "whole", len(space.rows) == table.space.size())
        object.__setattr__(space, "nearest", _Nearest(table.decisions))
        object.__setattr__(space, "kept", {})
        return space

    def row(self, proposal: Proposal) -> int:
        """The table's row of a proposal."""
        return self.rows[_key(proposal.architecture.decisions)]

    def size(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def _proposal(self, architecture: Architecture, training: TrainingConfig, recipe: Mapping[str, int]) -> Proposal:
        key = _key(architecture.decisions)
        if key not in self.rows:
            key = _key(self.nearest(architecture.decisions))  # type: ignore[attr-defined]
        kept: dict[Any, Proposal] = self.kept  # type: ignore[attr-defined]
        if key not in kept:
            found = self.space.replay(dict(key))
            kept[key] = Proposal(found, training, dict(found.decisions), found.fingerprint)
        return kept[key]


class _Nearest:
    """The recorded decisions that differ from given ones at the fewest places; of several the first."""

    def __init__(self, decisions: Sequence[Decisions]) -> None:
        self.decisions = decisions
        self.paths = sorted({path for one in decisions for path in one})
        self.array = np.array([self._vector(one) for one in decisions])

    def __call__(self, wanted: Decisions) -> Decisions:
        differing = (self.array != self._vector(wanted)).sum(1)
        return self.decisions[int(differing.argmin())]

    def _vector(self, decisions: Decisions) -> np.ndarray:
        return np.array([decisions.get(path, -1) for path in self.paths])


def _key(decisions: Decisions) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(decisions.items()))
