"""What was asked of a search, as plain data: it stands in the journal, and a resumed search reads it there."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nas.budget import Budget
from nas.errors import InputError
from nas.past import Past
from nas.training.config import Fidelity, TrainingConfig
from search_spaces.dsl import Choice
from search_spaces.tree import is_open

OBJECTIVES = ("score", "parameters", "macs", "activation_bytes")
AUTO = "auto"
EXECUTORS = ("auto", "ray", "local")
INHERIT = ("off", "on")
TOO_SHORT_FOR_RAY = 45.0  # seconds: Ray and its workers take 8 to 20 to start
LIMITS = ("parameters", "macs", "latency")


@dataclass(frozen=True)
class SearchConfig:
    """Every choice a search is made by, but for the data and the space themselves.

    Args:
        data: how the user named the data; empty for arrays, which a resumed search must be given again.
        space: name or `module:attribute`; empty for a `Space` object, which a resumed search must be given again.
        budget: e.g. `10m, 200 trials`.
        objectives: `score` (highest), then what is to be small beside it: `parameters`, `macs`, `activation_bytes`.
        limits: largest `parameters`, `macs`, or `latency` in seconds of a batch.
        latency_device: where latency is meant, `cpu` or `cuda`; latency_batch: examples at once.
        epochs: of a training that is not stopped early; None fits them to the size of the data.
        executor: `ray`, `local` (one after another, in process), or `auto`: Ray unless the time is too short for it.
        cpus_per_trial: whole CPUs that a training holds, and its torch threads.
        gpus_per_trial: GPUs that a training holds; a fraction lets several share one. `auto`: as much as its predicted
            memory needs, and none where no GPU is in reach.
        final: whether the best are trained in full, judged on the sealed test split and exported.
        final_share: share of the budget's time that is kept for the final.
        early_stopping: whether weak trainings are stopped early.
        storage: folder or fsspec URL, in reach of all machines, for checkpoints of running trainings; None is the
            search's directory.
        tracking_uri: MLflow store; None is sqlite:///results/mlflow.db, "" is no tracking.
        patience: seconds that an epoch may take before its training may count as hung.
        memory_per_trial: GiB of main memory that a training on the CPU may take; 0 is an equal share of what is free.
        layout, kind, size: how the data is read, see `nas.data.load`.
        inherit: `on`: a training begins with the weights of its nearest relative, see `nas.heritage`; `off`: with fresh
            ones, since early scores of heirs seem to rank candidates worse. The final always begins with fresh ones.
        start_from: decisions of the networks that are tried first, see `nas.given`.
        proxies: whether the best candidates are also ranked by training-free scores, see `nas.strategies.proxy_stage`.
        learn_from: what earlier searches of the space found, see `nas.learn_from`; for `guided`.
    """

    data: str = ""
    space: str = "hybrid"
    budget: str = "10m"
    objectives: tuple[str, ...] = ("score",)
    limits: Mapping[str, float] = field(default_factory=dict)
    strategy: str = "guided"
    predictor: str = "auto"
    seed: int = 0
    latency_device: str = "cpu"
    latency_batch: int = 1
    epochs: int | None = None
    executor: str = "auto"
    cpus_per_trial: float = 1
    gpus_per_trial: float | str = AUTO
    ray_address: str | None = None
    tracking_uri: str | None = None
    experiment: str = "nas"
    training: TrainingConfig = field(default_factory=TrainingConfig)
    final: bool = True
    final_share: float = 0.25
    early_stopping: bool = True
    validation_share: float = 0.2
    test_share: float = 0.2
    storage: str | None = None
    patience: float = 60.0
    memory_per_trial: float = 0.0
    layout: str = "auto"
    kind: str = "auto"
    size: tuple[int, int] | None = None
    start_from: tuple[Mapping[str, int], ...] = ()
    inherit: str = "off"
    proxies: bool = False
    learn_from: tuple[Past, ...] = ()

    def validate(self) -> None:
        """Raises InputError for the first value that breaks a rule; nothing has been written by then."""
        from nas.strategies import STRATEGIES
        from nas.tracking.address import store_uri
        from predictors import PREDICTORS

        budget = Budget.parse(self.budget)
        store_uri(self.tracking_uri or None)
        known("strategy", self.strategy, STRATEGIES)
        known("predictor", self.predictor, ("auto", *PREDICTORS))
        known("executor", self.executor, EXECUTORS)
        known("inherit", self.inherit, INHERIT)
        self._validate_objectives()
        self._validate_numbers()
        self._validate_machine()
        self._validate_storage()
        if budget.gpu_seconds is not None and not self.gpus_per_trial:
            raise InputError(
                f"Budget `{self.budget}` counts GPU time, but a training holds no GPU, so it would never end. "
                "Say how much one holds, e.g. `--gpus-per-trial 1`, or give a time such as `10m`."
            )
        if not is_open(self.training):
            self.training.validate()

    @property
    def executes_on(self) -> str:
        """`ray` or `local`."""
        if self.executor != "auto":
            return self.executor
        seconds = Budget.parse(self.budget).seconds
        short = seconds is not None and seconds < TOO_SHORT_FOR_RAY and self.ray_address is None
        return "local" if short else "ray"

    def _validate_objectives(self) -> None:
        for objective in self.objectives:
            known("objective", objective, OBJECTIVES)
        if self.objectives[:1] != ("score",) or len(set(self.objectives)) != len(self.objectives):
            raise InputError(f"`objectives` must begin with 'score' and name each one once, got {self.objectives}.")
        for name, limit in self.limits.items():
            known("limit", name, LIMITS)
            if not _is_number(limit) or not 0 < limit < math.inf:
                raise InputError(f"The limit on `{name}` must be more than 0, got {limit!r}.")

    def _validate_numbers(self) -> None:
        whole("seed", self.seed, 0)
        whole("latency_batch", self.latency_batch, 1)
        known("latency device", self.latency_device, ("cpu", "cuda"))
        if self.epochs is not None:
            whole("epochs", self.epochs, 1)
        if not _is_number(self.cpus_per_trial) or self.cpus_per_trial < 1 or self.cpus_per_trial % 1:
            raise InputError(f"`cpus_per_trial` must be a whole number of at least 1, got {self.cpus_per_trial!r}.")
        gpus = self.gpus_per_trial
        if gpus != AUTO and not _is_share(gpus):
            raise InputError(f"`gpus_per_trial` must be `auto`, 0, a fraction below 1 or a whole number, got {gpus!r}.")
        if not _is_number(self.patience) or self.patience <= 0:
            raise InputError(f"`patience` must be more than 0 seconds, got {self.patience!r}.")
        if not _is_number(self.memory_per_trial) or self.memory_per_trial < 0:
            raise InputError(f"`memory_per_trial` must be at least 0 GiB, got {self.memory_per_trial!r}.")
        for name in ("final_share", "validation_share", "test_share"):
            share = getattr(self, name)
            if not _is_number(share) or not 0 < share < 1:
                raise InputError(f"`{name}` must be between 0 and 1, got {share!r}.")

    def _validate_machine(self) -> None:
        """What no training can ever hold would be waited for without end; a cluster may still grow."""
        if self.ray_address is not None:
            return
        cpus = os.cpu_count() or 1
        if self.cpus_per_trial > cpus:
            raise InputError(
                f"`cpus_per_trial` is {self.cpus_per_trial:g}, and this machine has {cpus} CPUs. Ask for less."
            )
        by_time = Budget.parse(self.budget).gpu_seconds is None
        if self.gpus_per_trial == AUTO and by_time:  # looked for when the workers are there
            return
        if self.gpus_per_trial:
            import torch

            gpus = torch.cuda.device_count()
            if self.gpus_per_trial == AUTO and not gpus:
                raise InputError(
                    f"Budget `{self.budget}` counts GPU time, and PyTorch finds no GPU on this machine, so it would "
                    "never end. Give a time such as `10m`."
                )
            if self.gpus_per_trial != AUTO and float(self.gpus_per_trial) > gpus:
                raise InputError(
                    f"`gpus_per_trial` is {float(self.gpus_per_trial):g}, and PyTorch finds {gpus} GPUs on this "
                    "machine. Leave it out to train on what there is."
                )

    def _validate_storage(self) -> None:
        protocol, found, _ = str(self.storage).partition("://")
        if self.storage is None or not found:
            return
        import fsspec

        try:
            fsspec.get_filesystem_class(protocol)
        except (ValueError, ImportError) as error:
            raise InputError(
                f"`storage` is {self.storage!r}, and fsspec cannot open `{protocol}://`: {error}. Write a folder, or "
                "an address whose package is installed, e.g. s3fs for s3://."
            ) from None

    def to_json(self) -> str:
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        learn_from = [dataclasses.asdict(past) for past in self.learn_from]
        limits, training = dict(self.limits), _data(self.training)
        return json.dumps({**values, "limits": limits, "training": training, "learn_from": learn_from})

    @classmethod
    def from_json(cls, text: str) -> SearchConfig:
        """The config that `to_json` wrote.

        Raises:
            InputError: anything else.
        """
        try:
            values = json.loads(text)
            values["training"] = TrainingConfig(**{k: _value(v) for k, v in values["training"].items()})
            values["objectives"] = tuple(values["objectives"])
            values["size"] = values["size"] and tuple(values["size"])
            values["start_from"] = tuple(dict(decisions) for decisions in values.get("start_from", ()))
            values["learn_from"] = tuple(Past.from_data(one) for one in values.get("learn_from", ()))
            return cls(**values)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InputError(f"The journal's config cannot be read: {error!r}.") from None


def gpus_asked(text: str) -> float | str:
    """`gpus_per_trial` as written on the command line; what is no number is left for `validate` to judge."""
    try:
        return float(text)
    except ValueError:
        return text


def known(what: str, name: object, names: Iterable[str]) -> None:
    """Raises InputError, with all names and the nearest, unless `name` is one of them."""
    names = list(dict.fromkeys(names))
    if name not in names:
        near = difflib.get_close_matches(str(name), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"Unknown {what} {name!r}. Known: {', '.join(names)}.{hint}")


def whole(name: str, value: object, least: int) -> None:
    """Raises InputError unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"`{name}` must be a whole number of at least {least}, got {value!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_share(gpus: float | str) -> bool:
    return not isinstance(gpus, str) and _is_number(gpus) and (0 <= gpus <= 1 or (gpus > 1 and not gpus % 1))


def _data(value: Any) -> Any:
    """A recipe as JSON data; what is left open is `{"choice": […]}`."""
    if isinstance(value, Choice):
        return {"choice": [_data(option) for option in value.options]}
    if isinstance(value, Fidelity):
        return {"fidelity": {f.name: _data(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    if isinstance(value, TrainingConfig):
        return {f.name: _data(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InputError(f"A recipe holds numbers, words and `Choice`s, got {value!r} of type {type(value).__name__}.")


def _value(data: Any) -> Any:
    if isinstance(data, dict) and "choice" in data:
        return Choice(*[_value(option) for option in data["choice"]])
    if isinstance(data, dict):
        return Fidelity(**{name: _value(part) for name, part in data["fidelity"].items()})
    return data
