"""Splits: examples set aside at random with every class on both sides, by group, or by time."""

from __future__ import annotations

import hashlib

import numpy as np

from nas.errors import InputError


def set_aside(
    name: str, targets: np.ndarray, share: float, rng: np.random.Generator, classes: tuple[str, ...] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted indices of the examples that are kept and of those set aside: a share of every class, at least one each.

    Args:
        name: of the data set, for error messages.
        targets: class numbers `(n,)`. Real values `(n, outputs)` are split regardless of their values.
        share: to set aside, 0 to 1.
        classes: names of the classes, for error messages.

    Raises:
        InputError: a class with a single example.
    """
    groups = [np.arange(len(targets))]
    if targets.ndim == 1:
        groups = [np.flatnonzero(targets == label) for label in np.unique(targets)]
    aside = []
    for group in groups:
        if len(group) < 2:
            label = int(targets[group[0]]) if targets.ndim == 1 else 0
            what = f"class {classes[label]!r}" if targets.ndim == 1 and classes else "the data"
            raise InputError(
                f"{name}: {what} has too few examples to be split: every split needs at least one of each class. "
                "Add examples, or leave that class out."
            )
        count = min(max(1, round(share * len(group))), len(group) - 1)
        aside.append(rng.permutation(group)[:count])
    chosen = np.sort(np.concatenate(aside))
    return np.setdiff1d(np.arange(len(targets)), chosen, assume_unique=True), chosen


def set_aside_by_group(
    name: str, groups: np.ndarray, targets: np.ndarray, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """As `set_aside`, but a group is kept or set aside as a whole; groups of every class where each has two.

    Raises:
        InputError: a single group.
    """
    names, place = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise InputError(
            f"{name}: all examples belong to one group ({names[0]!r}), which cannot be divided. --group none"
        )
    of_group = np.zeros(len(names), np.int64)
    if targets.ndim == 1:
        for number in range(len(names)):
            found, counts = np.unique(targets[place == number], return_counts=True)
            of_group[number] = found[counts.argmax()]
    counts = np.unique(of_group, return_counts=True)[1]
    if counts.min() < 2:
        of_group[:] = 0
    _, chosen = set_aside(name, of_group, share, rng)
    aside = np.isin(place, chosen)
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def set_aside_by_time(name: str, time: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Sorted indices of the earlier examples and of the last `share` of them; examples of one moment stay together.

    Raises:
        InputError: all examples of one moment.
    """
    order = np.sort(time)
    border = order[min(len(order) - 1, round((1 - share) * len(order)))]
    if border == order[0]:
        later = order[order > border]
        if not len(later):
            raise InputError(f"{name}: all examples are of one time, which cannot be divided. --time none")
        border = later[0]
    aside = time >= border
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def hash_of(*indices: np.ndarray) -> str:
    """16 hexadecimal digits by which a division is known again."""
    digest = hashlib.blake2b(digest_size=8)
    for index in indices:
        digest.update(np.asarray(index, np.int64).tobytes() + b"|")
    return digest.hexdigest()
