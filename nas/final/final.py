"""The final: the best few trained in full, the winner chosen on the validation split and read once on the sealed test.

Beside the winner stands the first random candidate, trained for as many epochs: what the search was worth. A final
always has a winner: a training that is cut off counts with what it has reached, and where all fail, the weights of the
search's own best training are there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.driver import time_account
from nas.driver.clock import LONGER
from nas.driver.driver import Driver
from nas.driver.events import Observer
from nas.driver.interrupt import interruptible
from nas.errors import SearchFailed
from nas.execution.executor import Executor, FullTrainings
from nas.execution.full_training import Failed, FullTraining, Trained
from nas.execution.placement import full_training_gpus
from nas.final.record import CHECK, Check, write_record
from nas.final.schedule import FinalConfig, Schedule
from nas.journal.directory import FINAL
from nas.journal.journal import Journal, JournalError
from nas.records.job import EpochReport
from nas.records.problem import Problem
from nas.records.results import Finalist, FinalResult
from nas.records.trial import Trial
from nas.training.inference import outputs as predicted
from nas.training.score import score
from nas.training.storage import load
from nas.training.whole_network import constants_of, whole_network

log = logging.getLogger("nas")
CHECKED_EXAMPLES = 2_048
SEEDS = 3  # trainings of each finalist where time is left over
EXPORT_SECONDS = 6.0  # that the proof in a fresh interpreter takes
GIVEN = "given"  # source of a trial that the person named
OnEpoch = Callable[[Trial, EpochReport], None]


def final_phase(
    driver: Driver, problem: Problem, config: SearchConfig, executor: Executor, observer: Observer
) -> FinalResult:
    """The final of a search. An interrupted search trains its best candidate only, as long as before.

    The first Ctrl-C in the final ends it after the epoch in training. Its time is charged, whatever becomes of it.

    Raises:
        SearchFailed: not one candidate could be trained, now or in the search.
    """
    dataset, journal = problem.dataset, driver.journal
    assert dataset is not None  # noqa: S101 - for the type checker
    ranked, interrupted = driver.contenders(), driver.ended == "interrupted"
    timed = math.isfinite(driver.clock.left())
    plan = (
        FinalConfig(top=1, epochs=driver.epochs)
        if interrupted
        else FinalConfig(epochs=LONGER * driver.epochs, least_epochs=driver.epochs, seeds=SEEDS if timed else 1)
    )
    first = None if interrupted else _first_random(journal.trials)
    observer.final_started(ranked[: plan.top])
    began, asked = time.monotonic(), threading.Event()
    trainings = executor.train_in_full(problem.placement, plan.top, _for_training(driver.clock.left()))
    gpus = min(trainings.slots, plan.top + 1) * full_training_gpus(problem.placement)

    def seconds_left() -> float:
        spent = time.monotonic() - began
        return min(_for_training(driver.clock.left()), _seconds_of_gpus(driver, gpus, spent))

    try:
        with contextlib.nullcontext() if interrupted else interruptible(asked.set):
            result = run_final(
                dataset,
                ranked,
                first,
                journal.directory / FINAL,
                plan,
                trainings,
                tried=len(journal),
                device=problem.placement.device,
                kept=driver.weights_of(ranked[0].number),
                seconds_left=seconds_left,
                stopped=asked.is_set,
                on_epoch=observer.final_epoch_ended,
            )
    finally:
        journal.spend(time_account.FINAL, time.monotonic() - began)
    _note_test_scores(journal, result)
    observer.final_ended(result)
    return result


def run_final(
    dataset: Dataset,
    trials: Sequence[Trial],
    first: Trial | None,
    directory: Path,
    config: FinalConfig,
    trainings: FullTrainings,
    *,
    tried: int = 0,
    device: str = "cpu",
    kept: str = "",
    seconds_left: Callable[[], float] = lambda: math.inf,
    stopped: Callable[[], bool] = lambda: False,
    on_epoch: OnEpoch = lambda trial, report: None,
) -> FinalResult:
    """Trains `trials` (best first) and `first`, opens the test split once, and keeps weights under `directory`.

    Every training is planned with as many epochs as fit, so that its schedule ends in time, see `Schedule`.

    Args:
        first: the first random trial; None for none.
        directory: where weights and `final.json` go.
        trainings: where trainings run.
        tried: trials of the search, for the record.
        kept: where the weights of the best trial lie that its training in the search left; "" for nowhere.

    Raises:
        SearchFailed: not one of them could be trained, and there is nothing to fall back on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    fallback = _from_search(trials[0], kept, directory)
    schedule = Schedule(
        trials,
        first,
        config,
        folder=directory,
        device=device,
        slots=trainings.slots,
        seconds_left=seconds_left,
        stopped=stopped,
        fallback=fallback is not None,
    )
    runs: list[Finalist] = []
    why = "Give the search more time."
    for job, step in trainings.train(schedule.next, stopped):
        trial = schedule.trials[job.number]
        if isinstance(step, EpochReport):
            on_epoch(trial, step)
            continue
        if isinstance(step, Failed):
            why = f"The last error: {step.error}"
            log.warning("Trial %d failed in the final: %s", job.number, step.error)
        trained = step if isinstance(step, Trained) else Trained.saved(job.weights)
        if trained is not None:
            runs.append(_finalist(trial, job, trained, directory))
            schedule.has_result()
        Path(job.weights).unlink(missing_ok=True)
    by_number = _by_trial(runs)
    finalists = [by_number[trial.number] for trial in schedule.best if trial.number in by_number]
    finalists.sort(key=lambda finalist: -finalist.validation_score)
    if fallback is not None and _is_better(fallback, finalists):
        finalists = [fallback, *(one for one in finalists if one.trial.number != fallback.trial.number)]
    if not finalists:
        raise SearchFailed(f"Not one of the best candidates could be trained in the final. {why}")
    here = device if torch.cuda.is_available() else "cpu"  # workers may have GPUs where the driver has none
    result = _tested(dataset, finalists, by_number.get(first.number) if first else None, directory, here)
    write_record(dataset, result, tried, directory)
    return result


