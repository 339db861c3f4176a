"""The data sets of the benchmark: synthetic families of known structure, scikit-learn's, and parts of public ones.

    NAS_SHARED=../shared python results/bench/data.py FOLDER

Every set is a file that `nas search` reads as well. Public ones are there only with `NAS_SHARED`, and only their
training parts are used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

MOST = 2500  # examples; recordings train on at most 1,500 of them
Arrays = tuple[np.ndarray, np.ndarray]


def textures(rng: np.random.Generator) -> Arrays:
    """Gratings of four directions and two wavelengths at any phase, in noise: (n, 1, 16, 16), 8 classes."""
    y = rng.integers(8, size=MOST)
    direction, wavelength = (y % 4) * np.pi / 4, np.where(y < 4, 3.0, 5.0)
    rows, columns = np.mgrid[:16, :16]
    along = np.cos(direction)[:, None, None] * rows + np.sin(direction)[:, None, None] * columns
    phase = rng.uniform(0, 2 * np.pi, MOST)[:, None, None]
    wave = np.sin(2 * np.pi * along / wavelength[:, None, None] + phase)
    return (wave + rng.normal(0, 1.6, wave.shape))[:, None].astype(np.float32), y


def shapes(rng: np.random.Generator) -> Arrays:
    """Disc, ring, square, frame, cross or bar of any colour, place and size, on noise: (n, 3, 20, 20), 6 classes."""
    y = rng.integers(6, size=MOST)
    x = rng.normal(0, 0.5, (MOST, 3, 20, 20))
    rows, columns = np.mgrid[:20, :20]
    for i, kind in enumerate(y):
        size = rng.uniform(3, 6)
        down, right = (rows - rng.uniform(size, 19 - size), columns - rng.uniform(size, 19 - size))
        far, wide = np.hypot(down, right), np.maximum(abs(down), abs(right))
        inside = (
            far < size,
            (far < size) & (far > size - 1.6),
            wide < size * 0.85,
            (wide < size * 0.85) & (wide > size * 0.85 - 1.6),
            (wide < size) & (np.minimum(abs(down), abs(right)) < 1.2),
            (abs(down) < 1.2) & (abs(right) < size),
        )[kind]
        x[i] += inside * rng.normal(0, 1, 3)[:, None, None]
    return x.astype(np.float32), y


def chirps(rng: np.random.Generator) -> Arrays:
    """Waves of three mean frequencies that rise or fall, in noise: (n, 1, 96), 6 classes."""
    y = rng.integers(6, size=MOST)
    time = np.linspace(0, 1, 96)
    frequency = np.array([5.0, 7.0, 9.0])[y % 3][:, None] * rng.uniform(0.93, 1.07, (MOST, 1))
    change = np.where(y < 3, 2.5, -2.5)[:, None] * (time - 0.5)
    wave = np.sin(2 * np.pi * (frequency + change) * time + rng.uniform(0, 2 * np.pi, (MOST, 1)))
    return (wave + rng.normal(0, 1.0, wave.shape))[:, None].astype(np.float32), y


def order(rng: np.random.Generator) -> Arrays:
    """Two bumps on two channels anywhere in time; the class says which comes first and how wide it is: (n, 2, 80)."""
    y = rng.integers(4, size=MOST)
    first, second = rng.uniform(5, 35, MOST), rng.uniform(45, 75, MOST)
    swap = y % 2 == 1
    places = np.stack([np.where(swap, second, first), np.where(swap, first, second)], 1)
    width = np.stack([np.where(y < 2, 2.0, 4.0), np.full(MOST, 3.0)], 1)
    bumps = np.exp(-(((np.arange(80) - places[..., None]) / width[..., None]) ** 2)) * rng.choice([-1, 1], (MOST, 2, 1))
    return (2 * bumps + rng.normal(0, 0.7, bumps.shape)).astype(np.float32), y


def parity(rng: np.random.Generator) -> Arrays:
    """Classes by the signs of three of 12 numbers together: no column says anything alone."""
    x = rng.normal(size=(MOST, 12)).astype(np.float32)
    return x, (x[:, :3] > 0).sum(1) % 2


def clusters(rng: np.random.Generator) -> Arrays:
    """Several clusters a class in 10 of 20 dimensions (Guyon 2003, scikit-learn's `make_classification`)."""
    x, y = datasets.make_classification(
        MOST, 20, n_informative=10, n_redundant=4, n_classes=6, n_clusters_per_class=3, random_state=1
    )
    return x.astype(np.float32), y


def steps(rng: np.random.Generator) -> Arrays:
    """Classes by a tree of depth 5 on 15 heavy-tailed columns: what boosted trees are best at."""
    x = np.exp(rng.normal(0, 1.2, (MOST, 15))).astype(np.float32)
    cuts = np.exp(rng.normal(0, 0.5, 31))
    columns, node = rng.integers(15, size=31), np.zeros(MOST, int)
    for _ in range(5):
        node = 2 * node + 1 + (x[np.arange(MOST), columns[node]] > cuts[node])
    return x, np.array(rng.integers(4, size=63))[node]


def grammar(rng: np.random.Generator) -> pd.DataFrame:
    """Sentences of nonsense; the class is a word, a pair of neighbours, or which of two words comes first."""
    words = np.array([f"{a}{b}{c}" for a in "bdgkmt" for b in "aeiou" for c in "lnrs"])
    lines, labels = [], rng.integers(5, size=MOST)
    for label in labels:
        line = list(words[rng.integers(10, len(words), rng.integers(8, 22))])
        place, later = sorted(rng.choice(len(line) - 1, 2, replace=False))
        if label < 2:
            line[place] = words[label]
        elif label == 2:
            line[place : place + 2] = words[2:4]
        else:
            line[place], line[later] = words[[4, 5]] if label == 3 else words[[5, 4]]
        lines.append(" ".join(line))
    return pd.DataFrame({"text": lines, "label": [f"class{label}" for label in labels]})


MADE: dict[str, Callable[[np.random.Generator], Arrays]] = {
    "textures": textures,
    "shapes": shapes,
    "chirps": chirps,
    "order": order,
    "parity": parity,
    "clusters": clusters,
    "steps": steps,
}


def write(folder: Path) -> list[Path]:
    """Writes all that can be had here."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MADE.items():
        x, y = make(np.random.default_rng(7))
        np.savez_compressed(folder / f"{name}.npz", x_train=x, y_train=y.astype(np.int64))
    grammar(np.random.default_rng(7)).to_csv(folder / "grammar.csv", index=False)
    cancer = datasets.load_breast_cancer(as_frame=True).frame
    cancer.to_csv(folder / "cancer.csv", index=False)
    datasets.load_diabetes(as_frame=True).frame.to_csv(folder / "diabetes.csv", index=False)
    x, y = datasets.make_friedman1(MOST, noise=1.0, random_state=1)
    pd.DataFrame(x).add_prefix("x").assign(target=y).to_csv(folder / "friedman.csv", index=False)
    if shared := os.environ.get("NAS_SHARED"):
        public(Path(shared) / "data", folder)
    return sorted(folder.iterdir())


def public(source: Path, folder: Path) -> None:
    """Parts of the training parts of public data sets."""
    rng = np.random.default_rng(7)
    for path in ("images/cifar10_10k", "images/fashion_mnist_10k", "series/ElectricDevices", "series/FordA",
                 "series/ECG5000", "series/JapaneseVowels"):  # fmt: skip
        with np.load(source / f"{path}.npz") as known:
            x, y = known["x_train"], known["y_train"]
        rows = rng.permutation(len(x))[:MOST]
        np.savez_compressed(folder / f"{Path(path).name}.npz", x_train=x[rows], y_train=y[rows])
    adult = pd.read_csv(source / "tables/adult-train.csv", header=None, skipinitialspace=True)
    adult.columns = [*(f"c{number}" for number in range(adult.shape[1] - 1)), "income"]
    adult.sample(MOST, random_state=1).to_csv(folder / "adult.csv", index=False)
    abalone = pd.read_csv(source / "tables/abalone.csv", header=None)
    abalone.columns = [*(f"c{number}" for number in range(abalone.shape[1] - 1)), "rings"]
    abalone.sample(MOST, random_state=1).to_csv(folder / "abalone.csv", index=False)
    lines = (source / "text/TREC.train.all").read_text(encoding="latin-1").splitlines()
    trec = pd.DataFrame([line.split(" ", 1) for line in lines], columns=["label", "text"])
    trec.sample(MOST, random_state=1).to_csv(folder / "trec.csv", index=False)
    sms = pd.read_csv(source / "text/sms_spam.csv", encoding="latin-1")[["v1", "v2"]]
    sms.columns = ["label", "text"]
    sms.sample(MOST, random_state=1).to_csv(folder / "sms.csv", index=False)


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])):
        print(path)
