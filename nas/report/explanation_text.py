"""An explanation for the terminal and as a JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.table import Table

from nas.config.metric import shown, words
from nas.records.joint_space import in_words
from nas.report.document import SCHEMA
from nas.report.explanation import FEW, Alternative, Explanation, Paid, Relative

SHOWN, MISSING_SHOWN = 20, 12


def explanation_text(found: Explanation, paid: Sequence[Paid] = ()) -> Iterator[str | Table]:
    """What a person reads, from top to bottom. `paid` is of the same winner."""
    yield f"Trial {found.winner}. {found.standing}"
    if found.effects:
        yield _effects(found)
        yield from _for_nothing(found)
    if paid:
        yield from _paid(paid, found.metric)
    yield from _lineage(found)
    if found.missing:
        yield "Hardly tried (finished trainings that had it):"
        for one in found.missing[:MISSING_SHOWN]:
            yield f"  {in_words(one.path)} = {one.option}: {one.trials}"
        if len(found.missing) > MISSING_SHOWN:
            yield f"  and {len(found.missing) - MISSING_SHOWN} more; all of them: --json"


def _effects(found: Explanation) -> Table:
    table = Table(
        title=f"What one change would do to the validation {words(found.metric)}, predicted; "
        "tried: trainings that had it",
        title_justify="left", box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for name in ("decision", "winner has", "instead"):
        table.add_column(name, overflow="fold")
    for name in ("difference", "80 % interval", "tried"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = [(effect, one) for effect in found.effects for one in effect.alternatives]
    for effect, one in rows[:SHOWN]:
        span = f"{one.low:+.4f} to {one.high:+.4f}"
        table.add_row(in_words(effect.path), effect.option, one.option, f"{one.difference:+.4f}", span, str(one.trials))
    if len(rows) > SHOWN:
        table.caption = f"and {len(rows) - SHOWN} more; all of them: --json"
    return table


def _for_nothing(found: Explanation) -> Iterator[str]:
    if not found.ranks:
        yield "What could be changed for nothing is not known."
        return
    if found.free:
        yield f"Smaller or faster, and with no loss of more than {found.margin:.4f} (80 % interval):"
    else:
        yield f"No smaller or faster option is known to lose {found.margin:.4f} at most."
    for path, one in found.free[:5]:
        yield (
            f"  {in_words(path)} = {one.option}: {one.parameters:+,} parameters, {one.macs:+,} multiply-adds, "
            f"{one.difference:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
        )
    if found.unknown:
        few = sum(one.trials < FEW for _, one in found.unknown)
        path, one = found.unknown[0]
        yield (
            f"Of {len(found.unknown)} further smaller or faster options it is not known: fewer than {FEW} trainings "
            f"tried {few} of them, of the others the interval is too wide. The largest saving among them: "
            f"{in_words(path)} = {one.option}. `nas explain --pay 5m` trains such neighbours."
        )


def _paid(paid: Sequence[Paid], metric: str) -> Iterator[str | Table]:
    table = Table(
        title=f"Paid: differences of the {words(metric)} that were trained", title_justify="left", box=box.SIMPLE_HEAD
    )
    table.add_column("decision", overflow="fold")
    table.add_column("instead", overflow="fold")
    for name in ("claimed", "80 % interval", "paid", "within it"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in paid:
        if not one.path:
            continue
        span, result = f"{one.low:+.4f} to {one.high:+.4f}", "failed" if one.error else f"{one.difference:+.4f}"
        within = "" if one.error else "yes" if one.within else "no"
        table.add_row(in_words(one.path), one.option, f"{one.claimed:+.4f}", span, result, within)
    yield table
    for one in paid:
        if not one.path:
            said = f"failed: {one.error}" if one.error else f"{one.difference:+.4f}"
            yield f"The winner with another seed: {said}. Differences of this size are noise."


def _lineage(found: Explanation) -> Iterator[str]:
    source = found.lineage.source or "unknown"
    yield f"Proposed by: {source}. Its parents are not recorded; the nearest earlier trainings:"
    if not found.lineage.nearest:
        yield "  none: nothing was trained before it."
    for one in found.lineage.nearest:
        yield f"  {_near(one, found.metric)}"


def _near(one: Relative, metric: str) -> str:
    changed = ", ".join(f"{in_words(path)}: {its} → {ours}" for path, its, ours in one.differences[:4])
    more = f" and {len(one.differences) - 4} more" if len(one.differences) > 4 else ""
    differs = f"differs in {len(one.differences)} of {one.decisions} decisions"
    return f"trial {one.trial}, score {shown(metric, one.score)}: {differs}{f' ({changed}{more})' if changed else ''}"


def explanation_document(found: Explanation, paid: Sequence[Paid] = ()) -> dict[str, Any]:
    """The same as JSON data, whole; see docs/explain.md."""
    evidence = found.evidence
    return {
        "schema": SCHEMA,
        "winner": found.winner,
        "trials": found.trials,
        "metric": found.metric,
        "why_not": found.why_not or None,
        "ranks": found.ranks,
        "tau": None if evidence is None else evidence.tau,
        "tau_interval": None if evidence is None else list(evidence.interval),
        "effects": [
            {
                "path": effect.path,
                "option": effect.option,
                "alternatives": [_alternative(one) for one in effect.alternatives],
            }
            for effect in found.effects
        ],
        "free": [{"path": path, **_alternative(one)} for path, one in found.free],
        "unknown": [{"path": path, **_alternative(one)} for path, one in found.unknown],
        "margin": found.margin,
        "lineage": {
            "source": found.lineage.source,
            "nearest": [
                {
                    "trial": one.trial,
                    "score": one.score,
                    "decisions": one.decisions,
                    "differences": [{"path": path, "its": its, "winner": ours} for path, its, ours in one.differences],
                }
                for one in found.lineage.nearest
            ],
        },
        "missing": [{"path": one.path, "option": one.option, "trials": one.trials} for one in found.missing],
        "paid": [
            {
                "path": one.path or None,
                "option": one.option,
                "claimed": one.claimed if one.path else None,
                "low": one.low if one.path else None,
                "high": one.high if one.path else None,
                "score": one.score,
                "difference": one.difference,
                "within": one.within if one.path and not one.error else None,
                "seed": one.seed,
                "epochs": one.epochs,
                "error": one.error or None,
            }
            for one in paid
        ],
    }


def _alternative(one: Alternative) -> dict[str, Any]:
    names = ("option", "difference", "low", "high", "trials", "parameters", "macs")
    return {name: getattr(one, name) for name in names}
