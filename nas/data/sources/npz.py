"""NumPy archives (.npz), read without trusting them: no pickles, and no array is unpacked before its size is known.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from nas.data.sources.named_arrays import roles
from nas.data.sources.raw import Raw
from nas.errors import InputError

SERIES_FROM = 24  # steps of time that a short row of an archive has at least; fewer are columns
LIMIT_BYTES = 4 << 30  # unpacked, all arrays together


def read_npz(path: Path) -> Raw:
    """The arrays for training, and for validation and test if present; long inputs of two axes are series.

    Raises:
        InputError: no archive, a missing array, arrays of Python objects, or more than 4 GiB unpacked.
    """
    named, arrays = arrays_of(path, roles)
    told = {} if named.get("x") == "x_train" else {"arrays": ", ".join(named.values())}
    return raw_of(path.stem, arrays, told, series_from=SERIES_FROM)


def arrays_of(
    path: Path, choose: Callable[[str, Iterable[str]], dict[str, str]]
) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Names and arrays by the roles that `choose` finds among the names of an archive.

    Raises:
        InputError: as `read_npz`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            named = choose(str(path), members)
            _check_sizes(path, archive, [members[key] for key in named.values()])
            return named, {role: _read(path, archive, members[key]) for role, key in named.items()}
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{path} is no readable .npz archive: {error}. It may be cut off; write one with `numpy.savez`."
        ) from error


def read_npy(path: Path) -> Raw:
    """The inputs of one file and the targets that lie beside them: `X.npy` and `y.npy`, `x_train.npy` and so on.

    Raises:
        InputError: no file of targets, or not one only.
    """
    beside = sorted(other for other in path.parent.glob("*.npy"))
    try:
        named = roles(str(path.parent), [other.stem for other in beside])
    except InputError:
        named = {}
    if path.stem not in named.values() or "y" not in named:
        raise InputError(
            f"{path} holds one array only, and no targets lie beside it as `y.npy`. "
            "Write both into one file: numpy.savez('data.npz', x_train=X, y_train=y)."
        )
    arrays = {}
    for role, stem in named.items():
        try:
            arrays[role] = np.load(path.parent / f"{stem}.npy", allow_pickle=False, mmap_mode="r")
        except (ValueError, OSError, EOFError) as error:
            raise InputError(f"{path.parent / stem}.npy cannot be read: {error}. It may be cut off.") from None
        if arrays[role].nbytes > LIMIT_BYTES:
            raise InputError(f"{stem}.npy holds more than 4 GiB. Give fewer examples, or pictures as uint8.")
    reading = {"arrays": ", ".join(f"{stem}.npy" for stem in named.values())}
    loaded = {role: np.array(array) for role, array in arrays.items()}
    return raw_of(path.stem, loaded, reading, series_from=SERIES_FROM)


def raw_of(name: str, arrays: Mapping[str, Any], reading: dict[str, str], series_from: int | None = None) -> Raw:
    """Raw arrays by the roles of `named_arrays.roles`.

    Args:
        series_from: as many columns of inputs with two axes are series `(n, length)`; None for never.
    """
    x = arrays["x"]
    is_series = series_from is not None and x.ndim == 2 and x.shape[1] >= series_from and x.dtype.kind in "buif"
    return Raw(
        name, x, arrays["y"], arrays.get("x_test"), arrays.get("y_test"),
        layout="series" if is_series else "auto",
        x_validation=arrays.get("x_validation"), y_validation=arrays.get("y_validation"),
        why_layout=f"two axes, the second of {x.shape[-1]}; --layout table reads columns" if is_series else "",
        reading=reading,
    )  # fmt: skip


def _check_sizes(path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """Compares the sizes in the arrays' headers with what the archive holds, before any array is allocated."""
    total = 0
    for member in members:
        with archive.open(member) as file:
            try:
                version = npy.read_magic(file)
                header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                shape, _, dtype = header(file)
            except ValueError as error:
                raise InputError(f"{path}: array `{member.filename}` has no valid header: {error}.") from error
        size = dtype.itemsize * int(np.prod(shape, dtype=object))
        if not dtype.hasobject and size > member.file_size:
            raise InputError(f"{path}: array `{member.filename}` announces {size} bytes but holds {member.file_size}.")
        total += max(size, member.file_size)
    if total > LIMIT_BYTES:
        raise InputError(
            f"{path} unpacks to {total / 2**30:.1f} GiB; at most {LIMIT_BYTES >> 30} GiB are read. "
            "Store pictures as uint8, or give fewer examples."
        )


def _read(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        try:
            return npy.read_array(file, allow_pickle=False)
        except ValueError as error:
            raise InputError(
                f"{path}: array `{member.filename}` cannot be read: {error}. "
                "Arrays must hold numbers (labels may be strings), never Python objects."
            ) from error
