"""What a strategy gives for a number: an architecture and a recipe with nothing left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nas.config.recipe import TrainingConfig
from search_spaces.architecture import Architecture

if TYPE_CHECKING:
    from predictors.probation import Evidence

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Proposal:
    """An architecture and how it is to be trained.

    Args:
        decisions: index of the option taken, by path; those of the recipe begin with `training.`. Treat as read-only.
        fingerprint: 16 hexadecimal digits; equal for proposals that would train the same network in the same way.
        source: which part of the strategy proposed it, e.g. `random`, `evolution`, `predictor`.
        attributes: what the strategy wants to find again in the journal, as JSON data.
        evidence: how far the predictor is trusted, where that was judged anew for this proposal.
    """

    architecture: Architecture
    recipe: TrainingConfig
    decisions: Mapping[str, int]
    fingerprint: str
    source: str = ""
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING, hash=False)
    evidence: Evidence | None = field(default=None, compare=False)
