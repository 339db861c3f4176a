"""What was asked of a search, as plain data: it stands in the journal, and a resumed search reads it there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from nas.config.address import no_password
from nas.config.budget import FINAL_SHARE, Budget
from nas.config.checked import checked, refusal, whole_number
from nas.config.data_options import DataOptions
from nas.config.earlier_search import EarlierSearch
from nas.config.recipe import Recipes, TrainingConfig, each_recipe
from nas.errors import InputError, known

OBJECTIVES = ("score", "parameters", "macs", "activation_bytes")
AUTO: Literal["auto"] = "auto"
TOO_SHORT_FOR_RAY = 45.0  # seconds: Ray and its workers take 8 to 20 to start
TOO_FEW_FOR_RAY = 3  # trainings
LIMITS = ("parameters", "macs", "latency")
FORMER_OPTIONS = ("layout", "kind", "size")  # settings of older journals that are options of the data now
FORMER = ("inherit", "proxies")  # settings that journals of older versions still hold


def _objectives(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        known("objective", name, OBJECTIVES)
    if names[:1] != ("score",) or len(set(names)) != len(names):
        raise InputError(f"`objectives` must begin with 'score' and name each one once, got {names}.")
    return names


def _limits(limits: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, limit in limits.items():
        known("limit", name, LIMITS)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 < limit < math.inf:
            raise InputError(f"The limit on `{name}` must be more than 0, got {limit!r}.")
    return limits


def _predictor(name: str) -> str:
    """A known name, or the absolute path of a ranking's file, so that a search is resumed from any folder."""
    from predictors import FILE_ENDING, PREDICTORS, predictor_named  # only now: scikit-learn is slow to load
    from predictors.pretrained import NoRanker

    name = str(Path(name).absolute()) if name.endswith(FILE_ENDING) else name
    try:
        predictor_named(name)
    except NoRanker as error:
        raise InputError(str(error)) from None
    except KeyError:
        known("predictor", name, (*PREDICTORS, "FILE.npz"))
    return name


def _one_or_several(value: Any) -> Any:
    """One name is a tuple of one, as on the command line."""
    return (value,) if isinstance(value, str) else value


def _whole(value: float) -> float:
    if value % 1:
        raise ValueError("not whole")
    return value


def _not_one(value: int) -> int:
    if value == 1:
        raise ValueError("one in one is all of them")
    return value


def _whole_above_one(gpus: float | str) -> float | str:
    return gpus if isinstance(gpus, str) or gpus <= 1 else _whole(gpus)


Real = int | float  # kept as it was written
Text = Annotated[str, Field(description="a text")]
Name = Annotated[str | None, Field(description="a text, or None")]
Address = Annotated[str | None, AfterValidator(no_password), Field(description="a text, or None")]
Flag = Annotated[bool, Field(description="True or False")]
Share = Annotated[Real, Field(gt=0, lt=1, description="between 0 and 1")]


