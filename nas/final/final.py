"""The final: the best few trained in full, the winner trained once more on all of the data, and read once on the test.

The winner is chosen by its score on the validation split. Then it is trained for longer on all cores, as long as that
helps it, and last on the training and the validation split together. Beside it stand what a person would have taken
without a search, and the first random candidate. A final always has a winner: a training that is cut off counts with
what it has reached, and where all fail, the weights of the search's own best training are there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from nas.baselines import chosen
from nas.baselines.within import AT_ONCE, Lot, train_within
from nas.config.final_time import FINALISTS, LONGER
from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.driver import time_account
from nas.driver.driver import Driver
from nas.driver.events import Observer
from nas.driver.interrupt import interruptible
from nas.errors import SearchFailed
from nas.execution.executor import Executor, FullTrainings
from nas.execution.full_training import Failed, Trained
from nas.execution.placement import full_training_gpus
from nas.final.choice import best_first
from nas.final.entrants import entrants, selection, selection_share
from nas.final.finalists import by_trial, finalist, from_search, is_better
from nas.final.further_members import further_members
from nas.final.record import write_record
from nas.final.refit import LastTrainings, OnEpoch, Refit, last_training, refit_for
from nas.final.schedule import FinalConfig, Schedule, stretch
from nas.final.sealed_test import CHECKED_EXAMPLES, tested
from nas.final.within_latency import within_latency
from nas.journal.directory import FINAL
from nas.journal.journal import Journal, JournalError
from nas.records.job import EpochReport
from nas.records.problem import Problem
from nas.records.results import Finalist, FinalResult
from nas.records.trial import Trial
from nas.strategies.strategy import GIVEN, KNOWN
from nas.training.augmentation import changes
from nas.training.epoch_clock import VALIDATION_COST

log = logging.getLogger("nas")
EXPORT_SECONDS = 8.0  # that the proof in a fresh interpreter takes, without its predictions
SOON_LEARNT = 33  # epochs that the last training has where no example is ever changed: more learns them by heart
MEMBERS = 5  # networks at most whose mean is the winner, where time is left
PROVED = 3  # times that it predicts the check's examples
BASELINES_SHARE = 0.1  # of the whole budget, for what would have been taken without a search
BASELINES_HURRIED = 0.04  # where the winner's last training lacks the time
LEAST_FOR_BASELINES = 2.0  # seconds
TIMED_EXAMPLES = 256  # that baselines predict to be timed
NO_BASELINES = Lot(())
BASELINES_UNTIMED = 60.0  # seconds for them where the budget has no limit on time


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
    ranked = within_latency(driver.contenders(), config, dataset.task, observer.message)
    interrupted = driver.ended == "interrupted"
    best, first = ranked[0], None if interrupted else _first_random(journal.trials)
    began, asked = time.monotonic(), threading.Event()
    closing = EXPORT_SECONDS if config.export else 0.0
    trainings = executor.train_in_full(
        problem.placement, FINALISTS, driver.clock.left() - closing, int(config.cpus_per_trial)
    )
    gpus = min(trainings.slots, FINALISTS + 1) * full_training_gpus(problem.placement)

    def stopped() -> bool:
        return asked.is_set() or driver.told_to_stop()

    def seconds_left() -> float:
        spent = time.monotonic() - began
        return min(driver.clock.left() - closing, _seconds_of_gpus(driver, gpus, spent))

    try:
        with contextlib.nullcontext() if interrupted else interruptible(asked.set):
            lot, refit = Lot(()), None
            trials, plan = [best], FinalConfig(top=1, epochs=driver.epochs)
            if not interrupted:
                if seconds_left() > _seconds_of_epoch(dataset, best):
                    refit = refit_for(problem, config, executor, best, seconds_left())
                last = _seconds_of_last(dataset, ranked, refit) if refit else 0.0
                hurried = last > seconds_left()
                lot = _baselines(dataset, config, seconds_left(), stopped, hurried)
                closing += _seconds_of_test(dataset, lot, best)
                trials, plan = _selection(dataset, ranked, driver.epochs, refit, last, trainings.slots, seconds_left())
                if refit and config.averages:
                    each = _seconds_of_test(dataset, NO_BASELINES, best)
                    refit = dataclasses.replace(refit, members=MEMBERS, predicting=each)
                if refit and len(trials) % trainings.slots == 0:
                    first = None  # no slot is free for it
            observer.final_started(trials)
            result = run_final(
                dataset,
                trials,
                first,
                journal.directory / FINAL,
                plan,
                trainings,
                refit=refit,
                baselines=lot,
                tried=len(journal),
                device=problem.placement.device,
                kept=(best, driver.weights_of(best.number)),
                seconds_left=seconds_left,
                stopped=lambda: interrupted or stopped(),
                on_epoch=observer.final_epoch_ended,
            )
    except SearchFailed as error:
        raise driver.why_no_winner(error) from None
    finally:
        journal.spend(time_account.FINAL, time.monotonic() - began)
    _note_test_scores(journal, result)
    observer.final_ended(result)
    return result


def _seconds_of_test(dataset: Dataset, lot: Lot, best: Trial) -> float:
    """What scoring the winner and the baselines on the test split should take, and the proof's predictions."""
    few = dataset.search.validation.inputs[:TIMED_EXAMPLES]
    began = time.monotonic()
    for one in lot.fitted:
        one.predict(few)
    baselines = (time.monotonic() - began) / max(1, len(few))
    seen = len(best.scores) * (best.recipe.fidelity.subset * len(dataset.search.train) + len(few))
    each = VALIDATION_COST * best.seconds / max(1, seen)
    return len(dataset.test) * (baselines + each) + PROVED * min(len(dataset.test), CHECKED_EXAMPLES) * each


