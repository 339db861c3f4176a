"""Torch's data sets and loaders, one or one for each part: their examples, and what of them is not used.

A search batches, shuffles and augments by its recipe, and an export predicts from what a data set gives. So of a loader
only the data set is used, and which of its examples the sampler picks. What a loader or a data set does beyond that is
said where it changes nothing, and refused where it would.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas.errors import InputError

NAMES = {"train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation"}
NAMES |= {"test": "test"}
ORDER = ("train", "validation", "test")
TWICE = 16  # examples that are read twice: where they differ, something is random
LIMIT_BYTES = 4 << 30  # of a part
UNLIKE = 20.0  # times that the largest value of one part is that of another
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
PAIRS = "Give a data set whose items are pairs (x, y), or arrays ((X, y))."


@dataclass(frozen=True, eq=False)
class TorchPart:
    """The examples of one part.

    Args:
        x: one array or text for each example. y: their targets.
        notes: what a person should know. warnings: what was done there and is not done here.
        base: the data set that the examples come from, without `Subset`s; places: theirs in it.
    """

    x: list[Any]
    y: np.ndarray
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    base: Any
    places: tuple[int, ...]


def torch_parts(data: Any) -> dict[str, TorchPart] | None:
    """The parts by name, `train` first; None where `data` is nothing of torch's.

    One is taken for `train`, two for `train` and `validation`, three for those and `test`; or a mapping of these names.

    Raises:
        InputError: what could not be used as it is, and what to give instead.
    """
    found = _named(data)
    if found is None:
        return None
    parts = {name: _part(found[name], name) for name in ORDER if name in found}
    for one, other in itertools.combinations(parts, 2):
        _check_apart(one, parts[one], other, parts[other])
        _check_alike(one, parts[one], other, parts[other])
    return parts


def _named(data: Any) -> dict[str, Any] | None:
    if _is_torch(data):
        return {"train": data}
    values = list(data.values()) if isinstance(data, Mapping) else data if isinstance(data, tuple | list) else []
    if not any(map(_is_torch, values)):
        return None
    if not all(map(_is_torch, values)):
        kinds = ", ".join(dict.fromkeys(type(one).__name__ for one in values))
        raise InputError(f"Parts must be torch data sets or loaders, all of them or none, got {kinds}.")
    if isinstance(data, Mapping):
        return _by_name(data)
    if len(values) > len(ORDER):
        raise InputError(f"Torch data sets are (train, validation) or (train, validation, test), got {len(values)}.")
    return dict(zip(ORDER, values, strict=False))


def _by_name(data: Mapping[Any, Any]) -> dict[str, Any]:
    strange = [name for name in data if str(name).lower() not in NAMES]
    named = {NAMES[str(name).lower()]: value for name, value in data.items() if name not in strange}
    if strange or len(named) < len(data) or "train" not in named:
        raise InputError(
            f"A mapping of torch data sets names its parts train, validation and test, each once, got "
            f"{', '.join(map(repr, data))}."
        )
    return named


def _is_torch(value: Any) -> bool:
    module = sys.modules.get("torch.utils.data")  # where torch is not loaded, nothing is of it
    return module is not None and isinstance(value, module.Dataset | module.DataLoader)


def _part(value: Any, name: str) -> TorchPart:
    from torch.utils.data import DataLoader, IterableDataset

    loader = value if isinstance(value, DataLoader) else None
    dataset: Any = value if loader is None else loader.dataset
    called = f"The {name} data set ({type(dataset).__name__})"
    if isinstance(dataset, IterableDataset):
        raise InputError(
            f"{called} is a stream: its examples have no numbers, and it may have no end. Read as many as you want, "
            "e.g. x, y = zip(*itertools.islice(dataset, 10_000)), and give (list(x), list(y))."
        )
    if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
        raise InputError(f"{called} must have `__len__` and `__getitem__`. {PAIRS}")
    places: Sequence[int] = range(len(dataset))
    notes: list[str] = []
    warnings: list[str] = []
    if loader is not None:
        places, said, warnings = _picked(loader, name)
        notes.append(said)
    if not len(places):
        raise InputError(f"{called} is empty.")
    first = _items(dataset, places[:TWICE], called)
    _check_same_again(first, _items(dataset, places[:TWICE], called), called, name)
    _check_size(first, len(places), called)
    if loader is not None:
        _check_collate(loader, [dataset[place] for place in places[:TWICE]], name)
    items = [*first, *_items(dataset, places[TWICE:], called)]
    base, own = _unwrapped(dataset, places)
    x, y = zip(*items, strict=True)
    return TorchPart(list(x), _targets(y, called), tuple(notes), tuple(warnings), base, tuple(own))


def _items(dataset: Any, places: Sequence[int], called: str) -> list[tuple[Any, Any]]:
    """Examples as pairs of plain values."""
    found = []
    for place in places:
        try:
            item = dataset[place]
        except Exception as error:  # whatever a person's own code raises
            raise InputError(f"{called} fails at item {place}: {_why(error)}") from error
        if isinstance(item, Mapping):
            names = ", ".join(map(repr, item))
            raise InputError(f"{called} gives mappings ({names}), of which it is not known what is predicted. {PAIRS}")
        if not isinstance(item, tuple | list) or len(item) != 2:
            got = f"{len(item)} values" if isinstance(item, tuple | list) else type(item).__name__
            raise InputError(f"{called} must give pairs (x, y), got {got} at item {place}. {PAIRS}")
        x, y = item
        if isinstance(x, Mapping | tuple | list) and not isinstance(x, str) and _is_several(x):
            raise InputError(
                f"{called} gives several inputs an example. Several inputs are given by name, as arrays: "
                '({"picture": x, "numbers": z}, y).'
            )
        found.append((_plain(x), _plain(y)))
    return found


def _why(error: Exception) -> str:
    """What a person's own code raised, and where."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({frame.filename}, line {frame.lineno}: {frame.line})"


