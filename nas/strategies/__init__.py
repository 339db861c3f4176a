"""What to try next: `STRATEGIES[name](Settings(seed=0)).propose(problem, trials, number)`."""

from __future__ import annotations

from collections.abc import Callable

from nas.strategies.evolution import Evolution
from nas.strategies.guided import Guided
from nas.strategies.optuna.strategy import nsga2, tpe
from nas.strategies.random_search import RandomSearch
from nas.strategies.start_from import StartFrom
from nas.strategies.strategy import Settings, Strategy

STRATEGIES: dict[str, Callable[[Settings], Strategy]] = {
    "guided": lambda settings: StartFrom(settings, Guided(settings)),
    "evolution": lambda settings: StartFrom(settings, Evolution(settings.seed)),
    "random": lambda settings: StartFrom(settings, RandomSearch(settings.seed)),
    "tpe": lambda settings: StartFrom(settings, tpe(settings.seed)),
    "nsga2": lambda settings: StartFrom(settings, nsga2(settings.seed)),
}
