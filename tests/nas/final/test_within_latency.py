"""A limit on latency is one on the network that is exported: it is timed before it wins."""

from __future__ import annotations

from pathlib import Path

import nas
from nas.config.search_config import SearchConfig
from nas.final.within_latency import TIMED_AT_MOST, TRIES, within_latency
from nas.records.trial import COMPLETED, Trial
from nas.strategies.strategy import KNOWN
from search_spaces import Task

TASK = Task((1, 8, 8), 10)
LIMITED = SearchConfig(limits={"latency": 0.01})


def trials(*sources: str) -> list[Trial]:
    return [
        Trial(number, {}, str(number), epochs=1, seed=0, state=COMPLETED, scores=(0.9,), source=source)
        for number, source in enumerate(sources)
    ]


class Clock:
    """Gives each trial its milliseconds, and counts how often it was asked."""

    def __init__(self, *milliseconds: float) -> None:
        self.milliseconds, self.asked, self.said = milliseconds, list[int](), list[str]()

    def __call__(self, trial: Trial) -> float:
        self.asked.append(trial.number)
        return self.milliseconds[trial.number] / 1e3

    def kept(self, ranked: list[Trial]) -> list[int]:
        return [one.number for one in within_latency(ranked, LIMITED, TASK, self.said.append, self)]


def test_the_best_that_are_fast_enough_are_taken_and_no_more_are_timed() -> None:
    clock = Clock(30, 5, 10.4, 11, 9, 1, 1)
    assert clock.kept(trials(*["random"] * 7)) == [1, 2, 4]
    assert clock.asked == [0] * TRIES + [1, 2] + [3] * TRIES + [4]
    assert clock.said == [
        "Too slow for the limit of 10 ms when they are timed, and out of the final: trial 0 (30 ms), trial 3 (11 ms)."
    ]


def test_the_best_known_design_that_is_fast_enough_is_among_them() -> None:
    clock = Clock(1, 1, 1, 1, 20, 1, 1)
    found = trials("random", "random", "random", "random", f"{KNOWN}slow", f"{KNOWN}fast", f"{KNOWN}later")
    assert clock.kept(found) == [0, 1, 2, 5]


def test_where_none_is_the_fastest_is_taken_and_that_is_said() -> None:
    clock = Clock(30, 20, 40)
    assert clock.kept(trials("random", "random", "random")) == [1]
    assert "The fastest of them, trial 1, takes 20 ms and is taken" in clock.said[0]
    many = Clock(*[50.0] * 100)
    assert many.kept(trials(*["random"] * 100)) == [0] and len(set(many.asked)) == TIMED_AT_MOST


def test_without_a_limit_nothing_is_timed() -> None:
    clock = Clock()
    ranked = trials("random", "random")
    assert within_latency(ranked, SearchConfig(), TASK, clock.said.append, clock) == ranked


def test_a_search_with_a_limit_nobody_keeps_says_so(tmp_path: Path, monkeypatch) -> None:
    texts: list[str] = []

    class Said(nas.Observer):
        def message(self, text: str) -> None:
            texts.append(text)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("nas.training.latency.LatencyTable.predict", lambda *args: 1e-9)  # as it once did
    result = nas.search(
        "digits", "mlp", "2 trials", limits={"latency": 1e-7}, epochs=1, executor="local", tracking_uri="",
        directory=tmp_path / "s", baselines=("off",), export=False, observers=[Said()],
    )  # fmt: skip
    assert result.final is not None and len(result.final.finalists) == 1
    assert any("is within the limit of 0.0001 ms when it is timed" in text for text in texts)
