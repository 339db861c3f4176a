"""The winner's last training: for as long as that helps it, then on the training and the validation split together.

Where time is short, a training on augmented pictures cannot be too long: it is on all examples from the start. So is
one that has no time for a whole pass: it goes over a part of them. Otherwise the winner is first trained on the
training split alone and kept as it was at its best epoch, so that a training that is too long does no harm. Where there
is time for many epochs, shorter trainings go before: the learning rate of each falls to zero in its own time, and the
first that is no better than the one before it is the last. The winner's own score was the best of many, and is so too
high: the network is kept as it was only where its longer trainings are clearly behind that score. What is known from
them decides the second part, on all examples, whose scores say nothing any more: where the longest training was still
good at its end, the network goes on from there; where it was best earlier, or no better than before, a new network is
trained. It has as many epochs as were best, or all of them where the end was not clearly worse: few examples cannot say
which epoch was best (`results/recipes/epochs.md`).
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.baselines.examples import at_most, joined
from nas.config.final_time import FULL_EPOCHS
from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset, Split, TrainingData
from nas.execution.executor import Executor, FullTrainings
from nas.execution.full_training import FullTraining, Trained
from nas.execution.local import in_this_process
from nas.final.choice import SHARES, standard_error
from nas.final.finalists import write_weights
from nas.final.schedule import stretch
from nas.records.job import EpochReport
from nas.records.problem import Problem
from nas.records.results import Finalist
from nas.records.trial import Trial
from nas.training.augmentation import mirrors
from nas.training.machine import cpus
from nas.training.timing import fastest_threads

ALONE = 0.65  # of the time, for the part without the validation split
SHORT = 0.4  # of the most epochs: a training that has no time for more is not too long
STILL_GOOD = 0.75  # of the epochs: best after so many of them, a training was not too long
SELECTED = 2.0  # standard errors that the winner's score may be too high by, as the best of many
BETTER = 0.25  # standard errors by which a longer training has to be ahead of a shorter one, to go on
STEP, TRAININGS = 3, 3  # a training is so many times as long as the one before it; so many at most
OF_ONE, LEAST_OF_ONE = 0.7, 0.05  # of the time that is there, and of all examples, for less than one pass over them
AFTER = 4  # epochs after the best one that say what its network is worth
WATCHED = 512  # examples of the validation split that the last training is scored on: it has seen them
OnEpoch = Callable[[Trial, EpochReport], None]


@dataclass(frozen=True)
class Refit:
    """How the winner is trained once more on all of the data.

    Args:
        trainings: where.
        most_epochs: of it.
        speed_up: seconds of its epochs in the search to those here, where it has more threads.
        members: networks at most whose mean the winner becomes where time is left, see `further_members`.
        predicting: seconds that each of them takes at the end, for the test split and the proof.
    """

    trainings: FullTrainings
    most_epochs: int = FULL_EPOCHS
    speed_up: float = 1.0
    members: int = 1
    predicting: float = 0.0

    def seconds_of_epoch(self, trial: Trial, data: TrainingData) -> float:
        """Of the trial on the whole training split, by its training in the search."""
        each = stretch(trial.recipe.fidelity.subset, data) * trial.seconds / max(1, len(trial.scores))
        return max(each / self.speed_up, 1e-9)


@dataclass(frozen=True)
class LastTrainings:
    """Trainings of the winner, one at a time.

    Args:
        refit: where they run. trial: that is trained.
        weights: file for what a training that is cut off has reached.
    """

    refit: Refit
    trial: Trial
    weights: Path
    device: str
    stopped: Callable[[], bool]
    on_epoch: OnEpoch

    def __call__(self, on: TrainingData, epochs: int, until: float, **how: Any) -> tuple[Trained | None, list[float]]:
        """What a training has left, and the score of every epoch that it had.

        Args:
            until: when it has to end, by `time.monotonic`. how: further settings of `FullTraining`.
        """
        plan = {
            "number": self.trial.number,
            "turn": 0,
            "architecture": self.trial.architecture,
            "recipe": self.trial.recipe,
            "epochs": epochs,
            "seed": self.trial.seed,
            "deadline": time.time() + until - time.monotonic(),
            "device": self.device,
            "weights": str(self.weights),
        }
        waiting = [FullTraining(**{**plan, **how})]
        found, scores = None, list[float]()
        for _, step in self.refit.trainings.train(lambda: waiting.pop() if waiting else None, on, self.stopped):
            if isinstance(step, EpochReport):
                scores.append(step.score)
                self.on_epoch(self.trial, step)
            else:
                found = step if isinstance(step, Trained) else Trained.saved(str(self.weights))
        self.weights.unlink(missing_ok=True)
        return found, scores


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


def last_training(
    dataset: Dataset, winner: Finalist, trained: LastTrainings, directory: Path, seconds: float
) -> Finalist:
    """The winner as its last training left it; as it was where that has come to nothing."""
    data, trial, refit = dataset.search, winner.trial, trained.refit
    if not trial.scores:
        return winner
    end = time.monotonic() + seconds
    examples, validation = len(data.train), len(data.validation)
    each = refit.seconds_of_epoch(trial, data)

    def doubt(one: Finalist) -> float:
        return standard_error(one.validation_score, data.task.metric, validation)

    best, of_all, anew = winner, each * (examples + validation) / examples, winner.epochs
    augmented = mirrors(trial.recipe.augmentations, data.task.input_shape)
    good = (augmented and int(seconds / of_all) < SHORT * refit.most_epochs) or seconds < of_all
    if not good:
        epochs = min(refit.most_epochs, int(ALONE * seconds / each))
        start = str(winner.weights) if epochs < refit.most_epochs else ""  # where time is short, see `results/recipes`
        until = end - (1 - ALONE) * seconds
        rungs = lengths(epochs, winner.epochs, SHORT * FULL_EPOCHS)
        longest: Finalist | None = None
        for length in rungs:
            most = refit.most_epochs if length == epochs else 0
            begin = start if len(rungs) == 1 else ""
            longer, scores = trained(data, length, until, most_epochs=most, start_from=begin, keep_best=True)
            if longer is not None:
                of_all *= longer.seconds / len(longer.scores) / each
                each = longer.seconds / len(longer.scores)
            if longer is None:
                good = False
                break
            score = settled(scores, len(longer.scores))
            if longest and score <= longest.validation_score + BETTER * doubt(longest):
                good = False
                break
            longest = _left(winner, longer, score, directory / f"{trial.number:04d}-longer.pt")
            good = longest.epochs >= STILL_GOOD * len(scores)
            worse = longest.validation_score - statistics.fmean(scores[-AFTER:])
            held = data.task.metric in SHARES and worse <= doubt(longest)
            anew = len(scores) if held else longest.epochs
        if longest and longest.validation_score > winner.validation_score - SELECTED * doubt(longest):
            best = longest
        else:
            good, anew = False, best.epochs
        if trained.stopped():
            return best
    passes = (end - time.monotonic()) / of_all
    fit, both = int(passes), joined(data)
    if good and fit < 1 and OF_ONE * passes >= LEAST_OF_ONE:  # one pass takes too long: over what there is time for
        both, fit = at_most(both, data.task, OF_ONE * passes * len(both), trial.seed)[0], 1
    everything = dataclasses.replace(data, train=both, validation=watched(data, trial.seed))
    if good and fit >= 1:
        most = refit.most_epochs
        whole, _ = trained(everything, min(fit, most), end, most_epochs=most, start_from=str(best.weights))
    elif not good and fit >= best.epochs:
        whole, _ = trained(everything, anew if fit >= anew else best.epochs, end)
    else:
        return best
    if whole is None or not whole.scores[-1] >= best.validation_score:
        return best  # it has seen the examples that it is scored on, so it has to be at least as good on them
    left = _left(best, whole, best.validation_score, directory / f"{trial.number:04d}-refit.pt")
    return dataclasses.replace(left, scores=(*best.scores, *whole.scores) if good else whole.scores, refitted=True)


def watched(data: TrainingData, seed: int) -> Split:
    """The part of the validation split that a training on all examples is scored on."""
    return at_most(data.validation, data.task, WATCHED, seed)[0]


def settled(scores: Sequence[float], kept: int) -> float:
    """What the network of epoch `kept`, counted from 1, is worth: the mean of its score and of up to four after it.

    Its own score is the best of all epochs, and so too high by what a score varies between them.
    """
    return statistics.fmean(scores[kept - 1 : kept + AFTER])


def lengths(most: int, had: int, alone: float) -> list[int]:
    """Epochs of the trainings one after another, each three times as long as the one before it, the last of `most`.

    Args:
        most: epochs for which there is time. had: that the winner has had; a training is at least twice as long.
        alone: a training of at most so many epochs is the only one.
    """
    rungs = [most]
    while most > alone and rungs[0] // STEP >= 2 * had and len(rungs) < TRAININGS:
        rungs.insert(0, rungs[0] // STEP)
    return rungs


def _left(before: Finalist, trained: Trained, score: float, path: Path) -> Finalist:
    """What a training has left of the winner, and what that is worth."""
    write_weights(trained.weights, path)
    return dataclasses.replace(
        before,
        scores=trained.scores,
        validation_score=score,
        seconds=before.seconds + trained.seconds,
        weights=path,
        gradient_flow=dict(trained.gradient_flow),
    )
