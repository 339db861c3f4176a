"""A rehearsal before anything is spent: what could fail when the winner is exported fails now.

A few networks, which together hold every option of a person's own cells, go the whole way: built, run, written down,
trained a little and built again from their state, loaded in a clean interpreter, compared, and trained for one step
there.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import search_spaces
from nas.config.reason import reason
from nas.config.recipe import TrainingConfig
from nas.data.dataset import TrainingData
from nas.data.own_metrics import MetricFailed
from nas.errors import InputError
from nas.execution.local import Overtime, at_most
from nas.export.export import Way, ways, write
from nas.export.verify import TOLERANCE, Proof, verify_all
from nas.final.record import Check
from nas.records.joint_space import JointSpace
from nas.training.health import Diverged, cells_of
from nas.training.inference import outputs
from nas.training.loop import Training
from nas.training.rehearsal import few
from nas.training.whole_network import constants_of, wrapped
from search_spaces import decide as deciders
from search_spaces.architecture import KNOWN_CELLS, Architecture
from search_spaces.cells.custom import Custom
from search_spaces.dsl import Repeat
from search_spaces.errors import SpaceError
from search_spaces.network import build
from search_spaces.profile import profile
from search_spaces.tree import cells_within, outcomes, places, walk

EXAMPLES = 4
TRAINED_ON, SECONDS_TO_TRAIN = 8, 5.0  # examples, and how long an epoch on them may take
DRAWS = 8  # for each option, until a network with it can be built
MOST_NETWORKS, SECONDS_TO_BUILD, SECONDS_TO_PROVE = 24, 8.0, 60.0
LARGEST = 100_000_000  # weights of a network that is tried


@dataclass
class _Try:
    """One network on its way."""

    architecture: Architecture
    check: Check
    left: list[Way]
    folder: Path | None = None
    why: str = ""
    raised: str = ""  # by a training of it
    still: str = ""  # an own cell that learned nothing in it, and where it stands


def dry_run(joint: JointSpace, data: TrainingData, say: Callable[[str], None] = lambda text: None) -> int:
    """Takes networks with every option of a person's own cells through all that an export asks; how many they were.

    Spaces without such cells hold nothing that could fail; then it only looks, and gives 0.

    Args:
        say: told of options that fail in training, where others do not: the search goes on without them.

    Raises:
        InputError: names cell, path, what went wrong and how to mend it. Nothing was written.
    """
    known = [cell for cell in cells_within(joint.space.cells) if is_own(cell)]
    for cell in known:
        KNOWN_CELLS.setdefault(type(cell).__name__, type(cell))
    if not known:
        return 0
    with torch.random.fork_rng(devices=[]):
        chosen = list(_covering(joint))
        tries = [_tried(architecture, joint, data) for architecture in chosen]
    with tempfile.TemporaryDirectory(prefix="nas-dry-run-") as folder:
        _prove(tries, joint, data, Path(folder), say)
    return len(tries)


def is_own(cell: Any) -> bool:
    """Whether a cell is not one of the catalogue's: a `Custom`, or a person's own class of cells."""
    if not hasattr(cell, "build"):
        return False
    return isinstance(cell, Custom) or type(cell).__module__.split(".")[0] != search_spaces.__name__


def _covering(joint: JointSpace) -> Iterator[Architecture]:
    """Networks that together hold every option that has to do with a person's own cells."""
    rng, until = random.Random(0), time.monotonic() + SECONDS_TO_BUILD
    seen: set[tuple[str, int]] = set()
    given = 0
    for path, index in [("", 0), *_options(joint)]:
        if (path, index) in seen:
            continue
        if given >= MOST_NETWORKS or (given and time.monotonic() > until):
            return
        found = _with_option(joint, path, index, rng)
        if found is not None and _is_new(found, seen):
            given += 1
            yield found
        if found is not None:
            seen.update(found.decisions.items())


def _is_new(found: Architecture, seen: set[tuple[str, int]]) -> bool:
    own = any(is_own(cell) for cell in cells_within(found.cells))
    return own and not seen.issuperset(found.decisions.items() or {("", 0)})


def _options(joint: JointSpace) -> list[tuple[str, int]]:
    """Every (path, index) inside a person's own cell, or that leads to one."""
    found: dict[tuple[str, int], None] = {}
    for path, options in places(joint.space.cells):
        for index, option in enumerate(options):
            if any(map(is_own, cells_within(option))):
                found[path, index] = None
    for path, cell in walk(joint.space.cells):
        if is_own(cell):
            found.update(
                {(place, index): None for place, options in places(cell, path) for index in range(len(options))}
            )
    return list(found)


