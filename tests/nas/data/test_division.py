"""Who trains, who validates, who is sealed."""

from __future__ import annotations

import numpy as np
import pytest

from nas.data import load
from nas.data.division import divided
from nas.data.preprocessing.arrays import ArrayRules
from nas.data.reading import Part, Reading
from nas.data.splits import hash_of, set_aside_by_group, set_aside_by_time
from nas.errors import InputError

N = 200
X = np.arange(N, dtype=np.float32)[:, None]
Y = np.arange(N) % 4


def reading(**further: object) -> Reading:
    return Reading("some", "table", Part(X, Y), lambda rows: ArrayRules((1,), (0,)), **further)  # type: ignore[arg-type]


def division(source: Reading, y: np.ndarray = Y, seed: int = 0):  # type: ignore[no-untyped-def]
    return divided(source, y, ("a", "b", "c", "d"), 0.2, 0.2, np.random.default_rng(seed))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_groups_are_never_divided(share: float, seed: int) -> None:
    groups = np.repeat([f"g{i}" for i in range(20)], 10)
    kept, aside = set_aside_by_group(
        "some", groups, np.repeat(np.arange(20) % 4, 10), share, np.random.default_rng(seed)
    )
    assert not set(groups[kept]) & set(groups[aside])
    assert sorted([*kept, *aside]) == list(range(N))
    assert set((np.repeat(np.arange(20) % 4, 10))[aside]) == {0, 1, 2, 3}


@pytest.mark.parametrize("share", [0.01, 0.2, 0.99])
def test_time_divides_the_latest_from_the_rest(share: float) -> None:
    time = np.random.default_rng(0).permutation(N) // 3
    kept, aside = set_aside_by_time("some", time, share)
    assert time[kept].max() < time[aside].min()
    assert len(kept) + len(aside) == N and len(kept) and len(aside)


def test_what_cannot_be_divided_is_refused() -> None:
    with pytest.raises(InputError, match="one group"):
        set_aside_by_group("some", np.array(["g"] * 9), Y[:9], 0.2, np.random.default_rng(0))
    with pytest.raises(InputError, match="one time"):
        set_aside_by_time("some", np.zeros(9), 0.2)
    with pytest.raises(InputError, match="no example of: d"):
        division(reading(time=np.arange(N)), np.where(np.arange(N) < 150, Y % 3, 3))


@pytest.mark.parametrize("own", [(), ("test",), ("validation",), ("test", "validation")])
def test_own_parts_are_taken_as_they_are(own: tuple[str, ...]) -> None:
    made = division(reading(**{name: Part(X[:20], Y[:20]) for name in own}))
    assert bool(len(made.test)) is ("test" not in own)
    assert bool(len(made.validation)) is ("validation" not in own)
    assert len(made.train) + len(made.validation) + len(made.test) == N
    assert ("own" in made.how) is bool(own)


def test_the_division_is_recorded_by_its_hash() -> None:
    first, same, other = (load((X, Y), seed=seed).schema for seed in (0, 0, 1))
    assert first is not None and same is not None and other is not None
    assert first.parts == same.parts != other.parts
    assert first.parts is not None and len(first.parts.hash) == 16
    assert hash_of(np.array([1]), np.array([2])) != hash_of(np.array([1, 2]), np.array([], int))


@pytest.mark.parametrize(
    ("data", "fingerprint"),
    [
        ("digits", "9cf1867e81803562"),
        ("iris", "c3f0c08cd35b67fa"),
        ("wine", "c77e791372111b2c"),
        ("breast_cancer", "ca7a5e229d547ea3"),
        ("diabetes", "be657b8783935cdd"),
        ("images/fashion_mnist_10k.npz", "27dd39565c4bf0cc"),
        ("series/ECG5000.npz", "65a425fedc64f947"),
        ("series/JapaneseVowels.npz", "ba19a0d3e7b388a5"),
    ],
)
def test_searches_of_older_versions_go_on_with_the_data_they_began_with(
    data: str, fingerprint: str, request: pytest.FixtureRequest
) -> None:
    """The fingerprints that these had before anything but clean arrays was read."""
    source = data if "/" not in data else request.getfixturevalue("shared") / "data" / data
    assert load(source).fingerprint == fingerprint
