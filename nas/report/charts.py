"""Charts of a search as pictures: its progress, the predictor on probation, the trade-off between score and size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas.records.trial import COMPLETED, STOPPED, Trial
from predictors.probation import Evidence

MOST_NAMED = 20  # classes whose names and counts are written
BLUE, GREY, RED = "#3b6ea5", "#9aa3ad", "#b5483a"


def progress(candidates: Sequence[Trial], metric: str, path: Path) -> Path:
    """Every score in order of number, and the best so far."""
    figure, axis = _figure()
    done = [one for one in candidates if one.usable]
    for state, colour, label in ((COMPLETED, BLUE, "trained to the end"), (STOPPED, GREY, "stopped early")):
        chosen = [one for one in done if one.state == state]
        axis.scatter([one.number for one in chosen], [one.score for one in chosen], s=16, color=colour, label=label)
    best, line = float("-inf"), []
    for one in done:
        best = max(best, one.score if one.state == COMPLETED else best)
        line.append(best)
    if line:
        axis.step([one.number for one in done], line, where="post", color=RED, label="best so far")
    axis.set(xlabel="trial", ylabel=f"validation {metric}", title="Progress")
    axis.legend(frameon=False)
    return _save(figure, path)


def probation(judged: Sequence[Evidence], path: Path) -> Path:
    """How well the predictor ranks unseen trainings of this run, beside trivial rankings, and its share of trials."""
    figure, axis = _figure()
    x = [one.trainings for one in judged]
    axis.plot(x, [one.tau for one in judged], color=BLUE, marker="o", markersize=3, label="predictor")
    lower, upper = zip(*(one.interval for one in judged), strict=True)
    axis.fill_between(x, lower, upper, color=BLUE, alpha=0.15, linewidth=0)
    for kind, style in (("rivals", {}), ("references", {"linestyle": ":"})):
        for name in sorted({name for one in judged for name in getattr(one, kind)}):
            taus = [getattr(one, kind).get(name, float("nan")) for one in judged]
            axis.plot(x, taus, linewidth=1, label=f"by {name.replace('_', ' ')}", **style)
    recalls = [one.recall for one in judged]
    axis.plot(x, recalls, color=BLUE, linewidth=1, linestyle="-.", label="predictor's recall of the best fifth")
    axis.plot(x, [one.share for one in judged], color=RED, linestyle="--", label="share of trials it proposes")
    axis.set(xlabel="finished trainings", ylabel="Kendall's tau, out of fold", title="The predictor on probation")
    axis.set_ylim(-1, 1)
    axis.axhline(0, color=GREY, linewidth=0.8)
    axis.legend(frameon=False, fontsize=8)
    return _save(figure, path)


def trade_off(candidates: Sequence[Trial], metric: str, cost: str, path: Path) -> Path:
    """Score against `cost` (`parameters`, `macs`, …) on a logarithmic axis, with what no other beats in both."""
    figure, axis = _figure()
    done = [one for one in candidates if one.state == COMPLETED and one.usable]
    axis.scatter([getattr(one, cost) for one in done], [one.score for one in done], s=16, color=GREY)
    front: list[Trial] = []
    for one in sorted(done, key=lambda one: (getattr(one, cost), -one.score)):
        if not front or one.score > front[-1].score:
            front.append(one)
    places = [(getattr(one, cost), one.score) for one in front]
    axis.plot([x for x, _ in places], [y for _, y in places], color=RED, marker="o", markersize=4, label="Pareto front")
    for one, place in zip(front, places, strict=True):
        axis.annotate(str(one.number), place, fontsize=7, xytext=(3, 3), textcoords="offset points")
    axis.set(xscale="log", xlabel=cost.replace("_", " "), ylabel=f"validation {metric}", title="Score and size")
    axis.legend(frameon=False)
    return _save(figure, path)


def learning_curves(candidates: Sequence[Trial], metric: str, path: Path) -> Path:
    """Scores by epoch; dotted lines stand where trainings were stopped early."""
    figure, axis = _figure()
    for one in candidates:
        if len(one.scores) > 1:
            whole = one.state == COMPLETED
            epochs = range(1, len(one.scores) + 1)
            axis.plot(epochs, one.scores, linewidth=1, alpha=0.7, color=BLUE if whole else GREY)
    for rung in sorted({len(one.scores) for one in candidates if one.state == STOPPED and one.scores}):
        axis.axvline(rung, color=RED, linestyle=":", linewidth=1)
    axis.set(xlabel="epoch", ylabel=f"validation {metric}", title="Learning curves (grey: stopped early)")
    axis.xaxis.get_major_locator().set_params(integer=True)
    return _save(figure, path)


def predicted(expected: np.ndarray, deviation: np.ndarray, scores: np.ndarray, path: Path) -> Path:
    """What was expected of trainings that the predictor had not seen, with one deviation, against what they reached."""
    figure, axis = _figure()
    axis.errorbar(scores, expected, yerr=deviation, fmt="o", markersize=3, linewidth=0.6, color=BLUE, ecolor=GREY)
    ends = [float(min(scores.min(), expected.min())), float(max(scores.max(), expected.max()))]
    axis.plot(ends, ends, color=RED, linewidth=1)
    axis.set(xlabel="measured score", ylabel="expected, out of fold", title="Predicted against measured")
    return _save(figure, path)


def confusion(counts: np.ndarray, classes: Sequence[str], path: Path) -> Path:
    """Examples by true class (rows) and said class (columns)."""
    figure, axis = _figure()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(classes) <= MOST_NAMED:
        names = [name if len(name) <= 14 else f"{name[:13]}…" for name in classes]
        axis.set_xticks(range(len(classes)), names, rotation=45, ha="right", fontsize=8)
        axis.set_yticks(range(len(classes)), names, fontsize=8)
        for row, column in np.argwhere(counts > 0):
            colour = "white" if shares[row, column] > 0.6 else "black"
            axis.text(column, row, int(counts[row, column]), ha="center", va="center", fontsize=8, color=colour)
    axis.set(xlabel="said", ylabel="true", title="Confusion")
    return _save(figure, path)


def residuals(outputs: np.ndarray, targets: np.ndarray, path: Path) -> Path:
    """What was said against what is true, of all outputs."""
    figure, axis = _figure()
    axis.scatter(targets.ravel(), outputs.ravel(), s=8, color=BLUE, alpha=0.6)
    ends = [float(targets.min()), float(targets.max())]
    axis.plot(ends, ends, color=RED, linewidth=1)
    axis.set(xlabel="true", ylabel="said", title="Said against true")
    return _save(figure, path)


def bars(values: dict[str, float], title: str, label: str, path: Path) -> Path:
    """One bar per cell, from the input (top) to the output, e.g. gradient norms."""
    figure, axis = _figure()
    names = list(values)
    axis.barh(range(len(names)), [values[name] for name in names], color=BLUE)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.invert_yaxis()
    axis.set(xlabel=label, title=title)
    return _save(figure, path)


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), constrained_layout=True)
    FigureCanvasAgg(figure)
    axis = figure.add_subplot()
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=120)
    return path
