"""A search on Fashion-MNIST-10k by the command that a person would type, and what came of it as a table.

    python results/fashion_mnist/run.py ../shared/data/images/fashion_mnist_10k.npz [--budget 15m]

Writes README.md and probation.csv beside this file. The search itself goes to results/searches, its runs to MLflow.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from machine import describe

import nas
from nas.final.record import final_record
from nas.records.trial import COMPLETED, FAILED, STOPPED, best_first
from nas.setup.stored_search import stored_search
from predictors.probation import Evidence

HERE = Path(__file__).parent


class Judgements(nas.Observer):
    """Keeps what was found out about the predictor."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def evidence(self, evidence: Evidence) -> None:
        low, high = evidence.interval
        row = {
            "trainings": evidence.trainings,
            "tau": evidence.tau,
            "low": low,
            "high": high,
            "recall": evidence.recall,
        }
        self.rows.append({**row, **evidence.rivals, "share": evidence.share})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--budget", default="15m")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    from rich.console import Console

    from nas.report.progress import Progress

    judgements, began = Judgements(), time.monotonic()
    result = nas.search(
        asked.data, "hybrid", asked.budget, seed=asked.seed, observers=[judgements, Progress(Console())]
    )
    report(result.directory, judgements, time.monotonic() - began, asked)


def report(directory: Path, judgements: Judgements, seconds: float, asked: argparse.Namespace) -> None:
    """The table beside this script."""
    seen, final = stored_search(directory), final_record(directory)
    states = {state: sum(one.state == state for one in seen.trials) for state in (COMPLETED, STOPPED, FAILED)}
    best, winner, baseline = best_first(seen.trials)[0], final["finalists"][0], final["baseline"]
    size = {one.number: one.parameters for one in seen.trials}
    with (HERE / "probation.csv").open("w") as file:
        writer = csv.DictWriter(file, judgements.rows[-1].keys())
        writer.writeheader()
        writer.writerows({k: round(v, 4) for k, v in row.items()} for row in judgements.rows)
    last = judgements.rows[-1]
    command = f"nas search {Path(asked.data).name} --space hybrid --budget {asked.budget} --seed {asked.seed}"
    lines = [
        "# Fashion-MNIST-10k, `hybrid`",
        "",
        f"`{command}`, n = 1 search. {describe('torch', 'ray', 'optuna', 'mlflow')}.",
        "Made by `run.py` beside this page; 1,000 training and 200 test pictures of each class.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| wall time | {seconds:.0f} s of {asked.budget} |",
        f"| trials trained to the end, stopped early, failed | {', '.join(str(n) for n in states.values())} |",
        f"| best validation accuracy in the search | {best.score:.4f} (trial {best.number}) |",
        f"| winner | trial {winner['number']}, {size[winner['number']]:,} parameters, {winner['epochs']} epochs |",
        f"| its test accuracy, read once | **{winner['test_score']:.4f}** |",
    ]
    if baseline is not None:
        lines.append(
            f"| first random candidate, test accuracy | {baseline['test_score']:.4f} ({baseline['epochs']} epochs, "
            f"{size[baseline['number']]:,} parameters) |"
        )
    rivals = ", ".join(f"{name} {last[name]:.2f}" for name in ("parameters", "macs") if name in last)
    lines += [
        f"| predictor's out-of-fold tau on {last['trainings']:.0f} trainings | {last['tau']:.2f} "
        f"(80 % interval {last['low']:.2f} to {last['high']:.2f}); by {rivals} |",
        f"| its share of the slots at the end | {last['share']:.0%} |",
        "",
        "```",
        seen.record.statement,
        "```",
        "",
        "Charts of the search's MLflow run, and the MLflow UI after it (`screenshots.py`):",
        "",
        *[f"![{path.stem.replace('_', ' ')}]({path.name})" for path in sorted(HERE.glob("*.png"))],
    ]
    (HERE / "README.md").write_text("\n".join(lines).rstrip() + "\n")
    subprocess.run(["cat", HERE / "README.md"], check=True)


if __name__ == "__main__":
    main()
