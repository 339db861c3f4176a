"""Pre-flight: what a space holds and what a budget will buy, known before a second of training."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nas.config.budget import Budget, duration
from nas.driver.clock import Clock
from nas.errors import InputError
from nas.training.timing import seconds_per_step
from search_spaces import Architecture, Profile, Space, SpaceError, Task, profile
from search_spaces.decide import at_random
from search_spaces.dsl import resolve
from search_spaces.rules import judged

RECIPES_DRAWN = 50  # until one is valid
SEEN_ENOUGH = 20  # draws of an option before its absence among the valid ones means anything
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)
MOST_LINES = 8
BYTES_A_PARAMETER = 16  # weight, gradient and two moments of AdamW, in float32


@dataclass(frozen=True)
class Timing:
    """One candidate timed on random data: forward, backward and an optimizer's step."""

    parameters: int
    macs: int
    seconds_per_epoch: float


@dataclass(frozen=True)
class Preflight:
    """What was found. Shares are from 0 to 1; tuples hold a number for each valid architecture (builds, obeys rules).

    Args:
        size: decision sequences of the space.
        samples: architectures drawn, rules left aside.
        builds, obeys: shares of the samples that build, and that build and obey every rule.
        rejections: rule and the share of the building samples that break it, most first.
        unjudged: rules over the recipe, where none is given.
        failures: reason and number of the samples that do not build, most first.
        unreachable: options that were drawn often and yet never stand in a valid architecture, as `path:index`.
        distinct: distinct fingerprints for each distinct decision sequence among the samples.
        memory_bytes: weights, gradients, moments and activations of a training step at `batch_size`.
        trainings: how many trainings of `epochs` the budget buys at least, `parallel` at a time; None without a budget.
    """

    space: str
    task: Task
    size: int
    samples: int
    builds: float
    obeys: float
    rejections: tuple[tuple[str, float], ...]
    unjudged: tuple[str, ...]
    failures: tuple[tuple[str, int], ...]
    unreachable: tuple[str, ...]
    distinct: float
    parameters: tuple[int, ...]
    macs: tuple[int, ...]
    memory_bytes: tuple[int, ...]
    depth: tuple[int, ...]
    batch_size: int
    examples: int
    epochs: int
    timings: tuple[Timing, ...]
    trainings: int | None
    parallel: int
    seconds: float
    architectures: tuple[Architecture, ...]

    @property
    def seconds_per_epoch(self) -> float:
        """Of the middle one of the timed candidates; 0 when none was timed."""
        return statistics.median(timing.seconds_per_epoch for timing in self.timings) if self.timings else 0.0

    @property
    def budget_seconds(self) -> float:
        """How long the trainings that the budget buys take if none is stopped early."""
        return (self.trainings or 0) * self.seconds_per_epoch * self.epochs / self.parallel


def preflight(
    space: Space,
    task: Task,
    *,
    samples: int = 2_000,
    examples: int = 10_000,
    batch_size: int = 64,
    epochs: int = 10,
    budget: Budget | None = None,
    parallel: int = 1,
    seed: int = 0,
    timed: bool = True,
    training: Any = None,
) -> Preflight:
    """Draw `samples` architectures on the meta device, judge them, and time three that are valid.

    Args:
        examples: training examples of an epoch.
        budget: says how many trainings of `epochs` it buys; time on GPUs is left aside, since timings are the CPU's.
        parallel: trainings at a time.
        training: a recipe or a `Choice` of recipes, of which one is drawn for each sample to judge rules over it.
    """
    if samples < 1 or examples < 1 or batch_size < 1:
        got = f"{samples}, {examples} and {batch_size}"
        raise InputError(f"`samples`, `examples` and `batch_size` must be at least 1, got {got}. Give larger numbers.")
    started = time.perf_counter()
    drawn = _Drawn(space, task, training is not None)
    rng = random.Random(seed)
    for _ in range(samples):
        drawn.add(space.resolve(at_random(rng)), _recipe(training, rng))
    profiles = [known for _, known in drawn.valid]
    timings = _timings(drawn.valid, task, examples, batch_size) if timed else ()
    seconds_per_epoch = statistics.median(t.seconds_per_epoch for t in timings) if timings else math.inf
    return Preflight(
        space=space.name,
        task=task,
        size=space.size(),
        samples=samples,
        builds=drawn.built / samples,
        obeys=len(profiles) / samples,
        rejections=tuple((rule, times / max(drawn.built, 1)) for rule, times in drawn.rejections.most_common()),
        unjudged=tuple(repr(rule) for rule in judged(space.rules, task, True) if rule not in drawn.rules),
        failures=tuple(drawn.failures.most_common()),
        unreachable=drawn.unreachable(),
        distinct=len(drawn.fingerprints) / len(drawn.sequences),
        parameters=tuple(known.parameters for known in profiles),
        macs=tuple(known.macs for known in profiles),
        memory_bytes=tuple(_memory(known, batch_size) for known in profiles),
        depth=tuple(known.layers for known in profiles),
        batch_size=batch_size,
        examples=examples,
        epochs=epochs,
        timings=timings,
        trainings=_bought(budget, parallel / (seconds_per_epoch * epochs)) if budget else None,
        parallel=parallel,
        seconds=time.perf_counter() - started,
        architectures=tuple(architecture for architecture, _ in drawn.valid),
    )


