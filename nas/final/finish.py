"""After the search phase: the best are trained in full, the winner is judged on the sealed test split and exported."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from nas.config.search_config import AUTO, SearchConfig
from nas.data import Dataset
from nas.driver import time_account as statement
from nas.driver.driver import Trials
from nas.driver.events import Observer
from nas.driver.interrupt import interruptible
from nas.errors import InputError, SearchFailed
from nas.execution.full_training import one_after_another
from nas.export import export_winner
from nas.export.export import EXPORTED, FINAL
from nas.final.final import FinalResult, TrainAll, run_final
from nas.final.schedule import FinalConfig
from nas.journal.journal import Journal, JournalError
from nas.records.trial import Candidate
from nas.strategies.optuna.planned import GIVEN
from nas.training.threads import torch_threads

log = logging.getLogger("nas")
WORTH_WORKERS = 20.0  # seconds of a final from which on workers on CPUs, with 3 to 6 of their start, are the faster way
LONGER = 3  # epochs of the final for each epoch of the search
EXPORT_SECONDS = 6.0  # that the proof in a fresh interpreter takes


def finish(
    trials: Trials,
    config: SearchConfig,
    dataset: Dataset,
    observer: Observer,
    end_workers: Callable[[], None] = lambda: None,
) -> tuple[FinalResult | None, Path | None]:
    """The final and the verified export. An interrupted search trains its best candidate only, as long as before.

    Workers end before the export is proved; the first Ctrl-C in the final ends it after the epoch in training.
    """
    ranked = trials.contenders()
    interrupted = trials.ended == "interrupted"
    plan = (
        FinalConfig(top=1, epochs=trials.epochs)
        if interrupted
        else FinalConfig(epochs=LONGER * trials.epochs, least_epochs=trials.epochs)
    )
    first = None if interrupted else _first(trials.candidates())
    observer.final_started(ranked[: plan.top])
    began = time.monotonic()
    asked = threading.Event()
    listening = contextlib.nullcontext() if interrupted else interruptible(asked.set)

    train, slots = _where(trials, config, plan, _left(trials.clock.left()))
    gpus = min(slots, plan.top + 1) * gpus_of(config)  # the finalists and the baseline

    def seconds_left() -> float:
        return min(_left(trials.clock.left()), seconds_of_gpus(trials, gpus, time.monotonic() - began))

    with listening, torch_threads(int(config.cpus_per_trial)):
        final = run_final(
            dataset,
            ranked,
            first,
            trials.journal.directory / FINAL,
            plan,
            tried=len(trials.candidates()),
            device="cuda" if config.gpus_per_trial else "cpu",
            train=train,
            slots=slots,
            seconds_left=seconds_left,
            stopped=asked.is_set,
            on_epoch=observer.final_epoch_ended,
        )
    end_workers()
    trials.journal.spend(statement.FINAL, time.monotonic() - began)
    _note_test_scores(trials.journal, final)
    observer.final_ended(final)
    return final, _exported(trials, observer)


def _note_test_scores(journal: Journal, final: FinalResult) -> None:
    """Those of this final only: an earlier one, before a resume, may have had another winner."""
    tested = {one.candidate.number: one.test_score for one in (final.baseline, final.winner) if one is not None}
    earlier = {row.number: None for row in journal.rows if row.test_score is not None}
    for number, value in {**earlier, **tested}.items():
        with contextlib.suppress(JournalError):
            journal.change(number, test_score=value)


def _where(trials: Trials, config: SearchConfig, plan: FinalConfig, seconds: float) -> tuple[TrainAll, int]:
    """Where full trainings run, and how many at once: on Ray's workers where there is time to start them."""
    few = plan.top == 1 or trials.slots == 1 or seconds < WORTH_WORKERS
    if config.executes_on == "local" or (few and not config.gpus_per_trial):
        return one_after_another, 1
    from nas.execution.ray.cluster import slots_of
    from nas.execution.ray.full import OnWorkers

    gpus = gpus_of(config)
    slots = max(1, slots_of(config.cpus_per_trial)(gpus))
    return OnWorkers(slots, config.cpus_per_trial, gpus, config.memory_per_trial), slots


def _exported(trials: Trials, observer: Observer) -> Path | None:
    """The export, in place of an earlier one of the same search, which is kept beside it."""
    began, out = time.monotonic(), trials.journal.directory / EXPORTED
    stamp = time.strftime("%Y%m%d-%H%M%S")
    try:
        made = export_winner(trials.journal.directory, out.with_name(f"{EXPORTED}-{stamp}"))
        if out.exists():
            out.rename(out.with_name(f"{EXPORTED}-before-{stamp}"))
        return made.rename(out)
    except (InputError, SearchFailed, OSError) as error:
        observer.message(f"The winner was trained but not exported: {error}")
        return None
    finally:
        trials.journal.spend(statement.EXPORT, time.monotonic() - began)


def _first(candidates: list[Candidate]) -> Candidate | None:
    """The first random candidate that could be trained: what no search at all would have given."""
    return next((one for one in candidates if one.usable and one.source != GIVEN), None)


def gpus_of(config: SearchConfig) -> float:
    """GPUs that a full training holds: as asked for, or a whole one."""
    return 1.0 if config.gpus_per_trial == AUTO else float(config.gpus_per_trial)


def seconds_of_gpus(trials: Trials, gpus: float, so_far: float) -> float:
    """Seconds for which the final may go on to hold so many GPUs, after `so_far`; infinite where it holds none."""
    if not gpus:
        return math.inf
    held = gpus * (trials.journal.spent.get(statement.FINAL, 0.0) + so_far)
    return trials.clock.gpu_seconds_left(trials.journal.tally.gpu_seconds + held, final=True) / gpus


def _left(seconds: float) -> float:
    return seconds if math.isinf(seconds) else seconds - EXPORT_SECONDS
