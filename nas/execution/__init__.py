"""Where trainings run: Ray Tune, or this process. An executor owns processes; what to train is the driver's to say."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager

from nas.config.search_config import SearchConfig
from nas.data.dataset import TrainingData
from nas.execution.executor import Executor

EXECUTORS = {"ray": "nas.execution.ray.tune", "local": "nas.execution.local"}


def opened(config: SearchConfig, data: TrainingData) -> AbstractContextManager[Executor]:
    """The executor that the config asks for; its processes end with the context.

    Raises:
        InputError: what the workers are to run on is not there.
    """
    module = importlib.import_module(EXECUTORS[config.executes_on])  # only now: Ray is loaded where it is used
    return module.executor(config, data)
