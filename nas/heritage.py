"""Whose trained weights a new candidate begins with, and which weights are kept for that.

The parent of a training stands in the journal before its job goes out, so that a training that is repeated or taken up
again has the same one. Which weights are kept follows from the order in which trainings ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nas.execution.worker import remove
from nas.journal.journal import Journal
from nas.records.joint_space import JointSpace
from nas.records.row import PARENT, Row
from nas.records.trial import COMPLETED, REQUEUED, RUNNING, STOPPED
from nas.training.inheritance import nearest
from search_spaces.architecture import Architecture

ENDING = "-weights.pt"
BEST, NEWEST = 8, 4  # trainings whose weights are kept
LARGEST = 64 * 2**20  # bytes of one network's weights that are kept


class NoHeritage:
    """Every candidate begins with fresh weights, and none are kept."""

    def of(self, row: Row) -> Mapping[str, Any]:
        """The fields of this trial's job that say whose weights it begins with, and where its own are to lie."""
        return {}

    def settle(self, number: int) -> None:
        """A training has ended for good: its weights are kept, or deleted with any that need not be kept any more."""

    def clear(self) -> None:
        """Deletes all weights."""


class Heritage(NoHeritage):
    """Candidates begin with the weights of their nearest relative among the best and the newest.

    Args:
        folder: for the weights, in reach of all workers; a path or an fsspec URL.
        rungs: epochs after which a training may be stopped, and so must have laid its weights down.
    """

    def __init__(self, journal: Journal, joint: JointSpace, folder: str, rungs: Iterable[int] = ()) -> None:
        self.journal, self.joint, self.folder, self.rungs = journal, joint, folder, tuple(rungs)
        self._architectures: dict[int, Architecture] = {}
        self._heirs = {row.number: row.parent for row in journal.rows if row.state in (RUNNING, REQUEUED)}
        self._offered = _offered(row for row in journal.rows if row.finished)
        self._lying = self._found() if journal.rows else set()

    def of(self, row: Row) -> Mapping[str, Any]:
        if PARENT not in row.attributes:
            row = self.journal.change(row.number, attributes={**row.attributes, PARENT: self._nearest(row)})
        parent = self._heirs[row.number] = row.parent
        fields: dict[str, Any] = {"rungs": self.rungs, "weights": self._path(row.number) if _is_small(row) else ""}
        if parent is not None:
            fields |= {"parent": dict(self.journal.row(parent).decisions), "parent_weights": self._path(parent)}
        return fields

    def settle(self, number: int) -> None:
        self._heirs.pop(number, None)
        self._lying.add(number)
        self._offered = _offered([self.journal.row(one) for one in {*self._offered, number}])
        for one in self._lying - {*self._offered, *self._heirs.values()}:
            remove(self._path(one))
            self._lying.discard(one)

    def clear(self) -> None:
        for number in self._lying:
            remove(self._path(number))
        self._lying.clear()

    def _nearest(self, row: Row) -> int | None:
        """Number of the relative that can hand on most; None where none has enough in common."""
        numbers = sorted(self._offered)
        relatives = [self._architecture(number) for number in numbers]
        index = nearest(self._architecture(row.number), relatives, self.joint.task)
        return None if index is None else numbers[index]

    def _architecture(self, number: int) -> Architecture:
        if number not in self._architectures:
            kept = {one: self._architectures[one] for one in self._offered if one in self._architectures}
            self._architectures = {**kept, number: self.joint.replay(self.journal.row(number).decisions).architecture}
        return self._architectures[number]

    def _found(self) -> set[int]:
        """Numbers of the trials whose weights lie in the folder."""
        import fsspec

        try:
            system, path = fsspec.core.url_to_fs(self.folder)
            names = [name.rpartition("/")[2] for name in system.ls(path, detail=False)]
            return {int(name.removesuffix(ENDING)) for name in names if name.endswith(ENDING)}
        except (OSError, ImportError, ValueError):
            return set()

    def _path(self, number: int) -> str:
        return f"{self.folder}/{number}{ENDING}"


def _offered(rows: Iterable[Row]) -> tuple[int, ...]:
    """Numbers of the best and the newest that left weights."""
    rows = [row for row in rows if row.state in (COMPLETED, STOPPED) and row.score == row.score and _is_small(row)]
    best = sorted(rows, key=lambda row: (row.state != COMPLETED, -row.score, row.number))[:BEST]
    newest = sorted(rows, key=lambda row: -row.finished)[:NEWEST]
    return tuple({row.number for row in (*best, *newest)})


def _is_small(row: Row) -> bool:
    return 4 * row.parameters <= LARGEST
