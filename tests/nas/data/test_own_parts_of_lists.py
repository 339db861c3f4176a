"""Lists of series and of texts with validation and test parts of their own."""

from __future__ import annotations

import numpy as np
import pytest

from nas.data.load import load
from nas.errors import InputError


def series(number: int, seed: int, equal: bool = False) -> tuple[list[np.ndarray], list[str]]:
    rng = np.random.default_rng(seed)
    made = [rng.normal(size=(2, 12 if equal else int(rng.integers(8, 16)))).astype(np.float32) for _ in range(number)]
    return made, [("up", "down")[k % 2] for k in range(number)]


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize("equal", [False, True], ids=["unequal", "a part of one length"])
def test_series_of_several_parts(parts: int, equal: bool) -> None:
    data = load(tuple(series(20, seed, equal and seed == 1) for seed in range(parts)))
    assert len(data.test) == 20
    assert len(data.search.train) + len(data.search.validation) == (20 if parts == 2 else 40)
    assert data.schema is not None and data.schema.layout == "series"
    raw = data.test.open_rows()
    np.testing.assert_array_equal(raw[0], series(20, parts - 1, equal and parts == 2)[0][0])


def test_texts_of_two_parts() -> None:
    texts = [f"number {k} is {'even' if k % 2 == 0 else 'odd'} and {k} long words follow it" for k in range(60)]
    labels = ["even", "odd"] * 30
    data = load(((texts, labels), (texts[:20], labels[:20])))
    assert len(data.test) == 20 and data.schema is not None and data.schema.layout == "text"


def test_a_part_of_another_kind_is_refused() -> None:
    x, y = series(20, 0)
    with pytest.raises(InputError, match="must be series"):
        load(((x, y), (np.zeros((4, 3, 8, 8)), y[:4])))
