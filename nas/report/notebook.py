"""Searches in a notebook: shown as they run, and their results as HTML."""

from __future__ import annotations

import html
import sys
from collections.abc import Sequence

from nas.driver.events import Observer
from nas.records.results import SearchOutcome
from nas.report.trials_table import facts

BEST = 10  # trials shown
COLUMNS = ("number", "score", "parameters", "macs", "epochs", "source")


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this process."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def watched(observers: Sequence[Observer]) -> list[Observer]:
    """The observers, in a notebook with a live panel beside them, unless they show a search already."""
    if not in_notebook():
        return list(observers)
    from rich.console import Console

    from nas.report.progress import Messages, Progress

    shown = any(isinstance(one, Messages | Progress) for one in observers)
    return list(observers) if shown else [Progress(Console(force_jupyter=True)), *observers]


def as_html(result: SearchOutcome) -> str:
    """The verdict, the best trials and where the time went."""
    import pandas as pd  # only now: it takes half a second to load

    standing = result.final.standing if result.final is not None else None
    first = standing.headline if standing is not None else f"{len(result.candidates)} trials, no test score yet"
    table = pd.DataFrame([facts(trial) for trial in result.candidates], columns=COLUMNS)
    best = table.sort_values("score", ascending=False).head(BEST)
    return (
        f"<p><b>{html.escape(first)}</b></p>{best.to_html(index=False, border=0, float_format='{:.4g}'.format)}"
        f"<pre>{html.escape(result.statement)}</pre><p>{html.escape(str(result.directory))}</p>"
    )
