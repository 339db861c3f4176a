"""A table of two hundred networks of nasbench_macro with made-up scores."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from nas.benchmark.table import Layout, Table, read
from search_spaces import SPACES


def worth(name: str) -> float:
    return 80 + sum(int(digit) for digit in name) - 0.5 * (name[0] == name[1])


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = random.Random(0)
    names = sorted({"".join(rng.choice("012") for _ in range(8)) for _ in range(220)})
    file = tmp_path_factory.mktemp("table") / "macro.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["arch", "acc1", "mean_acc", "short", "time", "note"])
        writer.writerows([name, worth(name), worth(name) + 0.1, worth(name) - 3, 10, "fine"] for name in names)
    return file


@pytest.fixture(scope="session")
def table(path: Path) -> Table:
    return read(path, SPACES["nasbench_macro"](), Layout(("short", "acc1"), "mean_acc", "time", (0.1, 1.0)))
