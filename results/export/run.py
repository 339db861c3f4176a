"""Networks of every space in every format, each proved in a clean interpreter: `table.md`.

    python results/export/run.py --networks 20 [--seconds S]

Networks are untrained, with running statistics; every second one with its normalisation merged. What is in `runs.jsonl`
is not run again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from nas.export.formats import INT8, PYTHON
from nas.export.formats.proof import prove_all
from results.export.networks import drawn, installed, written
from results.machine import describe
from results.runs import Runs
from search_spaces import SPACES

HERE = Path(__file__).parent
TOGETHER = 1  # networks that one interpreter looks at


def measured(name: str, first: int) -> dict[str, Any]:
    """What became of some networks of a space."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for seed in range(first, first + TOGETHER):
            try:
                jobs.append(written(Path(folder) / str(seed), *drawn(name, seed), merge=bool(seed % 2)))
            except Exception as error:  # it is what the table is about
                found.append({"seed": seed, "wrong": f"{type(error).__name__}: {error}"[:300]})
        for job, proofs in zip(jobs, prove_all(jobs), strict=True):
            line: dict[str, Any] = {"seed": int(job.directory.name), "lengths": len(job.lengths)}
            if isinstance(proofs, str):
                line["wrong"] = proofs[:300]
            else:
                line["differences"] = {one.name: one.difference for one in proofs}
            found.append(line)
    return {"networks": found}


def table(runs: Runs) -> str:
    """A line a space."""
    formats = [name for name in installed() if name != PYTHON]
    lines = [
        f"| space | networks | failed | of free length | {' | '.join(formats)} |",
        f"|---|{'---:|' * (3 + len(formats))}",
    ]
    wrong = []
    for name, blocks in sorted(runs.by_name().items()):
        networks = [one for block in blocks for one in block["networks"]]
        proved = [one["differences"] for one in networks if "differences" in one]
        cells = [
            f"{max((one[format] for one in proved), default=0.0):{'.0%' if format == INT8 else '.0e'}}"
            for format in formats
        ]
        free = sum(one.get("lengths", 0) > 0 for one in networks)
        lines.append(f"| {name} | {len(networks)} | {len(networks) - len(proved)} | {free} | {' | '.join(cells)} |")
        wrong += [f"- {name}, seed {one['seed']}: {one['wrong']}" for one in networks if "wrong" in one]
    return "\n".join([*lines, *(["", "What failed:", "", *wrong] if wrong else [])])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", type=int, default=20, help=f"of each space, in steps of {TOGETHER}")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing new after so many")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    runs = Runs([HERE / "runs.jsonl"], chosen.seconds)
    for first in range(0, chosen.networks, TOGETHER):
        for name in sorted(SPACES):
            runs.once((name, first), lambda name=name, first=first: measured(name, first))
    text = (
        "# Every space in every format\n\n"
        "Each network was exported as plain PyTorch and in the formats below, and each of them loaded in a clean "
        "interpreter and\ncompared with the plain one there: batches of 1 and 5, and where the length is free two "
        "other lengths. Columns of formats give\nthe largest difference of an output, relative to the largest output "
        "where that exceeds 1; of int8 the root mean square, in units\nof what the outputs vary by. Networks are "
        "untrained, so that int8 fares worse than on trained ones. The first network\n"
        "of a space is for pictures, the next "
        "for other inputs in turn; every second one has its normalisation merged. "
        "`python results/export/run.py` makes this table; `make test-slow` runs 20 networks of each space.\n\n"
    )
    machine = describe("torch", "onnx", "onnxscript", "onnxruntime")
    (HERE / "table.md").write_text(f"{text}{table(runs)}\n\n{machine}\n")
    print(table(runs))


if __name__ == "__main__":
    main()