def _recipe(training: Any, rng: random.Random) -> Any:
    """A recipe; None where there is none to draw.

    Raises:
        InputError: none in many draws is valid, since options exclude each other.
    """
    for left in range(RECIPES_DRAWN if training is not None else 0, 0, -1):
        try:
            return resolve(training, at_random(rng))
        except InputError:
            if left == 1:
                raise
    return None


class _Drawn:
    """Tallies of what was drawn."""

    def __init__(self, space: Space, task: Task, with_recipe: bool) -> None:
        self.rules, self.task = judged(space.rules, task, with_recipe), task
        self.built = 0
        self.valid: list[tuple[Architecture, Profile]] = []
        self.rejections: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.options: Counter[tuple[str, int]] = Counter()
        self.valid_options: set[tuple[str, int]] = set()
        self.fingerprints: set[str] = set()
        self.sequences: set[tuple[tuple[str, int], ...]] = set()

    def add(self, architecture: Architecture, recipe: Any) -> None:
        """Judge one draw."""
        taken = tuple(architecture.decisions.items())
        self.options.update(taken)
        self.sequences.add(taken)
        self.fingerprints.add(architecture.fingerprint)
        try:
            known = profile(architecture, self.task)
        except SpaceError as error:
            self.failures[str(error)] += 1
            return
        self.built += 1
        broken = [repr(rule) for rule in self.rules if rule.distance(architecture, self.task, recipe) > 0]
        self.rejections.update(broken)
        if not broken:
            self.valid.append((architecture, known))
            self.valid_options.update(taken)

    def unreachable(self) -> tuple[str, ...]:
        """Options drawn often that no valid architecture has."""
        often = {option for option, times in self.options.items() if times >= SEEN_ENOUGH}
        return tuple(f"{path}:{index}" for path, index in sorted(often - self.valid_options))


def _bought(budget: Budget, per_second: float) -> int | None:
    """Trainings until the first limit is reached, the final's share left aside; None where only GPU time is limited."""
    seconds = Clock(budget, lambda: 0.0).left_for_search()
    by_time = None if math.isinf(seconds) else int(seconds * per_second)
    return min((count for count in (by_time, budget.trials) if count is not None), default=None)


def _memory(known: Profile, batch_size: int) -> int:
    return known.parameters * BYTES_A_PARAMETER + known.activation_bytes * batch_size


def _timings(
    valid: Sequence[tuple[Architecture, Profile]], task: Task, examples: int, batch_size: int
) -> tuple[Timing, ...]:
    """A small, a middle and a large candidate by multiply-adds, timed."""
    ordered = sorted(valid, key=lambda pair: pair[1].macs)
    places = sorted({int(share * (len(ordered) - 1)) for share in (0.1, 0.5, 0.9)}) if ordered else []
    steps = math.ceil(examples / batch_size)
    return tuple(
        Timing(known.parameters, known.macs, steps * seconds_per_step(architecture, task, batch_size))
        for architecture, known in (ordered[place] for place in places)
    )


def render(found: Preflight) -> RenderableType:
    """What the pre-flight found, for `rich.print`."""
    return Group(_summary(found), _spread(found), *_warnings(found))


