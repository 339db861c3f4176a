"""A language model from the search to the export: text in, what follows out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import nas
from nas.config.recipe import TrainingConfig
from nas.errors import InputError, SearchFailed
from nas.export.new_predictions import predictions
from nas.training.causality import check_causal
from search_spaces import SPACES, Architecture, Space, Task, build, profile
from search_spaces.cells import CausalTransformer, NextToken, Recurrent, Transformer
from search_spaces.errors import SpaceError

TASK = Task((12,), 7, "language", 7)
HOW = {"executor": "local", "tracking_uri": "", "known": "off", "cpus_per_trial": 1}


def text(count: int = 2_500) -> str:
    rng = np.random.default_rng(0)
    return " ".join(rng.choice(["one", "two", "three", "four"], count)) + "\n"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language")
    (folder / "numbers.txt").write_text(text())
    small = Space("small", NextToken((Recurrent(kind="gru"),), 32))
    result = nas.search(
        str(folder / "numbers.txt"), small, "1 trials", directory=folder / "search", epochs=10, window=32,
        training=TrainingConfig(learning_rate=0.02, optimizer="adamw", ema=0.0), **HOW,
    )  # fmt: skip
    assert result.final is not None
    (folder / "test.txt").write_text(text()[-round(len(text()) / 10) :])
    return folder


def test_the_raw_test_text_scores_what_was_logged(search: Path) -> None:
    made = predictions(search / "search", search / "test.txt")
    final = json.loads((search / "search" / "final" / "final.json").read_text())
    assert made.score == pytest.approx(final["finalists"][0]["test_score"], abs=1e-6)
    assert -2.0 < made.score < 0  # bits: a word of four is two bits for about five characters


def test_what_follows_and_what_is_said(search: Path) -> None:
    predict = nas.load_predictor(search / "search")
    found = predict(["one two thre", "four o"])
    assert found.answers == ["'e'", "'n'"]
    assert found.probabilities.shape == (2, len(predict.names))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0)
    long = predict("one two " * 40 + "thre")
    assert long.answers == ["'e'"]
    said = predict.generate("one ", tokens=60, temperature=0.3, seed=1)
    assert len(said) == 60 and said == predict.generate("one ", tokens=60, temperature=0.3, seed=1)
    assert {*said.split()[:-1]} <= {"one", "two", "three", "four"} | {said.split()[0]}
    header, rows = found.table()
    assert header == ["text", "next token", "probability"] and rows[0][1] == "'e'"
    for wrong in ([""], [], {"text": ["one"]}):
        with pytest.raises(InputError):
            predict(wrong)
    with pytest.raises(InputError, match="temperature above 0"):
        predict.generate("one", temperature=0.0)


def test_the_file_alone_goes_on(search: Path, tmp_path: Path) -> None:
    (tmp_path / "begin.txt").write_text("one two thre")
    command = [sys.executable, "-I", str(search / "search" / "export" / "predict.py"), str(tmp_path / "begin.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith("1,'e',0.9")


def test_every_sample_of_the_space_sees_only_what_came_before() -> None:
    import random

    space, rng = SPACES["language"](), random.Random(0)
    drawn = [space.sample(rng) for _ in range(12)] + list(space.known.values())
    for architecture in drawn:
        torch.manual_seed(0)
        network = build(architecture, TASK)
        assert network(torch.zeros(2, 12)).shape == (2, 7, 12)
        check_causal(network, TASK)
        known = profile(architecture, TASK)
        assert known.parameters == sum(one.numel() for one in network.parameters())
        assert known.shapes == ((12,), (7, 12)) and known.macs > 0
        tied = architecture.cells[0].tied
        assert (tied and isinstance(network[0].last, torch.nn.Identity)) or not tied


def test_a_network_that_sees_later_tokens_is_refused(tmp_path: Path) -> None:
    for blocks in ((Transformer(),), (Recurrent(bidirectional=True),)):
        architecture = Architecture("x", (NextToken(blocks, 16),), {})
        with pytest.raises(InputError, match="sees later tokens"):
            check_causal(build(architecture, TASK), TASK)
    (tmp_path / "numbers.txt").write_text(text())
    with pytest.raises((InputError, SearchFailed), match="sees later tokens"):
        nas.search(
            str(tmp_path / "numbers.txt"), Space("peeking", NextToken((Transformer(),), 16)), "1 trials",
            directory=tmp_path / "search", **HOW,
        )  # fmt: skip
    assert not (tmp_path / "search").exists()


def test_other_networks_are_refused_with_a_way_out() -> None:
    architecture = SPACES["text"]().known["nanogpt_like"]
    with pytest.raises(SpaceError, match="Take the space `language`"):
        build(architecture, TASK)
    with pytest.raises(SpaceError, match="tied=False"):
        build(Architecture("x", (NextToken((CausalTransformer(16),), 32),), {}), TASK)
