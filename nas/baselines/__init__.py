"""What a person would have taken without a search, one pick a file: trained inside the budget, to be compared with."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from nas.baselines.bag_of_ngrams import BagOfNgrams
from nas.baselines.fitted import Baseline, Fitted
from nas.baselines.gradient_boosting import GradientBoosting
from nas.baselines.light_gradient_boosting import LightGradientBoosting, installed
from nas.baselines.linear import Linear
from nas.baselines.majority import Majority
from nas.baselines.nearest_neighbour import NearestNeighbour
from nas.baselines.ngram_language import NgramLanguage
from nas.baselines.rocket import Rocket
from nas.baselines.seasonal_naive import LastValue, SeasonalNaive
from nas.baselines.several import OfSeveral
from nas.errors import InputError
from search_spaces.task import Task

_PICKS: tuple[
    Baseline, ...
] = (  # in order of strength on the data that each is made for, see results/versus/baselines.md
    SeasonalNaive(),  # takes no time, so the others have all of it
    LastValue(),
    NgramLanguage(),
    Rocket(),
    BagOfNgrams(),
    LightGradientBoosting(),
    GradientBoosting(),
    Linear(),
    NearestNeighbour(),
    Majority(),
)
BASELINES: dict[str, Baseline] = {pick.name: pick for pick in _PICKS}


def for_task(task: Task) -> list[str]:
    """Names of those that can do it, the strongest first; LightGBM, where installed, for both boosted trees."""
    if task.kind == "multilabel":
        return []  # none of them learns several labels at once
    names = [name for name in BASELINES if pick_for(name, task).fits(task)]
    if LightGradientBoosting.name in names and GradientBoosting.name in names:
        names.remove(GradientBoosting.name)
    return names


def pick_for(name: str, task: Task) -> Baseline:
    """The baseline of this name, in a form that takes several inputs and targets where the task has them."""
    return OfSeveral(BASELINES[name]) if task.inputs or task.targets else BASELINES[name]


def chosen(asked: str | Sequence[str], task: Task) -> list[str]:
    """Names for `auto` (as `for_task` says), `off` (none), or one or several names.

    Raises:
        InputError: an unknown name, or a baseline that cannot do the task.
    """
    names = [asked] if isinstance(asked, str) else list(asked)
    if names == ["auto"]:
        return for_task(task)
    if names == ["off"]:
        return []
    known = ", ".join(("auto", "off", *BASELINES))
    for name in names:
        if name not in BASELINES:
            near = difflib.get_close_matches(name, BASELINES, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InputError(f"Unknown baseline {name!r}.{hint} Known: {known}; `auto` and `off` stand alone.")
        if name == LightGradientBoosting.name and not installed():
            raise InputError(
                "Baseline 'lightgbm' needs the package `lightgbm`. Install it (`pip install lightgbm`), or take "
                "'gradient_boosting'."
            )
        if task.kind == "multilabel" or not pick_for(name, task).fits(task):
            raise InputError(
                f"Baseline {name!r} cannot do this task ({task.kind}, inputs {task.input_shape}, {task.outputs} outputs"
                f"{', tokens' if task.vocabulary else ''}). Those that can: {', '.join(for_task(task))}."
            )
    return list(dict.fromkeys(names))


__all__ = ["BASELINES", "Baseline", "Fitted", "chosen", "for_task", "pick_for"]
