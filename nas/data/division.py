"""Which examples train, validate and are sealed: by the source's own parts, by group, by time, or at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nas.data.reading import Reading
from nas.data.splits import set_aside, set_aside_by_group, set_aside_by_time
from nas.errors import InputError

MOST_RARE = 0.1  # share of the examples whose classes are too rare to be divided

NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Division:
    """Sorted numbers of the rows of the main part; empty for parts that the source has of its own.

    Args:
        how: in words. warnings: what to know of it.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    how: str
    warnings: tuple[str, ...] = ()


def divided(
    reading: Reading,
    y: np.ndarray,
    classes: tuple[str, ...],
    validation_share: float,
    test_share: float,
    rng: np.random.Generator,
) -> Division:
    """The division of the main part.

    Args:
        y: class numbers `(n,)` or values `(n, outputs)`.
        classes: names of the classes.

    Raises:
        InputError: classes with too few examples, all of them with their numbers, that are more than a few rows.
    """
    everything = np.arange(len(y))
    own = [name for name, part in (("validation", reading.validation), ("test", reading.test)) if part is not None]
    cuts = 2 - len(own)
    rare, warnings = (NOTHING, ()) if y.ndim != 1 else _rare(reading.name, y, classes, cuts + 1)
    if len(y) < cuts + 1:
        raise InputError(f"{reading.name}: {len(y)} examples are too few to be divided into parts.")
    kept, how = everything, "at random" if y.ndim != 1 else "at random, every class in every part"
    if reading.group is not None:
        how = f"by group: {reading.how}"
    elif reading.time is not None:
        how = f"by time: {reading.how}"
    if len(rare):
        kept = np.setdiff1d(everything, rare)

    def aside(rows: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        if reading.group is not None:
            chosen = set_aside_by_group(reading.name, reading.group[rows], y[rows], share, rng)
        elif reading.time is not None:
            chosen = set_aside_by_time(reading.name, reading.time[rows], share)
        else:
            chosen = set_aside(reading.name, y[rows], share, rng, classes)
        return rows[chosen[0]], rows[chosen[1]]

    test = validation = NOTHING
    if reading.test is None:
        kept, test = aside(kept, test_share)
    if reading.validation is None:
        kept, validation = aside(kept, validation_share)
    if own:
        how = f"the source's own {' and '.join(own)} part{'s' if cuts == 0 else ''}" + (
            f", the rest {how}" if cuts else ""
        )
    train = np.sort(np.concatenate([kept, rare])) if len(rare) else kept
    unseen = set(np.unique(y).tolist()) - set(np.unique(y[train]).tolist()) if y.ndim == 1 else set()
    if unseen:
        names = ", ".join(classes[label] for label in sorted(unseen))
        raise InputError(
            f"{reading.name}: divided {how}, the training part has no example of: {names}. "
            f"{'--group none' if reading.group is not None else '--time none'} divides at random."
        )
    return Division(train, validation, test, how, warnings)


def _rare(name: str, y: np.ndarray, classes: tuple[str, ...], least: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Rows of classes with fewer than `least` examples, which are for training only, and a warning of them."""
    counts = np.bincount(y, minlength=len(classes))
    rare = [label for label in range(len(classes)) if 0 < counts[label] < least]
    if not rare:
        return NOTHING, ()
    listed = ", ".join(f"{classes[label]} ({counts[label]})" for label in rare[:20])
    listed += f" and {len(rare) - 20} more" if len(rare) > 20 else ""
    rows = np.flatnonzero(np.isin(y, rare))
    if len(rows) > MOST_RARE * len(y) or len(classes) - len(rare) < 2:
        raise InputError(
            f"{name}: {len(rare)} of {len(classes)} classes have too few examples to be divided (each needs {least}): "
            f"{listed}. Add examples or leave these classes out; numbers that are amounts: --kind regression; "
            "another column: --target COLUMN."
        )
    return rows, (
        f"classes with fewer than {least} examples are learned from, but neither validated nor tested: {listed}",
    )
