"""What searches have reached, query by query: several runs of each as a line and a band."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

STYLES = ("-", "--", ":")  # of the first ten lines, of the next ten, …
LEAST = 1e-3  # of a logarithmic axis, where zero stands for "found"


def plot_curves(
    curves: Mapping[str, np.ndarray],
    path: Path,
    ylabel: str,
    log: bool = False,
    xlabel: str = "architectures queried",
) -> None:
    """Mean over runs, a line for each name, the best at the end first in the legend, and one standard error around it.

    Args:
        curves: (runs, queries) values by name; not negative where `log`.
        path: a `.png` or `.svg` file.
        log: whether the axis is logarithmic, for regrets.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    least, worst = (LEAST, np.inf) if log else (-np.inf, -np.inf)
    ends = {name: float(np.where(np.isnan(runs[:, -1]), worst, runs[:, -1]).mean()) for name, runs in curves.items()}
    order = sorted(curves, key=lambda name: ends[name], reverse=not log)
    for place, name in enumerate(order):
        runs = curves[name]
        at = np.arange(1, runs.shape[1] + 1)
        mean, error = np.nanmean(runs, axis=0), np.nanstd(runs, axis=0) / np.sqrt(len(runs))
        colour, style = f"C{place % 10}", STYLES[place // 10 % len(STYLES)]
        axes.plot(at, np.maximum(mean, least), label=name, color=colour, linestyle=style)
        low, high = np.maximum(mean - error, least), np.maximum(mean + error, least)
        axes.fill_between(at, low, high, alpha=0.15, color=colour)
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    if log and axes.get_ylim()[0] < LEAST:
        axes.text(1, LEAST, "found", va="bottom", fontsize=8, color="grey")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)  # beside the curves: inside it would cover some
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
