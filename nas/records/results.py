"""What the final and the whole search came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nas.config.search_config import SearchConfig
from nas.records.pareto import front
from nas.records.trial import COMPLETED, Trial, best_first
from nas.records.verdict import Standing
from search_spaces.architecture import Architecture
from search_spaces.cells import Members


@dataclass(frozen=True)
class Finalist:
    """A trial trained in full, or with the weights of the search where its full training came to less.

    Args:
        trial: the trial; its `test_score` is set for the winner and the first random candidate only.
        validation_score: mean over the seeds. Of a training that is kept at its best epoch, the mean of that epoch's
            score and of up to four after it.
        scores: of the kept training, one per epoch.
        seed: of the kept training.
        seconds: of all its full trainings.
        weights: file with the state dict of the whole network, normalisation included.
        gradient_flow: norm of the gradients of each cell with weights after the last epoch, by place in the network.
        refitted: whether the kept training saw the validation split as well; the scores of its epochs are then no
            measure, and `validation_score` is that of the training on the training split alone.
        members: networks of this architecture whose outputs are averaged: the further ones are trained as the kept
            training was, from other seeds. `weights` are those of all.
    """

    trial: Trial
    validation_score: float
    scores: tuple[float, ...]
    seed: int
    seconds: float
    weights: Path
    gradient_flow: Mapping[str, float] = field(default_factory=dict, hash=False)
    refitted: bool = False
    members: int = 1

    @property
    def architecture(self) -> Architecture:
        """Of the network that `weights` belong to."""
        one = self.trial.architecture
        if self.members == 1:
            return one
        return Architecture(one.space, (Members(one.cells, self.members),), one.decisions)

    @property
    def epochs(self) -> int:
        """Epochs of the kept training."""
        return len(self.scores)

    @property
    def test_score(self) -> float | None:
        """On the sealed test split, where it was judged on it."""
        return self.trial.test_score


@dataclass(frozen=True)
class BaselineResult:
    """What a person would have taken without a search.

    Args:
        label: how a sentence calls it. seconds: of its training. note: what was reduced to keep within its time.
    """

    name: str
    label: str
    validation_score: float
    test_score: float
    seconds: float
    note: str = ""


@dataclass(frozen=True)
class FinalResult:
    """What the final came to.

    Args:
        finalists: the best first; the winner is the first of them.
        first_random: the first random candidate, trained as the finalists were; it may be one of them.
        baselines: the strongest kind first.
        left_out: why other baselines were not trained, by name.
        standing: the winner's test score with its interval, against the best baseline and the first random candidate.
        runs: all trainings on the training split alone that left weights, the best first: what an ensemble is made of.
    """

    finalists: tuple[Finalist, ...]
    first_random: Finalist | None
    baselines: tuple[BaselineResult, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict, hash=False)
    standing: Standing | None = None
    runs: tuple[Finalist, ...] = ()

    @property
    def winner(self) -> Finalist:
        """The best by its validation score."""
        return self.finalists[0]


@dataclass(frozen=True)
class SearchOutcome:
    """Everything that was tried, the best of it, and where it lies.

    Args:
        directory: of the search: journal, final weights, export.
        candidates: all trials, in order of number.
        final: of the final phase; None if there was none.
        statement: where every second went, as text.
        ended: why the search phase ended: `budget`, `exhausted`, `stop_at`, `patience` (of trials), `stopped` (by an
            observer or by `nas stop`), `interrupted`, `failures`, `journal` or `no room`.
        exported: the verified export's directory; None if there is none.
        spent: wall seconds by purpose.
    """

    directory: Path
    config: SearchConfig
    candidates: tuple[Trial, ...]
    final: FinalResult | None = None
    statement: str = ""
    ended: str = "budget"
    exported: Path | None = None
    spent: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def best(self) -> Trial:
        """The final's winner, with its test score; without a final the best on the validation split."""
        if self.final is not None:
            return self.final.winner.trial
        ranked = best_first(self.candidates)
        if not ranked:
            raise LookupError("No candidate of this search was trained.")
        return ranked[0]

    @property
    def pareto(self) -> list[Trial]:
        """See `pareto`."""
        return pareto(self.candidates, self.config.objectives)


@dataclass(frozen=True)
class Point:
    """A trial as its objectives see it."""

    score: float
    costs: tuple[float, ...]


def pareto(trials: Sequence[Trial], objectives: Sequence[str]) -> list[Trial]:
    """Fully trained trials that no other beats in every objective, the best score first."""
    complete = [trial for trial in trials if trial.eligible and trial.state == COMPLETED]
    points = [Point(one.score, tuple(float(getattr(one, name)) for name in objectives[1:])) for one in complete]
    return [complete[index] for index in front(points)]
