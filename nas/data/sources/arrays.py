"""Objects in memory: arrays, tensors, series, texts, DataFrames, mappings, torch data sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from nas.data.sources.frame import Frame, FrameParts
from nas.data.sources.named_arrays import roles
from nas.data.sources.named_inputs import NamedInputs
from nas.data.sources.npz import raw_of
from nas.data.sources.raw import Raw, SeriesParts
from nas.data.sources.tables import plain
from nas.data.sources.torch_data import TorchPart, torch_parts, with_said
from nas.errors import InputError

LIMIT_VALUES = 1 << 28  # of a sparse matrix, unpacked
TARGET = "target"
HOW = "Give (X, y), or ((X, y), (X_test, y_test))."

Inputs: TypeAlias = np.ndarray | pd.DataFrame | list[Any]


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs and targets in memory, one target an input, where more is known of the targets than they show.

    Args:
        inputs: as `inputs_of` gives them.
        targets: numbers of classes `(n,)`, or values or labels `(n,)` or `(n, outputs)`.
        kind: of the targets, as in `DataOptions`. classes: names of the classes 0, 1, …
        target: what the column of the targets is called, where inputs have columns.
    """

    inputs: Inputs
    targets: np.ndarray
    kind: str
    classes: tuple[str, ...] = ()
    target: str = TARGET

    def held(self) -> Raw | Frame | tuple[Raw, list[Any]]:
        """As `read_object` gives it."""
        made = _beside(self.inputs, self.targets, self.target)
        if isinstance(made, Frame):
            return dataclasses.replace(made, kind=self.kind, classes=self.classes, row_each=True)
        if isinstance(made, Raw):
            return dataclasses.replace(made, kind=self.kind, classes=self.classes)
        return dataclasses.replace(made[0], kind=self.kind, classes=self.classes), made[1]


def read_object(
    data: Any,
) -> Raw | Frame | FrameParts | tuple[Raw, list[Any]] | SeriesParts | dict[str, NamedInputs]:
    """What an object holds: arrays, a table, a table and its test part, or examples of unequal shape.

    Of named inputs the parts by name: `main`, and `validation` and `test` where they are given.

    Raises:
        InputError: an object that is not known.
    """
    if isinstance(data, pd.DataFrame):
        return Frame(plain(data, "the DataFrame"), "table")
    if isinstance(data, Examples):
        return data.held()
    parts = torch_parts(data)
    if parts is not None:
        return _of_torch(parts)
    if isinstance(data, Mapping):
        return _mapping(data)
    if not isinstance(data, tuple | list) and hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return _items(data)
    if not isinstance(data, tuple | list):
        raise InputError(
            f"`data` must be a name, a path, a DataFrame, a mapping of arrays or a pair (X, y), got "
            f"{type(data).__name__}. {HOW}"
        )
    if len(data) in (2, 3) and all(
        isinstance(part, tuple | list) and len(part) == 2 and isinstance(part[0], Mapping) for part in data
    ):
        names = ("main", "validation", "test") if len(data) == 3 else ("main", "test")
        return {name: _named(*part) for name, part in zip(names, data, strict=True)}
    if len(data) == 2 and isinstance(data[0], Mapping):
        return {"main": _named(*data)}
    if len(data) in (2, 3) and all(
        isinstance(part, tuple | list) and len(part) == 2 and (_is_array(part[0]) or _is_listed(*part)) for part in data
    ):
        return _parts(data)
    if len(data) != 2:
        raise InputError(f"`data` as arrays must be a pair (X, y), got {len(data)} values. {HOW}")
    return _pair(*data)


def _of_torch(parts: Mapping[str, TorchPart]) -> Raw | Frame | FrameParts | tuple[Raw, list[Any]] | SeriesParts:
    found: list[Any] = [_pair(_stacked(part.x), part.y) for part in parts.values()]
    names = tuple(parts)[1:]
    if isinstance(found[0], Frame):
        frames = dict(zip(names, found[1:], strict=True))
        main = with_said(found[0], parts)
        return FrameParts(main, frames) if frames else main
    if len(found) == 1 and isinstance(found[0], tuple):
        return with_said(found[0][0], parts), found[0][1]
    if any(isinstance(one, tuple) for one in found):
        series = _series_parts(found, names)
        return dataclasses.replace(series, raw=with_said(series.raw, parts))
    return with_said(_as_one(found, names) if names else found[0], parts)


