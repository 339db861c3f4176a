"""Why an architecture won: what each of its decisions is worth, by the predictor and by what was paid to check it.

Each other option of each decision makes a one-edit neighbour of the winner. A predictor learns from the finished
trainings of the search and says how much higher the neighbour scores. The interval is that of a bootstrap of the
trainings (Efron 1979, https://doi.org/10.1214/aos/1176344552): 10 and 90 percent quantiles over REFITS predictors,
widened where the difference by all trainings lies outside of them.
Effects are of one change at a time, from this winner; they do not add up.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nas.errors import InputError
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.trial import Trial, best_first
from nas.report.decisions import word
from nas.setup.stored_search import StoredSearch
from nas.strategies.history import History, Observation
from nas.strategies.ranking import Ranking
from predictors.probation import FEWEST, LOWER
from search_spaces.errors import SpaceError
from search_spaces.profile import profile

if TYPE_CHECKING:
    from predictors.probation import Evidence

REFITS = 20
FEW = 3  # finished trainings that an option needs before anything is known of it
NO_LOSS = 0.2  # of the standard deviation between trainings: a loss that nobody would notice
RELATIVES = 3
PAID = "explain.json"  # in the directory of a search: neighbours that were trained


@dataclass(frozen=True)
class Alternative:
    """Another option at one place of the winner, all else as it is; places that it opens take their first option.

    Args:
        option: in a word.
        difference: of the predicted score to that of the winner; below 0 the winner's option is better.
        low, high: 10 and 90 percent bootstrap quantiles of the difference.
        trials: finished trainings that had this option at this place.
        parameters, macs: more than the winner has; below 0 it is smaller, or faster.
        proposal: the neighbour.
    """

    option: str
    difference: float
    low: float
    high: float
    trials: int
    parameters: int
    macs: int
    proposal: Proposal = dataclasses.field(repr=False, compare=False)


@dataclass(frozen=True)
class Effect:
    """What one decision of the winner is worth.

    Args:
        path: of the decision. option: that the winner has, in a word.
        alternatives: the best first; those that break a rule or cannot be built are left out.
    """

    path: str
    option: str
    alternatives: tuple[Alternative, ...]

    @property
    def size(self) -> float:
        """The largest difference that a change makes, without its sign; 0 where nothing can be changed."""
        return max((abs(one.difference) for one in self.alternatives), default=0.0)


@dataclass(frozen=True)
class Relative:
    """An earlier training near the winner.

    Args:
        differences: (path, its option, the winner's option); `-` where one of them has no such decision.
        decisions: of both, how many there are to differ in.
    """

    trial: int
    score: float
    differences: tuple[tuple[str, str, str], ...]
    decisions: int


@dataclass(frozen=True)
class Lineage:
    """Where the winner comes from, as far as the journal tells: which part proposed it, and who was near it before."""

    source: str
    nearest: tuple[Relative, ...]


@dataclass(frozen=True)
class Missing:
    """An option of one of the winner's places that hardly any training has tried."""

    path: str
    option: str
    trials: int


@dataclass(frozen=True)
class Paid:
    """A neighbour that was trained as the winner was.

    Args:
        path: of the decision; empty for the winner itself with another seed.
        fingerprint: of the neighbour. winner: number of the trial that it is a neighbour of.
        score: that it reached; NaN where its training failed, and `error` says why.
        difference: to the winner's score.
        claimed, low, high: what was claimed when it was trained.
    """

    winner: int
    path: str
    option: str
    fingerprint: str
    seed: int
    epochs: int
    score: float
    difference: float
    claimed: float = 0.0
    low: float = 0.0
    high: float = 0.0
    error: str = ""

    @property
    def within(self) -> bool:
        """Whether what was paid for lies within the interval of the claim."""
        return self.low <= self.difference <= self.high


@dataclass(frozen=True)
class Explanation:
    """Why a trial is what it is.

    Args:
        winner: number of the trial. trials: finished trainings learned from.
        effects: one per decision of the winner, the largest first; empty where `why_not` says why.
        free: (path, alternative) that are smaller or faster, that enough trainings had, and whose interval excludes a
            loss of more than `margin`. The largest saving first.
        unknown: the same, but the interval holds both zero and such a loss, or hardly any training had the option.
        margin: the loss that counts as none, in the unit of the score: a fifth of the deviation between trainings.
        evidence: how well the predictor ranks trainings that it has not seen; None without one.
        metric: unit of scores and differences.
    """

    winner: int
    trials: int
    effects: tuple[Effect, ...]
    free: tuple[tuple[str, Alternative], ...]
    unknown: tuple[tuple[str, Alternative], ...]
    margin: float
    lineage: Lineage
    missing: tuple[Missing, ...]
    why_not: str = ""
    evidence: Evidence | None = None
    metric: str = ""

    @property
    def ranks(self) -> bool:
        """Whether the predictor ranks at all; where it does not, effects and free changes are worth nothing."""
        return self.evidence is not None and self.evidence.interval[0] > 0

    @property
    def standing(self) -> str:
        """How far this may be believed, in a sentence."""
        if self.evidence is None:
            return self.why_not
        tau, (low, high) = self.evidence.tau, self.evidence.interval
        said = f"Kendall's tau {tau:.2f} out of fold ({low:.2f} to {high:.2f}), {self.trials} trainings"
        if self.ranks:
            return f"The predictor ranks trainings that it has not seen: {said}."
        return (
            f"The predictor does not rank trainings that it has not seen: {said}. What it says here is worth nothing."
        )


def explained(seen: StoredSearch, number: int | None = None, seed: int = 0) -> Explanation:
    """What made a trial of a search what it is.

    Args:
        number: of the trial; by default the best on the validation split.
        seed: of the predictor and of the bootstrap: the same search and seed give the same explanation.

    Raises:
        InputError: no such trial, none that was trained, or a space that cannot be had again.
    """
    joint = seen.space
    if joint is None:
        raise InputError(f"Decisions of this search cannot be told apart: {seen.missing}")
    trial = _trial(seen, number)
    observations = History.of(Problem(joint), seen.trials).observations()
    options = options_of(joint, trial.decisions)
    tried = Counter((path, index) for one in seen.trials if one.usable for path, index in one.decisions.items())
    known: dict[str, Any] = {
        "winner": trial.number,
        "trials": len(observations),
        "lineage": _lineage(trial, seen, joint),
        "missing": tuple(
            Missing(path, word(option), tried[path, index])
            for path, among in options.items()
            for index, option in enumerate(among)
            if tried[path, index] < FEW
        ),
        "metric": seen.task.metric,
    }
    refused = ""
    if len(observations) < FEWEST:
        refused = f"{len(observations)} trainings have finished. Effects need at least {FEWEST}."
    elif len({one.score for one in observations}) == 1:
        refused = "All finished trainings have the same score. There is no difference to explain."
    if refused:
        return Explanation(effects=(), free=(), unknown=(), margin=0.0, why_not=refused, **known)
    found = neighbours(joint, trial, options)
    ranking = Ranking(joint, ("score",), seed, earlier=tuple(seen.config.learn_from))
    claims, evidence = _claims(ranking, observations, trial.proposal, [one for _, _, one in found], seed)
    effects: dict[str, list[Alternative]] = {path: [] for path in options}
    for (path, index, neighbour), (difference, low, high) in zip(found, claims, strict=True):
        size = profile(neighbour.architecture, joint.task)
        more = size.parameters - trial.parameters, size.macs - trial.macs
        name, trials = word(options[path][index]), tried[path, index]
        effects[path].append(Alternative(name, difference, low, high, trials, *more, proposal=neighbour))
    ordered = [
        Effect(path, word(options[path][trial.decisions[path]]), tuple(sorted(each, key=lambda one: -one.difference)))
        for path, each in effects.items()
    ]
    ordered.sort(key=lambda effect: -effect.size)
    margin = NO_LOSS * float(np.std([one.score for one in observations]))
    smaller = _smaller(ordered, trial)
    free = tuple(pair for pair in smaller if pair[1].trials >= FEW and pair[1].low >= -margin)
    unknown = tuple(pair for pair in smaller if pair not in free and pair[1].high >= 0)
    return Explanation(
        effects=tuple(ordered), free=free, unknown=unknown, margin=margin, evidence=evidence, **known
    )  # fmt: skip


def options_of(joint: JointSpace, decisions: Any) -> dict[str, tuple[Any, ...]]:
    """The options at each place that these decisions reach, by path."""
    options: dict[str, tuple[Any, ...]] = {}

    def decide(path: str, among: Sequence[Any]) -> int:
        options[path] = tuple(among)
        return int(decisions[path])

    joint.resolve(decide)
    return options


def neighbours(joint: JointSpace, trial: Trial, options: dict[str, tuple[Any, ...]]) -> list[tuple[str, int, Proposal]]:
    """What one other option makes of a trial: path, index of the option, proposal. All obey the rules."""
    return [
        (path, index, proposal)
        for path, among in options.items()
        for index in range(len(among))
        if index != trial.decisions[path] and (proposal := _edited(joint, trial, path, index)) is not None
    ]


def _edited(joint: JointSpace, trial: Trial, edited: str, index: int) -> Proposal | None:
    def decide(path: str, among: Sequence[Any]) -> int:
        if path == edited:
            return index
        known = trial.decisions.get(path, 0)
        return known if known < len(among) else 0

    try:
        proposal = joint.resolve(decide)
    except (InputError, SpaceError):  # two options of the recipe exclude each other, or nothing can be so built
        return None
    same = proposal.fingerprint == trial.fingerprint
    return None if same or not joint.obeys(proposal) else proposal


def _trial(seen: StoredSearch, number: int | None) -> Trial:
    if number is not None:
        trial = seen.trial(number)
        if not trial.usable:
            raise InputError(f"Trial {number} was never trained ({trial.state}). Name one with a score.")
        return trial
    ranked = best_first(seen.trials)
    if not ranked:
        raise InputError("No training of this search has finished, so that there is nothing to explain yet.")
    return ranked[0]


def _claims(
    ranking: Ranking, observations: Sequence[Observation], winner: Proposal, found: Sequence[Proposal], seed: int
) -> tuple[list[tuple[float, float, float]], Evidence]:
    """Of each neighbour the difference to the winner and its interval; and how well such a predictor ranks."""
    architectures = [ranking.features_of(one.proposal) for one in observations]
    scores = np.array([one.score for one in observations])
    wanted = [ranking.features_of(one) for one in (winner, *found)]
    predictor, evidence = ranking.judged(observations, architectures)
    mean = predictor.predict(wanted).mean
    rng = np.random.default_rng([seed, len(observations), 3])
    drawn = []
    for _ in range(REFITS):
        rows = rng.integers(len(observations), size=len(observations))
        if len(set(scores[rows].tolist())) < 2:
            continue  # nothing to learn from; too few trainings differ
        make = ranking.made_for([observations[row] for row in rows])
        refitted = make().fit([architectures[row] for row in rows], scores[rows]).predict(wanted).mean
        drawn.append(refitted[1:] - refitted[0])
    low, high = np.quantile(drawn, [LOWER, 1 - LOWER], axis=0)
    difference = mean[1:] - mean[0]
    low, high = np.minimum(low, difference), np.maximum(high, difference)
    return list(zip(difference.tolist(), low.tolist(), high.tolist(), strict=True)), evidence


def _smaller(effects: Sequence[Effect], trial: Trial) -> tuple[tuple[str, Alternative], ...]:
    """What saves parameters or multiply-adds and costs neither, the largest saving first."""

    def saving(one: Alternative) -> float:
        return max(-one.parameters / max(trial.parameters, 1), -one.macs / max(trial.macs, 1))

    found = [
        (effect.path, one)
        for effect in effects
        for one in effect.alternatives
        if one.parameters <= 0 and one.macs <= 0 and (one.parameters, one.macs) != (0, 0)
    ]
    return tuple(sorted(found, key=lambda pair: -saving(pair[1])))


def _lineage(trial: Trial, seen: StoredSearch, joint: JointSpace) -> Lineage:
    earlier = [one for one in seen.trials if one.usable and one.number < trial.number]
    paths = {one.number: _different(one, trial) for one in earlier}
    nearest = sorted(earlier, key=lambda one: (len(paths[one.number]), one.rank))[:RELATIVES]
    return Lineage(trial.source, tuple(_relative(one, trial, paths[one.number], joint) for one in nearest))


def _different(one: Trial, other: Trial) -> list[str]:
    return [
        path
        for path in dict.fromkeys((*other.decisions, *one.decisions))
        if one.decisions.get(path) != other.decisions.get(path)
    ]


def _relative(one: Trial, winner: Trial, paths: Sequence[str], joint: JointSpace) -> Relative:
    mine, its = _values(one, joint), _values(winner, joint)
    different = tuple((path, mine.get(path, "-"), its.get(path, "-")) for path in paths)
    return Relative(one.number, one.score, different, len(set(one.decisions) | set(winner.decisions)))


def _values(trial: Trial, joint: JointSpace) -> dict[str, str]:
    return {path: word(among[trial.decisions[path]]) for path, among in options_of(joint, trial.decisions).items()}


def paid_for(directory: str | Path) -> tuple[Paid, ...]:
    """What was paid for in this search, in that order; nothing where nothing was.

    Raises:
        InputError: a file that is damaged.
    """
    file = Path(directory) / PAID
    if not file.is_file():
        return ()
    try:
        return tuple(
            Paid(**{**one, "score": _number(one["score"]), "difference": _number(one["difference"])})
            for one in json.loads(file.read_text())["paid"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} cannot be read ({error!r}). Remove it, and pay again by `nas explain --pay`."
        ) from None


def keep_paid(directory: str | Path, paid: Sequence[Paid]) -> None:
    """Writes what was paid for, whole or not at all."""
    file = Path(directory) / PAID
    rows = [{name: _json(value) for name, value in dataclasses.asdict(one).items()} for one in paid]
    part = file.with_name(f"{PAID}.part")
    part.write_text(json.dumps({"schema": 1, "paid": rows}, indent=1) + "\n")
    os.replace(part, file)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
