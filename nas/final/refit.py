"""The winner trained once more, on the training and the validation split together, for as long as there is time."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nas.baselines.examples import at_most, joined
from nas.config.final_time import FULL_EPOCHS
from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.execution.executor import Executor, FullTrainings
from nas.execution.full_training import FullTraining, Trained
from nas.execution.local import in_this_process
from nas.final.finalists import write_weights
from nas.final.schedule import stretch
from nas.records.job import EpochReport
from nas.records.problem import Problem
from nas.records.results import Finalist
from nas.records.trial import Trial
from nas.training.machine import cpus
from nas.training.timing import fastest_threads

WATCHED = 512  # examples of the validation split that the last training is scored on: it has seen them
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


def refit_for(problem: Problem, config: SearchConfig, executor: Executor, best: Trial, seconds: float) -> Refit | None:
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


def refitted(
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
    Where time is short it goes on from the weights that it has: that is worth the epochs that they took, see
    `results/recipes/last_training.md`.
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
        start_from=str(winner.weights) if epochs < refit.most_epochs else "",
    )
    waiting = [job]
    watched = at_most(data.validation, data.task, WATCHED, trial.seed)[0]
    everything = dataclasses.replace(data, train=joined(data), validation=watched)
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
    write_weights(trained.weights, path)
    return dataclasses.replace(
        winner,
        scores=trained.scores,
        seconds=winner.seconds + trained.seconds,
        weights=path,
        gradient_flow=dict(trained.gradient_flow),
        refitted=True,
    )
