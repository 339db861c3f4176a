"""The data sets of the comparison, with their official test parts, as `Dataset`s.

`NAS_SHARED` names the folder that holds `data/`, or that folder itself.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np

from nas.data.dataset import Dataset, SealedTest, Split, TrainingData
from nas.data.load import load
from search_spaces.task import Task

ARCHIVES = {
    "cifar10_10k": "images/cifar10_10k.npz",
    "fashion_mnist_10k": "images/fashion_mnist_10k.npz",
    "ElectricDevices": "series/ElectricDevices.npz",
    "FordA": "series/FordA.npz",
    "ECG5000": "series/ECG5000.npz",
    "GunPoint": "series/GunPoint.npz",
    "JapaneseVowels": "series/JapaneseVowels.npz",
}
MOST_TOKENS = 40


def folder() -> Path:
    """Where the data sets lie."""
    named = os.environ.get("NAS_SHARED")
    if not named or not Path(named).is_dir():
        raise SystemExit("NAS_SHARED names no folder with the data sets. Set it, e.g. NAS_SHARED=../shared.")
    inside = Path(named) / "data"
    return inside if inside.is_dir() else Path(named)


def read(name: str, seed: int = 0) -> Dataset:
    """One of `ARCHIVES`, or `adult`, `abalone`, `TREC`, `sms_spam`. The seed draws the validation part."""
    if name in ARCHIVES:
        return load(str(folder() / ARCHIVES[name]), seed=seed)
    return {"adult": _adult, "abalone": _abalone, "TREC": _trec, "sms_spam": _sms_spam}[name](seed)


def _adult(seed: int) -> Dataset:
    rows, test = (_table(folder() / "tables" / f"adult-{part}.csv") for part in ("train", "test"))
    y, y_test = (np.array([row[-1].startswith(">50K") for row in part]).astype(np.int64) for part in (rows, test))
    x, x_test = _numbers([row[:-1] for row in rows], [row[:-1] for row in test])
    return _dataset("adult", x, y, x_test, y_test, "classification", seed)


def _abalone(seed: int) -> Dataset:
    """A random fifth, always the same, is the test part."""
    rows = _table(folder() / "tables" / "abalone.csv")
    x, _ = _numbers([row[:-1] for row in rows], [])
    y = np.array([float(row[-1]) for row in rows], dtype=np.float32)[:, None]
    order = np.random.default_rng(0).permutation(len(rows))
    test, kept = order[:835], order[835:]
    return _dataset("abalone", x[kept], y[kept], x[test], y[test], "regression", seed)


def _trec(seed: int) -> Dataset:
    parts = []
    for part in ("train", "test"):
        lines = (folder() / "text" / f"TREC.{part}.all").read_text(encoding="latin-1").splitlines()
        parts.append([line.split(" ", 1) for line in lines if " " in line])
    return _texts("TREC", *parts, seed)


def _sms_spam(seed: int) -> Dataset:
    """A random fifth, always the same, is the test part."""
    with (folder() / "text" / "sms_spam.csv").open(encoding="latin-1", newline="") as file:
        rows = [row[:2] for row in list(csv.reader(file))[1:]]
    order = np.random.default_rng(0).permutation(len(rows))
    return _texts("sms_spam", [rows[i] for i in order[1_114:]], [rows[i] for i in order[:1_114]], seed)


def _table(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return [[cell.strip() for cell in row] for row in csv.reader(file) if len(row) > 2]


def _numbers(rows: list[list[str]], test: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers as they are, words as one 0/1 column each."""
    columns, test_columns = [], []
    for place in range(len(rows[0])):
        cells, test_cells = [row[place] for row in rows], [row[place] for row in test]
        try:
            columns.append(np.array(cells, dtype=np.float32)[:, None])
            test_columns.append(np.array(test_cells, dtype=np.float32)[:, None])
        except ValueError:
            words = np.unique(cells)
            columns.append((np.array(cells)[:, None] == words).astype(np.float32))
            test_columns.append((np.array(test_cells, dtype=words.dtype).reshape(-1, 1) == words).astype(np.float32))
    return np.hstack(columns), np.hstack(test_columns)


def _texts(name: str, rows: list[list[str]], test: list[list[str]], seed: int) -> Dataset:
    """Lower-case words as numbers: 0 fills short texts, 1 stands for a word that training has not."""
    words: dict[str, int] = {}
    for _, text in rows:
        for word in _words(text):
            words.setdefault(word, len(words) + 2)
    classes = {label: number for number, label in enumerate(sorted({label.split(":")[0] for label, _ in rows}))}
    parts = []
    for part in (rows, test):
        tokens = np.zeros((len(part), MOST_TOKENS), dtype=np.int64)
        for row, (_, text) in zip(tokens, part, strict=True):
            found = [words.get(word, 1) for word in _words(text)][:MOST_TOKENS]
            row[: len(found)] = found
        parts.append((tokens, np.array([classes[label.split(":")[0]] for label, _ in part])))
    (x, y), (x_test, y_test) = parts
    return _dataset(name, x, y, x_test, y_test, "classification", seed, vocabulary=len(words) + 2)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _dataset(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    kind: str,
    seed: int,
    vocabulary: int = 0,
) -> Dataset:
    outputs = int(y.max()) + 1 if kind == "classification" else y.shape[1]
    task = Task(x.shape[1:], outputs, kind, vocabulary)
    fit, held = _split(y, seed)
    mean, std = (tuple(map(float, value)) for value in (x[fit].mean(axis=0), np.maximum(x[fit].std(axis=0), 1e-6)))
    means: tuple[tuple[float, ...], ...] = ((), ())
    if kind == "regression":
        means = tuple(tuple(map(float, value)) for value in (y[fit].mean(axis=0), y[fit].std(axis=0)))
    search = TrainingData(task, Split(x[fit], y[fit]), Split(x[held], y[held]), mean, std, *means)
    names = tuple(str(number) for number in range(outputs))
    return Dataset(name, task, search, SealedTest(Split(x_test, y_test)), names, "")


def _split(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and a fifth to validate on, of every class alike."""
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == label) for label in np.unique(y)] if y.ndim == 1 else [np.arange(len(y))]
    held = np.sort(np.concatenate([rng.permutation(group)[: max(1, round(0.2 * len(group)))] for group in groups]))
    return np.setdiff1d(np.arange(len(y)), held), held