def _seconds_of_epoch(dataset: Dataset, trial: Trial) -> float:
    """Of a trial's epoch on the whole training split, on one slot."""
    longer = stretch(trial.recipe.fidelity.subset, dataset.search)
    return longer * trial.seconds / max(1, len(trial.scores))


def _seconds_of_last_epoch(dataset: Dataset, trial: Trial, refit: Refit) -> float:
    """Of an epoch of a trial's last training, on the training and the validation split."""
    examples = len(dataset.search.train)
    grown = (examples + len(dataset.search.validation)) / examples
    return grown * _seconds_of_epoch(dataset, trial) / refit.speed_up


def _seconds_of_last(dataset: Dataset, ranked: Sequence[Trial], refit: Refit) -> float:
    """What the last training takes where time is no matter: of the best trial or the best known design."""
    known = (trial for trial in ranked if trial.source.startswith(KNOWN))
    likely = [ranked[0], next(known, ranked[0])]
    epochs = refit.most_epochs if _augmented(dataset, ranked[0]) else min(SOON_LEARNT, refit.most_epochs)
    return epochs * max(_seconds_of_last_epoch(dataset, trial, refit) for trial in likely)


def _augmented(dataset: Dataset, trial: Trial) -> bool:
    recipe = trial.recipe
    return recipe.augment is not None or changes(recipe.augmentations, dataset.task.input_shape)


def _selection(
    dataset: Dataset,
    ranked: Sequence[Trial],
    epochs: int,
    refit: Refit | None,
    last: float,
    slots: int,
    seconds: float,
) -> tuple[list[Trial], FinalConfig]:
    """Who is compared in the final, and for how many epochs each.

    Args:
        epochs: of a training in the search. last: seconds of the last training where time is no matter.
    """
    if refit is None:
        return entrants(ranked, lambda trial: math.inf), FinalConfig(epochs=LONGER * epochs, least_epochs=epochs)
    share = selection_share(seconds, last)
    rest = (1 - share) * seconds
    chosen = entrants(ranked, lambda trial: rest / max(_seconds_of_last_epoch(dataset, trial, refit), 1e-9))
    per_epoch = functools.partial(_seconds_of_epoch, dataset)
    few, plan = selection(chosen, share * seconds, slots, LONGER * epochs, per_epoch)
    return few, dataclasses.replace(plan, share=share)


def _baselines(
    dataset: Dataset, config: SearchConfig, seconds: float, stopped: Callable[[], bool], hurried: bool
) -> Lot:
    """What a person would have taken, trained within a tenth of the budget; in less where the winner lacks the time."""
    names = chosen(config.baselines, dataset.task)
    whole = config.budget.seconds
    share = BASELINES_HURRIED if hurried else BASELINES_SHARE
    time_for = BASELINES_UNTIMED if whole is None else min(share * whole, seconds / 4)
    if not names or stopped():
        return Lot(())
    if time_for < LEAST_FOR_BASELINES:
        others = [name for name in names if name not in AT_ONCE]
        lot = train_within([name for name in names if name in AT_ONCE], dataset.search, time_for, config.seed)
        return dataclasses.replace(lot, left_out=dict.fromkeys(others, "the budget is too small for baselines"))
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
    kept: tuple[Trial, str] | None = None,
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
        kept: a trial, the search's best, and where the weights lie that its training in the search left.

    Raises:
        SearchFailed: not one of them could be trained, and there is nothing to fall back on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    fallback = from_search(*kept, directory) if kept else None
    end_of_selection = time.monotonic() + config.share * seconds_left()

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
        stretch=lambda trial: stretch(trial.recipe.fidelity.subset, dataset.search),
        fallback=fallback is not None,
    )
    if refit and fallback and [fallback.trial.number] == [trial.number for trial in trials]:
        schedule.skip()  # there is nothing to choose: all the time is for its last training
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
            runs.append(finalist(trial, job, trained, directory))
            schedule.has_result()
        Path(job.weights).unlink(missing_ok=True)
    by_number = by_trial(runs)
    finalists = [by_number[trial.number] for trial in schedule.best if trial.number in by_number]
    finalists = best_first(finalists, dataset.task, len(dataset.search.validation))
    if fallback is not None and is_better(fallback, finalists):
        finalists = [fallback, *(one for one in finalists if one.trial.number != fallback.trial.number)]
    if not finalists:
        raise SearchFailed(f"Not one of the best candidates could be trained in the final. {why}")
    if refit is not None and not stopped():
        best = finalists[0]
        unfinished = directory / f"{best.trial.number:04d}-refit-unfinished.pt"
        trained_again = LastTrainings(refit, best.trial, unfinished, device, stopped, on_epoch)
        winner = last_training(dataset, best, trained_again, directory, seconds_left())
        if not stopped():
            winner = further_members(dataset, winner, trained_again, directory, seconds_left())
        finalists = [winner, *finalists[1:]]
    here = device if torch.cuda.is_available() else "cpu"  # workers may have GPUs where the driver has none
    random_one = by_number.get(first.number) if first else None
    result = tested(dataset, finalists, random_one, baselines, directory, here)
    others = [fallback] if fallback is not None and fallback.trial.number not in by_number else []
    alone = sorted([*runs, *others], key=lambda run: -run.validation_score)
    result = dataclasses.replace(result, runs=tuple(alone))
    write_record(dataset, result, tried, directory)
    return result


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