def _with_option(joint: JointSpace, path: str, index: int, rng: random.Random) -> Architecture | None:
    """A network with this option; None where none could be drawn that builds.

    Raises:
        InputError: a person's constructor refuses the option however the rest is drawn.
    """
    forced = _leading_to(joint, path, index) if path else {}
    refused: list[str] = []
    smallest: tuple[int, Architecture] | None = None
    for _ in range(DRAWS):
        architecture = joint.space.resolve(deciders.replay(forced, otherwise=deciders.at_random(rng)))
        try:
            size = profile(architecture, joint.task).parameters
        except SpaceError as error:
            refused.append(str(error))
            continue
        if joint.space.obeys(architecture, joint.task):
            return architecture
        if size <= LARGEST and (smallest is None or size < smallest[0]):
            smallest = size, architecture
    if refused and len(refused) == DRAWS and all("Correct its constructor" in text for text in refused):
        raise InputError(refused[-1])
    return smallest[1] if smallest else None


def _leading_to(joint: JointSpace, path: str, index: int) -> dict[str, int]:
    """The decisions by which the place is reached, and the one at it."""
    forced = {path: index}
    for mark in re.finditer(r":(\d+)", path):
        forced[path[: mark.start()]] = int(mark.group(1))
    repeats = {place: node for place, node in walk(joint.space.cells) if isinstance(node, Repeat)}
    for place, node in repeats.items():
        options = getattr(node.times, "options", ())
        if options and path.startswith(f"{place}["):
            forced[f"{place}.times"] = max(range(len(options)), key=lambda one: options[one])
    return forced


def _tried(architecture: Architecture, joint: JointSpace, data: TrainingData) -> _Try:
    """A network built and run, with what an export of it has to reproduce."""
    try:
        if Architecture.from_json(architecture.to_json()) != architecture:
            raise InputError("stored as JSON and read back, it is another one. Do two of its classes have one name?")
        torch.manual_seed(0)
        whole = wrapped(build(architecture, joint.task), constants_of(data)).eval()
        inputs = np.ascontiguousarray(data.train.inputs[:EXAMPLES])
        first, second = outputs(whole, inputs), outputs(whole, inputs)
        if not np.array_equal(first, second, equal_nan=True):
            raise InputError(
                "it gives other outputs each time for the same inputs, in evaluation mode. Where `forward` draws "
                "random numbers or counts calls, do so only `if self.training`."
            )
        _one_alone(whole, inputs)
        check = Check(inputs, np.nan_to_num(first), data.train.targets[:EXAMPLES])
        return _Try(architecture, check, list(ways(architecture, joint.task, whole)))
    except Exception as error:
        raise InputError(_blamed(architecture, reason(error))) from error


def _trained(one: _Try, joint: JointSpace, data: TrainingData) -> tuple[str, str]:
    """Trains the network a little as the search does, builds it again and gives it what was learned.

    Returns:
        Why it cannot be trained, and an own cell that no gradient reaches; empty where there is nothing to say.

    Raises:
        InputError: the network built again computes something else.
    """
    try:
        with torch.random.fork_rng(devices=[]):
            return _trained_and_built_again(one.architecture, joint, data, one.check.inputs)
    except Exception as error:
        raise InputError(_blamed(one.architecture, reason(error))) from error


def _trained_and_built_again(
    architecture: Architecture, joint: JointSpace, data: TrainingData, inputs: np.ndarray
) -> tuple[str, str]:
    torch.manual_seed(0)
    network = build(architecture, joint.task)
    precision = next(value for recipe in outcomes(joint.training) for value in outcomes(recipe.precision))
    examples = few(data, TRAINED_ON)
    training = Training(network, examples, TrainingConfig(precision=precision), epochs=1, seed=0)
    why = ""
    try:
        with at_most(SECONDS_TO_TRAIN):
            training.epoch()
    except Overtime:  # slow, or hung: the search itself has limits for both, and says so of a trial
        return "", ""
    except (Diverged, MetricFailed):  # so few examples teach nothing
        pass
    except Exception as error:
        why = reason(error)
    trained = training.trained_network()
    torch.manual_seed(1)
    again = wrapped(build(architecture, joint.task), training.constants).eval()
    again.load_state_dict(trained.state_dict())
    if not why and not _same(outputs(trained, inputs), outputs(again, inputs)):
        raise InputError(
            "built again and given what it has learned, it computes something else. What a network draws or learns has "
            "to be in its state: tensors as nn.Parameter or by `register_buffer`, modules as attributes or in an "
            "nn.ModuleList, and what counts steps or remembers a first batch in a buffer"
        )
    return why, "" if why else _still(architecture, network, training.gradient_flow)


