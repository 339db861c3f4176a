"""How a candidate is trained. Every field may hold a `Choice`, so that recipe and architecture are searched jointly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
)

from nas.config import own_code
from nas.config.checked import checked, number, whole_number
from nas.config.own_code import from_json_data, is_code, to_json_data
from nas.errors import InputError, known
from search_spaces.dsl import Choice
from search_spaces.errors import SpaceError
from search_spaces.task import Task

SMALLEST_BATCH, LARGEST_BATCH = 32, 128  # that `batch_size=0` chooses between
BATCH_FOR_MUON = 64
AUGMENTATIONS = ("none", "auto", "crop", "flip", "cutout", "jitter", "scale", "mask")

OF_OUR_LOOP = (  # settings that a person's own loop takes the place of
    "optimizer", "schedule", "warmup", "clip", "mixup", "cutmix", "ema", "precision", "accumulate", "checkpointing",
    "cuda_graph",
)  # fmt: skip

T = TypeVar("T")


def _each_option(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """A value as it is, once `check` has passed it; of a `Choice` each option. JSON gives what `_as_data` wrote."""
    if isinstance(value, Choice):
        for option in value.options:
            _each_option(option, check, info)
        return value
    if isinstance(value, dict) and info.mode == "json":
        options = value.get("choice")
        if isinstance(options, list):
            return _choice([_each_option(option, check, info) for option in options])
        return check(value.get("fidelity", value))
    check(value)
    return value


def _choice(options: list[Any]) -> Choice:
    try:
        return Choice(*options)
    except SpaceError as error:
        raise InputError(str(error)) from None


def _as_data(value: Any) -> Any:
    """A field as JSON data; what is left open is `{"choice": […]}`."""
    if isinstance(value, Choice):
        return {"choice": [_as_data(option) for option in value.options]}
    if isinstance(value, Fidelity):
        return {"fidelity": {part.name: _as_data(getattr(value, part.name)) for part in fields(value)}}
    return to_json_data(value) if is_code(value) else value


def _code(kind: own_code.Kind) -> Any:
    """The rule of a setting that a person's own code may stand for, or a `Choice` of such."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, Choice):
            return _choice([check(option, info) for option in value.options])
        if info.mode == "json" and isinstance(value, dict):
            options = value.get("choice")
            if isinstance(options, list):
                return _choice([check(option, info) for option in options])
            return from_json_data(value, kind.name)
        return kind.data(value)

    return BeforeValidator(check)


Open = Annotated[T, WrapValidator(_each_option), PlainSerializer(_as_data)]  # the value, or a `Choice` of such values
Share = Annotated[float, number(0.01, 1.0)]
Flag = Annotated[bool, Field(description="True or False")]


@checked("fidelity setting", prefix="fidelity.")
class Fidelity:
    """A cheaper stand-in for a full training: smaller pictures, fewer examples, a narrower network.

    Args:
        resolution: side of the pictures (length of the series) as a share, 0.01 to 1; at least 4 remain.
        subset: share of the training examples, 0.01 to 1, the same ones in every epoch and of every candidate.
        width: share of the channels of every cell, 0.01 to 1; at least 8 remain, always a multiple of 8.

    Raises:
        InputError: a value out of range.
    """

    resolution: Open[Share] = 1.0
    subset: Open[Share] = 1.0
    width: Open[Share] = 1.0


def _known_augmentations(words: str) -> str:
    for word in words.split("+"):
        if ":" in word:
            raise InputError(f"Augmentation {word!r} is code of your own, which goes into `augment`: augment={word}")
        known("augmentation", word, AUGMENTATIONS)
    return words


Optimizer = Annotated[Any, _code(own_code.OPTIMIZER), PlainSerializer(_as_data)]
Loss = Annotated[Any, _code(own_code.LOSS), PlainSerializer(_as_data)]
Augment = Annotated[Any, _code(own_code.AUGMENT), PlainSerializer(_as_data)]
Loop = Annotated[Any, _code(own_code.LOOP), PlainSerializer(_as_data)]
Probability = Annotated[float, number(0.0, 0.95)]
OptionalProbability = Annotated[Probability | None, Field(description="None or a number from 0 to 0.95")]
WORDS = "words joined by `+`; a function of your own goes into `augment`"
Augmentations = Annotated[str, AfterValidator(_known_augmentations), Field(description=WORDS)]
FlagOrAuto = Annotated[Literal["auto"] | bool, Field(description="`auto`, True or False")]


