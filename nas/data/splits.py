"""Splits: examples set aside at random, with every class on both sides."""

from __future__ import annotations

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
