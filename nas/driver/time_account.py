"""The closing statement: where every second of a search went."""

from __future__ import annotations

from collections.abc import Mapping

from nas.config.budget import Budget, duration
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED

STARTUP, SEARCH, SLOT_SECONDS, PREDICTION, FINAL, EXPORT = (
    "start-up",
    "search",
    "slot-seconds",
    "prediction",
    "final",
    "export",
)


def account(spent: Mapping[str, float], by_state: Mapping[str, float], elapsed: float) -> dict[str, float]:
    """Wall seconds by purpose; they add up to `elapsed`.

    Args:
        spent: wall seconds of `start-up`, `search`, `prediction`, `final` and `export`, and `slot-seconds`: the search
            phase's seconds times its slots.
        by_state: slot seconds of trainings, by the state in which they ended.
        elapsed: wall seconds of the whole search.
    """
    search = spent.get(SEARCH, 0.0)
    offered = max(spent.get(SLOT_SECONDS, 0.0), sum(by_state.values()), 1e-9)
    share = {state: search * max(0.0, seconds) / offered for state, seconds in by_state.items()}
    waiting = max(0.0, search - sum(share.values()))
    prediction = min(spent.get(PREDICTION, 0.0), waiting)
    parts = {
        "start-up": spent.get(STARTUP, 0.0),
        "trained to the end": share.get(COMPLETED, 0.0),
        "stopped early": share.get(STOPPED, 0.0),
        "failed": share.get(FAILED, 0.0),
        "unfinished": share.get(RUNNING, 0.0) + share.get(REQUEUED, 0.0),
        "prediction": prediction,
        "idle": waiting - prediction,
        "final": spent.get(FINAL, 0.0),
        "export": spent.get(EXPORT, 0.0),
    }
    parts["other"] = max(0.0, elapsed - sum(parts.values()))
    return parts


def statement(parts: Mapping[str, float], budget: Budget, elapsed: float) -> str:
    """The account as lines of text, with the share of slot time in which something was in training."""
    asked = f" of {duration(budget.seconds)}" if budget.seconds is not None else ""
    lines = [f"Where {duration(elapsed)}{asked} went:"]
    for name, seconds in parts.items():
        if seconds >= 0.05 or name in ("idle", "failed"):
            lines.append(f"  {name:<20}{seconds:>9.1f} s {100 * seconds / max(elapsed, 1e-9):>5.1f} %")
    lines.append(f"Slots were in training for {100 * utilisation(parts):.0f} % of the search phase.")
    return "\n".join(lines)


def utilisation(parts: Mapping[str, float]) -> float:
    """Share of the slots' time in the search phase that went into trainings, 0 to 1."""
    trained = sum(parts.get(name, 0.0) for name in ("trained to the end", "stopped early", "failed", "unfinished"))
    phase = trained + parts.get("prediction", 0.0) + parts.get("idle", 0.0)
    return trained / phase if phase else 0.0
