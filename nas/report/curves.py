"""What searches have reached, query by query: several runs of each as a line and a band."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

LEAST = 1e-3  # of a logarithmic axis, where zero stands for "found"


def plot_curves(
    curves: Mapping[str, np.ndarray],
    path: Path,
    ylabel: str,
    log: bool = False,
    xlabel: str = "architectures queried",
) -> None:
    """Mean over runs, one line for each name, and one standard error to both sides.

    Args:
        curves: (runs, queries) values by name; not negative where `log`.
        path: a `.png` or `.svg` file.
        log: whether the axis is logarithmic, for regrets.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    least = LEAST if log else -np.inf
    for name, runs in curves.items():
        at = np.arange(1, runs.shape[1] + 1)
        mean, error = np.nanmean(runs, axis=0), np.nanstd(runs, axis=0) / np.sqrt(len(runs))
        (line,) = axes.plot(at, np.maximum(mean, least), label=name)
        low, high = np.maximum(mean - error, least), np.maximum(mean + error, least)
        axes.fill_between(at, low, high, alpha=0.2, color=line.get_color())
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
