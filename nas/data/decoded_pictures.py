"""Pictures decoded once: many of them lie in a file of pixels in the user's cache, which is mapped into memory.

Pages of that file are read when they are needed, and the system drops them where memory is short. So pictures may take
more than the memory of the machine, and a search that goes on, or another one on the same pictures, begins at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from nas.data.preprocessing.pictures import PictureRules
from nas.errors import InputError

MANY_BYTES = 256 << 20  # of pixels; fewer are kept in memory


def decoded(rules: PictureRules, paths: Sequence[str], folder: Path | None = None) -> np.ndarray:
    """uint8 `(n, *rules.input_shape)`, read-only where the array is mapped.

    Args:
        folder: of the cache; by default `nas/pictures` in the user's cache.

    Raises:
        InputError: a picture that cannot be read, or too little room on the disk of the cache.
    """
    shape = (len(paths), *rules.input_shape)
    size = int(np.prod(shape))
    if size < MANY_BYTES:
        return rules.apply(paths)
    folder = folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nas" / "pictures"
    file = folder / f"{_key(rules, paths)}.npy"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if size > free:
            raise InputError(
                f"{len(paths)} decoded pictures take {size / 2**30:.1f} GiB, but {folder} has {free / 2**30:.1f} GiB "
                "left. Make them smaller (--size 64), or set XDG_CACHE_HOME to a larger disk."
            )
        part = folder / f"{file.stem}-{uuid.uuid4().hex}.part"  # two searches may begin at once
        try:
            pixels = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
            rules.fill(pixels, _shown(paths))
            pixels.flush()
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    return np.asarray(np.load(file, mmap_mode="r"))  # of the plain type, which workers are given without a copy


def _key(rules: PictureRules, paths: Sequence[str]) -> str:
    """Hash of the rules, and of the place, size and time of each file: a picture that has changed is decoded anew."""
    digest = hashlib.blake2b(json.dumps(rules.to_dict()).encode(), digest_size=16)
    for path in paths:
        place = Path(rules.folder, path).absolute()
        state = place.stat()
        digest.update(f"{place}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _shown(paths: Sequence[str]) -> Iterable[str]:
    """The paths, with a progress bar where somebody looks."""
    if not sys.stderr.isatty():
        return paths
    return _with_bar(paths)


def _with_bar(paths: Sequence[str]) -> Iterator[str]:
    from rich.console import Console
    from rich.progress import track

    yield from track(paths, f"decoding {len(paths):,} pictures", console=Console(stderr=True), transient=True)