def _from_search(trial: Trial, kept: str, directory: Path) -> Finalist | None:
    """The best trial with the weights that the search kept of it; None where there are none."""
    try:
        state = load(kept) if kept else None
        if state is None:
            return None
        path = directory / f"{trial.number:04d}-search.pt"
        _write(state["weights"], path)
        scores = (*trial.scores[: int(state["epochs"]) - 1], float(state["score"]))
        return Finalist(trial, scores[-1], scores, trial.seed, trial.seconds, path)
    except Exception as error:  # torn, or of another version: the final has to do without
        log.warning("The weights that the search kept cannot be used: %s", error)
        return None


def _is_better(fallback: Finalist, finalists: Sequence[Finalist]) -> bool:
    """Whether the search's own training is ahead of full trainings that were cut off before they were as long."""
    return all(
        one.epochs < fallback.epochs and one.validation_score < fallback.validation_score for one in finalists
    )  # fmt: skip


def _finalist(trial: Trial, job: FullTraining, trained: Trained, directory: Path) -> Finalist:
    """The training as a finalist, its weights on disk."""
    path = directory / f"{job.number:04d}-{job.turn}.pt"
    _write(trained.weights, path)
    scores = trained.scores
    return Finalist(trial, scores[-1], scores, job.seed, trained.seconds, path, dict(trained.gradient_flow))


def _write(weights: object, path: Path) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(weights, part)
    os.replace(part, path)


def _by_trial(runs: Sequence[Finalist]) -> dict[int, Finalist]:
    """For each trial its best training, with the mean validation score of all of them."""
    found: dict[int, Finalist] = {}
    for number in dict.fromkeys(run.trial.number for run in runs):
        same = [run for run in runs if run.trial.number == number]
        found[number] = dataclasses.replace(
            max(same, key=lambda run: run.validation_score),
            validation_score=float(np.mean([run.validation_score for run in same])),
            seconds=sum(run.seconds for run in same),
        )
    return found


def _tested(
    dataset: Dataset, finalists: Sequence[Finalist], first: Finalist | None, directory: Path, device: str
) -> FinalResult:
    """The one place where the sealed test split is opened."""
    test = dataset.test.open()
    winner = finalists[0]
    outputs = _outputs(dataset, winner, test.inputs, device)
    winner = _with_test_score(winner, score(dataset.task, outputs, test.targets))
    rows = slice(0, CHECKED_EXAMPLES)
    if device != "cpu":  # an export is proved on the CPU, to more digits than a GPU's fast formats keep
        outputs = _outputs(dataset, winner, test.inputs[rows], "cpu")
    Check(test.inputs[rows], outputs[rows], test.targets[rows]).save(directory / CHECK)
    if first is not None and first.trial.number == winner.trial.number:
        first = winner
    elif first is not None:
        outputs = _outputs(dataset, first, test.inputs, device)
        first = _with_test_score(first, score(dataset.task, outputs, test.targets))
    others = (first if first and first.weights == one.weights else one for one in finalists[1:])
    return FinalResult((winner, *others), first)


def _outputs(dataset: Dataset, finalist: Finalist, inputs: np.ndarray, device: str) -> np.ndarray:
    state = torch.load(finalist.weights, weights_only=True)
    network = whole_network(finalist.trial.architecture, dataset.task, constants_of(dataset.search), state)
    return predicted(network, inputs, device=device)


def _with_test_score(finalist: Finalist, value: float) -> Finalist:
    return dataclasses.replace(finalist, trial=dataclasses.replace(finalist.trial, test_score=value))


def _note_test_scores(journal: Journal, final: FinalResult) -> None:
    """Those of this final only: an earlier one, before a resume, may have had another winner."""
    tested = {one.trial.number: one.test_score for one in (final.first_random, final.winner) if one is not None}
    earlier = {trial.number: None for trial in journal.trials if trial.test_score is not None}
    for number, value in {**earlier, **tested}.items():
        with contextlib.suppress(JournalError):
            journal.change(number, test_score=value)


def _first_random(trials: Sequence[Trial]) -> Trial | None:
    """The first random candidate that could be trained: what no search at all would have given."""
    return next((one for one in trials if one.usable and one.source != GIVEN), None)


def _for_training(seconds: float) -> float:
    """What of the time left is for trainings; the rest is the export's."""
    return seconds - EXPORT_SECONDS


def _seconds_of_gpus(driver: Driver, gpus: float, so_far: float) -> float:
    """Seconds for which the final may go on to hold so many GPUs, after `so_far`; infinite where it holds none."""
    if not gpus:
        return math.inf
    held = gpus * (driver.journal.spent.get(time_account.FINAL, 0.0) + so_far)
    return driver.clock.gpu_seconds_left(driver.journal.totals.gpu_seconds + held, final=True) / gpus
