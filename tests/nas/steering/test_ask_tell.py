"""The door for agents and scripts: a whole search by `nas ask` and `nas tell`, and what may go wrong between them."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import pytest

import nas
from nas.config.metric import METRICS
from nas.errors import InputError
from nas.journal import journal as journals
from nas.journal.journal import Journal
from nas.records.trial import COMPLETED, FAILED, RUNNING, STOPPED
from search_spaces import Architecture, Choice, Space
from search_spaces.cells import MLP, Flatten, Head

EXAMPLES = Path(__file__).parents[3] / "examples"
QUICK: dict[str, Any] = {"tracking_uri": "", "epochs": 3, "baselines": ("off",), "ensemble": "off", "known": "off"}


def space() -> Space:
    return Space("small", Flatten(), MLP(Choice(8, 12, 16, 20), depth=Choice(1, 2)), Head())


def prepared(folder: Path, budget: str = "6 trials", **settings: Any) -> Path:
    nas.search("digits", space(), budget, directory=folder, prepare=True, **{**QUICK, **settings})
    return folder


def worth(candidate: dict[str, Any]) -> float:
    """A score that a candidate's parameters say."""
    return 1 - 100 / candidate["parameters"]


def test_an_agent_runs_a_whole_search_through_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "cli"))
    from command_line import run

    spec = importlib.util.spec_from_file_location("agent", EXAMPLES / "agent.py")
    assert spec is not None and spec.loader is not None
    agent = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(agent)
    outcome = agent.run("s", call=lambda *words: run(*words, cwd=tmp_path), budget="3 trials")
    assert [trial["state"] for trial in outcome["trials"]] == [COMPLETED] * 3
    assert (outcome["state"], outcome["ended"]) == ("ended", "budget")
    assert outcome["trials"][outcome["best"]]["score"] == max(trial["score"] for trial in outcome["trials"]) > 0.2
    result = nas.resume(tmp_path / "s")  # its final
    assert len(result.candidates) == 3 and result.exported is not None


@pytest.mark.parametrize("strategy", ["guided", "evolution", "tpe"])
def test_what_is_asked_for_is_what_the_driver_would_train(tmp_path: Path, strategy: str) -> None:
    folder = prepared(tmp_path / "s", "8 trials", strategy=strategy, executor="local")
    keys: set[str] = set()
    while (found := nas.ask(folder))["number"] is not None:
        assert json.loads(json.dumps(found)) == found and found["schema"] == 1
        keys = keys or set(found)
        assert set(found) == keys
        architecture = Architecture.from_json(json.dumps(found["architecture"]))
        assert space().replay(found["decisions"]).cells == architecture.cells
        assert found["waiting"] == [found["number"]] and found["left"]["trials"] == 7 - found["number"]
        told = nas.tell(folder, found["number"], worth(found), seconds=1.5)
        assert (told["state"], told["continue"], told["waiting"]) == (COMPLETED, False, [])
    assert (found["ended"], found["wait"]) == ("budget", False)
    seen = nas.open(folder)
    assert seen.ended == "budget" and len(seen.candidates) == 8
    assert sum(one.seconds for one in seen.candidates) == pytest.approx(12)
    assert found["best"]["number"] == seen.best.number
    sources = {one.source for one in seen.candidates}
    assert sources <= {"random", "evolution", "predictor", "tpe", "leftover"}


def test_several_agents_ask_before_one_tells(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "s", "3 trials")
    found = [nas.ask(folder) for _ in range(4)]
    assert [one["number"] for one in found] == [0, 1, 2, None]
    assert found[3]["wait"] and found[3]["ended"] is None  # one that fails may yet be replaced by nothing
    assert len({one["fingerprint"] for one in found[:3]}) == 3
    nas.tell(folder, 2, 0.5)
    nas.tell(folder, 0, failed="it\ndiverged")
    last = nas.tell(folder, 1, 0.25)
    assert last["best"] == {"number": 2, "score": 0.5} and last["waiting"] == []
    seen = nas.open(folder)
    assert [one.state for one in seen.candidates] == [FAILED, COMPLETED, COMPLETED]
    assert seen.candidates[0].error == "it\ndiverged"


def test_epochs_may_be_told_and_weak_ones_are_stopped(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "s", "8 trials")
    for turn in range(5):
        found = nas.ask(folder)
        for epoch in range(1, found["epochs"] + 1):
            told = nas.tell(folder, found["number"], 0.9 - turn / 10 + epoch / 100, epoch=epoch, seconds=1)
            if not told["continue"]:
                break
    seen = nas.open(folder)
    assert seen.candidates[0].state == COMPLETED and len(seen.candidates[0].scores) == 3
    assert seen.candidates[4].state == STOPPED and len(seen.candidates[4].scores) == 1


def test_time_is_what_was_told_and_goals_and_edits_hold(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "s", "100s")
    first = nas.ask(folder)
    assert first["left"] == {"trials": None, "seconds": 100.0}
    assert nas.tell(folder, first["number"], 0.5, seconds=30)["left"]["seconds"] == 70.0
    nas.edit(folder, pin=["mlp.width=8"], stop_at=0.8)
    for score in (0.75, 0.85):
        found = nas.ask(folder)
        assert found["values"]["1.width"] == 8
        told = nas.tell(folder, found["number"], score)
    assert told["ended"] == "stop_at"
    assert nas.ask(folder)["number"] is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "either a score or why"),
    "both": ({"score": 0.5, "failed": "no"}, "either a score or why"),
    "no number": ({"score": math.nan}, "finite number, got nan"),
    "a percentage": ({"score": 93.0}, "at most 1"),
    "an epoch too far": ({"score": 0.5, "epoch": 2}, "must be 1 of 3, got 2"),
    "negative time": ({"score": 0.5, "seconds": -1}, "at least 0"),
    "nobody": ({"score": 0.5, "number": 7}, r"no candidate 7 .* To be told are: 1"),
    "told before": ({"score": 0.5, "number": 0}, r"Candidate 0 is completed.* To be told are: 1"),
}


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepared(tmp_path_factory.mktemp("half") / "s")
    nas.ask(folder)
    nas.tell(folder, 0, 0.5)
    nas.ask(folder)
    return folder


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_told_changes_nothing(case: str, half: Path) -> None:
    given, expected = WRONG[case]
    before = journals.read(half).trials
    with pytest.raises(InputError, match=expected):
        nas.tell(half, **{"number": 1, **given})
    assert journals.read(half).trials == before
    assert before[1].state == RUNNING


def test_errors_are_told_with_a_minus(tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    data = rng.normal(size=(120, 4)).astype(np.float32), rng.normal(size=120).astype(np.float32)
    assert "rmse" in METRICS["regression"]
    nas.search(
        data, "mlp", "3 trials", directory=tmp_path / "s", prepare=True, metric="rmse", **{**QUICK, "epochs": 1}
    )  # fmt: skip
    number = nas.ask(tmp_path / "s")["number"]
    with pytest.raises(InputError, match=r"tell -3.5"):
        nas.tell(tmp_path / "s", number, 3.5)
    assert nas.tell(tmp_path / "s", number, -3.5)["best"]["score"] == -3.5


def test_a_search_that_runs_is_not_asked(half: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas.steering.ask_tell.WAIT", 0.1)
    with Journal.open(half), pytest.raises(InputError, match="being run by another process"):
        nas.ask(half)
