"""What all strategies share: they draw until a candidate is new, obeys the rules and is not suspected to fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from nas.records.joint_space import JointSpace
from nas.records.proposal import Proposal
from nas.strategies.history import History
from nas.strategies.strategy import Exhausted

ATTEMPTS = 64
ENUMERABLE = 20_000
LEFTOVER = "leftover"


def novel(history: History, seed: int, number: int, draw: Callable[[random.Random], Proposal]) -> Proposal:
    """The first draw that may become a trial. Randomness is a function of (seed, number, attempt) and of nothing else.

    Raises:
        Exhausted: there is nothing new to try.
    """
    for attempt in range(ATTEMPTS):
        rng = random.Random(f"{seed}/{number}/{attempt}")
        proposal = draw(rng)
        suspect = rng.random() < history.feasibility.risk(proposal.decisions)
        if proposal.fingerprint not in history.seen and not suspect and history.space.obeys(proposal):
            return proposal
    return replace(_leftover(history.space, history.seen, random.Random(f"{seed}/{number}")), source=LEFTOVER)


def _leftover(space: JointSpace, seen: set[str], rng: random.Random) -> Proposal:
    """Something new from anywhere: where draws keep finding old ones, the space is small or nearly used up."""
    for _ in range(4 * ATTEMPTS):
        proposal = space.sample(rng)
        if proposal.fingerprint not in seen:
            return proposal
    if space.size() <= ENUMERABLE:
        for proposal in space.enumerate():
            if proposal.fingerprint not in seen and space.obeys(proposal):
                return proposal
    raise Exhausted("every candidate of the space has been tried")
