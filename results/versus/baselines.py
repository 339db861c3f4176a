"""What the baselines reach on data sets with an official test part, beside published figures.

    NAS_SHARED=../shared python results/versus/baselines.py [--seconds 120] [--data NAME ...] [--baselines NAME ...]

Writes `baselines.jsonl` and `baselines.md` beside this script. Rows that are there are not measured again.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))
from data import read

from nas.baselines import BASELINES, for_task
from nas.baselines.gradient_boosting import GradientBoosting
from nas.training.score import score
from results.machine import describe
from results.runs import Runs, taken_at

HERE = Path(__file__).parent
PUBLISHED = {  # what the same method reaches on the official test part, elsewhere
    ("ElectricDevices", "rocket"): ".731",
    ("FordA", "rocket"): ".949",
    ("ECG5000", "rocket"): ".945",
    ("JapaneseVowels", "rocket"): ".987",
    ("GunPoint", "rocket"): ".993",
    ("adult", "lightgbm"): ".871-.872",
    ("abalone", "lightgbm"): ".530",
    ("fashion_mnist_10k", "lightgbm"): ".880",
    ("TREC", "bag_of_ngrams"): ".886",
    ("sms_spam", "bag_of_ngrams"): ".987",
}
DATA = (
    "GunPoint", "JapaneseVowels", "ECG5000", "FordA", "ElectricDevices",
    "adult", "abalone", "TREC", "sms_spam", "fashion_mnist_10k", "cifar10_10k",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="that one baseline may take")
    parser.add_argument("--data", nargs="*", default=DATA)
    parser.add_argument("--baselines", nargs="*", default=list(BASELINES))
    asked = parser.parse_args()
    runs = Runs([HERE / "baselines.jsonl"])
    for name in asked.data:
        dataset = read(name)
        fitting = [*for_task(dataset.task)]
        if GradientBoosting().fits(dataset.task) and "gradient_boosting" not in fitting:
            fitting.append("gradient_boosting")
        for pick in fitting:
            if pick in asked.baselines:
                runs.once((name, pick), lambda pick=pick, dataset=dataset: _measured(pick, dataset, asked.seconds))
        _write(runs)


def _measured(name: str, dataset, seconds: float) -> dict:  # type: ignore[no-untyped-def]
    fitted = BASELINES[name].train(dataset.search, seconds, seed=0)
    test, began = dataset.test.open(), time.monotonic()
    value = score(dataset.task, fitted.predict(test.inputs), test.targets)
    line = {
        "test": round(value, 4),
        "validation": round(fitted.validation_score, 4),
        "seconds": round(fitted.seconds, 1),
        "prediction_seconds": round(time.monotonic() - began, 1),
        "refitted": fitted.refitted,
        "note": fitted.note,
    }
    print(dataset.name, name, line, flush=True)
    return line


def _write(runs: Runs) -> None:
    lines = [
        "# Baselines",
        "",
        "Test accuracy (abalone: R²) on the official test part (abalone, sms_spam: a fixed random fifth), one seed.",
        f"{describe('scikit-learn', 'numpy')}.",
        "The machine did other work beside it: alone all seconds are far fewer.",
        "A row could take 120 s (GunPoint, JapaneseVowels, ECG5000, the first rows of FordA) or 1,500 s (the others).",
        "Five rows that the other work cut short at 120 s were taken out: MiniRocket's two were measured again,",
        "boosted trees on FordA and LightGBM on ElectricDevices are missing.",
        f"Rows taken at commit {taken_at(runs.lines)}. Made by `baselines.py` beside this page.",
        "",
        "| data | baseline | test | published or measured elsewhere | validation | seconds | |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in runs.lines:
        data, name = line["key"]
        notes = "; ".join(
            filter(None, [line["note"], "" if line["refitted"] else "trained without the validation part"])
        )
        lines.append(
            f"| {data} | {name} | {line['test']:.4f} | {PUBLISHED.get((data, name), '')} | {line['validation']:.4f} "
            f"| {line['seconds']:.1f} | {notes} |"
        )
    (HERE / "baselines.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
