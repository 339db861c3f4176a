"""Neural architecture search: a space in a small language, a predictor on probation, Ray Tune, MLflow, a proved export.

    import nas
    result = nas.search("digits", budget="3m")
    result.best.architecture

Names are loaded when they are first used, so that `import nas` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "Budget": "nas.config.budget",
    "Candidate": "nas.records.trial",
    "InputError": "nas.errors",
    "Observer": "nas.driver.events",
    "SearchConfig": "nas.config.search_config",
    "SearchFailed": "nas.errors",
    "SearchResult": "nas.records.results",
    "TrainingConfig": "nas.config.recipe",
    "load": "nas.export",
    "resume": "nas.search",
    "search": "nas.search",
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
