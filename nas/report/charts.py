"""Charts of a search as pictures: its progress, the predictor on probation, the trade-off between score and size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas.records.trial import COMPLETED, STOPPED, Trial
from predictors.probation import Evidence

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
