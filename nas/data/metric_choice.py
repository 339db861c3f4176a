"""Which metric a search makes best: as it was asked for, if it is one for such targets."""

from __future__ import annotations

import numpy as np

from nas.config.data_options import METRIC_NAMES, DataOptions
from nas.config.metric import METRICS, is_bounded
from nas.config.own_metric import Metric
from nas.data.metrics import metric_for
from nas.data.own_metrics import MetricFailed
from nas.errors import InputError, known
from search_spaces.task import LANGUAGE, SEVERAL, Task

OURS_ONLY = {SEVERAL: "several targets", LANGUAGE: "a language"}


def chosen_metric(options: DataOptions, kind: str, what: str) -> str:
    """Its name, as a task has it.

    Args:
        kind: of `METRICS`. what: the targets are, for messages.

    Raises:
        InputError: none for such targets.
    """
    names, asked = METRICS[kind], options.metric
    if asked == "auto":
        return names[0]
    if kind in OURS_ONLY and asked not in METRIC_NAMES:
        raise InputError(f"The metric of {OURS_ONLY[kind]} is one of {', '.join(names)}, got {asked}.")
    if isinstance(asked, Metric):
        return asked.text
    if asked in METRIC_NAMES:
        known(f"metric of a {what}", asked, names)
    return str(asked)


def check_metric(task: Task, targets: np.ndarray) -> None:
    """Tries a metric that is not ours on real targets and random outputs.

    Raises:
        InputError: it raises, or gives no number.
    """
    if is_bounded(task.metric) or task.targets:
        return
    outputs = np.random.default_rng(0).normal(size=(len(targets), task.outputs)).astype(np.float32)
    try:
        metric_for(task)(outputs, targets)
    except MetricFailed as error:
        raise InputError(
            f"{error} This was on random predictions for the validation part. Correct it, or name another."
        ) from error
