"""Reads DATA.jsonl (see run.py): agreement of each short training with a full one, and what it costs.

    python results/training/rank_fidelity/table.py

Each way to rank is held against each of the two full trainings, and the two taus are averaged. A schedule that is cut
short is the beginning of one of them and held against the other only. The row `another full training` compares the two:
that is what noise leaves. Intervals are 90 %, from resampled architectures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from scipy.stats import kendalltau

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent


NAMES = {"fashion_mnist_10k": "Fashion-MNIST-10k", "cifar10_10k": "CIFAR-10-10k"}


@dataclass(frozen=True)
class Ranking:
    """A way to rank: what it says of each architecture, once for each full training it is held against."""

    name: str
    values: tuple[np.ndarray, np.ndarray]
    seconds: float

    def tau(self, full: Sequence[np.ndarray], rows: np.ndarray | slice = slice(None)) -> float:
        """Mean Kendall tau with the two full trainings."""
        pairs = zip(self.values, full, strict=True)
        return float(np.mean([kendalltau(value[rows], score[rows])[0] for value, score in pairs]))

    def interval(self, full: Sequence[np.ndarray]) -> tuple[float, float]:
        rng = np.random.default_rng(0)
        count = len(full[0])
        taus = [self.tau(full, rows) for rows in rng.integers(0, count, (500, count))]
        low, high = np.nanpercentile(taus, (5, 95))
        return float(low), float(high)


def same(name: str, values: Sequence[float], seconds: float = 0.0) -> Ranking:
    column = np.array(values, dtype=float)
    return Ranking(name, (column, column), seconds)


def rankings(rows: list[dict]) -> list[Ranking]:
    """Every way to rank, its scores by architecture and its mean seconds."""
    full, spent = full_scores(rows), float(np.mean([row["full 0"]["epochs"][-1]["seconds"] for row in rows]))
    found = [same("parameters", [row["parameters"] for row in rows]), same("multiply-adds", [r["macs"] for r in rows])]
    epochs = len(rows[0]["full 0"]["epochs"])
    for cut in range(1, epochs):
        for key, what in (("score", "weights as they are"), ("averaged", "averaged weights")):
            # the beginning of training 1 is held against training 0, and the other way round
            steps = [[row[f"full {seed}"]["epochs"][:cut][-1] for row in rows] for seed in (1, 0)]
            values = [np.array([step[key] for step in each]) for each in steps]
            seconds = float(np.mean([step["seconds"] for each in steps for step in each]))
            found.append(Ranking(f"{epochs}-epoch schedule cut at {cut}, {what}", (values[0], values[1]), seconds))
    for name in rows[0]:
        if isinstance(rows[0][name], dict) and not name.startswith("full"):
            ends = [row[name]["epochs"][-1] for row in rows]
            found.append(same(name, [end["averaged"] for end in ends], np.mean([end["seconds"] for end in ends])))
    return [*found, Ranking("another full training", (full[1], full[0]), spent)]


def full_scores(rows: list[dict]) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.array([row[f"full {seed}"]["epochs"][-1]["score"] for row in rows]) for seed in (0, 1))
    return first, second


def table(data: str) -> list[str]:
    rows = [json.loads(line) for line in (HERE / f"{data}.jsonl").read_text().splitlines()]
    full, ways = full_scores(rows), rankings(rows)
    seconds = ways[-1].seconds
    lines = [
        f"## {NAMES[data]}",
        "",
        f"{len(rows)} architectures of `hybrid`, 5 epochs; a full training takes {seconds:.0f} CPU seconds.",
        "",
        "| ranked by | tau with a full training | 90 % interval | seconds each | share of the full training |",
        "|---|---|---|---|---|",
    ]
    for way in sorted(ways, key=lambda way: -way.tau(full)):
        low, high = way.interval(full)
        cost = f"{way.seconds:.1f} | {way.seconds / seconds:.0%}"
        lines.append(f"| {way.name} | {way.tau(full):.2f} | {low:.2f} to {high:.2f} | {cost} |")
    draw(data, [(way.name, way.tau(full), way.seconds) for way in ways if way.seconds > 0])
    return [*lines, ""]


def main() -> None:
    known = [data for data in NAMES if (HERE / f"{data}.jsonl").exists()]
    text = "\n".join(line for data in known for line in table(data))
    (HERE / "table.md").write_text(text)
    print(text)


def draw(data: str, points: list[tuple[str, float, float]]) -> None:
    figure, axes = plt.subplots(figsize=(8, 5))
    for what, color in (("averaged weights", "#d1701f"), ("weights as they are", "#999999")):
        cuts = [(cost, tau) for name, tau, cost in points if "cut" in name and name.endswith(what)]
        axes.plot(*zip(*sorted(cuts), strict=True), "o-", color=color, label=f"5-epoch schedule, cut short: {what}")
    below = 0.0
    for name, tau, cost in sorted((point for point in points if "cut" not in point[0]), key=lambda point: point[1]):
        axes.plot(cost, tau, "o", color="#1f6fb2")
        below = max(tau, below + 0.018)  # labels of neighbours do not lie upon each other
        arrow = {"arrowstyle": "-", "color": "#cccccc"}
        axes.annotate(name, (cost, tau), (cost + 0.4, below), fontsize=7, va="center", arrowprops=arrow)
    axes.set_title(f"{NAMES[data]}, 40 networks of hybrid")
    axes.set_xlabel("seconds per network, one CPU thread")
    axes.set_ylabel("Kendall tau with a full training")
    axes.set_xlim(0, 1.25 * max(cost for _, _, cost in points))
    axes.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    figure.savefig(HERE / f"{data}.png", dpi=110)


if __name__ == "__main__":
    main()
