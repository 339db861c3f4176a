"""What to try next. A strategy is an Optuna sampler, made by `STRATEGIES[name](joint, seed=…, objectives=…)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nas.strategies.evolution import Evolution
from nas.strategies.guided import Guided
from nas.strategies.optuna.samplers import nsga2, tpe
from nas.strategies.random_search import RandomSearch

STRATEGIES: dict[str, Callable[..., Any]] = {
    "guided": Guided,
    "evolution": Evolution,
    "random": RandomSearch,
    "tpe": tpe,
    "nsga2": nsga2,
}
