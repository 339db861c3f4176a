"""Networks of our own spaces trained for real, and written down: a benchmark to learn rankings from.

Which networks a pair of space and data gets follows from the seed alone. What is there is not trained again, so that a
recording goes on where it was stopped. Pairs take turns, so that one that is stopped holds a part of each.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import multiprocessing
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.benchmark.recording import Recording, Row, costs, read, write
from nas.config.recipe import TrainingConfig
from nas.data import load
from nas.data.dataset import Split, TrainingData
from nas.errors import InputError, whole
from nas.training.health import Diverged
from nas.training.loop import begin
from search_spaces.catalog import load_space
from search_spaces.errors import SpaceError
from search_spaces.profile import profile

AGAIN = 10  # one network in so many is trained with a second seed: how much of a score is luck
WRITE_EVERY = 5.0  # seconds
DRAWS = 100  # for a network within the limit


@dataclass(frozen=True)
class Plan:
    """What is recorded.

    Args:
        networks: of each pair of space and data, at least 1.
        epochs: of each training, at least 1.
        examples: to train on, at most; a sixth as many validate, at least 500 where there are.
        seed: of the draws.
        most_macs: multiply-adds of a network, at most; 0 is no limit.
        device: `cpu` or `cuda`.
    """

    networks: int = 250
    epochs: int = 6
    examples: int = 1500
    seed: int = 0
    most_macs: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        whole("networks", self.networks, 1)
        whole("epochs", self.epochs, 1)
        whole("examples", self.examples, 50)


@dataclass(frozen=True)
class Pair:
    """A space, and data for its networks.

    Args:
        space: name in the catalogue, or `module:attribute`.
        data: what `nas.data.load` reads.
        name: of the data in the benchmark.
        target: the column to predict, where a file has several; "" where the data says it.
    """

    space: str
    data: str
    name: str
    target: str = ""


@dataclass(frozen=True)
class Wanted:
    """One training to make."""

    pair: Pair
    number: int
    seed: int
    plan: Plan


def record(
    pairs: Sequence[Pair],
    plan: Plan,
    directory: Path,
    *,
    workers: int = 1,
    seconds: float = float("inf"),
    said: Callable[[int, int], None] = lambda done, all_: None,
) -> tuple[Recording, ...]:
    """Trains what is missing, and gives all recordings of the pairs.

    Args:
        workers: processes, one thread each.
        seconds: nothing new begins after so many.
        said: is told how many trainings of how many are there, after each.

    Raises:
        InputError: data that cannot be read, or a space that cannot take it, before anything is trained.
    """
    began = time.monotonic()
    there = {one.name: one for one in read(directory)}
    recordings = {pair: _begun(pair, plan, there) for pair in pairs}
    known = {(pair, row.number, row.seed) for pair, one in recordings.items() for row in one.rows}
    every = list(_all(pairs, plan))
    missing = iter([one for one in every if (one.pair, one.number, one.seed) not in known])
    done = sum((one.pair, one.number, one.seed) in known for one in every)
    fresh: dict[Pair, list[Row]] = {}
    written = time.monotonic()
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    running: dict[Future[Row], Pair] = {}
    try:
        while True:
            for wanted in itertools.islice(missing, max(0, 2 * workers - len(running))):
                running[pool.submit(trained, wanted)] = wanted.pair
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                fresh.setdefault(running.pop(future), []).append(future.result())
                done += 1
                said(done, len(every))
            late = time.monotonic() - began > seconds
            if late or time.monotonic() - written > WRITE_EVERY:
                _write(directory, recordings, fresh)
                written = time.monotonic()
            if late:
                break
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        _write(directory, recordings, fresh)
        for process in multiprocessing.active_children():  # what they still train is not waited for
            process.terminate()
    return tuple(recordings[pair] for pair in pairs)


def name_of(source: str) -> str:
    """What a data set is called in the benchmark: the name of its file without endings, in plain characters."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", Path(source).name.partition(".")[0]) or "data"


def trained(wanted: Wanted) -> Row:
    """One network, drawn and trained."""
    pair, plan = wanted.pair, wanted.plan
    data = _data(pair.data, pair.target, plan.examples)
    space = _space(pair.space)
    rng = random.Random(f"{plan.seed}/{pair.space}/{pair.name}/{wanted.number}")
    for _ in range(DRAWS):
        architecture = space.sample(rng, data.task)
        facts = profile(architecture, data.task)
        if not plan.most_macs or facts.macs <= plan.most_macs:
            break
    began, scores, error = time.monotonic(), [], ""
    try:
        training = begin(architecture, data, TrainingConfig(), epochs=plan.epochs, seed=wanted.seed, device=plan.device)
        while not training.finished:
            scores.append(training.epoch().score)
    except (Diverged, SpaceError, RuntimeError) as raised:
        scores, error = [], f"{type(raised).__name__}: {raised}".splitlines()[0][:200]
    spent = time.monotonic() - began
    return Row(wanted.number, wanted.seed, dict(architecture.decisions), tuple(scores), spent, costs(facts), error)


def _all(pairs: Sequence[Pair], plan: Plan) -> Iterator[Wanted]:
    for number in range(plan.networks):
        for pair in pairs:
            yield Wanted(pair, number, 0, plan)
            if number % AGAIN == 0:
                yield Wanted(pair, number, 1, plan)


def _begun(pair: Pair, plan: Plan, there: dict[str, Recording]) -> Recording:
    data = _data(pair.data, pair.target, plan.examples)
    fresh = Recording(pair.space, pair.name, data.task, len(data.train))
    known = there.get(fresh.name, fresh)
    if (known.task, known.examples) != (fresh.task, fresh.examples):
        raise InputError(
            f"{fresh.name} is recorded already, on {known.examples} examples of {known.task}; now it would be "
            f"{fresh.examples} of {fresh.task}. Give the data another name, or record into another folder."
        )
    profile(_space(pair.space).sample(random.Random(plan.seed), data.task), data.task)
    return known


def _write(directory: Path, recordings: dict[Pair, Recording], fresh: dict[Pair, list[Row]]) -> None:
    for pair, rows in fresh.items():
        recordings[pair] = recordings[pair].with_rows(rows)
        write(directory, recordings[pair])
    fresh.clear()


@functools.lru_cache(maxsize=32)
def _data(source: str, target: str, examples: int) -> TrainingData:
    found = load(source, target=target).search if target else load(source).search
    validate = max(500, examples // 6)
    train, validation = _part(found.train, examples), _part(found.validation, validate)
    return dataclasses.replace(found, train=train, validation=validation, crossed=False)


def _part(split: Split, most: int) -> Split:
    if len(split) <= most:
        return split
    rows = np.sort(np.random.default_rng(0).permutation(len(split))[:most])
    return Split(split.inputs[rows], split.targets[rows])


_space = functools.lru_cache(maxsize=32)(load_space)


def _begin_worker() -> None:
    """One thread of torch; and a worker ends with the process that began it, however that ended."""
    import torch

    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
