"""From recordings to a ranking that is there before the first training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nas.benchmark.recording import Recording, read
from nas.errors import InputError
from predictors.pretrained import Ranker
from predictors.pretrained.ranker import FEWEST


def learned(folders: Sequence[Path], seed: int = 0) -> tuple[Ranker, int, int]:
    """A ranking from all recordings of some folders, and of how many networks and pairs it is.

    Raises:
        InputError: a folder without recordings, or none of enough networks.
    """
    recordings: list[Recording] = []
    for folder in folders:
        found = read(folder)
        if not found:
            raise InputError(f"{folder} holds no recordings. Make some: nas bench record, or nas bench add.")
        recordings += found
    groups = [group for one in recordings if len((group := one.group()).scores) >= FEWEST]
    if not groups:
        raise InputError(
            f"A ranking is learned from pairs of a space and a data set with `at least {FEWEST}` trained networks, and "
            f"none of {len(recordings)} has so many. Record more: nas bench record --networks 50."
        )
    return Ranker.fitted(groups, seed), sum(len(group.scores) for group in groups), len(groups)
