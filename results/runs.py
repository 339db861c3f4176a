"""Runs of a benchmark, one line of JSON each: what is there is not run again, so a script goes on where it stopped."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from results.machine import commit


class Runs:
    """The lines of some files; new ones go into the first.

    Args:
        files: those that are not there are empty.
        seconds: nothing new begins after so many.
    """

    def __init__(self, files: Sequence[Path], seconds: float = float("inf")) -> None:
        self.file, self.seconds = files[0], seconds
        self.lines = [json.loads(line) for file in files if file.exists() for line in file.read_text().splitlines()]
        self._known = {tuple(line["key"]) for line in self.lines}
        self._began = time.monotonic()

    def once(self, key: tuple[Any, ...], run: Callable[[], dict[str, Any]]) -> None:
        """Runs and writes it down, unless it is there or the time is over."""
        if key in self._known or time.monotonic() - self._began > self.seconds:
            return
        line = {"key": list(key), **run(), "commit": commit()}
        with self.file.open("a") as out:
            out.write(json.dumps(line) + "\n")
        self._known.add(key)
        self.lines.append(line)

    def by_name(self, *first: Any) -> dict[Any, list[dict[str, Any]]]:
        """Lines whose keys begin like that, by the next part of the key, in order of appearance."""
        found: dict[Any, list[dict[str, Any]]] = {}
        for line in self.lines:
            if line["key"][: len(first)] == list(first):
                found.setdefault(line["key"][len(first)], []).append(line)
        return found


def half_interval(values: np.ndarray) -> float:
    """Half the width of the 95 % interval of the mean of (n,) values, by Student's t; NaN for one value."""
    from scipy.stats import t

    n = len(values)
    return float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def taken_at(lines: Sequence[dict[str, Any]]) -> str:
    """The commits of some lines; "-" for lines from before it was written down."""
    return ", ".join(dict.fromkeys(line.get("commit", "-") for line in lines))


def main(
    folder: Path, title: str, collect: Callable[[Runs, int], None], report: Callable[[Runs], str], *others: str
) -> None:
    """`--seeds N --seconds S`: collects, then writes `README.md` from `notes.md` and the report.

    Args:
        others: further files of runs in `folder`, only read.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing new after so many")
    chosen = parser.parse_args()
    runs = Runs([folder / name for name in ("runs.jsonl", *others)], chosen.seconds)
    collect(runs, chosen.seeds)
    text = report(runs)
    print(text)
    write_readme(folder, title, text)


def write_readme(folder: Path, title: str, text: str) -> None:
    """`README.md` from a title, what `notes.md` says, and the report."""
    notes = folder / "notes.md"
    parts = [f"# {title}", notes.read_text().strip() if notes.exists() else "", text.strip()]
    (folder / "README.md").write_text("\n\n".join(part for part in parts if part) + "\n")
