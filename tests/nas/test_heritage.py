"""A training begins with its nearest relative's weights; the journal knows whose, and nothing is left at the end."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

import nas
from nas import heritage
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.data import load
from nas.execution import local, worker
from nas.heritage import Heritage
from nas.journal.journal import Header, Journal, read
from nas.records.job import Job
from nas.records.joint_space import JointSpace
from nas.records.row import PARENT, Row
from nas.records.trial import COMPLETED, REQUEUED
from nas.training.loop import EpochReport
from search_spaces import SPACES

QUICK = {"executor": "local", "tracking_uri": "", "final": False, "epochs": 2, "early_stopping": False}


@pytest.fixture
def joint() -> JointSpace:
    return JointSpace(SPACES["mlp"](), TrainingConfig(), load("digits").task)


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal.create(tmp_path / "s", Header(SearchConfig().to_json(), "s", "d", "f", "{}")) as opened:
        yield opened


def add(journal: Journal, joint: JointSpace, seed: int, **values: Any) -> Row:
    proposal = joint.sample(random.Random(seed))
    number = len(journal.rows)
    journal.add(Row(number, proposal.decisions, proposal.fingerprint, 2, 7, parameters=1000))
    return journal.change(number, **values) if values else journal.row(number)


def search(directory: Path, budget: str = "6 trials", **settings: Any) -> nas.SearchResult:
    return nas.search("digits", "mlp", budget, directory=directory, **{**QUICK, "inherit": "on", **settings})


def test_a_search_hands_weights_on_and_leaves_none(tmp_path: Path) -> None:
    result = search(tmp_path / "s")
    parents = [one.parent for one in result.candidates]
    assert parents[0] is None and any(parent is not None for parent in parents)
    assert all(parent is None or parent < number for number, parent in enumerate(parents))
    assert list(result.trials["parent"].dropna()) == [parent for parent in parents if parent is not None]
    assert list((tmp_path / "s" / "checkpoints").iterdir()) == []
    assert [one.score for one in result.candidates] != [
        one.score for one in search(tmp_path / "o", inherit="off").candidates
    ]
    assert [one.score for one in result.candidates] == [one.score for one in search(tmp_path / "t").candidates]


def test_an_interrupted_search_goes_on_with_the_same_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = search(tmp_path / "whole")
    train, count = local._train, 0

    def interrupted(*values: Any) -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise KeyboardInterrupt
        train(*values)

    monkeypatch.setattr(local, "_train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "s")
    monkeypatch.undo()
    begun = [row.parent for row in read(tmp_path / "s").rows]
    resumed = nas.resume(tmp_path / "s")
    assert [one.parent for one in resumed.candidates][: len(begun)] == begun
    assert [(one.parent, one.score) for one in resumed.candidates] == [(o.parent, o.score) for o in whole.candidates]


def test_the_parent_stands_in_the_journal_and_is_kept_for_a_repetition(journal: Journal, joint: JointSpace) -> None:
    add(journal, joint, 0, state=COMPLETED, scores=(0.5, 0.6))
    row = add(journal, joint, 0)
    fields = Heritage(journal, joint, "w").of(row)
    assert journal.row(1).attributes == {PARENT: 0}
    assert fields["parent"] == dict(journal.row(0).decisions)
    assert fields["parent_weights"] == "w/0-weights.pt" and fields["weights"] == "w/1-weights.pt"
    add(journal, joint, 0, state=COMPLETED, scores=(0.8, 0.9))  # a nearer one would be as good; the first stays
    journal.change(1, state=REQUEUED)
    assert Heritage(journal, joint, "w").of(journal.row(1)) == fields


def test_the_best_and_the_newest_are_kept_and_parents_of_what_is_in_training(
    journal: Journal, joint: JointSpace, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    for number in range(20):
        add(journal, joint, number, state=COMPLETED, scores=(1 - number / 100,))
        (folder / f"{number}-weights.pt").touch()
    kept = [*range(heritage.BEST), *range(20 - heritage.NEWEST, 20)]
    heir = add(journal, joint, 12, attributes={PARENT: 12})
    hands_on = Heritage(journal, joint, str(folder))
    hands_on.of(heir)
    hands_on.settle(19)
    assert sorted(int(path.name.split("-")[0]) for path in folder.iterdir()) == sorted([*kept, 12])
    hands_on.settle(heir.number)
    assert not (folder / "12-weights.pt").exists()
    hands_on.clear()
    assert list(folder.iterdir()) == []


def test_large_networks_hand_nothing_on(journal: Journal, joint: JointSpace) -> None:
    add(journal, joint, 0, state=COMPLETED, scores=(0.5,), parameters=heritage.LARGEST)
    row = add(journal, joint, 0)
    assert Heritage(journal, joint, "w").of(row)["weights"] == "w/1-weights.pt"
    assert journal.row(1).parent is None
    assert Heritage(journal, joint, "w").of(journal.row(0))["weights"] == ""


def test_a_parent_that_cannot_be_read_costs_nothing_but_its_weights(joint: JointSpace, tmp_path: Path) -> None:
    data = load("digits").search
    decisions = dict(joint.sample(random.Random(0)).decisions)
    lost = tmp_path / "lost.pt"
    orphan = Job(1, decisions, 2, 7, math.inf, 60.0, "", parent=decisions, parent_weights=str(lost))
    first = worker.Work(orphan, joint, data).epoch()
    fresh = worker.Work(Job(1, decisions, 2, 7, math.inf, 60.0, ""), joint, data).epoch()
    assert isinstance(first, EpochReport) and isinstance(fresh, EpochReport)
    assert "begins with fresh ones" in first.notices[0]
    assert first.score == fresh.score


def test_weights_are_left_where_a_training_may_end(joint: JointSpace, tmp_path: Path) -> None:
    data = load("digits").search
    decisions = dict(joint.sample(random.Random(0)).decisions)
    path = tmp_path / "0.pt"
    job = Job(0, decisions, 4, 7, math.inf, 60.0, "", weights=str(path), rungs=(2,))
    sent = Job(**json.loads(json.dumps(dataclasses.asdict(job))))  # as it goes to a worker of a cluster
    work = worker.Work(sent, joint, data)
    written = []
    for _ in range(4):
        work.epoch()
        written.append(path.exists())
        path.unlink(missing_ok=True)
    assert written == [False, True, False, True]
