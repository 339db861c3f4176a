"""The scorers of scikit-learn by name, e.g. `f1_macro`: https://scikit-learn.org/stable/modules/model_evaluation.html"""

from __future__ import annotations

import functools


@functools.cache
def scorer_names() -> tuple[str, ...]:
    """All of them; those that begin with `neg_` are errors."""
    from sklearn.metrics import get_scorer_names  # only now: it takes a second to load

    return tuple(get_scorer_names())
