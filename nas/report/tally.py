"""Trials by state, in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED, Candidate

WORDS = {COMPLETED: "finished", STOPPED: "stopped early", FAILED: "failed", RUNNING: "running", REQUEUED: "waiting"}


def counted(candidates: Iterable[Candidate]) -> str:
    """E.g. `24 trials: 9 finished, 14 stopped early, 1 failed (1 x oom)`."""
    known = list(candidates)
    states = Counter(candidate.state for candidate in known)
    parts = [f"{states[state]} {word}" for state, word in WORDS.items() if states[state]]
    kinds = Counter(candidate.failure for candidate in known if candidate.state == FAILED)
    causes = f" ({', '.join(f'{count} x {kind}' for kind, count in kinds.items())})" if kinds else ""
    return f"{len(known)} trials: {', '.join(parts) or 'none begun'}{causes}"