@checked("recipe setting")
class TrainingConfig:
    """The recipe: its values are checked when it is made, those of a `Choice` each.

    Args:
        optimizer: `adamw`, `sgd` (Nesterov), `muon` (orthogonalised steps for matrices, AdamW for the rest), or `auto`:
            Muon where batches are large enough to pay for its steps, AdamW otherwise and for columns of a table. Or any
            class of `torch.optim`, by name, itself, or in a `functools.partial` with arguments.
        learning_rate: at its peak; 0 takes the optimizer's own default.
        weight_decay: per step and unit of learning rate; norms and biases are left out.
        batch_size: at most; the examples of an epoch are cut into equal batches. 0 chooses 32 to 128 by their number.
        schedule: `cosine`, `triangular`, `constant` or `stable`, after a linear warm-up.
        warmup: share of the planned steps, 0 to 0.9.
        label_smoothing: 0 to 0.9, classification only.
        clip: largest norm of all gradients together; 0 leaves them as they are.
        dropout: probability in every dropout layer of the cells; None leaves what the architecture says.
        stochastic_depth: chance to drop the deepest residual branch; less above it, linear in depth.
        augmentation: `none`, `auto` for the kind of data, or names joined by `+`: crop, flip, cutout (pictures),
            jitter, scale, mask (series).
        mixup, cutmix: parameter of the Beta distribution that mixing weights are drawn from; 0 is off.
        ema: decay per step of the averaged weights that are evaluated; 0 evaluates the weights themselves.
        precision: `float32`, `bf16`, `fp16` (CUDA only) or `auto`: half where the device is faster with it; on a CPU
            that multiplies it (AMX, AVX-512), in cells of dense convolutions.
        accumulate: micro-batches that make up one batch; the gradient is that of the whole batch.
        checkpointing: keep only each cell's input for the backward pass and run the cell again: less memory, more time.
        cuda_graph: record forward and backward pass once and replay them, on CUDA; on the CPU it changes nothing.
        channels_last: memory layout of pictures that convolutions are fastest with; `auto` is on.
        test_time_flip: the network says the mean over a picture and its mirror image, and so does the export: twice the
            time of a prediction. `auto` is on where the training mirrors pictures, unless the latency counts.
        fidelity: train on smaller pictures, on fewer examples, or a narrower network.
        loss: `auto` goes by the kind of targets. Or an `nn.Module`, a class or a function of outputs `(batch, outputs)`
            and targets that gives one number, see docs/recipe.md.
        augment: a function of a batch of inputs, or of inputs and targets, that gives them changed. It comes after what
            `augmentation` names, of which `auto` then names nothing.
        train: an own loop, `train(network, data, report, budget)`, in place of ours. The settings of batches and of
            the network hold for it, `learning_rate`, `weight_decay` and `loss` are handed to it, see docs/recipe.md.

    Raises:
        InputError: a value out of range, or a pair of decided values that cannot go together.
    """

    optimizer: Optimizer = "auto"
    learning_rate: Open[Annotated[float, number(0.0, 100.0)]] = 0.0
    weight_decay: Open[Annotated[float, number(0.0, 10.0)]] = 0.01
    batch_size: Open[Annotated[int, whole_number(0)]] = 0
    schedule: Open[Literal["cosine", "triangular", "constant", "stable"]] = "cosine"
    warmup: Open[Annotated[float, number(0.0, 0.9)]] = 0.1
    label_smoothing: Open[Annotated[float, number(0.0, 0.9)]] = 0.05
    clip: Open[Annotated[float, number(0.0, math.inf)]] = 5.0
    dropout: Open[OptionalProbability] = None
    stochastic_depth: Open[Probability] = 0.0
    augmentation: Open[Augmentations] = "auto"
    mixup: Open[Annotated[float, number(0.0, 10.0)]] = 0.0
    cutmix: Open[Annotated[float, number(0.0, 10.0)]] = 0.0
    ema: Open[Annotated[float, number(0.0, 0.99999)]] = 0.98
    precision: Open[Literal["auto", "float32", "bf16", "fp16"]] = "auto"
    accumulate: Open[Annotated[int, whole_number(1)]] = 1
    checkpointing: Open[Flag] = False
    cuda_graph: Open[Flag] = False
    channels_last: Open[FlagOrAuto] = "auto"
    test_time_flip: Open[FlagOrAuto] = "auto"
    fidelity: Open[Annotated[Fidelity, Field(description="a Fidelity(resolution=…, subset=…, width=…)")]] = field(
        default_factory=Fidelity
    )
    loss: Loss = field(default="auto", repr=False)  # what came later is no part of `repr`, see `identity`
    augment: Augment = field(default=None, repr=False)
    train: Loop = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """The rules between fields: each as soon as both of its fields are decided."""
        parts, batch = self.accumulate, self.batch_size
        if _decided(parts, batch) and parts > (batch or SMALLEST_BATCH):
            raise InputError(
                f"`accumulate` must be at most `batch_size` ({batch or SMALLEST_BATCH}), got {parts}: a batch cannot "
                "be cut into more parts than it has examples."
            )
        if _decided(self.mixup, self.cutmix) and self.mixup and self.cutmix:
            raise InputError(
                f"`mixup` ({self.mixup}) and `cutmix` ({self.cutmix}) exclude each other; set one of them to 0."
            )
        if _decided(self.checkpointing, self.cuda_graph) and self.checkpointing and self.cuda_graph:
            raise InputError(
                "`checkpointing` and `cuda_graph` exclude each other (what runs again reads the random state, which a "
                "graph cannot); set one of them to False."
            )
        if self.train is not None:
            for name in OF_OUR_LOOP:
                if getattr(self, name) != getattr(_DEFAULT, name):
                    raise InputError(
                        f"`{name}` is for our own training loop, and `train` takes its place. Leave one of them out."
                    )

    def batch_for(self, examples: int) -> int:
        """The batch size for so many training examples: never more than there are."""
        chosen = self.batch_size or min(LARGEST_BATCH, max(SMALLEST_BATCH, examples // 64))
        return int(min(chosen, examples))

    def __str__(self) -> str:
        """What is decided and differs from the defaults, in a line."""
        own = {part.name: getattr(self, part.name) for part in fields(self)}
        told = {name: value for name, value in own.items() if _decided(value) and value != getattr(_DEFAULT, name)}
        return ", ".join(f"{name}={value}" for name, value in told.items()) or "all defaults"

    @property
    def identity(self) -> str:
        """A text that is equal for equal recipes, from version to version."""
        own = {name: getattr(self, name) for name in ("optimizer", "loss", "augment", "train")}
        named = (f" {name}={own_code.full_text(value)}" for name, value in own.items() if is_code(value))
        return f"{self!r}{''.join(named)}"

    @property
    def augmentations(self) -> str:
        """The named augmentations."""
        return "none" if self.augment is not None and self.augmentation == "auto" else self.augmentation

    def optimizer_for(self, examples: int, task: Task) -> Any:
        """The optimizer for so many training examples: a word, or a person's own as data.

        On columns of a table AdamW takes a third to a thirteenth of the time for nearly as much
        (results/recipes/tables.md).
        """
        if self.optimizer != "auto":
            return self.optimizer
        columns = len(task.input_shape) == 1 and not task.vocabulary and not task.inputs
        return "muon" if self.batch_for(examples) >= BATCH_FOR_MUON and not columns else "adamw"


def _decided(*values: Any) -> bool:
    return not any(isinstance(value, Choice) for value in values)


_DEFAULT = TrainingConfig()


def each_recipe(training: Any, change: Callable[[TrainingConfig], TrainingConfig]) -> Any:
    """A recipe, or each of a `Choice` of recipes, changed."""
    if isinstance(training, Choice):
        return _choice([change(one) for one in training.options])
    return change(training)


def _recipes(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    if isinstance(value, Choice):
        for option in value.options:
            if isinstance(option, Choice):
                raise InputError("A `Choice` of recipes holds recipes, got a further `Choice`. Put all into one.")
            check(option)
        return value
    if info.mode == "json" and isinstance(value, dict) and isinstance(options := value.get("choice"), list):
        return _choice([check(option) for option in options])
    return check(value)


def _recipes_data(value: Any, write: SerializerFunctionWrapHandler) -> Any:
    if isinstance(value, Choice):
        return {"choice": [write(option) for option in value.options]}
    return write(value)


# A recipe, or a `Choice` of whole recipes, each with what it leaves open.
Recipes = Annotated[
    TrainingConfig,
    WrapValidator(_recipes),
    WrapSerializer(_recipes_data),
    Field(description="a TrainingConfig(…), or a Choice of such"),
]


def with_settings(training: Any, settings: Mapping[str, Any]) -> Any:
    """A recipe with settings that were given beside it, by their names.

    Raises:
        InputError: one that the recipe gives as well, or several recipes.
    """
    if not settings:
        return training
    if isinstance(training, Choice):
        raise InputError(f"`{next(iter(settings))}` stands beside a `Choice` of recipes. Give it in each of them.")
    for name in settings:
        if getattr(training, name) != getattr(_DEFAULT, name):
            raise InputError(f"`{name}` stands in `training` and beside it. Give it once.")
    return replace(training, **settings)
