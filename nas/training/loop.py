"""The training loop: one network, epoch by epoch.

The random numbers of an epoch depend on the seed and the epoch's number alone. So a training resumed from a checkpoint
continues exactly as one that was never interrupted. On CUDA an epoch never waits for the device: losses are summed
there.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from nas.config.metric import inside, words
from nas.config.recipe import TrainingConfig
from nas.data.dataset import TrainingData
from nas.errors import InputError
from nas.records.job import EpochReport
from nas.training.augmentation import augment_inputs, mirrors
from nas.training.batches import Batches, resident
from nas.training.causality import check_causal
from nas.training.epoch_clock import EpochClock
from nas.training.fidelity import narrowed, reduced
from nas.training.forward import Forward
from nas.training.health import DeadUnits, check_gradients, check_loss, check_outputs, gradient_norms
from nas.training.inference import predict
from nas.training.loop_data import LoopData, LoopPart, in_order
from nas.training.memory import free_bytes, parts_that_fit
from nas.training.own_augmentation import own_augmentation
from nas.training.own_loop import OwnLoop, Report
from nas.training.precision import resolve_device, resolve_precision
from nas.training.regularization import mix, regularize
from nas.training.schedule import factor
from nas.training.score import Criterion, score
from nas.training.step import Step
from nas.training.whole_network import Ahead, constants_of, normalization, view, wrapped
from search_spaces.architecture import Architecture
from search_spaces.network import build
from search_spaces.task import Task

CHECK_EVERY = 16  # steps between two checks of the loss on the CPU; on CUDA a check would wait for the device
SAME = 1e-3  # within which two scores are the same
log = logging.getLogger("nas.training")


def begin(
    architecture: Architecture,
    data: TrainingData,
    config: TrainingConfig,
    *,
    epochs: int,
    seed: int,
    device: str = "cpu",
) -> Training:
    """A training that is ready to run: data and network at the recipe's fidelity, weights drawn from `seed`.

    Batches are cut into micro-batches from the start where the predicted peak of memory is not free.

    Raises:
        InputError: a recipe that cannot work on this device.
        SpaceError: an architecture that cannot be built for this data.
    """
    data, architecture = reduced(data, config.fidelity), narrowed(architecture, config.fidelity.width)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(architecture, data.task)
        check_causal(network, data.task)
    training = Training(network, data, config, epochs=epochs, seed=seed, device=device)
    batch = config.batch_for(len(data.train))
    training.cut_batches(parts_that_fit(architecture, data.task, config, batch, free_bytes(training.device)))
    return training


class Training:
    """A network in training.

    Args:
        network: built for `data.task`, weights already drawn. It is moved to the device and trained in place.
        epochs: planned number; the schedule of the learning rate ends there. When a state is loaded it may be larger
            than it was.
        seed: of all random numbers from here on.
        device: `cpu`, `cuda` or a numbered device such as `cuda:1`.

    Raises:
        InputError: a recipe that cannot work, fewer than one epoch, or a device that is not there.
    """

    def __init__(
        self,
        network: nn.Module,
        data: TrainingData,
        config: TrainingConfig,
        *,
        epochs: int,
        seed: int,
        device: str = "cpu",
    ) -> None:
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
            raise InputError(f"`epochs` must be a whole number of at least 1, got {epochs!r}.")
        self.device = resolve_device(device)
        self.precision = resolve_precision(config.precision, self.device)
        recipe, optimizer = config, config.optimizer_for(len(data.train), data.task)
        config = replace(config, train=None, optimizer=optimizer, ema=0.0 if config.train is not None else config.ema)
        if any(one.vocabulary for one in data.task.inputs) and (config.mixup or config.cutmix):
            raise InputError("`mixup` and `cutmix` cannot mix tokens, which one of the inputs holds; set both to 0.")
        self.data, self.config, self.epochs, self.seed = data, config, epochs, seed
        self.epochs_done = 0
        self.notices: list[str] = []
        self._told = 0  # notices that stood in an earlier report
        self.constants = constants_of(data, says_the_mean_of_both(config, data.task))
        regularize(network, dropout=config.dropout, stochastic_depth=config.stochastic_depth)
        self._layout = memory_layout(config, data)
        self._network = network.to(self.device).to(memory_format=self._layout)  # type: ignore[call-overload]
        self._normalize = normalization(self.constants).to(self.device)
        seen = view(self.constants)
        self._view = None if seen is None else seen.to(self.device)
        self._criterion = Criterion(data, config.label_smoothing, self.device, config.loss)
        self._known_loss = data.task if self._criterion.own is None else None  # of which chance is known
        self._step = Step(self._network, self._criterion, config, self.device, self.precision)
        self._batches = self._make_batches()
        self._validation = resident(data.validation.inputs, self.device)
        true = resident(data.validation.targets, self.device)
        self._validation_targets = self._criterion.standardised(true)
        self._own_loop = None
        if recipe.train is not None:
            handed = self._loop_data(true, recipe)
            self._own_loop = OwnLoop(recipe.train, self._network, handed, lambda: self.epochs)
        self.gradient_flow: dict[str, float] = {}
        self.dead_units: dict[str, float] = {}

    def _make_batches(self) -> Batches:
        size, rows = self.config.batch_size, len(self.data.train)
        if size > rows:
            self.notice(f"batch_size {size} is larger than the {rows} training examples: they make one batch.")
        task, own = self.data.task, self.config.augment
        augment = augment_inputs(self.config.augmentations, task)
        change = own_augmentation(own, numbers=not task.vocabulary) if own is not None else None
        return Batches(self.data.train, self.config.batch_for(rows), self.device, augment, change)

    def _loop_data(self, true: torch.Tensor, recipe: TrainingConfig) -> LoopData:
        """What a person's own loop gets; `true`: targets of the validation split, in their own scale."""
        batches, watched = self._batches, (self._validation, true)
        rng = torch.Generator(self.device).manual_seed(self.seed)
        size = self.config.batch_for(len(self.data.train))
        training = LoopPart(
            (batches.inputs, batches.targets), lambda: batches.epoch(rng), batches.steps, self._prepared
        )
        count = -(-len(self._validation) // size)
        validation = LoopPart(watched, lambda: in_order(watched, size), count, self._prepared)
        return LoopData(training, validation, self.data.task, self.device, recipe, self._prepared, self._criterion)

    def notice(self, text: str) -> None:
        """Adds what a person should know to the next report."""
        self.notices.append(text)
        log.info(text)

    def cut_batches(self, parts: int) -> None:
        """Runs every batch in at least `parts` micro-batches; the gradient stays that of the whole batch.

        A person's own loop cuts its batches itself.
        """
        if parts > self._step.parts and self._own_loop is None:
            self.notice(f"every batch is cut into {parts} parts, so that the training fits into memory.")
            self._step.parts = parts

    @property
    def finished(self) -> bool:
        """Whether all planned epochs are done, or a person's own loop has returned."""
        return self.epochs_done >= self.epochs or (self._own_loop is not None and self._own_loop.ended)

    @property
    def continues(self) -> bool:
        """Whether a state says enough to go on from. Of a person's own loop it is not known what it keeps."""
        return self._own_loop is None

    def close(self) -> None:
        """Ends a person's own loop, wherever it is. The network stays as it is."""
        if self._own_loop is not None:
            self._own_loop.close()

    @property
    def network(self) -> nn.Module:
        """The network that is scored: with averaged weights where the recipe says so. It takes normalised inputs."""
        return self._step.average.network if self._step.average else self._network

    def trained_network(self) -> nn.Module:
        """The whole network, in evaluation mode: inputs and outputs in the data's own scale. It shares the weights."""
        return wrapped(self.network, self.constants).to(self.device).eval()

    def start_from(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Begins with these weights of a whole network in place of drawn ones; the averaged weights begin there too."""
        averaged = [self._step.average.network] if self._step.average else []
        for network in (self._network, *averaged):
            wrapped(network, self.constants).load_state_dict(dict(weights))

    def epoch(self, deadline: float = math.inf) -> EpochReport:
        """One pass over the training examples, then a score on the validation split.

        Args:
            deadline: by which it is to end, in seconds since 1970.

        Raises:
            TooSlow: by its first steps it would not. The training must not be continued.
            Diverged: NaN, an infinite or exploding loss, or a dead network. The training must not be continued.
        """
        started = time.perf_counter()
        number = self.epochs_done + 1
        seed = (self.seed * 1_000_003 + number) % (1 << 63)
        rng = torch.Generator(self.device).manual_seed(seed)
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            if self._own_loop is not None:
                loss = norm = rate = math.nan  # the loop keeps them to itself
                self._own_loop.epoch(number >= self.epochs, deadline)
            else:
                loss, norm, rate = self._train(number, rng, deadline)
                check_loss(loss, number, self._known_loss)
                self.gradient_flow = gradient_norms(self._network)
                check_gradients(self.gradient_flow, number)
        self.epochs_done = number
        value, validation_loss, dead = self._validate()
        if self._own_loop is not None:
            self._take_up(self._own_loop.report, value)
        told, self._told = self._told, len(self.notices)
        return EpochReport(
            epoch=number,
            score=value,
            loss=loss,
            validation_loss=validation_loss,
            seconds=time.perf_counter() - started,
            learning_rate=rate,
            gradient_norm=norm,
            dead_share=dead,
            notices=tuple(self.notices[told:]),
        )

    def _take_up(self, report: Report, value: float) -> None:
        """Hands a loop its network's score, and says where the loop found another."""
        said, own = report.told, inside(self.data.task.metric, value)
        if said is not None and not math.isclose(abs(said), abs(own), rel_tol=SAME, abs_tol=SAME):
            ours = f"the {words(self.data.task.metric)} of its network on the validation split"
            self.notice(f"the score that the loop reported is not {ours}, and the latter counts.")
        report.score = value

    def _train(self, number: int, rng: torch.Generator, deadline: float) -> tuple[float, float, float]:
        """Mean loss, mean gradient norm and last learning rate of one epoch."""
        self._network.train()
        steps, config, parts = self._batches.steps, self.config, self._step.parts
        losses = torch.zeros((), device=self.device)
        norms = torch.zeros((), device=self.device)
        rate = 0.0
        size = self.config.batch_for(len(self.data.train))
        passes = 2 if "mirrored" in self.constants else 1  # over the validation split
        clock = EpochClock(steps, passes * len(self.data.validation) / size, deadline)
        for step, (inputs, targets) in enumerate(self._batches.epoch(rng)):
            done = ((number - 1) * steps + step + 0.5) / (self.epochs * steps)
            rate = self._step.set_rate(factor(config.schedule, config.warmup, done))
            x, y = self._prepared(inputs, targets)
            x, others, share = mix(x, y, rng, mixup=config.mixup, cutmix=config.cutmix)
            loss, norm = self._step(x, y, others, share)
            losses += loss
            norms += norm
            clock.step_ended(step + 1)
            if self.device.type == "cpu" and step % CHECK_EVERY == 0:
                check_loss(float(loss), number, self._known_loss)
        if self._step.parts > parts:
            self.notice(f"memory ran out in epoch {number}; every batch is now cut into {self._step.parts} parts.")
        if self._step.refused and number == 1:
            self.notice(f"the step cannot be recorded as a CUDA graph, so it runs without: {self._step.refused}")
        return float(losses) / steps, float(norms) / steps, rate

    def _prepared(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch in the data's own scale as the network takes and learns it."""
        x = self._normalize(inputs).contiguous(memory_format=self._layout)
        y = self._criterion.standardised(targets)
        if self._view is not None:
            x, simple = self._view(x)
            y = y - simple
        return x, y

    def _validate(self) -> tuple[float, float, float]:
        """Score, loss and mean share of dead units on the validation split."""
        dead = DeadUnits()
        self._network.to(self.device)  # a person's own loop may have moved it
        forward: nn.Module = Forward(self.network, self.precision)
        forward = forward if self._view is None else Ahead(forward, self._view)
        network = nn.Sequential(self._normalize, forward)
        with dead.watching(self.network):
            result = predict(network, self._validation, flip="mirrored" in self.constants, layout=self._layout)
        loss = float(self._criterion.plain(result, self._validation_targets))
        self.dead_units = dead.by_cell()
        check_outputs(result, self.epochs_done)
        values = self._criterion.rescaled(result).cpu().numpy()
        return score(self.data.task, values, self.data.validation.targets), loss, dead.mean()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` continues from: tensors and numbers, to be loaded with `weights_only=True`."""
        return {
            "epochs_done": self.epochs_done,
            "network": self._network.state_dict(),
            **self._step.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues from a state of the same architecture and recipe; the planned epochs may differ."""
        self._network.load_state_dict(state["network"])
        self._step.load_state_dict(state)
        self.epochs_done = int(state["epochs_done"])


def says_the_mean_of_both(config: TrainingConfig, task: Task) -> bool:
    """Whether the trained network says the mean over a picture and its mirror image."""
    if config.test_time_flip == "auto":
        return task.kind == "classification" and mirrors(config.augmentations, task.input_shape)
    return config.test_time_flip and len(task.input_shape) == 3


def memory_layout(config: TrainingConfig, data: TrainingData) -> torch.memory_format:
    """Channels last for pictures, unless turned off: convolutions run faster in it, on CPU and CUDA alike.

    Source: https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html
    """
    pictures = len(data.task.input_shape) == 3 and config.channels_last is not False
    return torch.channels_last if pictures else torch.contiguous_format
