"""How well networks are ranked before the first training, and after a few, on data and spaces left out of learning.

    NAS_SHARED=../shared python results/cold_start/run.py

For every data set of results/bench a ranking is learned from the others, and for every space one from the others.
Kendall's tau and the share of the best ten among the ten ranked highest are of networks that gave no label, means over
three draws of the labels. `table.md` is written beside this script. NAS-Bench-201 is in no recording.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from nas.benchmark.recording import Recording, read
from nas.benchmark.table import read_known
from predictors import MEMBERS, PREDICTORS
from predictors.metrics import kendall_tau, top_k_recall
from predictors.pretrained import Group, Ranker
from predictors.pretrained.predictor import Pretrained
from results.machine import describe
from search_spaces.catalog import load_space
from search_spaces.encoding import encode
from search_spaces.profile import profile

LABELS, DRAWS, BEST, FEWEST_JUDGED = (0, 5, 10, 20, 40), 3, 10, 20
Judge = Callable[[Group, np.ndarray, np.ndarray, int], np.ndarray]  # group, labelled, others, seed -> their ranking


def by_profile(name: str) -> Judge:
    def judge(group: Group, labelled: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
        return np.array([getattr(profile(group.architectures[i], group.task), name) for i in others], dtype=float)

    return judge


def forest(group: Group, labelled: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    rows = encode(group.architectures, group.space, group.task).decisions
    learned = RandomForestRegressor(100, random_state=seed).fit(rows[labelled], group.scores[labelled])
    return learned.predict(rows[others])


def auto(group: Group, labelled: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    return _learned(PREDICTORS["auto"](space=group.space, task=group.task, seed=seed), group, labelled, others)


def pretrained(file: Path) -> Judge:
    def judge(group: Group, labelled: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
        return _learned(
            Pretrained(MEMBERS, file, space=group.space, task=group.task, seed=seed), group, labelled, others
        )

    return judge


def _learned(predictor, group: Group, labelled: np.ndarray, others: np.ndarray) -> np.ndarray:
    if len(labelled):
        predictor.fit([group.architectures[i] for i in labelled], group.scores[labelled])
    return predictor.predict([group.architectures[i] for i in others]).mean


def judged(judge: Judge, group: Group, labels: int) -> tuple[float, float] | None:
    """Tau and recall; None where too few networks are left to judge by."""
    count = len(group.scores)
    if count - labels < FEWEST_JUDGED:
        return None
    found = []
    for draw in range(DRAWS if labels else 1):
        order = np.random.default_rng([labels, draw]).permutation(count)
        labelled, others = order[:labels], order[labels:]
        said, true = judge(group, labelled, others, draw), group.scores[others]
        found.append((kendall_tau(said, true), top_k_recall(said, true, BEST)))
    return tuple(np.mean(found, axis=0))


def left_out(recordings: dict[str, Recording], groups: dict[str, Group], by: str, folder: Path) -> dict[str, Path]:
    """Of each recording, the file of a ranking that has not seen its data (or its space)."""
    files = {}
    for value in sorted({getattr(one, by) for one in recordings.values()}):
        file = folder / f"{by}-{value}.npz"
        Ranker.fitted([groups[name] for name, one in recordings.items() if getattr(one, by) != value]).save(file)
        files |= {name: file for name, one in recordings.items() if getattr(one, by) == value}
        print("left out:", by, value, flush=True)
    return files


def line(name: str, values: list[float]) -> str:
    return f"| {name} | " + " | ".join("" if np.isnan(value) else f"{value:.2f}" for value in values) + " |"


def main() -> None:
    import tempfile

    recordings = {one.name: one for one in read(HERE.parent / "bench/recorded")}
    groups = {name: one.group() for name, one in recordings.items()}
    with tempfile.TemporaryDirectory() as folder:
        by_data = left_out(recordings, groups, "data", Path(folder))
        by_space = left_out(recordings, groups, "space", Path(folder))
        text = "\n".join(
            [
                "# Ranking before the first training",
                "",
                f"{len(groups)} pairs of a space and a data set, {sum(len(one.scores) for one in groups.values())} "
                f"networks. {describe('torch', 'scikit-learn')}.",
                "",
                *labels_table(groups, by_data, by_space),
                "",
                *spaces_table(recordings, groups, by_data, by_space),
                "",
                *nasbench201(groups),
            ]
        )
    (HERE / "table.md").write_text(text + "\n")
    print(text)


def labels_table(groups: dict[str, Group], by_data: dict[str, Path], by_space: dict[str, Path]) -> list[str]:
    judges: dict[str, Callable[[str], Judge]] = {
        "parameters": lambda name: by_profile("parameters"),
        "multiply-adds": lambda name: by_profile("macs"),
        "forest of decisions": lambda name: forest,
        "`auto`": lambda name: auto,
        "`pretrained`, data left out": lambda name: pretrained(by_data[name]),
        "`pretrained`, space left out": lambda name: pretrained(by_space[name]),
    }
    taus, recalls = [], []
    for said, make in judges.items():
        rows: list[list[tuple[float, float]]] = [[] for _ in LABELS]
        for place, labels in enumerate(LABELS):
            if labels == 0 and make("cnn@digits") in (forest, auto):
                continue
            for name, group in groups.items():
                found = judged(make(name), group, labels)
                if found:
                    rows[place].append(found)
        means = [np.mean(row, axis=0) if row else (np.nan, np.nan) for row in rows]
        taus.append(line(said, [mean[0] for mean in means]))
        recalls.append(line(said, [mean[1] for mean in means]))
        print(taus[-1], flush=True)
    head = ["| ranked by | " + " | ".join(f"{labels} labels" for labels in LABELS) + " |", "|---" * 6 + "|"]
    return ["Kendall's tau, mean over pairs:", "", *head, *taus, "", f"Of the best {BEST}:", "", *head, *recalls]


def spaces_table(
    recordings: dict[str, Recording], groups: dict[str, Group], by_data: dict[str, Path], by_space: dict[str, Path]
) -> list[str]:
    out = [
        "No labels, tau by space; the last column is of two trainings of one network with different seeds:",
        "",
        "| space | parameters | multiply-adds | data left out | space left out | above the mean, points | two seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for space in sorted({one.space for one in recordings.values()}):
        names = [name for name, one in recordings.items() if one.space == space]
        none, rows = np.array([], dtype=int), []
        for name in names:
            group = groups[name]
            every = np.arange(len(group.scores))
            judges = (
                by_profile("parameters"),
                by_profile("macs"),
                pretrained(by_data[name]),
                pretrained(by_space[name]),
            )
            said = [judge(group, none, every, 0) for judge in judges]
            best = group.scores[np.argsort(-said[2])[: max(1, len(every) // 10)]]
            gain = 100 * (best.mean() - group.scores.mean())
            rows.append([*(kendall_tau(one, group.scores) for one in said), gain, _two_seeds(recordings[name])])
        out.append(line(f"`{space}`, {len(names)} data sets", list(np.nanmean(rows, axis=0))))
    return [*out, "", "Above the mean: the tenth ranked highest, data left out, against all networks of the pair."]


def _two_seeds(one: Recording) -> float:
    scores: dict[int, dict[int, float]] = {}
    for row in one.rows:
        scores.setdefault(row.number, {})[row.seed] = row.score
    both = np.array([(found[0], found[1]) for found in scores.values() if {0, 1} <= found.keys()])
    return kendall_tau(both[:, 0], both[:, 1]) if len(both) > 3 else float("nan")


def nasbench201(groups: dict[str, Group]) -> list[str]:
    shared = os.environ.get("NAS_SHARED")
    if not shared:
        return []
    space = load_space("nasbench201")
    table = read_known(Path(shared) / "bench/nasbench201.csv.gz", space)
    rows = np.random.default_rng(0).choice(len(table), 1500, replace=False)
    group = Group(space, table.task, tuple(space.replay(table.decisions[i]) for i in rows), table.scores()[rows])
    ranker, labels = Path(__file__).parents[2] / "predictors/pretrained/ranker.npz", (0, 10, 40, 100)
    out = ["NAS-Bench-201, CIFAR-100, 1,500 networks drawn; tau on those without a label:", ""]
    out += ["| ranked by | " + " | ".join(f"{count} labels" for count in labels) + " |", "|---" * 5 + "|"]
    judges = {"parameters": by_profile("parameters"), "multiply-adds": by_profile("macs"), "`auto`": auto}
    judges["`pretrained`"] = pretrained(ranker)
    for name, judge in judges.items():
        found = [judged(judge, group, count) if count or judge is not auto else None for count in labels]
        out.append(line(name, [one[0] if one else np.nan for one in found]))
    return out


if __name__ == "__main__":
    main()
