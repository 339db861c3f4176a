"""How soon a block that cannot be exported is refused: each habit of the contract, as a search of its own.

    python results/reliability/refusals.py

Seconds are wall clock of a process, from the start of Python to its end: imports, the data and the dry run are in it.
Each asks for a search of an hour; none may leave anything behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
README, BEGIN, END = HERE / "README.md", "<!-- refusals -->", "<!-- end of refusals -->"
LIMIT = 10.0
ONE = """
import sys, torch
from pathlib import Path
import nas
from people import blocks
import test_own_blocks as contract
from search_spaces import Space, SpaceError
from search_spaces.cells import Head, Stem
blocks.WEIGHTS = Path("own_weights.pt").absolute()
torch.save({"weight": torch.ones(6, 8, 3, 3) / 9, "bias": torch.arange(6.0)}, blocks.WEIGHTS)
try:
    make, reason = contract.REFUSED[sys.argv[1]]
    nas.search("digits", Space("own", Stem(8), make(), Head()), budget="1h", directory="search", tracking_uri="")
except (nas.InputError, SpaceError) as error:
    sys.exit(0 if reason in str(error) and not Path("search").exists() else str(error))
sys.exit("it was not refused")
"""


def refused(habit: str) -> tuple[float, str]:
    """Seconds, and what went otherwise than it should; empty where nothing did."""
    path = os.pathsep.join(map(str, (ROOT, ROOT / "tests/contracts")))
    with tempfile.TemporaryDirectory(prefix="refusals-") as folder:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", ONE, habit],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return time.monotonic() - began, done.stderr.strip().rpartition("\n")[2] if done.returncode else ""


def main() -> None:
    sys.path[:0] = [str(ROOT), str(ROOT / "tests/contracts"), str(HERE.parent)]
    import machine
    from test_own_blocks import REFUSED

    rows = []
    for habit in REFUSED:
        seconds, wrong = refused(habit)
        rows.append(f"| {habit} | {seconds:.1f} | {wrong or ('yes' if seconds <= LIMIT else 'no')} |")
        print(rows[-1], flush=True)
    text = "\n".join(["| habit | seconds | refused within 10 s, nothing written |", "|---|---|---|", *rows])
    text += f"\n\n{machine.describe('torch')}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
