"""What a search came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.records.trial import COMPLETED, Candidate, best_first
from nas.strategies.pareto import front

if TYPE_CHECKING:
    import pandas as pd

    from nas.config.search_config import SearchConfig
    from nas.final.final import FinalResult


@dataclass(frozen=True)
class Point:
    """A candidate as its objectives see it."""

    score: float
    costs: tuple[float, ...]


@dataclass(frozen=True)
class SearchResult:
    """Everything that was tried, the best of it, and where it lies.

    Args:
        directory: of the search: journal, final weights, export.
        candidates: all of them, in order of number.
        final: of the final phase; None if there was none.
        statement: where every second went, as text.
        ended: why the search phase ended: `budget`, `exhausted`, `interrupted`, `failures` or `journal`.
        exported: the verified export's directory; None if there is none.
    """

    directory: Path
    config: SearchConfig
    candidates: tuple[Candidate, ...]
    final: FinalResult | None = None
    statement: str = ""
    ended: str = "budget"
    exported: Path | None = None
    spent: dict[str, float] = field(default_factory=dict)

    @property
    def best(self) -> Candidate:
        """The final's winner, with its test score; without a final the best on the validation split."""
        if self.final is not None:
            return self.final.winner.candidate
        ranked = best_first(self.candidates)
        if not ranked:
            raise LookupError("No candidate of this search was trained.")
        return ranked[0]

    @property
    def pareto(self) -> list[Candidate]:
        """See `pareto`."""
        return pareto(self.candidates, self.config.objectives)

    @property
    def trials(self) -> pd.DataFrame:
        """A row per trial."""
        import pandas as pd

        return pd.DataFrame([_record(candidate) for candidate in self.candidates])

    def export(self, directory: str | Path) -> Path:
        """Writes the winner as `model.py`, `weights.pt`, `architecture.json` and `card.md`, verified. Needs a final."""
        from nas.export import export_winner

        return export_winner(self.directory, Path(directory))


def pareto(candidates: Sequence[Candidate], objectives: Sequence[str]) -> list[Candidate]:
    """Fully trained candidates that no other beats in every objective, the best score first."""
    complete = [candidate for candidate in candidates if candidate.usable and candidate.state == COMPLETED]
    points = [Point(one.score, tuple(float(getattr(one, name)) for name in objectives[1:])) for one in complete]
    return [complete[index] for index in front(points)]


def _record(candidate: Candidate) -> dict[str, Any]:
    names = (
        "number", "state", "score", "test_score", "epochs", "seconds", "parameters", "macs", "source", "attempts",
        "failure", "error", "parent",
    )  # fmt: skip
    record = {name: getattr(candidate, name) for name in names}
    return {**record, "epochs_done": len(candidate.scores), "fingerprint": candidate.architecture.fingerprint}
