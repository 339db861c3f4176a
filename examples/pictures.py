"""A folder of pictures, one sub-folder a class, with an own test part: python pictures.py"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import nas

SHAPES = ("circle", "square", "cross")


def drawn(shape: str, rng: np.random.Generator) -> Image.Image:
    """A shape of any colour at any place, on noise: 32 x 32 pixels."""
    pixels = rng.integers(0, 90, (32, 32, 3), np.uint8)
    y, x = np.mgrid[:32, :32] - rng.integers(10, 22, 2)[:, None, None]
    inside = {
        "circle": x**2 + y**2 < 50,
        "square": np.maximum(abs(x), abs(y)) < 7,
        "cross": np.minimum(abs(x), abs(y)) < 2,
    }
    pixels[inside[shape]] += rng.integers(60, 165, 3, np.uint8)
    return Image.fromarray(pixels)


def folder(root: Path, each: int = 120, seed: int = 0) -> Path:
    """`train/` and `test/`, with a folder for each shape."""
    rng = np.random.default_rng(seed)
    for part, number in (("train", each), ("test", each // 3)):
        for shape in SHAPES:
            place = root / part / shape
            place.mkdir(parents=True)
            for k in range(number):
                drawn(shape, rng).save(place / f"{k}.png")
    return root


def main(budget: str = "1m", **settings: Any) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = folder(Path(place) / "shapes")
        result = nas.search(str(root), budget=budget, **settings)
        if result.final is not None and result.final.standing is not None:
            print(result.final.standing.headline)
        found = nas.load_predictor(result.exported)([str(root / "test" / "cross" / "0.png")])
        print(f"a cross is taken for a {found.answers[0]}")


if __name__ == "__main__":
    main()
