"""Pictures to pixels: turned as EXIF says, transparent ones laid on white, of one mode and size."""

from __future__ import annotations

import contextlib
import os
import struct
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nas.data.preprocessing.cells import cells_of, fields_of, words
from nas.errors import InputError

MOST_PIXELS = 100_000_000  # of one picture
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "F")
SIXTEEN_BITS = 257.0  # 65535 / 255


@dataclass(frozen=True)
class PictureRules:
    """A picture file to uint8 `(channels, height, width)`.

    The rules, in this order: the first frame; turned by its EXIF orientation; more than 8 bits a value divided by 257;
    transparent pixels laid on white; CMYK, palette and all others converted to `mode`; resized to `size` regardless
    of the sides' ratio (bicubic, Pillow's `Image.resize`).

    Args:
        mode: `L` or `RGB`.
        size: height and width in pixels.
        column: of paths; empty where rows are paths.
        folder: that relative paths begin in. It is not kept in JSON: at prediction they begin where one is.
    """

    rules: ClassVar[str] = "pictures"
    mode: str
    size: tuple[int, int]
    column: str = ""
    folder: str = ""

    @property
    def input_shape(self) -> tuple[int, ...]:
        return (1 if self.mode == "L" else 3, *self.size)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,) if self.column else ()

    def apply(self, rows: Any) -> np.ndarray:
        cells = cells_of(rows, self.column)
        pictures = cells if cells is rows else words(cells)
        x = np.empty((len(pictures), *self.input_shape), np.uint8)
        self.fill(x, pictures)
        return x

    def fill(self, pixels: np.ndarray, pictures: Iterable[Any]) -> None:
        """Decodes the pictures into `pixels`, uint8 `(n, *input_shape)`, on all processors."""
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:  # Pillow lets other threads run while it decodes
            waiting: deque[Any] = deque()
            number = 0
            for one in pictures:
                waiting.append(pool.submit(self._pixels, one))
                if len(waiting) > 16 * workers:
                    pixels[number] = waiting.popleft().result()
                    number += 1
            for done in waiting:
                pixels[number] = done.result()
                number += 1

    def _pixels(self, picture: Any) -> np.ndarray:
        """Of a path, or of a picture that Pillow has opened."""
        if hasattr(picture, "convert"):
            upright = plain(picture, self.mode).resize((self.size[1], self.size[0]))
        else:
            with opened(Path(self.folder, str(picture))) as file:
                upright = plain(file, self.mode).resize((self.size[1], self.size[0]))
        pixels = np.asarray(upright)
        return pixels[None] if self.mode == "L" else pixels.transpose(2, 0, 1)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rules": self.rules,
            "input_shape": list(self.input_shape),
            "mode": self.mode,
            "size": list(self.size),
            "column": self.column,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> PictureRules:
        return cls(**fields_of(cls, data))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The picture, not decoded yet.

    Raises:
        InputError: no picture, one of more than 100 million pixels, or one that cannot be decoded.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path)
        if picture.width * picture.height > MOST_PIXELS:
            raise InputError(f"{path} has {picture.width} x {picture.height} pixels; at most {MOST_PIXELS} are read.")
        with picture:
            yield picture
    except InputError:
        raise
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError, struct.error) as error:
        raise InputError(f"{path} cannot be read as a picture ({error}). Repair or remove it.") from error


def plain(picture: Any, mode: str) -> Any:
    """Upright, of 8 bits, without transparency, in this mode."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        if picture.mode != "F" or values.max(initial=0.0) > 255:
            values = values / SIXTEEN_BITS
        picture = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert(mode)
