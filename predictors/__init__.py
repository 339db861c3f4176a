"""How good an architecture will be, learned from trained ones.

`PREDICTORS` holds every predictor by name. A new one is a learner in `members/` and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from predictors.ensemble import Ensemble
from predictors.features import COST, DECISIONS, HISTORY, PROXIES, RECIPE, STRUCTURE
from predictors.members import Learner
from predictors.members.gaussian_process import GaussianProcess
from predictors.members.ridge import Ridge
from predictors.members.trees import BoostedTrees
from predictors.predictor import Prediction, Predictor
from predictors.pretrained import Pretrained, load_ranker

ALL = (DECISIONS, STRUCTURE, COST, PROXIES, HISTORY, RECIPE)
NETWORK = (STRUCTURE, COST, PROXIES, HISTORY, RECIPE)  # equal networks with unequal decisions look the same

# Each makes a learner from a seed. All five are refitted in a quarter of a second at a hundred labels. How they rank,
# together and alone, is in results/predictor.
MEMBERS: dict[str, Callable[[int], Learner]] = {
    "process": lambda seed: GaussianProcess(ALL),
    "network_process": lambda seed: GaussianProcess(NETWORK),
    "trees": lambda seed: BoostedTrees(ALL, seed),
    "ridge": lambda seed: Ridge(ALL),
    "options": lambda seed: Ridge((DECISIONS, RECIPE)),
}

PREDICTORS: dict[str, Callable[..., Predictor]] = {
    "auto": partial(Ensemble, MEMBERS),
    "gaussian_process": partial(Ensemble, {"process": MEMBERS["process"]}),
    "boosted_trees": partial(Ensemble, {"trees": MEMBERS["trees"]}),
    "ridge": partial(Ensemble, {"ridge": MEMBERS["ridge"]}),
    "pretrained": partial(Pretrained, MEMBERS),
}

FILE_ENDING = ".npz"


def predictor_named(name: str) -> Callable[..., Predictor]:
    """A predictor of `PREDICTORS`, or the pretrained one with the ranking of a file, by the name `FILE.npz`.

    Raises:
        KeyError: neither.
        NoRanker: a file that holds no ranking.
    """
    if name.endswith(FILE_ENDING):
        load_ranker(Path(name))
        return partial(Pretrained, MEMBERS, Path(name))
    return PREDICTORS[name]


__all__ = ["PREDICTORS", "Prediction", "Predictor", "predictor_named"]
