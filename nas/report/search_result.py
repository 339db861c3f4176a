"""What a search came to, with what one does next; `nas.open` gives it of any search, ended or running."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.errors import InputError
from nas.final.record import final_record
from nas.journal.directory import EXPORTED, FINAL, RECORD
from nas.records.joint_space import JointSpace
from nas.records.results import BaselineResult, Finalist, FinalResult, SearchOutcome
from nas.records.trial import Trial
from nas.records.verdict import Standing, Verdict
from nas.report.notebook import as_html
from nas.report.trials_table import curves_table, trials_table
from nas.setup.problem import check_data, opened_data
from nas.setup.stored_search import StoredSearch, stored_search

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from nas.report.explanation import Explanation


@dataclass(frozen=True)
class SearchResult(SearchOutcome):
    """A search as it stood when it ended or was opened; open it again for what came since.

    Args:
        space: that was searched, with the recipe; None where it cannot be had.
        stored: what its journal says; None: it is read where it is needed.
    """

    space: JointSpace | None = None
    stored: StoredSearch | None = None

    @property
    def trials(self) -> pd.DataFrame:
        """A row per trial: state, scores, and a column for each decision with the value that was taken."""
        return trials_table(self.candidates, self.space)

    @property
    def curves(self) -> pd.DataFrame:
        """A row per epoch of every trial."""
        return curves_table(self.candidates)

    @property
    def front(self) -> pd.DataFrame:
        """The trials that no other beats in every objective."""
        return trials_table(self.pareto, self.space)

    @property
    def verdict(self) -> Verdict | None:
        """The winner against the best baseline, on the same sealed examples; None without a final or a baseline."""
        standing = self.final.standing if self.final is not None else None
        return standing.baseline if standing is not None else None

    def network(self, trial: int | None = None) -> nn.Module:
        """A trained network, normalisation included: the winner, or a trial.

        A trial that was not in the final is trained in full first, which takes a while, and is kept.

        Raises:
            InputError: no such trial, or data that cannot be had again.
        """
        from nas.export.export import finalist_network, know_code  # only now: none of it is needed before an export

        know_code(self.directory)
        folder, entry, record = self._trained(trial)
        return finalist_network(folder, record, entry)

    def export(self, out: str | Path, trial: int | None = None, formats: str | Sequence[str] = "python") -> Path:
        """Writes the winner, or a trial, as a folder of plain PyTorch, verified. A trial is trained in full first.

        The folder holds `model.py`, `weights.pt`, `card.md` and what raw rows ask for.

        Args:
            formats: beside plain PyTorch, e.g. `"pt2,onnx"`; see `nas.export.export_winner`.
        """
        from nas.export import export_winner
        from nas.final.single_trial import single_trial

        final = FINAL if trial is None or trial == self._winner() else single_trial(self.directory, trial)
        return export_winner(self.directory, Path(out), final=final, formats=formats)

    def continue_training(self, trial: int | None = None, data: Any = None, epochs: int = 10) -> nn.Module:
        """The network of `network(trial)`, trained for more epochs with the recipe of its trial.

        Args:
            data: other data of the same shape and classes; by default that of the search, without its test split.
        """
        from nas.training.loop import Training

        stored = self.stored or stored_search(self.directory)
        if data is None and not stored.config.data:
            raise InputError("This search was given arrays, which are not kept. Give `data=`.")
        dataset = opened_data(stored.config.data if data is None else data, stored.config)
        if data is None:
            check_data(stored.record.header, dataset)
        if dataset.task != stored.task:
            raise InputError(
                f"The network is for {stored.task}, and the data asks for {dataset.task}. Give data like it."
            )
        number = self._winner() if trial is None else trial
        whole = self.network(trial)
        chosen = stored.trial(number if number is not None else self.best.number)
        training = Training(whole[1], dataset.search, chosen.recipe, epochs=epochs, seed=chosen.seed)  # type: ignore[index]
        with contextlib.closing(training):
            while not training.finished:
                training.epoch()
        whole[1].load_state_dict(training.network.state_dict())  # type: ignore[index]
        return whole.eval()

    def explain(self, trial: int | None = None, seed: int = 0) -> Explanation:
        """What each decision of the winner, or of a trial, is worth, see `nas.report.explanation`.

        Raises:
            InputError: no such trial, none that was trained, or a space that cannot be had again.
        """
        from nas.report.explanation import explained

        stored = self.stored or stored_search(self.directory)
        return explained(stored, self._winner() if trial is None else trial, seed)

    def _repr_html_(self) -> str:
        return as_html(self)

    def _winner(self) -> int | None:
        return self.final.winner.trial.number if self.final is not None else None

    def _trained(self, trial: int | None) -> tuple[Path, dict[str, Any], dict[str, Any]]:
        """The folder of a final, an entry of its record, and the record."""
        if trial is None or (self.directory / FINAL / RECORD).is_file():
            record = final_record(self.directory)
            found = [one for one in record["finalists"] if trial in (None, one["number"])]
            if found:
                return self.directory / FINAL, found[0], record
        from nas.final.single_trial import single_trial

        final = single_trial(self.directory, trial if trial is not None else self.best.number)
        record = final_record(self.directory, final)
        return self.directory / final, record["finalists"][0], record


def open(directory: str | Path) -> SearchResult:
    """The search in a directory, made by a command or by a script, ended or running. Nothing is locked or written.

    Reading it runs the code of a person's own cells that it keeps: open only what you or someone you trust has run.

    Raises:
        InputError: there is no readable search.
    """
    directory = Path(directory).absolute()
    stored = stored_search(directory)
    exported = directory / EXPORTED
    return SearchResult(
        directory=directory,
        config=stored.config,
        candidates=stored.trials,
        final=_final(directory, stored),
        statement=stored.record.statement,
        ended=stored.record.ended,
        exported=exported if exported.is_dir() else None,
        spent=dict(stored.record.spent),
        space=stored.space,
        stored=stored,
    )


def _final(directory: Path, stored: StoredSearch) -> FinalResult | None:
    if not (directory / FINAL / RECORD).is_file():
        return None
    record = final_record(directory)
    finalists = tuple(_finalist(one, stored, directory / FINAL) for one in record["finalists"])
    first, found = record.get("baseline"), record.get("standing")  # a search of before has no verdict in its record
    return FinalResult(
        finalists,
        _finalist(first, stored, directory / FINAL) if first else None,
        tuple(BaselineResult(**one) for one in record.get("baselines", ())),
        record.get("left_out", {}),
        Standing.from_data(found) if found else None,
    )


def _finalist(entry: dict[str, Any], stored: StoredSearch, folder: Path) -> Finalist:
    trial: Trial = stored.trial(entry["number"])
    names = ("validation_score", "seed", "seconds")
    return Finalist(
        trial,
        scores=tuple(entry["scores"]),
        weights=folder / entry["weights"],
        refitted=entry.get("refitted", False),
        members=entry.get("members", 1),
        **{name: entry[name] for name in names},
    )
