"""What MLflow costs a search: the same search with and without it, in turn, in one run: `table.md`.

    python results/tracking/run.py [--trials 12] [--pairs 3]

Two figures. `wall` is how much longer the search took, which also holds whatever else the machine did. `busy` is the
CPU time of the writing thread and of the thread that samples the machine, as a share of the search: it bounds what
writes can take from a search in the same process. Waiting for the store costs the search nothing before its end; how
long the end waits stands beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import nas
from nas.tracking import system_metrics
from nas.tracking.database import make_database
from nas.tracking.tracker import MlflowTracker
from results.machine import describe

HERE = Path(__file__).parent
WRITING, EVENTS = "_attempt", ("trial_started", "epoch_ended", "trial_ended", "evidence", "status", "final_epoch_ended")


def searched(folder: Path, uri: str, trials: int) -> dict[str, float]:
    """Seconds of a search, and of them what MLflow took."""
    spent = {"writing": 0.0, "events": 0.0, "end": 0.0}
    lock = threading.Lock()

    def timed(owner: Any, name: str, what: str, clock: Any) -> Any:
        method = getattr(owner, name)

        def run(*given: Any, **named: Any) -> Any:
            began = clock()
            try:
                return method(*given, **named)
            finally:
                with lock:
                    spent[what] += clock() - began

        return mock.patch.object(owner, name, run)

    patches = [
        timed(MlflowTracker, WRITING, "writing", time.thread_time),
        timed(system_metrics, "_sample", "writing", time.thread_time),
        timed(MlflowTracker, "search_ended", "end", time.perf_counter),
        *(timed(MlflowTracker, name, "events", time.perf_counter) for name in EVENTS),
    ]
    for one in patches:
        one.start()
    began = time.perf_counter()
    try:
        nas.search(
            "digits", "cnn", f"{trials} trials", epochs=4, executor="local", early_stopping=False, seed=0,
            directory=folder, tracking_uri=uri, baselines=("majority",),
        )  # fmt: skip
    finally:
        mock.patch.stopall()
    return {"wall": time.perf_counter() - began, **spent}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--pairs", type=int, default=3)
    asked = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mlflow.db"
        make_database(database)
        uri = f"sqlite:///{database}"
        for name, address in (("warm", ""), ("warm too", uri)):  # imports and caches are nobody's cost
            searched(Path(folder) / name, address, 2)
        for pair in range(asked.pairs):
            for what, address in (("without", ""), ("with", uri))[:: 1 if pair % 2 == 0 else -1]:
                found[what].append(searched(Path(folder) / f"{what}{pair}", address, asked.trials))
                print(what, found[what][-1], flush=True)
    off, on = found["without"], found["with"]
    pairs = [b["wall"] / a["wall"] - 1 for a, b in zip(off, on, strict=True)]
    lines = [
        "| of a search with MLflow | share | seconds |",
        "|---|---:|---:|",
        *(
            f"| {words} | {median(one[name] / one['wall'] for one in on):.2%} | {median(one[name] for one in on):.2f} |"
            for name, words in (
                ("events", "its driver waited for events to be handed over"),
                ("writing", "CPU time of the thread that writes"),
                ("end", "its end waited for what was still to be written"),
            )
        ),
        f"| longer than without, median of {asked.pairs} pairs | {median(pairs):+.2%} | "
        f"{median(one['wall'] for one in on) - median(one['wall'] for one in off):+.2f} |",
    ]
    text = (
        f"# What MLflow costs a search\n\n`nas search digits` in the space `cnn`, {asked.trials} trials of 4 epochs, "
        "in process, with a final, the same seed with and without\nMLflow (SQLite), in turn in one run. Pairs: "
        f"{', '.join(f'{one:+.1%}' for one in pairs)}. `python results/tracking/run.py` makes this table.\n\n"
    )
    (HERE / "table.md").write_text(text + "\n".join(lines) + f"\n\n{describe('torch', 'mlflow')}\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
