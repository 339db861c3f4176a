"""Scores by metrics of torchmetrics, an optional package: https://lightning.ai/docs/torchmetrics"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from search_spaces.task import Task

TASKS = {"classification": "multiclass", "multilabel": "multilabel"}


def value_by(make: Any, task: Task, true: np.ndarray, prediction: np.ndarray) -> float:
    """What a metric of torchmetrics says, in its own direction.

    Args:
        make: its class, which is told the kind of task and the number of classes or labels where it asks for them.
        prediction: probabilities of classes and labels, or values.
    """
    import torch

    asked = inspect.signature(getattr(make, "func", make)).parameters
    inner = inspect.signature(getattr(make, "func", make).__new__).parameters  # e.g. CohenKappa is told by its task
    given = getattr(make, "keywords", {})
    known = {"task": TASKS.get(task.kind), "num_classes": task.outputs, "num_labels": task.outputs}
    if task.kind == "multilabel":
        del known["num_classes"]
    elif task.kind != "classification":
        known = {}
    arguments = {name: one for name, one in known.items() if name in {*asked, *inner} and name not in given}
    metric = functools.partial(make, **arguments)()
    metric.update(torch.from_numpy(np.ascontiguousarray(prediction)).float(), torch.from_numpy(np.asarray(true)))
    return float(metric.compute())
