"""NumPy archives (.npz), read without trusting them: no pickles, and no array is unpacked before its size is known.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from nas.data.sources.raw import Raw
from nas.errors import InputError

KEYS = ("x_train", "y_train")
TEST_KEYS = ("x_test", "y_test")
LIMIT_BYTES = 4 << 30  # unpacked, all arrays together


def read_npz(path: Path) -> Raw:
    """The arrays `x_train`, `y_train`, and `x_test`, `y_test` if present; inputs of two axes are series `(n, length)`.

    Raises:
        InputError: no archive, a missing array, arrays of Python objects, or more than 4 GiB unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            keys = _keys(path, set(members))
            _check_sizes(path, archive, [members[key] for key in keys])
            arrays = {key: _read(path, archive, members[key]) for key in keys}
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path} is no readable .npz archive: {error}. Write one with `numpy.savez`.") from error
    layout = "series" if arrays["x_train"].ndim == 2 else "auto"
    return Raw(
        path.stem, arrays["x_train"], arrays["y_train"], arrays.get("x_test"), arrays.get("y_test"), layout=layout
    )


def _keys(path: Path, found: set[str]) -> tuple[str, ...]:
    missing = [key for key in KEYS if key not in found]
    one_of_two = [key for key in TEST_KEYS if key not in found] if found & set(TEST_KEYS) else []
    if missing or one_of_two:
        raise InputError(
            f"{path} must hold the arrays `x_train` and `y_train` (and may hold `x_test` and `y_test`), "
            f"got {', '.join(sorted(found)) or 'none'}. Missing: {', '.join(missing + one_of_two)}."
        )
    return KEYS + (TEST_KEYS if found & set(TEST_KEYS) else ())


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
