"""Searches and exports that earlier versions wrote: `tests/data/before` was made by the commit f2dd292.

Both are `nas search digits --space mlp --budget '6 trials' --executor local --seed 0 --epochs 4 --max-parameters 6000
--tracking-uri ''`; `interrupted` was ended by kill -9 in its third training.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import nas
from nas.config.search_config import FORMER, SearchConfig
from nas.data import load
from nas.export import export_winner
from nas.journal import journal as journals
from nas.records.trial import COMPLETED, RUNNING, STOPPED
from nas.setup.stored_search import stored_search
from nas.training.inference import outputs
from nas.training.score import score

BEFORE = Path(__file__).parents[1] / "data" / "before"


class Epochs(nas.Observer):
    """Epochs by trial, in order."""

    def __init__(self) -> None:
        self.of: dict[int, list[int]] = {}

    def epoch_ended(self, trial: nas.Trial, report: nas.Observer) -> None:
        self.of.setdefault(trial.number, []).append(report.epoch)  # type: ignore[attr-defined]


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BEFORE / "finished", tmp_path / "finished"))


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nas.SearchResult, Epochs]:
    """The interrupted one, gone on with to its end."""
    place, epochs = tmp_path_factory.mktemp("before") / "interrupted", Epochs()
    shutil.copytree(BEFORE / "interrupted", place)
    return place, nas.resume(place, observers=[epochs]), epochs


def test_an_interrupted_search_goes_on_where_it_was(resumed: tuple[Path, nas.SearchResult, Epochs]) -> None:
    place, result, epochs = resumed
    before, after = journals.read(BEFORE / "interrupted").trials, journals.read(place).trials
    assert [one.state for one in before] == [COMPLETED, COMPLETED, RUNNING]
    assert after[:2] == tuple(dataclasses.replace(one, test_score=after[one.number].test_score) for one in before[:2])
    assert [one.state in (COMPLETED, STOPPED) for one in after] == [True] * 6
    assert after[2].scores[: len(before[2].scores)] == pytest.approx(before[2].scores)
    assert epochs.of[2][0] >= 3  # from its checkpoint
    assert result.final is not None and result.best.test_score is not None
    assert result.exported is not None


def test_a_finished_search_goes_on_with_more_budget(finished: Path) -> None:
    before = journals.read(finished)
    nas.resume(finished, budget="7 trials")
    after = journals.read(finished)
    assert len(after.trials) == 7
    assert [one.scores for one in after.trials[:6]] == [one.scores for one in before.trials]


def test_a_new_export_of_an_old_search_takes_raw_rows_where_its_data_is_read_as_it_was(finished: Path) -> None:
    out = export_winner(finished, finished / "new")
    test = load("digits").test
    said = nas.load_predictor(out)(test.open_rows())
    np.testing.assert_allclose(said.outputs, outputs(nas.load(out), test.open().inputs), atol=1e-5)


@pytest.mark.parametrize("name", ["finished", "interrupted"])
def test_show_reads_it(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from nas.cli.show import show

    place = Path(shutil.copytree(BEFORE / name, tmp_path / name))
    show(place, None, f"sqlite:///{tmp_path / 'optuna.db'}")
    said = " ".join(capsys.readouterr().out.split())
    assert {"finished": "6 trials", "interrupted": "3 trials"}[name] in said
    assert "mlp for digits, budget 6 trials, strategy guided, seed 0" in said
    assert "Networks cannot be drawn" not in said
    assert stored_search(place).space is not None


def test_an_export_of_before_computes_what_it_did(finished: Path) -> None:
    _check(nas.load(finished / "export"), finished)


def test_a_final_of_before_is_exported_again(finished: Path, tmp_path: Path) -> None:
    _check(nas.load(finished), finished)
    _check(nas.load(export_winner(finished, tmp_path / "again")), finished)


def test_an_interrupted_search_of_before_is_exported(resumed: tuple[Path, nas.SearchResult, Epochs]) -> None:
    place, _, _ = resumed
    _check(nas.load(place / "export"), place)


def _check(network: object, search: Path) -> None:
    """It has the score that stands in the search's record."""
    dataset = load("digits")
    test = dataset.test.open()
    winner = json.loads((search / "final" / "final.json").read_text())["finalists"][0]
    found = score(dataset.task, outputs(network, test.inputs.astype(np.float32)), test.targets)  # type: ignore[arg-type]
    assert found == pytest.approx(winner["test_score"])


def test_its_config_is_read() -> None:
    text = journals.read(BEFORE / "finished").header.config
    assert set(FORMER) <= set(json.loads(text))
    config = SearchConfig.from_json(text)
    assert (config.data, config.space, str(config.budget), config.epochs) == ("digits", "mlp", "6 trials", 4)
    assert config.limits == {"parameters": 6000}
    assert SearchConfig.from_json(config.to_json()) == config
