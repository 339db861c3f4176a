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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.records.joint_space import JointSpace, Proposal
from search_spaces.architecture import Architecture
from search_spaces.decide import replay
from search_spaces.errors import SpaceError
from search_spaces.space import Space
from search_spaces.task import Task

Decisions = Mapping[str, int]
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


def read(path: str | Path, space: Space, columns: Sequence[str], test: str, **kwargs: Any) -> Table:
    """The table in a CSV file (plain or `.gz`) of architectures of `space`.

    Args:
        columns: of validation scores, from the shortest training to the whole one.
        test: column to report.
        seconds: column with the cost of a whole training; by default every one costs 1.
        shares: cost of each rung as a share of the whole; by default 1 for all.
        task: that the rows were trained on; by default CIFAR-10's.

    Raises:
        InputError: no such file or column, an unreadable number, or a row that is not of the space.
    """
    return _Reader(Path(path), space, tuple(columns), test, **kwargs).table()


@dataclass(frozen=True)
class _Reader:
    path: Path
    space: Space
    scores: tuple[str, ...]
    test: str
    seconds: str = ""
    shares: tuple[float, ...] = ()
    task: Task = Task((3, 32, 32), 10)  # noqa: RUF009 - frozen

    def table(self) -> Table:
        rows = self._rows()
        convert = _converter(self.space)
        wanted = [name for name in rows[0] if name not in KNOWN_NAMES]
        columns = {name: values for name in wanted if (values := _numbers(rows, name)) is not None}
        for name in (*self.scores, self.test, *filter(None, [self.seconds])):
            if name not in columns:
                raise InputError(f"{self.path} has no column of numbers {name!r}. It has {', '.join(sorted(columns))}.")
            if not np.isfinite(columns[name]).all():
                line = int(np.flatnonzero(~np.isfinite(columns[name]))[0]) + 2
                raise InputError(f"{self.path}, line {line}: no number in column {name!r}. Leave that network out.")
        whole = columns[self.seconds] if self.seconds else np.ones(len(rows))
        if whole.min() < 0:
            raise InputError(f"{self.path}: column {self.seconds!r} of seconds holds {whole.min():g}, `at least 0`.")
        shares = self.shares or (1.0,) * len(self.scores)
        rungs = tuple(Rung(name, share * whole) for name, share in zip(self.scores, shares, strict=True))
        decisions = tuple(self._decisions(convert, row, line) for line, row in enumerate(rows, 2))
        return Table(self.space, self.task, decisions, columns, rungs, self.test)

    def _rows(self) -> list[dict[str, str]]:
        try:
            data = self.path.read_bytes()
            text = (gzip.decompress(data) if self.path.suffix == ".gz" else data).decode()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} is not a readable CSV file: {error}. Give a .csv or .csv.gz file.") from None
        rows = list(csv.DictReader(io.StringIO(text)))
        if not rows:
            raise InputError(
                f"{self.path} holds no rows. A table has a line of column names and a line for each network."
            )
        return rows

    def _decisions(
        self, convert: Callable[[Mapping[str, str]], Decisions], row: dict[str, str], line: int
    ) -> Decisions:
        try:
            return convert(row)
        except (SpaceError, KeyError, ValueError) as error:
            raise InputError(f"{self.path}, line {line}: not a network of {self.space.name!r}: {error}.") from None


def _converter(space: Space) -> Callable[[Mapping[str, str]], Decisions]:
    """From a row to decisions: the space's own `from_row`, or `from_string` on the column with the official name.

    Any other space may name its decisions as columns, with the index of the option in each.
    """
    module: Any = None
    with contextlib.suppress(ImportError):
        module = importlib.import_module(f"search_spaces.catalog.{space.name}")
    if hasattr(module, "from_row"):
        return module.from_row
    if hasattr(module, "from_string"):
        from_string = module.from_string
        return lambda row: from_string(next(row[name] for name in KNOWN_NAMES if name in row))
    return lambda row: (
        space.resolve(replay({path: int(value) for path, value in row.items() if _is_whole(value)})).decisions
    )


def _is_whole(value: str | None) -> bool:
    return bool(value) and str(value).lstrip("-").isdigit()


def _numbers(rows: Sequence[Mapping[str, str]], name: str) -> np.ndarray | None:
    """A column as numbers, NaN where it is empty; None where it holds words."""
    try:
        return np.array([float(row[name]) if row[name] else math.nan for row in rows])
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True)
class Layout:
    """Where a recorded benchmark keeps what a search needs; the arguments of `read`."""

    columns: tuple[str, ...] = ("score",)
    test: str = "score"
    seconds: str = ""
    shares: tuple[float, ...] = ()
    task: Task = Task((3, 32, 32), 10)  # noqa: RUF009 - frozen


LAYOUTS = {
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


def layout_of(
    space: Space, score: str = "", test: str = "", seconds: str = "", rungs: Mapping[str, float] | None = None
) -> Layout:
    """The columns that `LAYOUTS` names for a space, `score` for any other, but those that are named here.

    Args:
        rungs: shares of a whole training's cost, by the column of the shorter training's score.

    Raises:
        InputError: shares that do not grow or are no shares.
    """
    known = LAYOUTS.get(space.name, Layout())
    shares = tuple((rungs or {}).values())
    if not all(low < high for low, high in itertools.pairwise((0.0, *shares, 1.0))):
        said = ", ".join(f"{share:g}" for share in shares)
        raise InputError(f"Rungs with shares {said} do not fit: `0 < share < 1`, the shortest training first.")
    layout = replace(known, test=test or score or known.test, seconds=seconds or known.seconds)
    if rungs or score:
        layout = replace(layout, columns=(*(rungs or ()), score or known.columns[-1]), shares=(*shares, 1.0))
    return layout


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


def read_known(path: str | Path, space: Space, layout: Layout | None = None) -> Table:
    """The table in a CSV file with the columns that `layout` names, by default that of its space."""
    layout = layout or layout_of(space)
    return read(
        path,
        space,
        layout.columns,
        layout.test,
        seconds=layout.seconds,
        shares=layout.shares,
        task=layout.task,
    )


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
