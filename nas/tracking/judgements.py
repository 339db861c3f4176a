"""The predictor's evidence as metrics of the search's run, and back, so that a resumed search draws all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from predictors.probation import Evidence

TAU, SHARE, RECALL = "predictor/tau", "predictor/share", "predictor/recall"
LOW, HIGH = "_low", "_high"
KINDS = {"rivals": "predictor/tau_of_", "references": "predictor/tau_reference_", "recalls": "predictor/recall_of_"}


def metrics_of(evidence: Evidence) -> dict[str, float]:
    """Numbers by the name of their metric."""
    by_kind = ((head, getattr(evidence, kind)) for kind, head in KINDS.items())
    return {
        TAU: evidence.tau,
        SHARE: evidence.share,
        RECALL: evidence.recall,
        **dict(zip((TAU + LOW, TAU + HIGH), evidence.interval, strict=True)),
        **dict(zip((RECALL + LOW, RECALL + HIGH), evidence.recall_interval, strict=True)),
        **{head + name: value for head, values in by_kind for name, value in values.items()},
    }


def judged_before(client: Any, run_id: str) -> list[Evidence]:
    """Every judgement that a run holds, in order of the trainings it rests on."""
    names = [name for name in client.get_run(run_id).data.metrics if name.startswith("predictor/")]
    at: dict[int, dict[str, float]] = {}
    for name in names:
        for point in client.get_metric_history(run_id, name):
            at.setdefault(point.step, {})[name] = point.value
    return [_evidence(values, step) for step, values in sorted(at.items()) if TAU in values]


def _evidence(values: Mapping[str, float], trainings: int) -> Evidence:
    def bounds(name: str) -> tuple[float, float]:
        return values.get(name + LOW, math.nan), values.get(name + HIGH, math.nan)

    by_kind = {
        kind: {name.removeprefix(head): value for name, value in values.items() if name.startswith(head)}
        for kind, head in KINDS.items()
    }
    share = values.get(SHARE, 0.0)
    return Evidence(
        tau=values[TAU],
        interval=bounds(TAU),
        recall=values.get(RECALL, math.nan),
        recall_interval=bounds(RECALL),
        share=share,
        trusted=share > 0,
        trainings=trainings,
        **by_kind,
    )
