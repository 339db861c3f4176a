"""A ranking of networks before the first training, learned from networks of many spaces on many data sets.

Scores of different data sets cannot be compared. So a ranking learns, within each pair of a space and a data set, the
Gaussian rank of a network among the others. https://arxiv.org/abs/2403.02484 carries predictors between spaces too.
`ranker.npz` beside this file is learned from results/bench; results/cold_start says how well it ranks what it has not
seen.
"""

from __future__ import annotations

import functools
import json
import logging
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from predictors.features import gaussian_ranks
from predictors.pretrained.columns import RELATIVE, Table, columns
from predictors.pretrained.trees import Trees
from search_spaces.architecture import Architecture
from search_spaces.space import Space
from search_spaces.task import Task

log = logging.getLogger("nas")
SHIPPED = Path(__file__).parent / "ranker.npz"
VERSION = 1
FEWEST = 10  # networks of a pair that can be ranked


class NoRanker(ValueError):
    """A file that holds no ranking of this version."""


@dataclass(frozen=True, eq=False)
class Group:
    """Networks of one space, trained on one data set.

    Args:
        space, task: what they are of.
        architectures: n of them.
        scores: (n,) finite, higher is better.
    """

    space: Space
    task: Task
    architectures: tuple[Architecture, ...]
    scores: np.ndarray

    @functools.cached_property
    def table(self) -> Table:
        """The columns of its networks."""
        return columns(self.architectures, self.space, self.task)


@dataclass(frozen=True)
class Ranker:
    """A ranking.

    Args:
        names: of the columns that the trees know.
        kinds: of tasks that were learned from, see `_kind`.
        trees: the ranking.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    trees: Trees

    @classmethod
    def fitted(cls, groups: Sequence[Group], seed: int = 0) -> Ranker:
        """Learns from groups of at least ten networks; smaller ones are left out.

        Raises:
            ValueError: no group is large enough.
        """
        large = [group for group in groups if len(group.architectures) >= FEWEST]
        if not large:
            raise ValueError(
                f"A ranking is learned from pairs of at least {FEWEST} trained networks, and none has them."
            )
        tables = [group.table for group in large]
        known = sorted({name for table in tables for name in table.names})
        values = np.vstack([table.in_order(known) for table in tables])
        told = values.std(0) > 1e-9
        names = tuple(name for name, tells in zip(known, told, strict=True) if tells)
        targets = np.concatenate([gaussian_ranks(group.scores) for group in large])
        kinds = tuple(sorted({_kind(group.task) for group in large}))
        return cls(names, kinds, Trees.fitted(values[:, told], targets, seed))

    def __call__(self, architectures: Sequence[Architecture], space: Space, task: Task) -> np.ndarray:
        """(n,) expected Gaussian ranks among networks drawn from the space; higher is better."""
        if not len(architectures):
            return np.zeros(0)
        table = columns(architectures, space, task)
        self._say_what_is_new(table, task)
        return self.trees(table.in_order(self.names))

    def new_cells(self, table: Table) -> tuple[str, ...]:
        """Kinds of cells that were never learned from: of them only what they cost and how they lie counts."""
        known = {name.removesuffix(RELATIVE).partition(".")[0] for name in self.names}
        here = {name.removesuffix(RELATIVE).rpartition(".")[0] for name in table.names if name.endswith(".count")}
        return tuple(sorted(here - known))

    def _say_what_is_new(self, table: Table, task: Task) -> None:
        said = []
        if cells := self.new_cells(table):
            said.append(f"cells ({', '.join(cells)})")
        if _kind(task) not in self.kinds:
            said.append(f"a kind of task ({_kind(task)})")
        if said:
            _say(f"The pretrained ranking has never seen {' and '.join(said)}: it goes by what it knows of the others.")

    def save(self, path: Path) -> None:
        """Writes an .npz file of plain arrays."""
        about = json.dumps({"version": VERSION, "names": self.names, "kinds": self.kinds})
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, about=np.array(about), **self.trees.arrays())


def load_ranker(path: Path = SHIPPED) -> Ranker:
    """The ranking in a file that `Ranker.save` wrote.

    Raises:
        NoRanker: there is no such file, it holds something else, or it is of another version.
    """
    return _loaded(path.resolve(), path.stat().st_mtime_ns if path.exists() else 0)


@functools.lru_cache(maxsize=4)
def _loaded(path: Path, changed: int) -> Ranker:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["version"] != VERSION:
                raise NoRanker(
                    f"{path} holds a ranking of version {about['version']!r}; this program reads version {VERSION}. "
                    "Make it anew: nas bench train."
                )
            ranker = Ranker(tuple(about["names"]), tuple(about["kinds"]), Trees.of(arrays))
    except NoRanker:
        raise
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise NoRanker(f"{path} holds no ranking: {error}. `nas bench train` makes one.") from None
    if int(ranker.trees.column.max()) >= len(ranker.names):
        raise NoRanker(f"{path} holds no ranking: it asks about a column without a name. `nas bench train` makes one.")
    return ranker


@functools.cache
def _say(text: str) -> None:
    """Once in a process."""
    log.warning(text)


def _kind(task: Task) -> str:
    axes = "tokens" if task.vocabulary else ("vectors", "series", "pictures")[min(len(task.input_shape) - 1, 2)]
    return f"{task.kind} of {axes}"
