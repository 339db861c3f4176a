"""One-edit neighbours of the winner, trained as it was: what the claims of an explanation are worth."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from nas.data.dataset import Dataset
from nas.errors import InputError
from nas.execution.worker import failure_of, release
from nas.journal.journal import is_running
from nas.records.proposal import Proposal
from nas.records.trial import Trial
from nas.report.explanation import Alternative, Explanation, Paid, keep_paid, paid_for
from nas.setup.problem import check_data, opened_data
from nas.setup.stored_search import StoredSearch
from nas.training.epoch_clock import TooSlow
from nas.training.loop import begin
from nas.training.machine import torch_threads

Say = Callable[[Paid], None]


def pay(
    directory: Path,
    stored: StoredSearch,
    explanation: Explanation,
    seconds: float,
    data: Any = None,
    say: Say = lambda paid: None,
) -> tuple[Paid, ...]:
    """Trains the winner with another seed, then its neighbours, those with the largest claims first.

    Each gets the winner's epochs and seed, and its recipe but for a decision of it that is the edit. What is paid is
    kept in `explain.json` after each training, and never paid again. A training that would not end in time is given
    up, so that the time holds.

    Args:
        seconds: for everything, the reading of the data included; more than 0.
        data: that of the search; by default it is read again.
        say: is told of each training that has ended.

    Returns: all that was ever paid for in this search.

    Raises:
        InputError: a search that still runs, data that cannot be had again or is not that of the search, or nothing
            to be paid for.
    """
    deadline = time.time() + seconds
    if is_running(directory):
        raise InputError(
            f"{directory} is still running, and would lose the time that is paid here. Wait until it ends."
        )
    if not explanation.effects:
        raise InputError(f"Nothing is claimed that could be paid for. {explanation.why_not}".strip())
    if data is None and not stored.config.data:
        raise InputError("This search was given arrays, which are not kept. Pay in Python, with `data=`.")
    paid = list(paid_for(directory))
    dataset = opened_data(stored.config.data if data is None else data, stored.config)
    check_data(stored.record.header, dataset)
    winner = stored.trial(explanation.winner)
    device = "cuda" if stored.config.gpus_per_trial and torch.cuda.is_available() else "cpu"
    known = {(one.winner, one.path, one.fingerprint) for one in paid}
    with torch_threads(int(stored.config.cpus_per_trial)):
        for path, claim in _wanted(explanation):
            proposal = winner.proposal if claim is None else claim.proposal
            if (winner.number, path, proposal.fingerprint) in known:
                continue
            seed = winner.seed if claim is not None else winner.seed + 1
            try:
                score, error = _trained(proposal, winner, dataset, seed, device, deadline)
            except TooSlow:
                break
            option = "another seed" if claim is None else claim.option
            claimed = (0.0, 0.0, 0.0) if claim is None else (claim.difference, claim.low, claim.high)
            epochs = len(winner.scores)
            one = Paid(
                winner.number, path, option, proposal.fingerprint, seed, epochs, score, score - winner.score,
                *claimed, error=error,
            )  # fmt: skip
            paid.append(one)
            keep_paid(directory, paid)
            say(one)
    return tuple(paid)


def _wanted(explanation: Explanation) -> Sequence[tuple[str, Alternative | None]]:
    """The winner itself, then each claim with its path, the largest first."""
    claims = [(effect.path, one) for effect in explanation.effects for one in effect.alternatives]
    return [("", None), *sorted(claims, key=lambda pair: -abs(pair[1].difference))]


def _trained(
    proposal: Proposal, winner: Trial, dataset: Dataset, seed: int, device: str, deadline: float
) -> tuple[float, str]:
    """The score after as many epochs as the winner had, or NaN and what went wrong.

    Raises:
        TooSlow: there is no time for it.
    """
    epochs = len(winner.scores)
    try:
        training = begin(
            proposal.architecture, dataset.search, proposal.recipe, epochs=winner.epochs, seed=seed, device=device
        )  # fmt: skip
        score, last = float("nan"), winner.seconds / max(epochs, 1)
        with contextlib.closing(training):
            for done in range(epochs):
                left = deadline - time.time()
                if last * (epochs - done) > left:
                    raise TooSlow(last * (epochs - done), left, 0)
                report = training.epoch(deadline)
                score, last = report.score, report.seconds
        return score, ""
    except TooSlow:
        raise
    except Exception as error:  # a neighbour that fails is an answer too
        release(device)
        return float("nan"), failure_of(error)[1]
