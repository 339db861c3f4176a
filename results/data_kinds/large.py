"""Data larger than what one wants to hold: 1,000,000 rows of 100 columns, and 200,000 pictures of 64 x 64.

    .venv/bin/python results/data_kinds/large.py [--only NAME] [--scale 0.1] [--folder FOLDER]

Each is generated in `--folder` (about 6 GB; a temporary one is removed). Then a process of its own loads it and
trains a few networks with `nas search`. Memory is what Linux counts for that process: `private` cannot be given back
(RssAnon and RssShmem of /proc/PID/status, every 50 ms), `resident` holds pages of files too, which the system takes
back where memory is short. Writes `large.jsonl` and `large.md`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from results.machine import commit, describe

LINES = HERE / "large.jsonl"
NAS = Path(sys.executable).with_name("nas")
ROWS, COLUMNS, PICTURES, SIDE = 1_000_000, 100, 200_000, 64
BUDGET = "3m"
MORE = ("--baselines", "off", "--known", "off", "--executor", "local", "--no-final")


SPACES = {"pictures": "cnn", "parquet": "mlp", "csv": "mlp"}


def columns(rows: int, seed: int = 0) -> dict[str, Any]:
    """90 numbers, 8 of them with a say in the label, 10 columns of words, and the label."""
    rng = np.random.default_rng(seed)
    table: dict[str, Any] = {f"x{k}": rng.normal(size=rows).astype(np.float32).round(4) for k in range(COLUMNS - 11)}
    for k in range(10):
        table[f"c{k}"] = np.array([f"w{n}" for n in range(2 + k)])[rng.integers(0, 2 + k, rows)]
    score = sum(table[f"x{k}"] for k in range(8))
    return {**table, "label": np.where(score + rng.normal(size=rows) > 0, "yes", "no")}


def parquet(folder: Path, scale: float) -> Path:
    import pandas as pd

    path = folder / "table.parquet"
    if not path.exists():
        pd.DataFrame(columns(int(ROWS * scale))).to_parquet(path)
    return path


def csv(folder: Path, scale: float) -> Path:
    import pandas as pd

    path = folder / "table.csv"
    if not path.exists():
        for part in range(10):
            frame = pd.DataFrame(columns(int(ROWS * scale) // 10, seed=part))
            frame.to_csv(path, mode="a", index=False, header=not part)
    return path


def pictures(folder: Path, scale: float) -> Path:
    """Colour pictures of four classes: where a bright square lies on noise."""
    from PIL import Image

    root = folder / "pictures"
    if not root.exists():
        rng = np.random.default_rng(0)
        noise = rng.integers(0, 128, (64, SIDE, SIDE, 3), np.uint8)
        for k in range(int(PICTURES * scale)):
            pixels, label = noise[k % 64].copy(), int(rng.integers(4))
            top, left = rng.integers(0, 24, 2) + 32 * np.array([label // 2, label % 2])
            pixels[top : top + 8, left : left + 8] += 100
            place = root / f"class{label}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place / f"{k}.jpg")
    return root


KINDS: dict[str, Callable[[Path, float], Path]] = {"parquet": parquet, "csv": csv, "pictures": pictures}


def measured(data: Path, space: str, out: Path) -> dict[str, Any]:
    command = [str(NAS), "search", str(data), "--space", space, "--budget", BUDGET, *MORE, "--directory", str(out)]
    began = time.monotonic()
    with (out.parent / "said.txt").open("w") as said:
        process = subprocess.Popen([*command, "--tracking-uri", ""], stdout=said, stderr=subprocess.STDOUT)
        private = resident = 0
        while process.poll() is None:
            now = _memory(process.pid)
            private, resident = max(private, now[0]), max(resident, now[1])
            time.sleep(0.05)
    line = {"seconds": round(time.monotonic() - began, 1), "exit": process.returncode}
    words = (out.parent / "said.txt").read_text()
    if process.returncode:
        line["said"] = words[-400:]
    return {**line, "private_gib": round(private / 2**20, 2), "resident_gib": round(resident / 2**20, 2)}


def _memory(pid: int) -> tuple[int, int]:
    """KiB: what cannot be given back, and all that is resident."""
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        kib = {name: int(lines[name].split()[0]) for name in ("RssAnon", "RssShmem", "VmRSS")}
    except (OSError, KeyError, ValueError):
        return 0, 0
    return kib["RssAnon"] + kib["RssShmem"], kib["VmRSS"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in asked.only:
            data = KINDS[name](folder, asked.scale)
            with tempfile.TemporaryDirectory() as place:
                line = {
                    "data": name,
                    "scale": asked.scale,
                    **measured(data, SPACES[name], Path(place) / "search"),
                    "commit": commit(),
                }
            print(json.dumps(line), flush=True)
            with LINES.open("a") as file:
                print(json.dumps(line), file=file)
    lines = [json.loads(line) for line in LINES.read_text().splitlines()]
    head = ("data", "scale", "exit", "seconds", "private_gib", "resident_gib", "commit")
    table = [
        "# Memory of a search on large data",
        "",
        f"{describe('torch')}; searches of {BUDGET}. Exit 1: no epoch ended within the budget.",
        "",
    ]
    table += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    table += [f"| {' | '.join(str(line[name]) for name in head)} |" for line in lines]
    (HERE / "large.md").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