def _still(architecture: Architecture, network: nn.Module, flow: Mapping[str, float]) -> str:
    """The first of a person's own cells that has weights to learn and got no gradient."""
    for place, (cell, (name, module)) in enumerate(zip(architecture.cells, cells_of(network).items(), strict=False)):
        learns = any(parameter.requires_grad for parameter in module.parameters())
        if learns and is_own(cell) and flow and not flow.get(name):
            return f"{cell!r} at `{architecture.path(place)}`"
    return ""


def _one_alone(whole: nn.Module, inputs: np.ndarray) -> None:
    """Gives the network a single example, which it has to take.

    Raises:
        InputError: it does not.
    """
    try:
        alone = outputs(whole, inputs[:1])
    except Exception as error:
        raise InputError(f"it takes {len(inputs)} examples at once, and not a single one: {reason(error)}") from error
    if len(alone) != 1:
        raise InputError(f"it gives {len(alone)} outputs for a single example")


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two outputs are the same, as near as a proof of an export asks."""
    scale = max(1.0, float(np.nanmax(np.abs(one), initial=0.0)))
    return np.allclose(one, other, rtol=0.0, atol=TOLERANCE * scale, equal_nan=True)


def _prove(tries: list[_Try], joint: JointSpace, data: TrainingData, folder: Path, say: Callable[[str], None]) -> None:
    """Writes and proves every network, in the next way where the first fails, and trains it a little.

    Trained here are only those that have taken a step in the clean interpreter: what crashes, hangs or takes all
    memory does so there, and is left to the limits of the search.
    """
    for turn in (0, 1):
        waiting = [one for one in tries if one.folder is None]
        for place, one in enumerate(waiting):
            one.folder = _written(one, folder / f"{turn}-{place}")
        written = [one for one in waiting if one.folder is not None]
        exports = [(one.folder, one.check) for one in written if one.folder is not None]
        proofs, raised = verify_all(exports, joint.task, steps=True, seconds=SECONDS_TO_PROVE) if exports else ([], [])
        for one, proof, text in zip(written, proofs, raised, strict=True):
            one.raised = one.raised or text or ""
            if text == "":
                one.raised, one.still = _trained(one, joint, data)
            if not isinstance(proof, Proof):
                one.why = one.why or re.sub(r"The export in \S+ ", "as a file it ", proof)
                one.folder = None
                if not one.left:
                    raise InputError(_blamed(one.architecture, one.why))
    failed = [one for one in tries if one.folder is None]
    if failed:
        raise InputError(_blamed(failed[0].architecture, failed[0].why))
    wrong = [one.raised for one in tries if one.raised]
    if wrong and len(wrong) == len(tries):
        raise InputError(_blamed(tries[0].architecture, f"it cannot be trained: {wrong[0]}"))
    if wrong:
        say(f"{len(wrong)} of {len(tries)} networks that were tried first cannot be trained: {wrong[0]}")
    still = [one.still for one in tries if one.still]
    if still:
        say(f"No gradient reaches the weights of {still[0]}: they learn nothing. Is something detached, or in NumPy?")


def _written(one: _Try, folder: Path) -> Path | None:
    """The folder of the network in the first way left that can be written; None where there is no further way.

    Raises:
        InputError: it can be written in no way.
    """
    while one.left:
        way = one.left.pop(0)
        try:
            written = way()
            folder.mkdir(exist_ok=True)
            write(folder, written)
            return folder
        except Exception as error:
            one.why = one.why or reason(error)
    raise InputError(_blamed(one.architecture, one.why))


def _blamed(architecture: Architecture, why: str) -> str:
    """The message, with the own cells of the network and where they stand."""
    names: Mapping[str, None] = {
        f"{cell!r}" + (f" at `{architecture.path(place)}`" if architecture.path(place) else ""): None
        for place, cell in enumerate(architecture.cells)
        if any(map(is_own, cells_within(cell)))
    }
    return (
        f"A network with {', '.join(names) or 'your own cells'} would come to nothing: {why.rstrip('.')}. Correct "
        "that, or leave it out; nothing was written."
    )


__all__ = ["dry_run", "is_own"]
