"""Once a candidate has finished an epoch, a search ends with an export, a score on the sealed test and exit code 0."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
import spaces

import nas
from nas.errors import SearchFailed
from nas.journal import journal as journals
from nas.records.trial import COMPLETED, RUNNING, STOPPED

pytestmark = pytest.mark.faults
QUICK = {"budget": "2 trials", "strategy": "random", "final": True, "epochs": 1}


def won(drivers, driver) -> dict:
    """The winner's entry of `final.json`, after the search has ended as it should."""
    driver.join(300)
    assert driver.exitcode == 0
    search = drivers.directory
    assert (search / "export" / "model.py").exists()
    assert nas.load(search / "export") is not None
    winner = json.loads((search / "final" / "final.json").read_text())["finalists"][0]
    record = journals.read(search)
    assert record.trials[winner["number"]].test_score == winner["test_score"] > 0.1
    assert record.ended and record.statement.startswith("Where")
    return winner


def wait_for(drivers, driver, event: str, count: int = 1) -> None:
    while len(drivers.events(event)) < count:
        assert driver.is_alive(), f"the driver ended before {count} x {event}"
        time.sleep(0.01)


def kept(search: Path) -> list[str]:
    return sorted(path.name for path in (search / "checkpoints").glob("*"))


def test_a_final_in_which_all_raise_uses_the_weights_of_the_search(drivers, injected) -> None:
    driver = drivers.fork(space="raising_in_final", **{**QUICK, "epochs": 2})
    winner = won(drivers, driver)
    best = max(journals.read(drivers.directory).trials, key=lambda one: (one.state == COMPLETED, one.score))
    assert (winner["number"], winner["scores"]) == (best.number, list(best.scores))
    assert winner["weights"].endswith("-search.pt")
    assert kept(drivers.directory) == []  # a search that is done needs none
    injected("every training of the final raises", outcome="the search's own weights won")


@pytest.mark.slow
@pytest.mark.parametrize(("space", "epochs"), [("hanging_in_final", 1), ("hanging_later_in_final", 1)])
def test_a_final_that_is_cut_off_has_a_winner(drivers, injected, space: str, epochs: int) -> None:
    driver = drivers.fork(space=space, **{**QUICK, "budget": "2 trials, 40s"})
    winner = won(drivers, driver)
    assert len(winner["scores"]) == epochs
    assert winner["weights"].endswith("-search.pt") == (space == "hanging_in_final")
    injected("every training of the final hangs", outcome="what had been reached by then won")


def test_ctrl_c_after_one_epoch_of_the_search(drivers, injected) -> None:
    driver = drivers.fork(space="crawling", **{**QUICK, "budget": "9 trials", "epochs": 3})
    wait_for(drivers, driver, "epoch")
    os.kill(driver.pid, signal.SIGINT)
    won(drivers, driver)
    assert journals.read(drivers.directory).ended == "interrupted"
    assert len(drivers.events("started")) == 1
    injected("SIGINT after the first epoch of all", outcome="final and export of the one candidate")


def test_ctrl_c_in_the_final_ends_it_after_the_epoch_in_training(drivers, injected) -> None:
    driver = drivers.fork(space="crawling_in_final", **{**QUICK, "epochs": 3})
    wait_for(drivers, driver, "final-epoch")
    os.kill(driver.pid, signal.SIGINT)
    winner = won(drivers, driver)
    assert winner["weights"].endswith("-search.pt") or len(winner["scores"]) < 9
    assert len(drivers.events("final-epoch")) < 9
    injected("SIGINT in the final", outcome="export of the best so far")


def test_kill_9_after_one_epoch_then_a_resume_with_no_time_for_another(drivers, injected) -> None:
    driver = drivers.fork(space="crawling", **{**QUICK, "budget": "1h", "epochs": 20})
    wait_for(drivers, driver, "epoch")
    driver.kill()
    driver.join()
    (trial, *_) = journals.read(drivers.directory).trials
    assert trial.state == RUNNING and trial.scores
    winner = won(drivers, drivers.fork("resume", space="crawling", budget="1s"))
    assert winner["number"] == 0 and winner["weights"].endswith("-search.pt")
    assert drivers.events("final-epoch") == []
    injected("kill -9 after the first epoch, then a resume without time", outcome="the kept weights won")


class LosesTheWeights(nas.Observer):
    """When the final begins, what the search kept is gone."""

    def __init__(self, search: Path) -> None:
        self.search = search

    def final_started(self, trials) -> None:
        Path(os.environ[spaces.FINAL]).touch()
        for path in (self.search / "checkpoints").iterdir():
            path.unlink()


def test_a_final_that_comes_to_nothing_is_charged_and_the_journal_says_how_it_ended(
    tmp_path, monkeypatch, injected
) -> None:
    monkeypatch.setenv(spaces.FINAL, str(tmp_path / "final-has-begun"))
    place = tmp_path / "s"
    quick = {
        **QUICK,
        "executor": "local",
        "tracking_uri": "",
        "baselines": ("off",),
        "ensemble": "off",
        "directory": place,
    }
    with pytest.raises(SearchFailed, match="raises in the final"):
        nas.search("digits", spaces.raising_in_final(), observers=[LosesTheWeights(place)], **quick)
    record = journals.read(place)
    assert record.ended == "budget"
    assert record.statement.startswith("Where")
    assert record.spent["final"] > 0
    assert all(trial.test_score is None for trial in record.trials)
    injected("every training of the final raises, and the kept weights are gone", outcome="failed, and charged")


def test_the_second_ctrl_c_leaves_the_running_trial_to_a_resume(drivers, injected) -> None:
    asked = {"space": "crawling", "saved_every": 0.0}
    driver = drivers.fork(**{**QUICK, "final": False, "epochs": 6, "budget": "1 trials"}, **asked)
    wait_for(drivers, driver, "epoch", 2)
    os.kill(driver.pid, signal.SIGINT)
    os.kill(driver.pid, signal.SIGTERM)  # at once: two of one kind would come as one
    driver.join(100)
    assert driver.exitcode != 0
    (trial,) = journals.read(drivers.directory).trials
    assert trial.state == RUNNING
    before = drivers.events("epoch")
    assert len(before) == len(trial.scores) >= 2
    again = drivers.fork("resume", **asked)
    again.join(200)
    assert again.exitcode == 0
    (trial,) = journals.read(drivers.directory).trials
    assert (trial.state, len(trial.scores), trial.attempts) == (COMPLETED, 6, 2)
    epochs = [int(epoch) for _, epoch in drivers.events("epoch")[len(before) :]]
    assert epochs == list(range(epochs[0], 7))
    assert epochs[0] >= len(before)  # from its checkpoint: the last epoch at most is repeated
    injected("a second Ctrl-C, in process", outcome="the running trial went on from its checkpoint", lost=0)


def test_only_the_weights_of_the_best_are_kept(tmp_path) -> None:
    quick = {
        **QUICK,
        "executor": "local",
        "tracking_uri": "",
        "baselines": ("off",),
        "ensemble": "off",
        "final": False,
        "budget": "6 trials",
    }
    result = nas.search("digits", spaces.small(), directory=tmp_path / "s", **quick)
    assert all(one.state in (COMPLETED, STOPPED) for one in result.candidates)
    assert kept(tmp_path / "s") == [f"{result.best.number}-weights.pt"]