def _stacked(x: list[Any]) -> Any:
    """Examples of equal shape as one array."""
    if any(isinstance(one, str) for one in x):
        return x
    return np.stack(x) if len({one.shape for one in x}) == 1 else x


def _named(x: Mapping[Any, Any], y: Any) -> NamedInputs:
    inputs = {str(name): inputs_of(values) for name, values in x.items()}
    if isinstance(y, Mapping):
        return NamedInputs(inputs, {str(name): _array(values, f"target {name!r}") for name, values in y.items()})
    return NamedInputs(inputs, _array(y, "targets"))


def _is_array(value: Any) -> bool:
    """Whether a value holds examples, and is none itself: at least two axes, or texts."""
    return isinstance(value, pd.DataFrame) or getattr(value, "ndim", 0) >= 2


def _is_listed(x: Any, y: Any) -> bool:
    """Whether a list holds series or texts, one for each target."""
    if not isinstance(x, tuple | list) or not len(x) or not hasattr(y, "__len__") or len(x) != len(y):
        return False
    return all(isinstance(one, str) or getattr(one, "ndim", 0) in (1, 2) for one in x)


def _pair(x: Any, y: Any) -> Raw | Frame | tuple[Raw, list[Any]]:
    return _beside(inputs_of(x), _array(y, "targets"))


def inputs_of(x: Any) -> Inputs:
    """Inputs in memory as raw rows: a table, a list of texts, a list of series `(channels, length)`, or one array.

    Raises:
        InputError: what cannot be made one of these.
    """
    if isinstance(x, pd.Series):
        x = x.to_frame(x.name or "x")
    if isinstance(x, pd.DataFrame):
        return plain(x, "the DataFrame")
    x = _unpacked(x)
    if isinstance(x, list | tuple) and len(x) and all(isinstance(one, str) for one in x):
        return list(x)
    if isinstance(x, list | tuple) and len({getattr(_plain(one), "shape", None) for one in x}) > 1:
        return _unequal(x)
    x = _array(x, "inputs")
    if x.dtype.kind in "OUS" and x.ndim == 1 and all(isinstance(one, str) for one in x.tolist()):
        return [str(one) for one in x]
    if x.dtype.kind == "O" and x.ndim == 1 and len(x) and hasattr(x[0], "shape"):
        return _unequal(list(x))
    if x.dtype.kind in "OUS" and x.ndim == 2:
        return pd.DataFrame(x, columns=[f"column {place + 1}" for place in range(x.shape[1])])
    return x


def _beside(x: Inputs, y: np.ndarray, target: str = TARGET) -> Raw | Frame | tuple[Raw, list[Any]]:
    """Inputs and their targets."""
    if isinstance(x, pd.DataFrame):
        return _framed(x, y, target)
    if isinstance(x, list) and isinstance(x[0], str):
        return dataclasses.replace(_framed(pd.DataFrame({"text": x}), y, target), layout="text")
    if isinstance(x, list):
        return Raw("series", np.zeros((len(x), 1)), y, why_layout="examples of unequal length"), x
    return Raw("arrays", x, y)


def _framed(x: pd.DataFrame, y: np.ndarray, target: str) -> Frame:
    """Columns and targets side by side; the targets' names are `target`, or `target 0`, …"""
    if len(x) != len(y):
        raise InputError(f"There are {len(x)} inputs but {len(y)} targets; give one target per input.")
    single = y.ndim == 1 or y.shape[1] == 1
    names = (target,) if single else tuple(f"{target} {place}" for place in range(y.shape[1]))
    taken = [name for name in names if name in x.columns]
    if taken:
        raise InputError(f"The inputs have a column {taken[0]!r} already. Rename it, or give the DataFrame alone.")
    beside = pd.DataFrame(y.reshape(len(y), -1), columns=list(names))
    return Frame(pd.concat([x.reset_index(drop=True), beside], axis=1), "table", targets=names)


def _unequal(x: Sequence[Any]) -> list[np.ndarray]:
    """Series `(channels, length)` each."""
    series = [np.asarray(_plain(one)) for one in x]
    wrong = next((i for i, one in enumerate(series) if one.ndim not in (1, 2) or one.dtype.kind not in "buif"), None)
    if wrong is not None:
        raise InputError(
            f"Examples of unequal shape must be series (length,) or (channels, length) of numbers, got shape "
            f"{series[wrong].shape} of type {series[wrong].dtype} at {wrong}."
        )
    two = [one[None] if one.ndim == 1 else one for one in series]
    if len({one.shape[0] for one in two}) > 1 and len({one.shape[1] for one in two}) == 1:
        two = [one.T for one in two]  # (length, channels)
    return two


