"""A disk that is full, a directory that cannot be written: the search keeps what it has, and says so."""

from __future__ import annotations

import pytest
import spaces

import nas
from nas.errors import InputError
from nas.journal.journal import Journal

pytestmark = pytest.mark.faults
QUICK = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 2, "strategy": "random"}


class FillsTheDisk(nas.Observer):
    """After three trials the journal's file may not grow any more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ended, self.messages, self.journal = 0, [], None
        create = Journal.create

        def created(*arguments) -> Journal:
            self.journal = create(*arguments)
            return self.journal

        monkeypatch.setattr(Journal, "create", created)

    def trial_ended(self, trial) -> None:
        self.ended += 1
        if self.ended == 3:
            self.journal._connection.execute("pragma max_page_count = 1")

    def message(self, text: str) -> None:
        self.messages.append(text)


def test_a_full_disk_ends_the_search_with_what_it_has(tmp_path, monkeypatch, injected) -> None:
    observer = FillsTheDisk(monkeypatch)
    result = nas.search(
        "digits", spaces.small(), "2000 trials", directory=tmp_path / "s", observers=[observer], **QUICK
    )
    assert result.ended == "journal"
    assert result.best.score > 0
    assert "full" in " ".join(observer.messages)
    finished = [c for c in result.candidates if c.finished]
    assert len(finished) >= 3
    resumed = nas.resume(tmp_path / "s", space=spaces.small(), budget=f"{len(result.candidates) + 2} trials")
    kept = [c for c in resumed.candidates if c.finished][: len(finished)]
    lost = sum(one != other for one, other in zip(finished, kept, strict=True))
    injected("the journal's disk is full", outcome="ended with what it had, resumed later", lost=lost)
    assert kept == finished
    assert len(resumed.candidates) == len(result.candidates) + 2


def test_a_checkpoint_that_cannot_be_written_costs_nothing_but_itself(tmp_path, monkeypatch, injected) -> None:
    from nas.execution import worker

    monkeypatch.setattr(worker, "SAVED_EVERY", 0.0)
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    result = nas.search("digits", spaces.small(), "3 trials", directory=tmp_path / "s", storage=str(blocked), **QUICK)
    assert all(c.state in ("completed", "stopped") for c in result.candidates)
    injected("checkpoints cannot be written", outcome="trained without")


def test_a_place_where_no_directory_can_be_is_refused(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--directory"):
        nas.search("digits", spaces.small(), "3 trials", directory=tmp_path / "file" / "s", **QUICK)