def summary(found: Preflight) -> str:
    """The least that one must know, in a line."""
    shares = f"{found.obeys:.0%} of {found.samples:,} samples build and obey the rules"
    if not found.parameters:
        return f"{found.space}: {float(found.size):.4g} networks; {shares}"
    return (
        f"{found.space}: {float(found.size):.4g} networks; {shares}, with {min(found.parameters):,} to "
        f"{max(found.parameters):,} parameters"
    )


def save_plot(found: Preflight, path: str | Path) -> Path:
    """Histograms of parameters, multiply-adds, memory and depth; PNG or SVG by the name's ending."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(14, 3), constrained_layout=True)
    columns: list[tuple[str, Sequence[float]]] = [
        ("parameters", found.parameters),
        ("multiply-adds", found.macs),
        (f"MB to train, batch {found.batch_size}", [value / 1e6 for value in found.memory_bytes]),
        ("convolutions and linear layers", found.depth),
    ]
    for axis, (label, values) in zip(axes, columns, strict=True):
        if values:
            axis.hist(values, bins=40, color="#3b6ea5")
        axis.set_xlabel(label)
    axes[0].set_ylabel("architectures")
    valid = f"{len(found.parameters):,} of {found.samples:,} samples build and obey the rules"
    figure.suptitle(f"{found.space} on {_shape(found.task.input_shape)}: {valid}")
    figure.savefig(path)
    plt.close(figure)
    return Path(path)


def _summary(found: Preflight) -> Table:
    table = Table(title=f"Space {found.space} on inputs of {_shape(found.task.input_shape)}", show_header=False)
    table.add_row("decision sequences", f"{found.size:,}" if found.size < 10**15 else f"{float(found.size):.3g}")
    table.add_row("samples drawn", f"{found.samples:,} in {found.seconds:.1f} s")
    table.add_row("that build", f"{found.builds:.1%}")
    table.add_row("that also obey the rules", f"{found.obeys:.1%}")
    table.add_row("distinct networks per decision sequence", f"{found.distinct:.1%}")
    for timing in found.timings:
        size = f"{timing.parameters:,} parameters, {timing.macs / 1e6:,.1f} M multiply-adds"
        table.add_row(f"seconds per epoch of {found.examples:,}", f"{timing.seconds_per_epoch:.2f}  ({size})")
    if found.trainings is not None:
        text = (
            f"about {found.trainings:,} trainings of {found.epochs} epoch{'s' * (found.epochs != 1)}; in full they take"
        )
        table.add_row("the budget buys", f"{text} {duration(found.budget_seconds)}, {found.parallel} at a time")
    return table


def _spread(found: Preflight) -> Table:
    table = Table("of the valid ones", "least", "10 %", "half", "90 %", "most")
    rows: list[tuple[str, Sequence[float], float]] = [
        ("parameters", found.parameters, 1),
        ("multiply-adds, M", found.macs, 1e6),
        (f"MB to train at batch {found.batch_size}", found.memory_bytes, 1e6),
        ("convolutions and linear layers", found.depth, 1),
    ]
    for label, values, unit in rows:
        ordered = sorted(values)
        if ordered:
            picked = (ordered[round(share * (len(ordered) - 1))] / unit for share in QUANTILES)
            table.add_row(label, *(f"{value:,.0f}" if unit == 1 else f"{value:,.2f}" for value in picked))
    return table


def _warnings(found: Preflight) -> list[Text]:
    lines = [Text(f"{share:.1%} of the samples break the rule {rule}") for rule, share in found.rejections]
    lines += [
        Text(f"The rule {rule} is over the recipe. With --recipe it is judged here, too.") for rule in found.unjudged
    ]
    lines += [Text(f"{times:,} samples do not build: {reason}", style="red") for reason, times in found.failures]
    if found.unreachable:
        listed = ", ".join(found.unreachable[:MOST_LINES])
        more = f" and {len(found.unreachable) - MOST_LINES} more" if len(found.unreachable) > MOST_LINES else ""
        lines.append(Text(f"Options that no valid sample has: {listed}{more}. Leave them out.", style="yellow"))
    return lines[: 2 * MOST_LINES]


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
