"""Torch data sets and loaders as data: what is used, what is said, what is refused."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    random_split,
)

from nas.data import load
from nas.errors import InputError

RNG = np.random.default_rng(0)


def pictures(count: int = 60, seed: int = 0, scale: float = 1.0, size: int = 8) -> TensorDataset:
    drawn = torch.rand(count, 1, size, size, generator=torch.Generator().manual_seed(seed)) * scale
    return TensorDataset(drawn, torch.arange(count) % 3)


class Own(Dataset[Any]):
    """Whatever `item` gives, with a `transform` to look at."""

    def __init__(self, item: Any, count: int = 60, transform: Any = None) -> None:
        self.item, self.count, self.transform = item, count, transform

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> Any:
        if place >= self.count:
            raise IndexError(place)
        return self.item(place)


class Normalize:
    def __init__(self, mean: float) -> None:
        self.mean = mean

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean})"


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        yield from pictures()


def plain(place: int) -> Any:
    return np.full((1, 8, 8), place % 7, np.float32), place % 3


def rows(dataset: Any) -> list[int]:
    return [len(dataset.search.train), len(dataset.search.validation), len(dataset.test)]


def said(dataset: Any) -> str:
    return "\n".join(dataset.schema.lines())


def test_a_pair_of_loaders_is_training_and_validation() -> None:
    train, validation = pictures(60), pictures(30, seed=1)
    found = load((DataLoader(train, batch_size=7, shuffle=True, drop_last=True), DataLoader(validation, num_workers=2)))
    assert rows(found) == [48, 30, 12]  # the test part is sealed out of the training
    np.testing.assert_allclose(found.search.validation.inputs, validation.tensors[0].numpy(), rtol=1e-6)
    assert "of the train loader the data set is used, not batch_size=7, num_workers=0, shuffle, drop_last" in said(
        found
    )
    assert "of the validation loader the data set is used, not batch_size=1, num_workers=2" in said(found)
    assert "30 to validate" in said(found)


def test_three_parts_by_place_and_by_name() -> None:
    parts = [pictures(60), pictures(30, seed=1), pictures(24, seed=2)]
    named = dict(zip(("train", "val", "test"), map(DataLoader, parts), strict=True))
    for given in (tuple(parts), list(map(DataLoader, parts)), named):
        found = load(given)
        assert rows(found) == [60, 30, 24]
        np.testing.assert_allclose(found.test.open().inputs, parts[2].tensors[0].numpy(), rtol=1e-6)
    without = load({"training": parts[0], "test": parts[2]})
    assert rows(without) == [48, 12, 24]


def test_the_examples_that_a_sampler_or_a_subset_picks_are_used() -> None:
    whole = pictures(90)
    chosen, others = list(range(0, 90, 2)), list(range(1, 90, 2))
    loaders = tuple(DataLoader(whole, sampler=SubsetRandomSampler(part)) for part in (chosen, others))
    for given in (loaders, (Subset(whole, chosen), Subset(Subset(whole, list(range(90))), others))):
        found = load(given)
        assert rows(found) == [36, 45, 9]
        np.testing.assert_allclose(found.search.validation.inputs, whole.tensors[0].numpy()[others], rtol=1e-6)
    assert "its SubsetRandomSampler picks 45 of 90 examples, which are used" in said(load(loaders))
    own = DataLoader(whole, batch_sampler=BatchSampler(SubsetRandomSampler(chosen), 8, False))
    assert sum(rows(load((own, DataLoader(whole, sampler=others))))) == 90


def test_a_sampler_that_draws_more_often_is_warned_of_and_not_used() -> None:
    weighted = DataLoader(pictures(), sampler=WeightedRandomSampler([1.0] * 30 + [9.0] * 30, 60))
    few = DataLoader(pictures(), sampler=RandomSampler(pictures(), num_samples=10))
    for given in (weighted, few):
        found = load(given)
        assert sum(rows(found)) == 60 and "does not go over every example once" in said(found)


def test_reading_leaves_the_persons_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    load(DataLoader(pictures(), sampler=SubsetRandomSampler(range(50))))
    assert torch.equal(torch.rand(1), expected)


def test_series_of_unequal_length_and_texts_have_parts_too() -> None:
    series = Own(lambda place: (torch.ones(2, 5 + place % 9) * place, place % 3))
    more = Own(lambda place: (torch.ones(2, 4 + place % 5) * place, place % 3), count=20)
    found = load((series, more))
    assert found.task.input_shape == (3, 13) and rows(found)[1] == 20
    texts = Own(lambda place: (f"so {'good' if place % 2 else 'bad'} it was, number {place}", place % 2), count=90)
    others = Own(lambda place: (f"how {'good' if place % 2 else 'bad'} was it then, {place}", place % 2), count=20)
    found = load((texts, others))
    assert rows(found)[1] == 20 and found.schema is not None and found.schema.layout == "text"


def test_pictures_of_pillow_and_rows_of_numbers() -> None:
    image = pytest.importorskip("PIL.Image")
    found = load(Own(lambda place: (image.fromarray(np.full((9, 9, 3), place, np.uint8)), place % 3)))
    assert found.task.input_shape == (3, 9, 9)
    assert load(Own(lambda place: (torch.arange(5.0) + place, float(place) / 7))).task.kind == "regression"


def test_parts_of_one_source_that_do_not_overlap_are_fine() -> None:
    train, validation = random_split(pictures(60), (40, 20))
    assert rows(load((train, validation)))[1] == 20
    same = [Own(plain, transform=Normalize(0.5)) for _ in range(2)]
    assert rows(load(tuple(same)))[1] == 60


def test_a_collate_function_that_changes_nothing_is_fine() -> None:
    assert sum(rows(load(DataLoader(pictures(), collate_fn=lambda items: default_collate(items))))) == 60


def flipped(place: int) -> Any:
    x, y = plain(place)
    return x + np.random.default_rng().random((1, 8, 8)).astype(np.float32), y


def padded(items: Any) -> Any:
    longest = max(x.shape[-1] for x, _ in items)
    return torch.stack([torch.nn.functional.pad(x, (0, longest - x.shape[-1])) for x, _ in items]), torch.tensor([
        y for _, y in items
    ])  # fmt: skip


def raising(place: int) -> Any:
    if place == 40:
        raise OSError("cannot read my file")
    return plain(place)


MEAN, OTHER = Normalize(0.5), Normalize(0.1)
WHOLE = pictures()
REFUSED: dict[str, tuple[Any, str]] = {
    "stream": (Stream(), "is a stream.*islice"),
    "loader of a stream": (DataLoader(Stream()), "is a stream.*islice"),
    "random transform": (Own(flipped), "other values each time.*recipe augments"),
    "random transform of a loader": (DataLoader(Own(flipped), shuffle=True), "other values each time"),
    "transforms that differ": ((Own(plain, transform=MEAN), Own(plain, transform=OTHER)), "mean=0.5.*mean=0.1"),
    "a transform in one": ((Own(plain, transform=MEAN), Own(plain)), "None.*same transform"),
    "below a subset": ((Subset(Own(plain, transform=MEAN), range(40)), Own(plain, transform=OTHER)), "mean=0.1"),
    "scales": ((pictures(), pictures(30, 1, scale=255.0)), "largest value.*scaled in another way"),
    "types": ((pictures(), Own(lambda place: (np.zeros((1, 8, 8), np.uint8), 1))), "float32.*uint8"),
    "sizes": ((pictures(), pictures(30, 1, size=10)), "validation inputs have shape"),
    "collate that pads": (DataLoader(Own(lambda p: (torch.ones(2, 3 + p), p % 2)), collate_fn=padded), "no padding"),
    "collate that scales": (
        DataLoader(pictures(), collate_fn=lambda items: [2 * default_collate(items)[0], default_collate(items)[1]]),
        "changes what the data set gives",
    ),
    "collate that raises": (DataLoader(pictures(), collate_fn=lambda items: 1 / 0), "ZeroDivisionError"),
    "the same twice": ((DataLoader(WHOLE), DataLoader(WHOLE)), "60 examples stand in the train and in the validation"),
    "overlap": ((Subset(WHOLE, range(40)), Subset(WHOLE, range(30, 60))), "10 examples stand in"),
    "overlap of test": (
        (Subset(WHOLE, range(20)), Subset(WHOLE, range(20, 40)), DataLoader(WHOLE, sampler=range(39, 60))),
        "1 examples stand in the validation and in the test",
    ),
    "mappings": (Own(lambda place: {"x": plain(place)[0], "label": 1}), "mappings \\('x', 'label'\\)"),
    "three values": (Own(lambda place: (*plain(place), place)), "pairs.*3 values"),
    "no target": (Own(lambda place: plain(place)[0]), "pairs.*ndarray"),
    "several inputs": (Own(lambda place: ((torch.ones(3), torch.ones(4)), 1)), "several inputs.*by name"),
    "named inputs": (StackDataset(a=pictures(), b=pictures()), "mappings"),
    "raises": (Own(raising), "fails at item 40: OSError: cannot read my file .*test_torch_data.py, line"),
    "empty": (Own(plain, count=0), "is empty"),
    "picks nothing": (DataLoader(WHOLE, sampler=[]), "is empty"),
    "with arrays": ((pictures(), (np.ones((9, 3)), np.ones(9))), "all of them or none"),
    "four": ((pictures(), pictures(), pictures(), pictures()), "got 4"),
    "strange names": ({"train": pictures(), "dev": pictures()}, "train, validation and test"),
    "named twice": ({"train": pictures(), "val": pictures(), "valid": pictures()}, "each once"),
    "no training": ({"val": pictures(), "test": pictures()}, "train, validation and test"),
    "too large": (Own(lambda place: (np.zeros((3, 900, 900), np.float32), 1), count=100_000), "GiB of memory"),
    "targets of unlike shapes": (Own(lambda place: (np.ones(4), np.ones(1 + place % 2))), "unlike shapes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_be_wrong_in_silence_is_refused(case: str) -> None:
    given, words = REFUSED[case]
    with pytest.raises(InputError, match=f"(?s){words}"):
        load(given)


def test_data_sets_of_data_sets_and_partial_collates() -> None:
    assert sum(rows(load(ConcatDataset([pictures(40), pictures(30, 1)])))) == 70
    loader = DataLoader(pictures(), collate_fn=functools.partial(default_collate))
    assert sum(rows(load(loader))) == 60