def _is_several(x: Any) -> bool:
    return isinstance(x, Mapping) or any(hasattr(one, "shape") or isinstance(one, str | Mapping) for one in x)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)


def _targets(y: Sequence[Any], called: str) -> np.ndarray:
    try:
        return np.asarray(y)
    except ValueError:
        shapes = ", ".join(sorted({str(np.shape(one)) for one in y})[:4])
        raise InputError(
            f"{called} has targets of unlike shapes: {shapes}. Give each example one of equal shape."
        ) from None


def _check_same_again(first: Sequence[Any], again: Sequence[Any], called: str, name: str) -> None:
    for (x, y), (x_again, y_again) in zip(first, again, strict=True):
        if not (_equal(x, x_again) and _equal(y, y_again)):
            raise InputError(
                f"{called} gives other values each time it is read, as by a random transform. Every example is read "
                f"once, so all trainings would see one and the same draw. Give a {name} data set without it; the "
                "recipe augments: `augmentation=…`, or `augment=` for a function of your own."
            )


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")


def _check_size(first: Sequence[Any], count: int, called: str) -> None:
    each = max((x.nbytes for x, _ in first if not isinstance(x, str)), default=0)
    if each * count > LIMIT_BYTES:
        raise InputError(
            f"{called} would take {each * count / 2**30:.1f} GiB of memory, and at most {LIMIT_BYTES >> 30} GiB are "
            "read. Give pictures as uint8, smaller ones, or a Subset."
        )


def _picked(loader: Any, name: str) -> tuple[Sequence[int], str, list[str]]:
    """The places of the examples that a loader goes over, what of it is not used, and what that changes."""
    from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler

    size, batches = len(loader.dataset), loader.batch_sampler
    sampler = batches.sampler if type(batches) is BatchSampler else loader.sampler
    own = batches if batches is not None and type(batches) is not BatchSampler else None
    every: Sequence[int] = range(size)
    plain = own is None and (
        type(sampler) is SequentialSampler
        or (type(sampler) is RandomSampler and not sampler.replacement and sampler.num_samples == size)
    )
    picked, how, warnings = every, "", list[str]()
    if not plain:
        source = own if own is not None else sampler
        kind = type(source).__name__
        one, two = _drawn_twice(source, size)
        if len(set(one)) == len(one) and set(one) == set(two):
            picked = sorted(one)
            how = f"; its {kind} picks {len(picked):,} of {size:,} examples, which are used"
        else:
            warnings.append(
                f"the {kind} of the {name} loader does not go over every example once; here each of the {size:,} is "
                "used once. --class-weights balanced makes classes count the same"
            )
    unused = [f"batch_size={loader.batch_size}", f"num_workers={loader.num_workers}"]
    unused += ["shuffle"] * isinstance(sampler, RandomSampler) + ["drop_last"] * bool(loader.drop_last)
    return picked, f"of the {name} loader the data set is used, not {', '.join(unused)}{how}", warnings


