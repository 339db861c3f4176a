"""`nas.ask` and `nas.tell`: a search whose trainings are somebody else's, an agent's or a script's.

Each call opens the journal, lets the driver decide as in any search, and closes it again. Nothing is loaded of the
data: what is proposed follows from the space, the trials so far and the seed. See docs/ask_tell.md for the documents.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nas.config.metric import is_bounded, is_error, words
from nas.driver.driver import Driver
from nas.driver.events import Observer
from nas.errors import InputError
from nas.journal.journal import Journal
from nas.records.job import EpochReport, Job, TrialEnd
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import RUNNING, Trial
from nas.report.document import SCHEMA, as_json
from nas.report.trials_table import decided
from nas.search import driver_for
from nas.setup.kept_space import space_of
from nas.setup.problem import limited
from nas.setup.steering import Steering
from nas.setup.stored_search import stored_search
from search_spaces.errors import SpaceError

WAIT = 20.0  # seconds for another call that has the journal open


def ask(directory: str | Path) -> dict[str, Any]:
    """The next candidate of a search that nobody runs, as JSON data; its number is None where there is none.

    It is written down as in training until it is told. A search is set up for this by `nas search … --prepare`.

    Raises:
        InputError: no search, one that a process runs, or one whose rules could not be kept.
        SpaceError: a space that cannot be had.
    """
    with _driver(directory) as driver:
        driver.capacity(1)
        job = driver.next()
        if job is None:
            driver.journal.end(driver.ended, "")
        document = {"number": None} if not isinstance(job, Job) else _candidate(driver, job)
        return _reply({**document, "wait": job is not None and not isinstance(job, Job)}, driver)


def tell(
    directory: str | Path,
    number: int,
    score: float | None = None,
    *,
    epoch: int | None = None,
    seconds: float = 0.0,
    failed: str = "",
) -> dict[str, Any]:
    """What became of a candidate that was asked for; whether to go on with it, as JSON data.

    Args:
        number: of the candidate.
        score: on validation examples, in the direction of all scores: higher is better, errors with a minus.
        epoch: that the score is of, from 1; None where the training has ended with it.
        seconds: that it took, since what was told before.
        failed: why there is no score, in place of it.

    Raises:
        InputError: no such candidate, one that has been told, or a score that cannot be.
    """
    if (score is None) == (not failed):
        raise InputError("Tell either a score or why the candidate failed: `--score 0.93`, or `--failed 'diverged'`.")
    if not (isinstance(seconds, int | float) and 0 <= seconds < math.inf):
        raise InputError(f"`seconds` must be a number of at least 0, got {seconds!r}.")
    with _driver(directory) as driver:
        trial = _asked(driver, number)
        if score is None:
            driver.trial_ended(number, TrialEnd("error", failed, seconds))
        else:
            _told(driver, trial, _checked(score, driver.problem.space.task.metric), epoch, seconds)
        if driver.over():
            driver.journal.end(driver.ended, "")
        told = driver.journal.trials[number]
        return _reply({"number": number, "state": told.state, "continue": told.state == RUNNING}, driver)


@contextlib.contextmanager
def _driver(directory: str | Path) -> Iterator[Driver]:
    """The driver of a search that no process runs, with all that was asked for out."""
    directory = Path(directory).absolute()
    with Journal.open(directory, wait=WAIT) as journal:
        seen = stored_search(directory)
        if seen.space is None:
            raise SpaceError(f"The space of this search cannot be had: {seen.missing}")
        config = seen.config
        space = limited(space_of(directory, config.space, with_rules=True), config, seen.task)
        joint = JointSpace(space, config.recipe, seen.task)
        journal.rebuild(joint.replay)
        steering = Steering(journal, config, Problem(joint, objectives=config.objectives))
        driver = driver_for(
            journal,
            config,
            steering,
            Observer(),
            elapsed=lambda: sum(trial.seconds for trial in journal.trials),
            final_share=0.0,
            epochs=config.epochs or 1,
        )
        driver.adopt()
        yield driver


def _asked(driver: Driver, number: int) -> Trial:
    """The candidate of this number, which waits to be told."""
    trials = driver.journal.trials
    waiting = ", ".join(str(one.number) for one in trials if one.state == RUNNING) or "none"
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(trials):
        raise InputError(f"There is no candidate {number!r} in this search. To be told are: {waiting}.")
    if trials[number].state != RUNNING:
        raise InputError(
            f"Candidate {number} is {trials[number].state}, and not to be told. To be told are: {waiting}."
        )
    return trials[number]


def _checked(score: float, metric: str) -> float:
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise InputError(f"`score` must be a finite number, got {score!r}. What has none is told by `--failed`.")
    if not is_bounded(metric):
        return float(score)
    if is_error(metric) and score > 0:
        raise InputError(f"`score` is a {words(metric)} with a minus, so that higher is better: tell {-score}.")
    if not is_error(metric) and score > 1:
        raise InputError(f"`score` is a {words(metric)}, which is at most 1, got {score}.")
    return float(score)


def _told(driver: Driver, trial: Trial, score: float, epoch: int | None, seconds: float) -> None:
    done = len(trial.scores)
    if epoch is None:
        driver.journal.change(trial.number, epochs=done + 1)  # however many epochs that was
    elif epoch != done + 1 or epoch > trial.epochs:
        raise InputError(f"`epoch` of candidate {trial.number} must be {done + 1} of {trial.epochs}, got {epoch}.")
    nothing = math.nan
    report = EpochReport(done + 1, score, nothing, nothing, seconds, nothing, nothing, nothing)
    if not driver.epoch_ended(trial.number, report) or done + 1 >= driver.journal.trials[trial.number].epochs:
        driver.trial_ended(trial.number, TrialEnd())


def _candidate(driver: Driver, job: Job) -> dict[str, Any]:
    """What is to be trained, in full."""
    trial = driver.journal.trials[job.number]
    return {
        "number": trial.number,
        "architecture": json.loads(trial.architecture.to_json()),
        "recipe": dataclasses.asdict(trial.recipe),
        "values": decided(trial, driver.problem.space),
        "decisions": dict(trial.decisions),
        "fingerprint": trial.fingerprint,
        "epochs": trial.epochs,
        "seed": trial.seed,
        "parameters": trial.parameters,
        "macs": trial.macs,
        "source": trial.source,
    }


def _reply(document: dict[str, Any], driver: Driver) -> dict[str, Any]:
    """What both documents end with: where the search stands."""
    journal, best = driver.journal, driver.journal.totals.best
    task = driver.problem.space.task
    trials, seconds = driver.clock.trials_left(journal.totals.begun), driver.clock.left()
    reply = {
        "schema": SCHEMA,
        **document,
        "ended": driver.ended or None,
        "task": task.to_data(),
        "metric": task.metric,
        "best": None if best is None else {"number": best.number, "score": best.score},
        "waiting": [trial.number for trial in journal.trials if trial.state == RUNNING],
        "left": {"trials": None if math.isinf(trials) else trials, "seconds": seconds},
    }
    found: dict[str, Any] = json.loads(as_json(reply))
    return found
