"""A benchmark of our own spaces on disk: a folder with a table for each pair of a space and a data set.

`SPACE@DATA.csv.gz` has a line for each training: number of the network and seed, the score after each epoch, seconds,
what the network's profile says, and the index of each decision. `SPACE@DATA.json` says what the data is. Files are
written as a whole and then moved into place, so that a kill leaves the last whole ones.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.errors import InputError
from predictors.pretrained import Group
from search_spaces.catalog import load_space
from search_spaces.profile import Profile
from search_spaces.task import Task

VERSION = 1
BETWEEN, TABLE, ABOUT = "@", ".csv.gz", ".json"
PROFILE = ("parameters", "macs", "activation_bytes")
KEY = ("number", "seed")
EPOCH = "epoch_"


def costs(known: Profile) -> tuple[int, ...]:
    """What of a network's profile is written down."""
    return tuple(getattr(known, name) for name in PROFILE)


@dataclass(frozen=True)
class Row:
    """One training.

    Args:
        number: of the network among those drawn from the space for the data.
        seed: of the training.
        decisions: of the network.
        scores: after each epoch, higher is better; empty where the training failed.
        seconds: that it took.
        profile: parameters, multiply-adds and activation bytes.
        error: why it failed; "" where it did not.
    """

    number: int
    seed: int
    decisions: Mapping[str, int]
    scores: tuple[float, ...]
    seconds: float
    profile: tuple[int, ...]
    error: str = ""

    @property
    def score(self) -> float:
        """After the last epoch; NaN where the training failed."""
        return self.scores[-1] if self.scores else math.nan


@dataclass(frozen=True)
class Recording:
    """All trainings of one space on one data set.

    Args:
        space: name in the catalogue, or `module:attribute`.
        data: name of the data set.
        task: what the networks do.
        examples: that they were trained on.
        rows: the trainings, by number and seed.
    """

    space: str
    data: str
    task: Task
    examples: int
    rows: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.space}{BETWEEN}{self.data}"

    def group(self) -> Group:
        """Its networks with the mean score of their trainings, to learn a ranking from; failed ones are left out."""
        found: dict[int, list[Row]] = {}
        for row in self.rows:
            if row.scores:
                found.setdefault(row.number, []).append(row)
        space = load_space(self.space)
        architectures = tuple(space.replay(rows[0].decisions) for rows in found.values())
        scores = np.array([np.mean([row.score for row in rows]) for rows in found.values()])
        return Group(space, self.task, architectures, scores)

    def with_rows(self, rows: Sequence[Row]) -> Recording:
        """With these trainings too; one of the same number and seed takes the other's place."""
        found = {(row.number, row.seed): row for row in (*self.rows, *rows)}
        return dataclasses.replace(self, rows=tuple(found[key] for key in sorted(found)))


def write(directory: Path, recording: Recording) -> None:
    """Writes one recording; others in the folder stay as they are."""
    directory.mkdir(parents=True, exist_ok=True)
    about = {
        "version": VERSION,
        "space": recording.space,
        "data": recording.data,
        "examples": recording.examples,
        "task": recording.task.to_data(),
    }
    _replace(directory / f"{recording.name}{TABLE}", gzip.compress(_text(recording.rows).encode(), mtime=0))
    _replace(directory / f"{recording.name}{ABOUT}", json.dumps(about).encode() + b"\n")


def read(directory: Path) -> tuple[Recording, ...]:
    """All recordings of a folder, by name; none where it is not there.

    Raises:
        InputError: a recording of another version, or one that cannot be read.
    """
    return tuple(_read(path) for path in sorted(directory.glob(f"*{BETWEEN}*{ABOUT}")))


def _read(path: Path) -> Recording:
    try:
        about = json.loads(path.read_text())
        version = about["version"]
        if version == VERSION:
            task = Task.from_data(about["task"])
            table = path.with_name(path.name.removesuffix(ABOUT) + TABLE)
            rows = _rows(gzip.decompress(table.read_bytes()).decode())
            return Recording(about["space"], about["data"], task, int(about["examples"]), rows)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} and its table hold no trainings: {error!r}. Record them again.") from None
    raise InputError(f"{path} is of version {version!r}; this program reads version {VERSION}. Record it again.")


def _text(rows: Sequence[Row]) -> str:
    epochs = max((len(row.scores) for row in rows), default=0)
    paths = sorted({path for row in rows for path in row.decisions})
    names = [*KEY, "score", *(f"{EPOCH}{number}" for number in range(1, epochs + 1)), "seconds", *PROFILE, "error"]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow([*names, *paths])
    for row in rows:
        scores = [f"{score:.5g}" for score in row.scores] + [""] * (epochs - len(row.scores))
        last = f"{row.score:.5g}" if row.scores else ""
        decisions = [row.decisions.get(path, "") for path in paths]
        facts = (f"{row.seconds:.3g}", *row.profile, row.error)
        table.writerow([row.number, row.seed, last, *scores, *facts, *decisions])
    return out.getvalue()


def _rows(text: str) -> tuple[Row, ...]:
    lines = list(csv.DictReader(io.StringIO(text)))
    known = {*KEY, "score", "seconds", *PROFILE, "error"}
    return tuple(
        Row(
            int(line["number"]),
            int(line["seed"]),
            {k: int(v) for k, v in line.items() if k not in known and not k.startswith(EPOCH) and v},
            tuple(float(v) for k, v in line.items() if k.startswith(EPOCH) and v),
            float(line["seconds"]),
            tuple(int(line[name]) for name in PROFILE),
            line["error"],
        )
        for line in lines
    )


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
