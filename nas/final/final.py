"""The final: the best few trained in full, the winner trained once more on all of the data, and read once on the test.

The winner is chosen by its score on the validation split. Then it is trained again on the training and the validation
split together, on all cores, for as long as there is time. Beside it stand what a person would have taken without a
search, and the first random candidate. A final always has a winner: a training that is cut off counts with what it has
reached, and where all fail, the weights of the search's own best training are there.
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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nas.baselines import chosen
from nas.baselines.examples import joined
from nas.baselines.within import Lot, train_within
from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.driver import time_account
from nas.driver.clock import FULL_EPOCHS, LONGER
from nas.driver.driver import Driver
from nas.driver.events import Observer
from nas.driver.interrupt import interruptible
from nas.errors import SearchFailed
from nas.execution.executor import Executor, FullTrainings
from nas.execution.full_training import Failed, FullTraining, Trained
from nas.execution.local import in_this_process
from nas.execution.placement import full_training_gpus
from nas.final.record import CHECK, Check, write_record
from nas.final.schedule import FinalConfig, Schedule, stretch
from nas.final.verdict import Rival, standing
from nas.journal.directory import FINAL
from nas.journal.journal import Journal, JournalError
from nas.records.job import EpochReport
from nas.records.problem import Problem
from nas.records.results import BaselineResult, Finalist, FinalResult
from nas.records.trial import Trial
from nas.strategies.strategy import GIVEN, KNOWN
from nas.training.inference import outputs as predicted
from nas.training.machine import cpus
from nas.training.score import score
from nas.training.storage import load
from nas.training.timing import fastest_threads
from nas.training.whole_network import constants_of, whole_network

log = logging.getLogger("nas")
CHECKED_EXAMPLES = 2_048
EXPORT_SECONDS = 6.0  # that the proof in a fresh interpreter takes
SELECTION_SHARE = 0.4  # of the final, for choosing among the finalists; the rest trains the winner on all of the data
BASELINES_SHARE = 0.1  # of the whole budget, for what would have been taken without a search
LEAST_FOR_BASELINES = 2.0  # seconds
NO_BASELINES = Lot(())
BASELINES_UNTIMED = 60.0  # seconds for them where the budget has no limit on time
OnEpoch = Callable[[Trial, EpochReport], None]


@dataclass(frozen=True)
class Refit:
    """How the winner is trained once more on all of the data.

    Args:
        trainings: where.
        most_epochs: of it.
        speed_up: seconds of its epochs in the search to those here, where it has more threads.
        device: `cpu` or `cuda`.
    """

    trainings: FullTrainings
    most_epochs: int = FULL_EPOCHS
    speed_up: float = 1.0


def final_phase(
    driver: Driver, problem: Problem, config: SearchConfig, executor: Executor, observer: Observer
) -> FinalResult:
    """The final of a search. An interrupted search is not trained on: its best network is the one that it has.

    The first Ctrl-C in the final ends it after the epoch in training. Its time is charged, whatever becomes of it.

    Raises:
        SearchFailed: not one candidate could be trained, now or in the search.
    """
    dataset, journal = problem.dataset, driver.journal
    assert dataset is not None  # noqa: S101 - for the type checker
    ranked, interrupted = driver.contenders(), driver.ended == "interrupted"
    subset = ranked[0].recipe.fidelity.subset
    short = max(1, round(driver.epochs * subset))  # epochs on all examples that cost as much as a short training
    plan = (
        FinalConfig(top=1, epochs=driver.epochs)
        if interrupted
        else FinalConfig(epochs=LONGER * short, least_epochs=short)
    )
    first = None if interrupted else _first_random(journal.trials)
    observer.final_started(ranked[: plan.top])
    began, asked = time.monotonic(), threading.Event()
    threads = int(config.cpus_per_trial)

    def seconds_left() -> float:
        spent = time.monotonic() - began
        return min(driver.clock.left() - EXPORT_SECONDS, _seconds_of_gpus(driver, gpus, spent))

    trainings = executor.train_in_full(problem.placement, plan.top, driver.clock.left() - EXPORT_SECONDS, threads)
    gpus = min(trainings.slots, plan.top + 1) * full_training_gpus(problem.placement)
    try:
        with contextlib.nullcontext() if interrupted else interruptible(asked.set):
            lot = Lot(()) if interrupted else _baselines(dataset, config, seconds_left(), asked.is_set)
            result = run_final(
                dataset,
                ranked,
                first,
                journal.directory / FINAL,
                plan,
                trainings,
                refit=None if interrupted else _refit(problem, config, executor, ranked[0], seconds_left()),
                baselines=lot,
                tried=len(journal),
                device=problem.placement.device,
                kept=driver.weights_of(ranked[0].number),
                seconds_left=seconds_left,
                stopped=(lambda: True) if interrupted else asked.is_set,
                on_epoch=observer.final_epoch_ended,
            )
    finally:
        journal.spend(time_account.FINAL, time.monotonic() - began)
    _note_test_scores(journal, result)
    observer.final_ended(result)
    return result


def _refit(problem: Problem, config: SearchConfig, executor: Executor, best: Trial, seconds: float) -> Refit | None:
    """Where the winner is trained on all of the data: on a GPU, or here with as many threads as help it.

    None where time is not limited: then a search is told to stop by its trials, and is reproducible without it.
    """
    if not math.isfinite(seconds):
        return None
    if problem.placement.device != "cpu":
        return Refit(executor.train_in_full(problem.placement, 1, seconds, 1))
    assert problem.dataset is not None  # noqa: S101 - for the type checker
    batch = best.recipe.batch_for(len(problem.dataset.search.train))
    most = cpus() if config.ray_address is None else int(config.cpus_per_trial)
    threads, faster = fastest_threads(best.architecture, problem.dataset.task, batch, most)
    return Refit(in_this_process(threads), speed_up=faster)


def _baselines(dataset: Dataset, config: SearchConfig, seconds: float, stopped: Callable[[], bool]) -> Lot:
    """What a person would have taken, trained within a tenth of the budget."""
    names = chosen(config.baselines, dataset.task)
    whole = config.budget.seconds
    time_for = BASELINES_UNTIMED if whole is None else min(BASELINES_SHARE * whole, seconds / 4)
    if not names or stopped():
        return Lot(())
    if time_for < LEAST_FOR_BASELINES:
        return Lot((), dict.fromkeys(names, "the budget is too small for baselines"))
    return train_within(names, dataset.search, time_for, config.seed)


def run_final(
    dataset: Dataset,
    trials: Sequence[Trial],
    first: Trial | None,
    directory: Path,
    config: FinalConfig,
    trainings: FullTrainings,
    *,
    refit: Refit | None = None,
    baselines: Lot = NO_BASELINES,
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
        trainings: where the finalists are trained.
        refit: how the winner is trained once more on all of the data; None for not at all.
        baselines: to be compared with.
        tried: trials of the search, for the record.
        kept: where the weights of the best trial lie that its training in the search left; "" for nowhere.

    Raises:
        SearchFailed: not one of them could be trained, and there is nothing to fall back on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    fallback = _from_search(trials[0], kept, directory)
    share = SELECTION_SHARE if refit else 1.0
    end_of_selection = time.monotonic() + share * seconds_left()

    def for_selection() -> float:
        return end_of_selection - time.monotonic() if refit else seconds_left()

    schedule = Schedule(
        trials,
        first,
        config,
        folder=directory,
        device=device,
        slots=trainings.slots,
        seconds_left=for_selection,
        stopped=stopped,
        stretch=stretch(trials[0].recipe.fidelity.subset, len(dataset.search.train), len(dataset.search.validation)),
        fallback=fallback is not None,
    )
    runs: list[Finalist] = []
    why = "Give the search more time."
    for job, step in trainings.train(schedule.next, dataset.search, stopped):
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
    if refit is not None and not stopped():
        again = _refitted(dataset, finalists[0], refit, directory, device, seconds_left(), stopped, on_epoch)
        finalists = [again or finalists[0], *finalists[1:]]
    here = device if torch.cuda.is_available() else "cpu"  # workers may have GPUs where the driver has none
    random_one = by_number.get(first.number) if first else None
    result = _tested(dataset, finalists, random_one, baselines, directory, here)
    write_record(dataset, result, tried, directory)
    return result


def _refitted(
    dataset: Dataset,
    winner: Finalist,
    refit: Refit,
    directory: Path,
    device: str,
    seconds: float,
    stopped: Callable[[], bool],
    on_epoch: OnEpoch,
) -> Finalist | None:
    """The winner trained on the training and the validation split; None where that came to less than it was.

    It has now seen the examples that it is scored on, so it has to score at least as well on them as it did unseen.
    """
    data, trial = dataset.search, winner.trial
    if not trial.scores:
        return None
    examples, validation = len(data.train), len(data.validation)
    longer = (examples + validation) / examples * stretch(trial.recipe.fidelity.subset, examples, validation)
    each = longer * trial.seconds / len(trial.scores) / refit.speed_up
    epochs = min(refit.most_epochs, int(seconds / max(each, 1e-9)))
    if epochs < 1:
        return None
    job = FullTraining(
        number=trial.number,
        turn=0,
        architecture=trial.architecture,
        recipe=trial.recipe,
        epochs=epochs,
        seed=trial.seed,
        deadline=time.time() + seconds,
        device=device,
        weights=str(directory / f"{trial.number:04d}-refit-unfinished.pt"),
        most_epochs=refit.most_epochs,
    )
    waiting = [job]
    everything = dataclasses.replace(data, train=joined(data))
    trained: Trained | None = None
    for _, step in refit.trainings.train(lambda: waiting.pop() if waiting else None, everything, stopped):
        if isinstance(step, EpochReport):
            on_epoch(trial, step)
        else:
            trained = step if isinstance(step, Trained) else Trained.saved(job.weights)
    Path(job.weights).unlink(missing_ok=True)
    if trained is None or not trained.scores[-1] >= winner.validation_score:
        return None
    path = directory / f"{trial.number:04d}-refit.pt"
    _write(trained.weights, path)
    return dataclasses.replace(
        winner,
        scores=trained.scores,
        seconds=winner.seconds + trained.seconds,
        weights=path,
        gradient_flow=dict(trained.gradient_flow),
        refitted=True,
    )


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
    dataset: Dataset,
    finalists: Sequence[Finalist],
    first: Finalist | None,
    baselines: Lot,
    directory: Path,
    device: str,
) -> FinalResult:
    """The one place where the sealed test split is opened."""
    test, task = dataset.test.open(), dataset.task
    winner = finalists[0]
    outputs = _outputs(dataset, winner, test.inputs, device)
    winner = _with_test_score(winner, score(task, outputs, test.targets))
    rows = slice(0, CHECKED_EXAMPLES)
    checked = outputs if device == "cpu" else _outputs(dataset, winner, test.inputs[rows], "cpu")
    Check(test.inputs[rows], checked[rows], test.targets[rows]).save(directory / CHECK)  # exports are proved on the CPU
    rival = None
    if first is not None and first.trial.number == winner.trial.number:
        first = winner
    elif first is not None:
        others = _outputs(dataset, first, test.inputs, device)
        first = _with_test_score(first, score(task, others, test.targets))
        rival = Rival("the first random candidate", first.validation_score, others)
    rivals = [Rival(one.label, one.validation_score, one.predict(test.inputs)) for one in baselines.fitted]
    measured = tuple(
        BaselineResult(
            one.name, one.label, one.validation_score, score(task, found.outputs, test.targets), one.seconds, one.note
        )
        for one, found in zip(baselines.fitted, rivals, strict=True)
    )
    found = standing(task, outputs, test.targets, rivals, rival)
    rest = (first if first and first.weights == one.weights else one for one in finalists[1:])
    return FinalResult((winner, *rest), first, measured, baselines.left_out, found)


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
    return next(
        (one for one in trials if one.usable and one.source != GIVEN and not one.source.startswith(KNOWN)), None
    )


def _seconds_of_gpus(driver: Driver, gpus: float, so_far: float) -> float:
    """Seconds for which the final may go on to hold so many GPUs, after `so_far`; infinite where it holds none."""
    if not gpus:
        return math.inf
    held = gpus * (driver.journal.spent.get(time_account.FINAL, 0.0) + so_far)
    return driver.clock.gpu_seconds_left(driver.journal.totals.gpu_seconds + held, final=True) / gpus
