"""A search on a recorded benchmark: any strategy and predictor, in seconds.

Nothing is trained: scores and costs are looked up. Short trainings that a table records are rungs at which successive
halving may stop, as in a real search.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nas.benchmark.table import RecordedSpace, Table
from nas.config.search_config import OBJECTIVES
from nas.driver.promotion import PROMOTED, Promotion
from nas.driver.successive_halving import SuccessiveHalving
from nas.errors import InputError
from nas.records.problem import Problem
from nas.records.trial import COMPLETED, STOPPED, Trial
from nas.strategies import STRATEGIES
from nas.strategies.history import costs_of
from nas.strategies.strategy import Exhausted, Settings, Strategy
from search_spaces.profile import profile

DEFAULTS = Settings()
FIELDS = OBJECTIVES[1:]  # known from a network's profile


@dataclass(frozen=True)
class Query:
    """One recorded training that a search looked up.

    Args:
        row: of the table.
        rung: the longest training looked up for it, from 0.
        seconds: what that would have cost.
        thinking: seconds that the strategy took to propose it.
        source: which part of the strategy proposed it.
        costs: the objectives beside the score, to be small.
    """

    row: int
    rung: int
    seconds: float
    thinking: float
    source: str
    costs: tuple[float, ...] = ()


@dataclass(frozen=True)
class Replay:
    """What a search found, query by query."""

    table: Table
    queries: tuple[Query, ...]

    def curve(self, column: str = "") -> np.ndarray:
        """After each query, `column` (the test column by default) of the best whole training so far: (queries,).

        The best is the best by validation: the test column is never chosen by.
        """
        values = self.table.columns[column or self.table.test]
        scores, best, found = self.table.scores(), -1, []
        for query in self.queries:
            if query.rung == len(self.table.rungs) - 1 and (best < 0 or scores[query.row] > scores[best]):
                best = query.row
            found.append(values[best] if best >= 0 else math.nan)
        return np.array(found)

    def seconds(self) -> np.ndarray:
        """Training seconds spent after each query: (queries,)."""
        return np.cumsum([query.seconds for query in self.queries])

    def points(self) -> np.ndarray:
        """All objectives of each query, to be small: (queries, objectives)."""
        scores = self.table.scores()
        return np.array([(-scores[query.row], *query.costs) for query in self.queries])


def replay(
    table: Table,
    strategy: str = "guided",
    settings: Settings = DEFAULTS,
    *,
    queries: int = 100,
    seconds: float = math.inf,
    objectives: Sequence[str] = ("score",),
    rungs: bool = False,
    factor: int = 3,
    promote: bool = False,
    enough: Callable[[Query], bool] = lambda query: False,
) -> Replay:
    """A search on `table`, until so many queries are made or so many training seconds spent.

    Args:
        strategy: a name in `nas.strategies.STRATEGIES`.
        objectives: `score`, then what is to be small: fields of a profile, known from the network, and columns, which
            the search sees for queried networks only; `-column` is to be large.
        rungs: whether shorter trainings are looked up first, and only one in `factor` goes on.
        promote: with rungs, nobody goes on at once; who is trained whole is up to `Promotion`, which asks the predictor
            where the strategy is `guided`.
        enough: asked after each query whether the search may end.
    """
    stopping: SuccessiveHalving | Promotion = SuccessiveHalving(factor ** (len(table.rungs) - 1), factor, first=1)
    if rungs and promote:
        stopping = Promotion(1, factor, settings if strategy == "guided" else None)
    made: list[Query] = []
    spent = 0.0
    first = 0 if rungs else len(table.rungs) - 1
    for query in _queries(table, tuple(objectives), STRATEGIES[strategy](settings), stopping, first):
        made.append(query)
        spent += query.seconds
        if len(made) >= queries or spent >= seconds or enough(query):
            break
    return Replay(table, tuple(made))


def _queries(
    table: Table, objectives: tuple[str, ...], strategy: Strategy, stopping: SuccessiveHalving | Promotion, first: int
) -> Iterator[Query]:
    """Proposes and looks up from rung `first` on, until the space is used up."""
    space = RecordedSpace.of(table)
    problem = Problem(space, objectives=objectives)
    measured = recorded(table, objectives)
    trials: list[Trial] = []
    last = len(table.rungs) - 1
    while True:
        began = time.perf_counter()
        proposal = stopping.propose(problem, trials) if isinstance(stopping, Promotion) else None
        try:
            proposal = proposal or strategy.propose(problem, trials, len(trials))
        except Exhausted:
            return
        thinking = time.perf_counter() - began
        row = space.row(proposal)
        whole = proposal.source == PROMOTED  # the short training of before is not gone on with
        rung, scores, cost = first, [], 0.0
        for rung in range(first, last + 1):
            scores.append(float(table.scores(rung)[row]))
            seconds = float(table.rungs[rung].seconds[row])
            cost = seconds if whole else cost + seconds
            if rung < last and not whole and stopping.is_weak(stopping.factor**rung, scores[-1]):
                break
        paid = {name: float(column[row]) for name, column in measured.items()}
        if known := [name for name in objectives[1:] if name not in measured]:
            facts = profile(proposal.architecture, table.task)
            paid |= {name: float(getattr(facts, name)) for name in known}
        trials.append(
            Trial(
                number=len(trials),
                decisions=proposal.decisions,
                fingerprint=proposal.fingerprint,
                epochs=last + 1 - first,
                seed=0,
                state=COMPLETED if rung == last else STOPPED,
                scores=tuple(scores),
                seconds=cost,
                finished=len(trials) + 1,
                source=proposal.source,
                attributes={**proposal.attributes, **paid},
                architecture=proposal.architecture,
                recipe=proposal.recipe,
            )
        )
        yield Query(row, rung, cost, thinking, proposal.source, costs_of(trials[-1], objectives))


def all_objectives(table: Table, objectives: Sequence[str]) -> np.ndarray:
    """Of every row, all objectives, to be small: (rows, objectives)."""
    measured, columns = recorded(table, objectives), [-table.scores()]
    known = [name for name in objectives[1:] if name not in measured]
    profiles = [profile(table.space.replay(decisions), table.task) for decisions in table.decisions] if known else []
    for name in objectives[1:]:
        column = measured[name] if name in measured else np.array([float(getattr(one, name)) for one in profiles])
        columns.append(column)
    return np.column_stack(columns)


def recorded(table: Table, objectives: Sequence[str]) -> dict[str, np.ndarray]:
    """By objective, the column that holds it, to be small: (n,). What a profile knows is no column's.

    Raises:
        InputError: an objective that is neither, or a column with gaps.
    """
    found = {}
    for name in objectives[1:]:
        if name in FIELDS:
            continue
        column = table.columns.get(name.removeprefix("-"))
        if column is None or not np.isfinite(column).all():
            raise InputError(
                f"{name.removeprefix('-')!r} is no objective: it must be {', '.join(FIELDS)} or a column of numbers "
                f"without gaps. The table has {', '.join(sorted(table.columns))}."
            )
        found[name] = -column if name.startswith("-") else column
    return found
