"""What a search prints when it has ended: with several objectives also the Pareto front."""

from __future__ import annotations

import dataclasses
import io
import random
from pathlib import Path

import pytest
from rich.console import Console

import nas
from nas.records.results import pareto
from nas.records.trial import COMPLETED, STOPPED, Trial
from nas.report.outcome import FRONT_SHOWN, front_table, print_front, print_outcome
from search_spaces import load_space

NETWORK = load_space("mlp").sample(random.Random(0))
FIRST = Trial(0, NETWORK.decisions, NETWORK.fingerprint, 2, 0, state=COMPLETED, architecture=NETWORK)


def candidate(number: int, score: float, parameters: int, macs: int, state: str = COMPLETED) -> Trial:
    return dataclasses.replace(FIRST, number=number, parameters=parameters, macs=macs, state=state, scores=(score,))


def printed(*things: object) -> str:
    console = Console(width=100, file=io.StringIO(), record=True)
    for thing in things:
        console.print(thing)
    return console.export_text()


def test_the_front_leaves_out_what_is_beaten_and_what_was_stopped() -> None:
    tried = [
        candidate(0, 0.9, 1000, 50),
        candidate(1, 0.8, 400, 90),
        candidate(2, 0.7, 500, 95),  # number 1 is better in all three
        candidate(3, 0.99, 10, 1, STOPPED),
        candidate(4, 0.7, 450, 20),
    ]
    assert [one.number for one in pareto(tried, ("score", "parameters"))] == [0, 1]
    assert [one.number for one in pareto(tried, ("score", "parameters", "macs"))] == [0, 1, 4]
    lines = printed(front_table(tried, ("score", "parameters", "macs"), "accuracy")).splitlines()
    assert lines[0].split() == ["Pareto", "front:", "validation", "accuracy", "against", "parameters,", "macs"]
    rows = [line.split()[:4] for line in lines if line.split() and line.split()[0].isdigit()]
    assert rows == [["0", "0.9000", "1,000", "50"], ["1", "0.8000", "400", "90"], ["4", "0.7000", "450", "20"]]


def test_a_long_front_says_how_many_are_not_shown() -> None:
    many = [candidate(number, 0.5 + number / 100, 1000 + number, 1) for number in range(FRONT_SHOWN + 3)]
    assert "3 more" in printed(front_table(many, ("score", "parameters"), "accuracy"))


def test_every_score_of_a_front_is_shown_whole() -> None:
    errors = [1.0, 2.0, 3.0, 4.0, 5.0, 1_234_567.8]
    tried = [candidate(number, -error, 1000 - number, 1) for number, error in enumerate(errors)]
    assert "1,234,567.8" in printed(front_table(tried, ("score", "parameters"), "rmse"))


@pytest.mark.parametrize("strategy", ["nsga2", "guided"])
def test_a_search_for_small_networks_prints_its_front(strategy: str, tmp_path: Path) -> None:
    result = nas.search(
        "digits",
        "mlp",
        "14 trials",
        objectives=("score", "parameters"),
        strategy=strategy,
        directory=tmp_path / "s",
        epochs=2,
        executor="local",
        tracking_uri="",
        final=False,
    )
    front = result.pareto
    assert front[0].score == max(one.score for one in result.candidates if one.state == COMPLETED)
    assert [one.parameters for one in front] == sorted({one.parameters for one in front}, reverse=True)
    console = Console(width=100, file=io.StringIO(), record=True)
    print_outcome(console, result, "accuracy")
    text = console.export_text()
    shown = text[text.index("Pareto front") :]
    assert all(f"{one.parameters:,}" in shown for one in front)


def test_without_a_trained_network_there_is_a_word_in_place_of_an_empty_front() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    print_front(console, [candidate(0, 0.9, 10, 1, STOPPED)], ("score", "parameters"), "accuracy")
    assert console.export_text().strip() == "No Pareto front yet: no trial was trained to its end."
