"""A search that is steered: edited while it runs and between runs; stopped from outside, by an observer, a goal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nas
from nas.config.budget import Budget
from nas.config.edit import Edit, changed_budget
from nas.errors import InputError
from nas.journal import journal as journals
from nas.journal.journal import add_edit
from nas.records.job import EpochReport
from nas.records.trial import OUT, REQUEUED, RUNNING, STOPPED
from search_spaces import Choice, Repeat, Space, SpaceError
from search_spaces.cells import MLP, Conv, Flatten, Head, Residual, Stem
from search_spaces.tree import cells_within

QUICK: dict[str, Any] = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 2, "seed": 3}


def wide() -> Space:
    block = Choice(Conv(Choice(4, 6, 8), kernel=Choice(1, 3)), Residual(Choice(4, 6, 8), kernel=3))
    return Space("wide", Stem(Choice(4, 6)), Repeat(block, Choice(1, 2)), Head())


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    targets = np.arange(200) % 4
    return rng.normal(size=(200, 1, 8, 8)).astype(np.float32) + targets[:, None, None, None], targets


class After(nas.Observer):
    """Does something once, after so many trials."""

    def __init__(self, trials: int, action: Any) -> None:
        self.left, self.action, self.edits = trials, action, list[Edit]()

    def trial_ended(self, trial: nas.Trial) -> None:
        self.left -= 1
        if self.left == 0:
            self.action()

    def edited(self, edit: Edit) -> None:
        self.edits.append(edit)


def has(trial: nas.Trial, cell: type) -> bool:
    return any(isinstance(one, cell) for one in cells_within(trial.architecture.cells))


@pytest.mark.parametrize("strategy", ["guided", "tpe", "evolution"])
def test_a_running_search_takes_an_edit_up_and_a_resume_keeps_it(tmp_path: Path, data: Any, strategy: str) -> None:
    folder = tmp_path / "s"
    asked = {**QUICK, "strategy": strategy, "known": "off"}

    def change() -> None:
        said = nas.edit(folder, ban=["residual"], pin=["stem.width=6"], budget="+4 trials")
        assert "takes it up before its next training" in said and "budget 18 trials" in said

    watching = After(9, change)
    result = nas.search(data, wide(), "14 trials", directory=folder, observers=[watching], **asked)
    (edit,) = watching.edits
    assert (edit.number, edit.trial) == (1, 9)
    before, since = result.candidates[:9], result.candidates[9:]
    assert len(since) == 9
    assert any(has(one, Residual) for one in before)
    assert all(not has(one, Residual) and one.architecture.cells[0].width == 6 for one in since)
    for one in result.candidates:
        out = has(one, Residual) or one.architecture.cells[0].width != 6
        assert (OUT in one.attributes) == out
        assert one.usable  # those that are out still teach
    assert OUT not in result.best.attributes
    seen = nas.open(folder)
    assert seen.best.number == result.best.number
    assert str(seen.config.budget) == "18 trials"
    more = nas.resume(folder, data=data, budget="+2 trials")
    assert len(more.candidates) == 20
    assert not any(has(one, Residual) for one in more.candidates[9:])
    # the interrupted and resumed search is the uninterrupted one
    whole = nas.search(data, wide(), "16 trials", directory=tmp_path / "w", observers=[
        After(9, lambda: nas.edit(tmp_path / "w", ban=["residual"], pin=["stem.width=6"], budget="+4 trials"))
    ], **asked)  # fmt: skip
    assert [one.decisions for one in whole.candidates] == [one.decisions for one in more.candidates]


def test_an_ended_search_is_edited_freed_again_and_resumed(tmp_path: Path, data: Any) -> None:
    folder = tmp_path / "s"
    nas.search(data, wide(), "5 trials", directory=folder, strategy="random", **QUICK)
    said = nas.edit(folder, ban="conv.kernel=1", budget="+3 trials")
    out = [one.number for one in nas.open(folder).candidates if OUT in one.attributes]
    assert out and f"{len(out)} of 5 trials so far are out" in said and "nas resume" in said
    assert nas.open(folder).best.number not in out
    result = nas.resume(folder, data=data)
    assert len(result.candidates) == 8
    kernels = [one.kernel for trial in result.candidates[5:] for one in trial.architecture.cells if type(one) is Conv]
    assert kernels and 1 not in kernels
    nas.edit(folder, clear=True)
    assert not any(OUT in one.attributes for one in nas.open(folder).candidates)
    with journals.Journal.open(folder) as journal:
        assert [edit.words for edit in journal.edits] == [
            "ban conv.kernel=1; budget +3 trials", "free what was banned and pinned before",
        ]  # fmt: skip


def test_a_training_of_what_is_banned_meanwhile_is_stopped_and_a_waiting_one_is_not_begun(
    tmp_path: Path, data: Any
) -> None:
    folder = tmp_path / "s"

    class AtFirstEpoch(nas.Observer):
        done = 0

        def epoch_ended(self, trial: nas.Trial, report: EpochReport) -> None:
            if not self.done:
                AtFirstEpoch.done = 1
                nas.edit(folder, ban=[f"stem.width={trial.architecture.cells[0].width}"])

    result = nas.search(data, wide(), "4 trials", directory=folder, observers=[AtFirstEpoch()], **QUICK)
    first, *rest = result.candidates
    assert (first.state, len(first.scores)) == (STOPPED, 1)
    assert all(one.architecture.cells[0].width != first.architecture.cells[0].width for one in rest)
    with journals.Journal.open(folder) as journal:
        journal.change(0, state=REQUEUED)
    again = nas.resume(folder, data=data, budget="5 trials")
    assert again.candidates[0].state == REQUEUED
    assert again.best.number != 0


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "must change something"),
    "an unknown cell": ({"ban": ["Transformer"]}, "no cell of this space"),
    "all that is left": ({"ban": ["stem.width=4,6"]}, "No network"),
    "budget of another kind": ({"budget": "+1h"}, "adds to what has no limit"),
    "no budget": ({"budget": "later"}, "later"),
    "a mixed budget": ({"budget": "+1 trials, 1h"}, "Write a `\\+` before all"),
    "a goal out of reach": ({"stop_at": 98}, "at most 1"),
    "a goal that is none": ({"stop_at": "high"}, "number or `none`"),
    "half a trial": ({"patience_trials": 2.5}, "whole number"),
    "no text": ({"ban": [" "]}, "list of texts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_edit_that_cannot_be_changes_nothing(case: str, ended: Path) -> None:
    asked, expected = REFUSED[case]
    before = journals.read(ended)
    with pytest.raises((InputError, SpaceError), match=expected):
        nas.edit(ended, **asked)
    assert journals.read(ended) == before


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, data: Any) -> Path:
    folder = tmp_path_factory.mktemp("ended") / "s"
    nas.search(data, wide(), "2 trials", directory=folder, **{**QUICK, "epochs": 1})
    return folder


def test_there_is_nothing_to_stop_where_nobody_searches(ended: Path, tmp_path: Path) -> None:
    for now in (False, True):
        with pytest.raises(InputError, match=r"No process runs.*ended \(budget\)"):
            nas.stop(ended, now=now)
    with pytest.raises(InputError, match="no search"):
        nas.stop(tmp_path)
    assert not journals.read(ended).edits


def test_a_stop_that_came_too_late_does_not_end_the_next_run(tmp_path: Path, data: Any) -> None:
    folder = tmp_path / "s"
    nas.search(data, wide(), "2 trials", directory=folder, **QUICK)
    add_edit(folder, Edit(stop="soon"))  # as the driver was ending
    add_edit(folder, Edit(budget="+2 trials"))
    result = nas.resume(folder, data=data)
    assert (len(result.candidates), result.ended) == (4, "budget")


HOW: dict[str, tuple[Any, str, bool]] = {
    "nas stop": (lambda folder: After(2, lambda: nas.stop(folder)), "stopped", True),
    "nas stop --now": (lambda folder: After(2, lambda: nas.stop(folder, now=True)), "interrupted", False),
    "observer.stop()": (lambda folder: _stopping(2), "stopped", True),
}


def _stopping(trials: int) -> nas.Observer:
    watching = After(trials, lambda: watching.stop())
    return watching


@pytest.mark.parametrize("how", HOW)
def test_who_stops_a_search_gets_its_final_and_may_go_on(how: str, tmp_path: Path) -> None:
    watching, reason, full = HOW[how]
    folder = tmp_path / "s"
    small = Space("small", Flatten(), MLP(Choice(8, 12, 16)), Head())
    asked = {**QUICK, "final": True, "baselines": ("majority",), "ensemble": "off"}
    observer = watching(folder)
    result = nas.search("digits", small, "4 trials", directory=folder, observers=[observer], **asked)
    assert (result.ended, len(result.candidates)) == (reason, 2)
    assert result.final is not None and result.exported is not None
    epochs = 6 if full else 2  # three times as many as in the search, where the final is whole
    assert result.final.winner.epochs == epochs
    again = nas.resume(folder, observers=[observer])
    assert again.ended == "exhausted" and len(again.candidates) == 3


def test_goals_end_a_search_that_has_its_final_and_is_not_gone_on_with_in_vain(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    small = Space("small", Flatten(), MLP(Choice(8, 12, 16, 20)), Head())
    asked = {**QUICK, "final": True, "baselines": ("off",), "ensemble": "off"}
    result = nas.search("digits", small, "4 trials", directory=folder, stop_at=0.05, **asked)
    assert (result.ended, len(result.candidates)) == ("stop_at", 1)
    assert result.final is not None and result.final.winner.epochs == 6
    with pytest.raises(InputError, match="--stop-at"):
        nas.resume(folder)
    nas.edit(folder, stop_at="none", patience_trials=2, budget="30 trials")
    assert not nas.open(folder).ended
    with pytest.raises(InputError, match="at most 1"):
        nas.search("digits", small, "4 trials", directory=tmp_path / "t", stop_at=98, **asked)
    assert not (tmp_path / "t").exists()


def test_patience_ends_a_search_after_trainings_that_brought_nothing(tmp_path: Path, data: Any) -> None:
    result = nas.search(
        data, wide(), "40 trials", directory=tmp_path / "s", strategy="random", patience_trials=3, **QUICK
    )
    assert result.ended == "patience"
    last = max(one.finished for one in result.candidates)
    assert last - result.best.finished == 3 and last < 40
    with pytest.raises(InputError, match="patience_trials"):
        nas.search(data, wide(), directory=tmp_path / "t", patience_trials=0, **QUICK)


def test_a_budget_may_grow(tmp_path: Path) -> None:
    both = Budget.parse("1h, 20 trials")
    assert changed_budget(both, "+30m") == Budget.parse("1h30m, 20 trials")
    assert changed_budget(both, "+1h, +5 trials") == Budget.parse("2h, 25 trials")
    assert changed_budget(both, "3h") == Budget.parse("3h")


def test_a_journal_of_before_can_be_edited(ended: Path, tmp_path: Path) -> None:
    import shutil
    import sqlite3

    shutil.copytree(ended, tmp_path / "old")
    with sqlite3.connect(tmp_path / "old" / "search.db") as connection:
        connection.execute("drop table edits")
    connection.close()
    assert journals.read(tmp_path / "old").edits == ()
    nas.edit(tmp_path / "old", budget="+1 trials")
    assert [one.words for one in journals.read(tmp_path / "old").edits] == ["budget +1 trials"]
    assert all(one.state != RUNNING for one in nas.open(tmp_path / "old").candidates)


def test_what_a_running_search_cannot_take_up_is_said_and_goes(tmp_path: Path, data: Any) -> None:
    folder, texts = tmp_path / "s", list[str]()

    class Careless(After):
        def message(self, text: str) -> None:
            texts.append(text)

    def change() -> None:
        add_edit(folder, Edit(ban=("transformer",)))  # as a program with another space would
        add_edit(folder, Edit(budget="+1h"))
        add_edit(folder, Edit(budget="+1 trials"))

    watching = Careless(1, change)
    result = nas.search(data, wide(), "2 trials", directory=folder, observers=[watching], **QUICK)
    assert len(result.candidates) == 3
    assert [edit.budget for edit in watching.edits] == ["+1 trials"]
    assert len(texts) == 2 and all("is not taken up" in text for text in texts)
    assert [edit.number for edit in journals.read(folder).edits] == [3]
