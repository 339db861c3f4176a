"""Records the benchmark of our own spaces: `recorded/`, a table for each pair of a space and a data set.

    NAS_SHARED=../shared python results/bench/run.py [pictures|series|tables|text …] [--device cuda] [--workers 16]

A run goes on where the last stopped. It needs no more than `nas bench record` does, which records one's own pairs.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

import data

from nas.benchmark.record import Pair, Plan, record

RECORDED = HERE / "recorded"
PICTURES = ("cnn", "residual", "transformer", "hybrid")
SERIES = ("ElectricDevices", "FordA", "ECG5000", "JapaneseVowels", "chirps", "order")
TABLES = ("adult", "abalone", "cancer", "diabetes", "friedman", "parity", "clusters", "steps")
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {  # spaces, data sets, networks of each pair
    "pictures": (PICTURES, ("digits", "cifar10_10k", "fashion_mnist_10k", "textures", "shapes"), 65),
    "series": (("sequence", "hybrid"), SERIES, 125),
    "tables": (("tabular", "mlp"), TABLES, 125),
    "text": (("text",), ("trec", "sms", "grammar"), 250),
}  # fmt: skip
TARGETS = {"adult": "income", "abalone": "rings", "cancer": "target", "diabetes": "target", "friedman": "target"}


def pairs(kind: str, folder: Path) -> list[Pair]:
    """The pairs whose data is there."""
    spaces, names, _ = KINDS[kind]
    there = {path.name.split(".")[0]: str(path) for path in folder.iterdir()} | {"digits": "digits"}
    return [
        Pair(space, there[name], name, TARGETS.get(name, "label" if kind == "text" else ""))
        for name in names
        if name in there
        for space in spaces
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--data", type=Path, help="a folder that data.py has filled")
    parser.add_argument("--out", type=Path, default=RECORDED)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.data is None:
            data.write(Path(folder))
        for kind in options.kinds:
            chosen = pairs(kind, options.data or Path(folder))
            plan = Plan(networks=KINDS[kind][2], device=options.device, most_macs=30_000_000)
            said = functools.partial(print, kind, end="\r", flush=True)
            made = record(
                chosen, plan, options.out, workers=options.workers, seconds=options.seconds, said=said
            )  # fmt: skip
            for one in made:
                seconds = sum(row.seconds for row in one.rows)
                failed = sum(bool(row.error) for row in one.rows)
                print(f"{one.name}: {len(one.rows)} trainings, {failed} failed, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
