"""Who may come into the final where latency is limited: the networks themselves are timed, not what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from nas.config.budget import duration
from nas.config.final_time import FINALISTS
from nas.config.search_config import SearchConfig
from nas.records.trial import Trial
from nas.strategies.strategy import KNOWN
from nas.training.latency import measured
from search_spaces.network import build
from search_spaces.task import Task

TOLERANCE = 1.05  # a network may take so many times the limit: two timings of one differ by as much
TIMED_AT_MOST = 24  # networks
TRIES = 3  # of one that is too slow, since other work on the machine only makes it slower


def within_latency(
    ranked: Sequence[Trial],
    config: SearchConfig,
    task: Task,
    say: Callable[[str], None],
    timed: Callable[[Trial], float] | None = None,
) -> list[Trial]:
    """The best that are fast enough, the best first: as many as a final takes, and the best known design among them.

    Where none is, the fastest of those timed; that is said.

    Args:
        ranked: the best first; at least one.
        timed: seconds of a trial's network; by default it is built and timed here.
    """
    limit = config.limits.get("latency")
    if limit is None:
        return list(ranked)
    clock = timed or (lambda trial: _timed(trial, config, task))
    found: dict[int, float] = {}
    kept: list[Trial] = []
    for trial in ranked[:TIMED_AT_MOST]:
        known = trial.source.startswith(KNOWN)
        if len(kept) >= FINALISTS and (not known or any(one.source.startswith(KNOWN) for one in kept)):
            continue
        seconds = clock(trial)
        for _ in range(TRIES - 1):
            seconds = seconds if seconds <= TOLERANCE * limit else min(seconds, clock(trial))
        found[trial.number] = seconds
        if seconds <= TOLERANCE * limit:
            kept.append(trial)
    out = [number for number in found if number not in {trial.number for trial in kept}]
    if not kept:
        fastest = min(found, key=lambda number: found[number])
        say(
            f"None of the best {len(found)} networks is within the limit of {_said(limit)} when it is timed. The "
            f"fastest of them, trial {fastest}, takes {_said(found[fastest])} and is taken."
        )
        return [trial for trial in ranked if trial.number == fastest]
    if out:
        slow = ", ".join(f"trial {number} ({_said(found[number])})" for number in out)
        say(f"Too slow for the limit of {_said(limit)} when they are timed, and out of the final: {slow}.")
    return kept


def _timed(trial: Trial, config: SearchConfig, task: Task) -> float:
    with torch.random.fork_rng(devices=[]):
        network = build(trial.architecture, task)
    return measured(network, task.input_shape, batch=config.latency_batch, device=config.latency_device)


def _said(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else duration(seconds)
