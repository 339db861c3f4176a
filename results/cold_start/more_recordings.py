"""What more recorded networks would bring: tau without labels on data left out, learned from a share of the recordings.

    python results/cold_start/more_recordings.py

For each data set a ranking is learned from a share of the networks of every pair of the others. Beside it, how well a
network's score after its first epochs ranks it by its last one. `more_recordings.md` is written beside this script.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np

from nas.benchmark.recording import Recording, read
from predictors.metrics import kendall_tau
from predictors.pretrained import Group, Ranker
from predictors.pretrained.columns import Table
from predictors.pretrained.ranker import FEWEST
from results.machine import describe

SHARES, DRAWS, EPOCHS = (0.125, 0.25, 0.5, 1.0), 2, 3


def some(group: Group, share: float, seed: int) -> Group:
    """A share of its networks, at least as many as can be learned from."""
    few = max(FEWEST, int(share * len(group.scores)))
    rows = np.random.default_rng(seed).permutation(len(group.scores))[:few]
    chosen = Group(group.space, group.task, tuple(group.architectures[row] for row in rows), group.scores[rows])
    chosen.__dict__["table"] = Table(group.table.names, group.table.values[rows])  # the columns are known already
    return chosen


def tau_by_share(recordings: dict[str, Recording], groups: dict[str, Group], share: float) -> float:
    """Mean over pairs, and over draws of the share."""
    found = []
    for seed in range(DRAWS if share < 1 else 1):
        for data in sorted({one.data for one in recordings.values()}):
            others = [some(groups[name], share, seed) for name, one in recordings.items() if one.data != data]
            ranker = Ranker.fitted(others)
            for name, one in recordings.items():
                if one.data == data:
                    said = ranker.trees(groups[name].table.in_order(ranker.names))
                    found.append(kendall_tau(said, groups[name].scores))
    return float(np.mean(found))


def tau_by_epoch(one: Recording) -> list[float]:
    """Of the score after each of the first epochs with the last one's."""
    rows = [row for row in one.rows if row.seed == 0 and row.scores]
    last = np.array([row.score for row in rows])
    return [kendall_tau(np.array([row.scores[epoch] for row in rows]), last) for epoch in range(EPOCHS)]


def main() -> None:
    recordings = {one.name: one for one in read(HERE.parent / "bench/recorded")}
    groups = {name: one.group() for name, one in recordings.items()}
    shares = [tau_by_share(recordings, groups, share) for share in SHARES]
    epochs = np.mean([tau_by_epoch(one) for one in recordings.values()], axis=0)
    text = "\n".join(
        [
            "# Would more recordings help?",
            "",
            f"Kendall's tau, mean over {len(groups)} pairs of a space and a data set. {describe('scikit-learn')}.",
            "",
            "Before the first label, the data left out, learned from a share of the recorded networks:",
            "",
            "| " + " | ".join(f"{share:g}" for share in SHARES) + " |",
            "|---" * len(SHARES) + "|",
            "| " + " | ".join(f"{tau:.3f}" for tau in shares) + " |",
            "",
            "The score after so many of the six epochs, with that after the last one:",
            "",
            "| " + " | ".join(str(epoch + 1) for epoch in range(EPOCHS)) + " |",
            "|---" * EPOCHS + "|",
            "| " + " | ".join(f"{tau:.2f}" for tau in epochs) + " |",
        ]
    )
    (HERE / "more_recordings.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
