"""What observers may see of a search."""

from __future__ import annotations

import math

from nas.config.budget import Budget
from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.driver.driver import Trials
from nas.driver.events import SearchView


def view_of(trials: Trials, config: SearchConfig, dataset: Dataset, resumed: bool) -> SearchView:
    """The view of a search whose trials these are."""
    journal, clock = trials.journal, trials.clock

    def time_left() -> float | None:
        left = clock.left()
        return None if math.isinf(left) else max(0.0, left)

    def run_id(number: int | None = None) -> str:
        return journal.mlflow_run_id if number is None else journal.row(number).mlflow_run_id

    return SearchView(
        directory=journal.directory,
        config=config,
        space=trials.study.joint.space,
        dataset=dataset.name,
        fingerprint=dataset.fingerprint,
        task=dataset.task,
        budget=Budget.parse(config.budget),
        resumed=resumed,
        slots=lambda: trials.slots,
        counts=trials.counts,
        best=trials.best,
        time_left=time_left,
        elapsed=clock.elapsed,
        candidates=trials.candidates,
        run_id=run_id,
        set_run_id=journal.set_run_id,
    )
