"""Neural architecture search: a space in a small language, a predictor on probation, Ray Tune, MLflow, a proved export.

    import nas
    result = nas.search("digits", budget="3m")
    result.best.architecture

Names are loaded when they are first used, so that `import nas` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_NAMES = {
    "Budget": "nas.config.budget",
    "Classifier": "nas.estimator",
    "InputError": "nas.errors",
    "Metric": "nas.config.own_metric",
    "Observer": "nas.driver.events",
    "Regressor": "nas.estimator",
    "SearchConfig": "nas.config.search_config",
    "SearchFailed": "nas.errors",
    "SearchResult": "nas.report.search_result",
    "TrainingConfig": "nas.config.recipe",
    "Trial": "nas.records.trial",
    "ask": "nas.steering.ask_tell",
    "edit": "nas.steering.edits",
    "evolve": "nas.steering.champion",
    "load": "nas.export",
    "load_predictor": "nas.export",
    "open": "nas.report.search_result",
    "resume": "nas.search",
    "search": "nas.search",
    "stop": "nas.steering.edits",
    "tell": "nas.steering.ask_tell",
}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Python binds a module that it has loaded to its package; `nas.search` stays the function all the same."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name == "search" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
