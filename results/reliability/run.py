"""What was done to searches, and what became of them: runs `tests/faults` and makes the table in README.md.

    python results/reliability/run.py

Every row is one or more tests with real processes; lost and repeated are counted by the tests, not written down.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

import machine

README, RUNS = HERE / "README.md", HERE / "runs.jsonl"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


@dataclass
class Fault:
    """All tests of one fault."""

    name: str
    file: str
    injected: int = 0
    survived: int = 0
    seconds: float = 0.0
    lost: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def row(self) -> list[str]:
        counts = (f"{sum(values)}" if values else "" for values in (self.lost, self.repeated))
        outcome = "; ".join(dict.fromkeys(self.outcomes))
        return [
            self.name,
            f"{self.injected:,}",
            f"{self.survived:,}",
            *counts,
            f"{self.seconds:.0f}",
            outcome,
            f"`{self.file}`",
        ]


def run_tests(folder: Path) -> list[Path]:
    """Runs the tests of faults, slow ones included; junit's file."""
    report = folder / "junit.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "tests/faults", "-p", "no:xdist", "-o", "junit_family=xunit1",
         f"--junitxml={report}"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )  # fmt: skip
    return [report]


def cases(reports: list[Path]) -> list[ElementTree.Element]:
    """All tests; where one was run more than once, its last run."""
    found = {}
    for path in reports:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            found[f"{case.get('classname')}::{case.get('name')}"] = case
    return list(found.values())


def faults(tests: list[ElementTree.Element]) -> tuple[list[Fault], list[str]]:
    """What the tests noted, by fault in order; and the tests that failed or noted nothing."""
    found: dict[str, Fault] = {}
    failed = []
    for case in tests:
        passed = case.find("failure") is None and case.find("error") is None and case.find("skipped") is None
        noted = {one.get("name"): one.get("value") for one in case.iter("property")}
        if not passed:
            failed.append(f"{case.get('classname')}::{case.get('name')}")
        if "fault" not in noted:
            continue
        file = str(case.get("classname")).rpartition(".")[2]
        fault = found.setdefault(str(noted["fault"]), Fault(str(noted["fault"]), file))
        fault.injected += int(str(noted["injected"]))
        fault.survived += int(str(noted["injected"])) if passed else 0
        fault.seconds += float(case.get("time", 0))
        fault.outcomes.append(str(noted["outcome"]))
        for name in ("lost", "repeated"):
            if noted[name] != "None":
                getattr(fault, name).append(int(str(noted[name])))
    return list(found.values()), failed


def table(found: list[Fault]) -> str:
    head = ["fault", "injected", "survived", "trainings lost", "repeated", "seconds", "outcome", "test"]
    lines = [head, ["---"] * len(head), *(fault.row() for fault in found)]
    total = Fault("all", "tests/faults", outcomes=[""])
    for fault in found:
        total.injected += fault.injected
        total.survived += fault.survived
        total.seconds += fault.seconds
        total.lost += fault.lost
        total.repeated += fault.repeated
    lines.append([f"**{cell}**" if cell else "" for cell in total.row()])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--junit", type=Path, nargs="*", help="files of `pytest --junitxml`, instead of a new run")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        tests = cases(options.junit or run_tests(Path(folder)))
    found, failed = faults(tests)
    seconds = sum(float(case.get("time", 0)) for case in tests)
    on = machine.describe("torch", "ray", "mlflow", "optuna")
    bad = f"failed: {', '.join(failed)}" if failed else "none failed"
    note = (
        f"{len(tests)} tests, {seconds:.0f} s, {bad}. {time.strftime('%d %b %Y')}, {on}; load {load:.0f} on "
        f"{os.cpu_count()} cores. Moments of kills and edits of files are drawn from fixed seeds."
    )
    text = f"{table(found)}\n\n{note}"
    print(text)
    with RUNS.open("a", encoding="utf-8") as file:
        rows = [{**vars(fault), "lost": sum(fault.lost), "repeated": sum(fault.repeated)} for fault in found]
        line = {"on": on, "load": round(load, 1), "seconds": round(seconds), "failed": failed, "faults": rows}
        file.write(json.dumps(line) + "\n")
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
