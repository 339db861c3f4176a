"""Examples set aside."""

from __future__ import annotations

import numpy as np
import pytest

from nas.data import load
from nas.data.splits import set_aside
from nas.errors import InputError


def test_every_class_is_in_every_split() -> None:
    data = load("digits")
    for split in (data.search.train, data.search.validation, data.test.open()):
        assert set(split.targets.tolist()) == set(range(10))


def test_splits_do_not_overlap() -> None:
    x = np.arange(200, dtype=np.float32)[:, None]
    data = load((x, np.arange(200) % 2))
    parts = [part.inputs for part in (data.search.train, data.search.validation, data.test.open())]
    assert sorted(np.concatenate(parts).ravel()) == x.ravel().tolist()


@pytest.mark.parametrize("share", [0.01, 0.3, 0.99])
def test_a_share_of_every_class_and_never_all_of_it(share: float) -> None:
    targets = np.repeat([0, 1, 2], [2, 50, 100])
    kept, aside = set_aside("some", targets, share, np.random.default_rng(0))
    assert sorted([*kept, *aside]) == list(range(152))
    for label, size in ((0, 2), (1, 50), (2, 100)):
        assert (targets[aside] == label).sum() == min(max(1, round(share * size)), size - 1)


def test_a_class_with_one_example_is_refused() -> None:
    with pytest.raises(InputError, match="class 'b' has too few examples"):
        set_aside("some", np.array([0, 0, 1]), 0.5, np.random.default_rng(0), ("a", "b"))