def _mapping(data: Mapping[Any, Any]) -> Raw | Frame:
    held = {str(key): _array(value, f"array {key!r}") for key, value in data.items()}
    if held and all(value.ndim == 1 for value in held.values()):
        lengths = {key: len(value) for key, value in held.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"Columns must be equally long, got {lengths}.")
        return Frame(pd.DataFrame(held), "table")
    named = roles("The mapping", held)
    return raw_of("arrays", {role: held[key] for role, key in named.items()}, {"arrays": ", ".join(named.values())})


def _parts(data: Sequence[Any]) -> Raw | FrameParts | SeriesParts:
    """Training and test, or training, validation and test."""
    parts = [_pair(*part) for part in data]
    if all(isinstance(part, Frame) for part in parts) and len(parts) == 2:
        return FrameParts(parts[0], {"test": parts[1]})  # type: ignore[arg-type, dict-item]
    names = ("validation", "test") if len(parts) == 3 else ("test",)
    if any(isinstance(part, tuple) for part in parts):
        return _series_parts(parts, names)
    if not all(isinstance(part, Raw) for part in parts):
        raise InputError(f"All parts must be arrays of equal shape, lists of series, or two DataFrames. {HOW}")
    return _as_one(parts, names)  # type: ignore[arg-type]


def _as_one(parts: Sequence[Raw], names: Sequence[str]) -> Raw:
    """Training first, then the parts of these names."""
    first, *own = parts
    arrays = {"x": first.x, "y": first.y}
    for name, part in zip(names, own, strict=True):
        arrays |= {f"x_{name}": part.x, f"y_{name}": part.y}
    return raw_of("arrays", arrays, {})


def _series_parts(parts: Sequence[Any], names: Sequence[str]) -> SeriesParts:
    """Of which some may happen to have series of one length: then they are an array."""
    raws, series = [], []
    for part in parts:
        raw, held = part if isinstance(part, tuple) else (part, None)
        if not isinstance(raw, Raw) or (held is None and raw.x.ndim not in (2, 3)):
            raise InputError(f"All parts must be series, like the first. {HOW}")
        series.append(_unequal(list(raw.x)) if held is None else held)
        raws.append(dataclasses.replace(raw, x=np.zeros((len(raw.x), 1))))
    joined = dataclasses.replace(_as_one(raws, names), layout="series", why_layout="examples of unequal length")
    others = dict(zip(names, series[1:], strict=True))
    return SeriesParts(joined, series[0], others.get("validation"), others.get("test"))


def _items(data: Any) -> Raw | Frame | tuple[Raw, list[Any]]:
    """A sequence of pairs such as a data set's, or an array alone."""
    if hasattr(data, "ndim"):
        raise InputError(f"`data` is one array of shape {tuple(data.shape)}, without targets. {HOW}")
    try:
        pairs = [data[place] for place in range(len(data))]
        x, y = zip(*pairs, strict=True)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"{type(data).__name__} must give pairs (x, y) by number: {error}. {HOW}") from None
    plain_x = [np.asarray(_plain(one)) for one in x]
    targets = np.asarray([_plain(one) for one in y])
    return _pair(np.stack(plain_x) if len({one.shape for one in plain_x}) == 1 else plain_x, targets)


def _unpacked(value: Any) -> Any:
    """A sparse matrix as an array."""
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        if int(np.prod(value.shape)) > LIMIT_VALUES:
            raise InputError(f"A sparse matrix of shape {value.shape} is too large as an array. Give fewer columns.")
        return value.toarray()
    return value


def _plain(value: Any) -> Any:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _array(value: Any, what: str) -> np.ndarray:
    """An array of anything that NumPy can convert, or of a torch tensor on any device.

    Raises:
        InputError: masked values, or lists of unequal length.
    """
    value = _plain(value)
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.getmaskarray(value).any():
            raise InputError(f"The {what} are a masked array. Say what stands for masked values: X.filled(…).")
        return value.data
    if isinstance(value, pd.Series | pd.DataFrame):
        value = value.astype(object) if isinstance(getattr(value, "dtype", None), pd.CategoricalDtype) else value
        return value.to_numpy()
    try:
        return np.asarray([_plain(one) for one in value] if isinstance(value, list | tuple) else value)
    except ValueError as error:
        raise InputError(f"The {what} cannot be made one array: {error}.") from None
