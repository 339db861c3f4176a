"""A search on a recorded benchmark: any strategy and predictor, through the same study, in seconds.

Nothing is trained: scores and costs are looked up. Short trainings that a table records are rungs at which successive
halving may stop, as in a real search.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nas.benchmark.table import RecordedSpace, Table
from nas.config.search_config import OBJECTIVES
from nas.driver.successive_halving import SuccessiveHalving
from nas.errors import InputError
from nas.records.joint_space import Proposal
from nas.records.row import Row
from nas.records.trial import COMPLETED, STOPPED
from nas.strategies import STRATEGIES
from nas.strategies.guided import Guided
from nas.strategies.optuna.planned import Exhausted
from nas.strategies.optuna.study import Study
from predictors import PREDICTORS

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
    predictor: str = "auto",
    *,
    queries: int = 100,
    seconds: float = math.inf,
    seed: int = 0,
    objectives: Sequence[str] = ("score",),
    lag: int = 0,
    rungs: bool = False,
    factor: int = 3,
    promote: bool = False,
    enough: Callable[[Query], bool] = lambda query: False,
) -> Replay:
    """A search on `table`, until so many queries are made or so many training seconds spent.

    Args:
        strategy: a name in `nas.strategies.STRATEGIES`.
        predictor: a name in `predictors.PREDICTORS`, for `guided`.
        objectives: `score`, then what is to be small: fields of a profile, known from the network, and columns, which
            the search sees for queried networks only; `-column` is to be large.
        lag: trainings that finish while the predictor is fitted, see `Guided`.
        rungs: whether shorter trainings are looked up first, and only one in `factor` goes on.
        promote: with rungs, nobody goes on at once. Instead, after every `factor`-th training to the first rung, but
            the first time, the one that is expected to end best is trained whole.
        enough: asked after each query whether the search may end.
    """
    space = RecordedSpace.of(table)
    options = {"predictor": predictor} if strategy == "guided" else {}
    sampler = STRATEGIES[strategy](space, seed, tuple(objectives), **options)
    if isinstance(sampler, Guided):
        sampler.lag = lag
    study = Study(space, sampler, objectives)
    made: list[Query] = []
    spent = 0.0
    if rungs and promote:
        searching = _promoting(table, space, study, predictor if strategy == "guided" else "", factor)
    else:
        stopping = SuccessiveHalving(factor ** (len(table.rungs) - 1), factor, first=1)
        searching = _queries(table, space, study, stopping, 0 if rungs else len(table.rungs) - 1)
    for query in searching:
        made.append(query)
        spent += query.seconds
        if len(made) >= queries or spent >= seconds or enough(query):
            break
    return Replay(table, tuple(made))


def _proposals(study: Study) -> Iterator[tuple[int, Proposal, float]]:
    """Number, proposal and the seconds it took, until the space is used up; each is to be told before the next."""
    while True:
        number, began = study.next_number, time.perf_counter()
        try:
            proposal, _ = study.propose()
        except Exhausted:
            return
        yield number, proposal, time.perf_counter() - began


def _queries(
    table: Table, space: RecordedSpace, study: Study, stopping: SuccessiveHalving, first: int
) -> Iterator[Query]:
    """Proposes, looks up from rung `first` on and tells, without end."""
    measured, costs = recorded(table, study.objectives), study.objectives[1:]
    for number, proposal, thinking in _proposals(study):
        at = space.row(proposal)
        row = Row(number, dict(proposal.decisions), proposal.fingerprint, len(table.rungs) - first, 0)
        cost = 0.0
        for rung in range(first, len(table.rungs)):
            score = float(table.scores(rung)[at])
            cost += float(table.rungs[rung].seconds[at])
            row = replace(row, scores=(*row.scores, score))
            study.report(number, len(row.scores), score)
            last = rung == len(table.rungs) - 1
            if not last and stopping.is_weak(stopping.factor**rung, score):
                break
        state = COMPLETED if last else STOPPED
        found = {name: float(values[at]) for name, values in measured.items()}
        study.tell(replace(row, state=state, seconds=cost, finished=number + 1), found)
        known = zip(costs, study.sampler.costs(proposal), strict=True)
        price = tuple(found.get(name, value) for name, value in known)
        yield Query(at, rung, cost, thinking, study.sampler.source, price)


def _promoting(table: Table, space: RecordedSpace, study: Study, predictor: str, every: int) -> Iterator[Query]:
    """Trainings to the first rung; after every so many, a whole one of that which is expected to end best."""
    last, trained, short = len(table.rungs) - 1, set(), dict[int, Proposal]()
    for number, proposal, thinking in _proposals(study):
        at = space.row(proposal)
        short[at] = proposal
        first = Row(
            number, dict(proposal.decisions), proposal.fingerprint, 2, 0, STOPPED, (float(table.scores(0)[at]),)
        )
        study.tell(replace(first, finished=number + 1))
        yield Query(at, 0, float(table.rungs[0].seconds[at]), thinking, study.sampler.source)
        if len(short) < 2 * every or len(short) % every:
            continue
        began = time.perf_counter()
        left = {row: proposal for row, proposal in short.items() if row not in trained}
        worth = _expected(study, predictor, list(left.values())) if predictor else table.scores(0)[list(left)]
        at = list(left)[int(np.argmax(worth))]
        trained.add(at)
        whole = (float(table.scores(0)[at]), float(table.scores()[at]))
        chosen = Row(study.next_number, dict(short[at].decisions), short[at].fingerprint, 2, 0, COMPLETED, whole)
        study.add(replace(chosen, finished=chosen.number + 1))
        yield Query(at, last, float(table.rungs[-1].seconds[at]), time.perf_counter() - began, "promoted")


def _expected(study: Study, predictor: str, proposals: Sequence[Proposal]) -> np.ndarray:
    """(n,) score at the end of a whole training, from all trainings so far, their own short ones among them."""
    history = study.sampler.history
    history.update(study.optuna, before=study.next_number)
    observations = history.observations()
    learned = PREDICTORS[predictor](space=study.joint.space, task=study.joint.task, seed=study.sampler.seed).fit(
        [one.proposal.architecture for one in observations], np.array([one.score for one in observations])
    )
    return learned.predict([proposal.architecture for proposal in proposals]).mean


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