def _drawn_twice(source: Iterable[Any], size: int) -> tuple[list[int], list[int]]:
    """The places that a sampler gives in two epochs; a person's own random numbers stay what they would be."""
    import torch

    with torch.random.fork_rng(devices=[]):
        return _drawn(source, size), _drawn(source, size)


def _drawn(source: Iterable[Any], size: int) -> list[int]:
    """Places, of batches one after the other; no more than twice as many as there are."""
    found: list[int] = []
    for one in source:
        found += map(int, one) if isinstance(one, tuple | list) else [int(one)]
        if len(found) > 2 * size:
            break
    return found


def _check_collate(loader: Any, items: list[Any], name: str) -> None:
    """Refuses a `collate_fn` that gives something else than torch's own."""
    from torch.utils.data import default_collate, default_convert

    if loader.collate_fn in (default_collate, default_convert):
        return
    called = getattr(loader.collate_fn, "__name__", type(loader.collate_fn).__name__)
    changes = f"The collate_fn of the {name} loader ({called})"
    try:
        given = loader.collate_fn(list(items))
    except Exception as error:  # whatever a person's own code raises
        raise InputError(f"{changes} fails on the first {len(items)} examples: {_why(error)}") from error
    try:
        usual = default_collate(list(items))
    except (RuntimeError, TypeError):
        usual = None
    pairs = usual is not None and isinstance(given, tuple | list) and len(given) == 2
    if pairs and all(_equal(_plain(one), _plain(other)) for one, other in zip(given, usual, strict=True)):
        return
    raise InputError(
        f"{changes} changes what the data set gives, which a search and an export would not do. Do that in the data "
        "set's `__getitem__`. Series of unequal length need no padding: give the data set without the loader."
    )


def _unwrapped(dataset: Any, places: Sequence[int]) -> tuple[Any, Sequence[int]]:
    """The data set below all `Subset`s, and the places in it."""
    from torch.utils.data import Subset

    while isinstance(dataset, Subset):
        indices = dataset.indices
        dataset, places = dataset.dataset, [int(indices[place]) for place in places]
    return dataset, places


def _check_apart(name: str, one: TorchPart, other_name: str, other: TorchPart) -> None:
    if one.base is other.base:
        both = set(one.places) & set(other.places)
        if both:
            raise InputError(
                f"{len(both):,} examples stand in the {name} and in the {other_name} part, so the scores would be of "
                "what was learned. Divide the data set: torch.utils.data.random_split(dataset, (0.8, 0.2)), or give "
                "it alone, and the search does."
            )


def _check_alike(name: str, one: TorchPart, other_name: str, other: TorchPart) -> None:
    """Refuses parts that are prepared in unlike ways."""
    transforms = [ADDRESS.sub("", repr(getattr(part.base, "transform", None))) for part in (one, other)]
    fix = "Give both the same transform; the recipe augments, in training only."
    if transforms[0] != transforms[1]:
        listed = " and ".join(" ".join(text.split()) for text in transforms)
        raise InputError(f"The {name} and the {other_name} part are prepared in other ways: {listed:.600}. {fix}")
    if any(isinstance(part.x[0], str) or part.x[0].dtype.kind not in "buif" for part in (one, other)):
        return
    kinds = [part.x[0].dtype for part in (one, other)]
    shapes = [part.x[0].shape for part in (one, other)]
    largest = [max(float(np.max(np.abs(x), initial=0)) for x in part.x) for part in (one, other)]
    if kinds[0] != kinds[1] or len(shapes[0]) != len(shapes[1]):
        ways = f"The {name} part is {kinds[0]} of shape {shapes[0]}, the {other_name} part {kinds[1]} of {shapes[1]}."
        raise InputError(f"{ways} {fix}")
    if len(shapes[0]) >= 2 and min(largest) * UNLIKE < max(largest):
        raise InputError(
            f"The largest value of the {name} part is {largest[0]:.4g}, of the {other_name} part {largest[1]:.4g}: one "
            f"of them is scaled in another way. {fix}"
        )


def with_said(held: Any, parts: Mapping[str, TorchPart]) -> Any:
    """What was read, with the notes and warnings of all parts."""
    notes = tuple(note for part in parts.values() for note in part.notes)
    warnings = tuple(warning for part in parts.values() for warning in part.warnings)
    said = {"notes": (*held.notes, *notes)}
    if any(one.name == "warnings" for one in dataclasses.fields(held)):
        return dataclasses.replace(held, **said, warnings=(*held.warnings, *warnings))
    return dataclasses.replace(held, notes=(*said["notes"], *warnings))
