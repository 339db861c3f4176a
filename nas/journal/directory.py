"""The directory of a search: what lies in it, where a new one is made, and whether one is free."""

from __future__ import annotations

import re
import time
from pathlib import Path

from nas.errors import InputError

SEARCHES = Path("results") / "searches"
FILE, LOCK = "search.db", "search.lock"
PART = f"{FILE}.part"
LEFTOVERS = {LOCK, PART, f"{PART}-journal"}  # of a driver that was killed as it began
FINAL, EXPORTED = "final", "export"  # folders of the final's weights and of the verified export
RECORD = "final.json"  # in the final's folder, once it has ended


def directory_for(directory: str | Path | None, space: str, dataset: str) -> Path:
    """The search's directory: as asked, or a new one under results/searches, named after space, data and time."""
    if directory is not None:
        return Path(directory).absolute()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{space}-{dataset}")
    stem = SEARCHES / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    path, count = stem, 1
    while path.exists():
        count += 1
        path = stem.with_name(f"{stem.name}-{count}")
    return path.absolute()


def checkpoint_in(storage: str, number: int) -> str:
    """Where the training of a trial is saved while it runs."""
    return f"{storage}/{number}.pt"


def weights_in(storage: str, number: int) -> str:
    """Where the weights of a trial lie that is the best so far."""
    return f"{storage}/{number}-weights.pt"


def claimed(path: Path) -> Path:
    """`path`, made, or one like it where another search was quicker: two that begin in one second do not meet."""
    count, free = 1, path
    while True:
        try:
            free.mkdir(parents=True)
            return free
        except FileExistsError:
            count += 1
            free = path.with_name(f"{path.name}-{count}")
        except OSError:
            return path  # the journal says why


def check_free(directory: Path) -> None:
    """Raises InputError where something lies in the directory already; nothing is written."""
    if not directory.is_dir() or not {path.name for path in directory.iterdir()} - LEFTOVERS:
        return
    if (directory / FILE).exists():
        raise InputError(
            f"{directory} already holds a search. Go on with it by `nas resume {directory}`, or name another directory."
        )
    raise InputError(f"{directory} exists and is not empty. Name another directory for the search.")
