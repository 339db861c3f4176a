"""A search as one JSON document with a stable schema, see docs/json.md; for scripts and agents."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from typing import Any

from nas.journal.journal import is_running
from nas.records.results import BaselineResult, Finalist, FinalResult, SearchOutcome
from nas.records.trial import OUT, STATES, Trial, best_first
from nas.report.preflight import Preflight
from nas.report.trials_table import decided
from nas.setup.stored_search import StoredSearch

SCHEMA = 1  # of every document; a field is added without a change of it, and none is taken away


def as_json(document: dict[str, Any]) -> str:
    """One line of JSON. What is no finite number is null, and what JSON does not know is a text."""
    return json.dumps(_plain(document), ensure_ascii=False)


def search_document(seen: StoredSearch, outcome: SearchOutcome) -> dict[str, Any]:
    """A search as it stands: what was asked, every trial, the best, the final.

    Args:
        outcome: of the search itself, or as it was opened.
    """
    record, config = seen.record, seen.config
    ranked = best_first(seen.trials)
    return {
        "schema": SCHEMA,
        "directory": str(outcome.directory),
        "state": "running" if is_running(outcome.directory) else "ended" if record.ended else "interrupted",
        "ended": record.ended or None,
        "space": config.space or (seen.space.space.name if seen.space else None),
        "data": record.header.dataset,
        "task": seen.task.to_data(),
        "metric": seen.task.metric,
        "budget": str(config.budget),
        "strategy": config.strategy,
        "seed": config.seed,
        "objectives": list(config.objectives),
        "limits": dict(config.limits),
        "rules": [repr(rule) for rule in seen.space.space.rules] if seen.space is not None else None,
        "elapsed_seconds": record.elapsed,
        "spent_seconds": dict(outcome.spent),
        "counts": {state: Counter(trial.state for trial in seen.trials)[state] for state in STATES},
        "edits": [{"number": one.number, "trial": one.trial, "words": one.words} for one in record.edits],
        "best": ranked[0].number if ranked else None,
        "front": [trial.number for trial in outcome.pareto],
        "final": None if outcome.final is None else _final(outcome.final),
        "exported": None if outcome.exported is None else str(outcome.exported),
        "statement": record.statement or None,
        "trials": [trial_document(trial, seen) for trial in seen.trials],
    }


def trial_document(trial: Trial, seen: StoredSearch) -> dict[str, Any]:
    """One trial: where it stands, how it did, and what it is made of in readable values."""
    return {
        "number": trial.number,
        "state": trial.state,
        "source": trial.source,
        "score": trial.score if trial.scores else None,
        "scores": list(trial.scores),
        "test_score": trial.test_score,
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        "parameters": trial.parameters,
        "macs": trial.macs,
        "activation_bytes": trial.activation_bytes,
        "failure": trial.failure or None,
        "error": trial.error or None,
        "out": OUT in trial.attributes,
        "fingerprint": trial.fingerprint,
        "decisions": dict(trial.decisions),
        "values": decided(trial, seen.space) if seen.space is not None else None,
    }


def space_document(found: Preflight, tried: int, notices: list[str]) -> dict[str, Any]:
    """What `nas inspect` found.

    Args:
        tried: networks with a person's own cells that the dry run built, exported and stepped.
        notices: what it said meanwhile.
    """
    return {
        "schema": SCHEMA,
        "space": found.space,
        "task": found.task.to_data(),
        "size": found.size,
        "samples": found.samples,
        "builds": found.builds,
        "obeys": found.obeys,
        "distinct": found.distinct,
        "rejections": [{"rule": rule, "share": share} for rule, share in found.rejections],
        "unjudged": list(found.unjudged),
        "failures": [{"reason": reason, "samples": count} for reason, count in found.failures],
        "unreachable": list(found.unreachable),
        "parameters": _spread(found.parameters),
        "macs": _spread(found.macs),
        "memory_bytes": _spread(found.memory_bytes),
        "cells": _spread(found.depth),
        "seconds_per_epoch": found.seconds_per_epoch or None,
        "epochs": found.epochs,
        "trainings": found.trainings,
        "dry_run": {"networks": tried, "notices": notices},
    }


def _spread(values: tuple[int, ...]) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    return {"least": ordered[0], "median": ordered[len(ordered) // 2], "most": ordered[-1]}


def _final(final: FinalResult) -> dict[str, Any]:
    standing = final.standing
    return {
        "winner": final.winner.trial.number,
        "validation_score": final.winner.validation_score,
        "test_score": final.winner.test_score,
        "headline": standing.headline if standing is not None else None,
        "verdict": standing.baseline.kind if standing is not None and standing.baseline is not None else None,
        "finalists": [_finalist(one) for one in final.finalists],
        "first_random": None if final.first_random is None else _finalist(final.first_random),
        "baselines": [_baseline(one) for one in final.baselines],
        "left_out": dict(final.left_out),
    }


def _finalist(one: Finalist) -> dict[str, Any]:
    return {
        "trial": one.trial.number,
        "validation_score": one.validation_score,
        "test_score": one.test_score,
        "epochs": one.epochs,
        "seconds": one.seconds,
        "refitted": one.refitted,
        "members": one.members,
    }


def _baseline(one: BaselineResult) -> dict[str, Any]:
    return dataclasses.asdict(one)


def _plain(value: Any) -> Any:
    """JSON data, whatever a person's own options are."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