@checked("setting")
class SearchConfig:
    """Every choice a search is made by, but for the data and the space themselves; checked when it is made.

    Args:
        data: how the user named the data; empty for arrays, which a resumed search must be given again.
        space: name or `module:attribute`; empty for a `Space` object, which a resumed search must be given again.
        budget: a `Budget`, or its text, e.g. `10m, 200 trials`.
        objectives: `score` (highest), then what is to be small beside it: `parameters`, `macs`, `activation_bytes`.
        limits: largest `parameters`, `macs`, or `latency` in seconds of a batch.
        latency_device: where latency is meant, `cpu` or `cuda`; latency_batch: examples at once.
        epochs: of a training that is not stopped early; None fits them to the size of the data.
        executor: `ray`, `local` (one after another, in process), or `auto`: Ray unless the time is too short for it,
            or the trainings are three at most.
        cpus_per_trial: whole CPUs that a training holds, and its torch threads.
        gpus_per_trial: GPUs that a training holds; a fraction lets several share one. `auto`: as much as its predicted
            memory needs, and none where no GPU is in reach.
        final: whether the best are trained in full, judged on the sealed test split and exported.
        export: whether the final's winner is written down and proved at once; `nas export` does it at any time.
        final_share: share of the budget's time that is kept for the final.
        early_stopping: whether weak trainings are stopped early.
        promote: in place of halving, where it is not 0: all are stopped after their first epoch, and after every so
            many the one that the predictor expects to end best is trained whole.
        storage: folder or fsspec URL, in reach of all machines, for checkpoints of running trainings; None is the
            search's directory.
        tracking_uri: MLflow store; None is sqlite:///results/mlflow.db, "" is no tracking.
        patience: seconds that an epoch may take before its training may count as hung.
        memory_per_trial: GiB of main memory that a training on the CPU may take; 0 is an equal share of what is free.
        options: how the data is read where it would be read otherwise.
        start_from: decisions of the networks that are tried first, see `nas.setup.start_from`.
        known: `auto`: designs of the field that the space holds are tried first; `off`: none are.
        designs: decisions of those designs, by name; the search fills them in.
        baselines: `auto`: what a person would take without a search is trained beside it; `off`, or some names.
        ensemble: `auto`: where time is left, the winner becomes the mean of up to five networks, trained from different
            seeds, unless something else than the score is limited or small; `off`: it stays one.
        learn_from: what earlier searches of the space found, see `nas.setup.learn_from`; for `guided`.
        stop_at: validation score, in the metric's own unit, whose best training ends the search phase; None for none.
        patience_trials: trainings that end in a row without a better best, which end the search phase; None for none.

    What cannot be known here is checked where a search begins: the strategy's name, the MLflow store, and the CPUs,
    GPUs and storage of the machine (`nas.setup.machine`).

    Raises:
        InputError: a value that breaks a rule.
    """

    data: Text = ""
    space: Text = "hybrid"
    budget: Annotated[Budget, BeforeValidator(Budget.parse), PlainSerializer(str)] = Budget(seconds=600.0)
    objectives: Annotated[
        tuple[str, ...],
        BeforeValidator(_one_or_several),
        AfterValidator(_objectives),
        Field(strict=False, description="a word, or a tuple of words"),
    ] = ("score",)
    limits: Annotated[
        Mapping[str, Any], AfterValidator(_limits), Field(description="a mapping of names to numbers")
    ] = field(default_factory=dict)
    strategy: Text = "guided"
    predictor: Annotated[str, AfterValidator(_predictor), Field(description="a text")] = "auto"
    seed: Annotated[int, whole_number(0)] = 0
    latency_device: Literal["cpu", "cuda"] = "cpu"
    latency_batch: Annotated[int, whole_number(1)] = 1
    epochs: Annotated[int | None, Field(ge=1, description="None or a whole number of at least 1")] = None
    executor: Literal["auto", "ray", "local"] = "auto"
    cpus_per_trial: Annotated[Real, AfterValidator(_whole), Field(ge=1, description="a whole number of at least 1")] = 1
    gpus_per_trial: Annotated[
        Literal["auto"] | Annotated[Real, Field(ge=0)],
        AfterValidator(_whole_above_one),
        Field(description="`auto`, 0, a fraction below 1 or a whole number"),
    ] = AUTO
    ray_address: Address = None
    tracking_uri: Name = None
    experiment: Text = "nas"
    training: Recipes = field(default_factory=TrainingConfig)
    final: Flag = True
    export: Flag = True
    final_share: Share = FINAL_SHARE
    early_stopping: Flag = True
    promote: Annotated[int, AfterValidator(_not_one), Field(ge=0, description="0 or a whole number of at least 2")] = 0
    validation_share: Share = 0.2
    test_share: Share = 0.2
    storage: Address = None
    patience: Annotated[Real, Field(gt=0, description="more than 0 seconds")] = 60.0
    memory_per_trial: Annotated[Real, Field(ge=0, description="at least 0 GiB")] = 0.0
    options: Annotated[DataOptions, Field(description="a DataOptions(…)")] = field(default_factory=DataOptions)
    start_from: Annotated[
        tuple[Mapping[str, int], ...], Field(strict=False, description="a tuple of mappings of paths to indices")
    ] = ()
    known: Literal["auto", "off"] = "auto"
    designs: Annotated[
        Mapping[str, Mapping[str, int]], Field(description="a mapping of names to mappings of paths to indices")
    ] = field(default_factory=dict)
    baselines: Annotated[
        tuple[str, ...],
        BeforeValidator(_one_or_several),
        Field(strict=False, description="a name, or a tuple of names"),
    ] = (AUTO,)
    ensemble: Literal["auto", "off"] = "auto"
    learn_from: Annotated[
        tuple[EarlierSearch, ...], Field(strict=False, description="a tuple of `EarlierSearch`es")
    ] = ()
    stop_at: Annotated[Real | None, Field(description="None or a number")] = None
    patience_trials: Annotated[int | None, Field(ge=1, description="None or a whole number of at least 1")] = None

    def __post_init__(self) -> None:
        if self.budget.gpu_seconds is not None and not self.gpus_per_trial:
            raise InputError(
                f"Budget `{self.budget}` counts GPU time, but a training holds no GPU, so it would never end. "
                "Say how much one holds, e.g. `--gpus-per-trial 1`, or give a time such as `10m`."
            )

    @model_validator(mode="before")
    @classmethod
    def _without_former_settings(cls, values: Any, info: ValidationInfo) -> Any:
        if info.mode == "json" and isinstance(values, dict):
            kept = {name: value for name, value in values.items() if name not in (*FORMER, *FORMER_OPTIONS)}
            former = {name: values[name] for name in FORMER_OPTIONS if name in values}
            return {**kept, "options": former} if former else kept
        return values

    @property
    def recipe(self) -> TrainingConfig:
        """How candidates are trained; where the latency counts, a network sees every picture once."""
        timed = "latency" in self.limits or "latency" in self.objectives
        if timed:
            return each_recipe(self.training, _seen_once)
        return self.training

    @property
    def averages(self) -> bool:
        """Whether the winner may become the mean of several networks."""
        return self.ensemble == "auto" and not self.limits and len(self.objectives) == 1

    @property
    def executes_on(self) -> str:
        """`ray` or `local`."""
        if self.executor != "auto":
            return self.executor
        seconds, trials = self.budget.seconds, self.budget.trials
        short = seconds is not None and seconds < TOO_SHORT_FOR_RAY
        few = trials is not None and trials <= TOO_FEW_FOR_RAY
        return "local" if (short or few) and self.ray_address is None else "ray"

    def to_json(self) -> str:
        """One line; the budget is its text, and what a recipe leaves open is `{"choice": […]}`."""
        return json.dumps(_STORED.dump_python(self, mode="json"))

    @classmethod
    def from_json(cls, text: str) -> SearchConfig:
        """The config that `to_json` wrote, also that of an older version.

        Raises:
            InputError: anything else.
        """
        try:
            return _STORED.validate_json(text)
        except ValidationError as error:
            raise InputError(f"The journal's config cannot be read: {refusal(cls, error)}") from None


def _seen_once(recipe: TrainingConfig) -> TrainingConfig:
    return replace(recipe, test_time_flip=False) if recipe.test_time_flip == "auto" else recipe


_STORED = TypeAdapter(SearchConfig)


def gpus_asked(text: str) -> float | str:
    """`gpus_per_trial` as written on the command line; what is no number is left for `SearchConfig` to judge."""
    try:
        return float(text)
    except ValueError:
        return text
