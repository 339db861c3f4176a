"""Searches on a recorded table: nothing is trained, and the strategies of a search propose."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from nas.benchmark.replay import all_objectives, replay
from nas.benchmark.table import RecordedSpace, Table, read_known
from nas.config.earlier_search import EarlierSearch
from nas.strategies import STRATEGIES
from nas.strategies.history import profile_costs
from nas.strategies.strategy import Settings
from search_spaces import SPACES

SPACE = SPACES["nasbench_macro"]()


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_strategy_searches_a_table_and_never_asks_twice(table: Table, strategy: str) -> None:
    run = replay(table, strategy, Settings(seed=1), queries=25)
    rows = [query.row for query in run.queries]
    assert len(rows) == len(set(rows)) == 25
    curve = run.curve()
    assert (np.diff(curve) >= 0).all()
    assert run.seconds()[-1] == pytest.approx(250)


def test_same_seed_same_search(table: Table) -> None:
    first, second = (
        [query.row for query in replay(table, "guided", Settings(seed=4), queries=20).queries] for _ in range(2)
    )
    assert first == second


def test_guided_finds_the_best_sooner_than_chance(table: Table) -> None:
    guided, chance = (
        np.mean([replay(table, name, Settings(seed=seed), queries=40).curve()[-1] for seed in range(3)])
        for name in ("guided", "random")
    )
    assert guided >= chance


def test_short_trainings_are_rungs_and_cost_less(table: Table) -> None:
    run = replay(table, "evolution", queries=30, rungs=True)
    stopped = [query for query in run.queries if query.rung == 0]
    assert 10 <= len(stopped) < 30
    assert {query.seconds for query in stopped} == {1.0}
    assert {query.seconds for query in run.queries if query.rung == 1} == {11.0}


@pytest.mark.parametrize("strategy", ["guided", "evolution"])
def test_after_every_so_many_short_trainings_the_most_promising_goes_on(table: Table, strategy: str) -> None:
    run = replay(table, strategy, queries=27, rungs=True, factor=5, promote=True)
    whole = [place for place, query in enumerate(run.queries) if query.rung == 1]
    assert whole == [10, 16, 22]
    for place in whole:
        assert run.queries[place].row in {query.row for query in run.queries[:place] if query.rung == 0}
        assert (run.queries[place].seconds, run.queries[place].source) == (10.0, "promoted")
    assert len({run.queries[place].row for place in whole}) == 3
    assert table.scores()[run.queries[whole[0]].row] > np.median(table.scores())


def test_a_budget_of_seconds_ends_it(table: Table) -> None:
    assert len(replay(table, "random", seconds=55).queries) == 6


def test_a_table_that_is_used_up_ends_the_search(path: Path) -> None:
    lines = path.read_text().splitlines()[:6]
    small = path.parent / "small.csv"
    small.write_text("\n".join(lines))
    run = replay(read_known(small, SPACE), "random", queries=50)
    assert sorted(query.row for query in run.queries) == [0, 1, 2, 3, 4]


def test_the_best_is_chosen_by_validation_not_by_test(table: Table) -> None:
    run = replay(table, "random", queries=10)
    best = max((query.row for query in run.queries), key=lambda row: table.scores()[row])
    assert run.curve()[-1] == table.columns["mean_acc"][best]


def test_measured_objectives_are_seen_for_queried_networks_only(table: Table) -> None:
    """What a profile knows is known before a training, a column once it is looked up."""
    run = replay(table, "guided", queries=20, objectives=("score", "parameters", "-short"))
    points = run.points()
    assert points[:, 2].tolist() == [-table.columns["short"][query.row] for query in run.queries]
    assert (points[:, 1] > 0).all()
    assert all_objectives(table, ("score", "parameters", "-short"))[run.queries[3].row].tolist() == points[3].tolist()
    space = RecordedSpace.of(table)
    assert math.isnan(profile_costs(space.replay(table.decisions[0]), space, ("score", "-short"))[0])


def test_what_an_earlier_search_found_is_looked_up_first(table: Table) -> None:
    """Half of the first queries are chosen by it, and they are better than chance."""
    best = np.argsort(-table.scores())[:40]
    found = tuple(table.decisions[row] for row in best), tuple(map(float, table.scores()[best]))
    earlier = EarlierSearch("there", "other", *found)
    run = replay(table, "guided", Settings(earlier=(earlier,)), queries=10)
    chosen = [table.scores()[query.row] for query in run.queries if query.source == "earlier"]
    assert 0 < len(chosen) < 10
    assert min(chosen) > np.median(table.scores())
