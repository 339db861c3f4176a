"""What the predictor of a search sees, and the order that it proposes."""

from __future__ import annotations

import dataclasses
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nas.config.earlier_search import EarlierSearch
from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.records.proposal import Proposal
from nas.strategies.history import Observation
from nas.strategies.ranking import Ranking
from predictors.extrapolation import ends
from search_spaces import SPACES, Choice, Repeat, Space, Task, profile
from search_spaces.cells import Conv, Downsample, Head, SeparableConv, Stem
from search_spaces.rules import max_parameters
from search_spaces.tree import places

TASK = Task((1, 8, 8), 4)
REPO = Path(__file__).parents[3]
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)


def observed(joint: JointSpace, worth: object, count: int) -> list[Observation]:
    rng = random.Random(0)
    found = [joint.sample(rng) for _ in range(count)]
    return [Observation(i, one, worth(one), (), True, (worth(one),)) for i, one in enumerate(found)]  # type: ignore[operator]


def test_a_recipe_that_decides_alone_is_learned_and_proposed() -> None:
    recipe = TrainingConfig(learning_rate=Choice(*RATES), warmup=Choice(0.0, 0.1))
    block, pools = (
        Choice(Conv(kernel=Choice(3, 5)), SeparableConv(kernel=Choice(3, 5))),
        Choice("conv", "max", "average"),
    )
    space = Space(
        "plain",
        Stem(Choice(16, 24, 32), stride=Choice(1, 2)),
        Repeat(block, times=Choice(0, 1, 2)),
        Downsample(Choice(32, 48, 64), kind=pools),
        Repeat(block, times=Choice(1, 2, 3)),
        Downsample(Choice(64, 96, 128), kind=pools),
        Repeat(block, times=Choice(0, 1, 2)),
        Head(pooling=Choice("average", "max"), dropout=Choice(0.0, 0.2)),
    )
    joint = JointSpace(space, recipe, TASK)
    noise = np.random.default_rng(0)

    def worth(one: Proposal) -> float:
        return -abs(math.log(one.recipe.learning_rate / 0.003)) + 0.01 * noise.normal()

    fit = Ranking(joint, ("score",), seed=0).learn(observed(joint, worth, 30))
    assert fit.evidence is not None
    assert fit.evidence.tau > 0.6
    assert fit.share > 0.5
    assert {one.recipe.learning_rate for one in fit.ranked[:10]} == {0.003}


def test_the_recipe_stands_beside_the_architecture_only_where_it_is_searched() -> None:
    closed = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    ranking = Ranking(closed, ("score",), seed=0)
    proposal = closed.sample(random.Random(0))
    assert ranking.features_of(proposal) is proposal.architecture
    assert not ranking._extra


def flat(one: Proposal) -> float:
    return float(sum(one.decisions.values()))


def test_what_an_earlier_search_found_is_tried_first_and_teaches_the_predictor() -> None:
    """On other data scores are other numbers, in nearly the same order."""
    joint = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    worth = {path: random.Random(path).gauss(0, 1) for path, _ in places(joint.space.cells)}

    def score(one: Proposal) -> float:
        return sum(worth[path] * index for path, index in one.decisions.items())

    known = observed(joint, lambda one: 0.5 + 0.01 * score(one) + 0.005 * random.Random(one.fingerprint).random(), 90)
    search = EarlierSearch("there", "other", tuple(o.proposal.decisions for o in known), tuple(o.score for o in known))
    alone, warm = Ranking(joint, ("score",), seed=0), Ranking(joint, ("score",), seed=0, earlier=(search,))
    rng = random.Random(1)
    chosen = [score(warm.chosen_by_earlier(random.Random(seed))) for seed in range(5)]
    assert min(chosen) > np.quantile([score(joint.sample(rng)) for _ in range(200)], 0.9)
    own = [Observation(i, one, score(one), (), True) for i, one in enumerate(joint.sample(rng) for _ in range(12))]
    taus = [ranking.learn(own).evidence.tau for ranking in (alone, warm)]  # type: ignore[union-attr]
    assert taus[1] > taus[0] + 0.1


def test_what_an_earlier_search_found_but_is_too_large_here_is_neither_proposed_nor_varied() -> None:
    free = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    sizes = {one.fingerprint: one for one in (free.sample(random.Random(seed)) for seed in range(60))}
    large = sorted(sizes.values(), key=lambda one: -profile(one.architecture, TASK).parameters)[:20]
    smallest = min(profile(one.architecture, TASK).parameters for one in large)
    limited = Space("cnn", *free.space.cells, rules=[*free.space.rules, max_parameters(smallest - 1)])
    joint = JointSpace(limited, TrainingConfig(), TASK)
    search = EarlierSearch("there", "other", tuple(one.decisions for one in large), tuple(map(float, range(20))))
    chosen = [
        Ranking(joint, ("score",), 0, earlier=(search,)).chosen_by_earlier(random.Random(seed)) for seed in range(3)
    ]
    assert all(joint.obeys(one) for one in chosen)


def test_a_worker_starts_without_what_only_predictors_need() -> None:
    code = "import sys, nas.execution.worker; print([one for one in ('scipy', 'sklearn') if one in sys.modules])"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPO).stdout == "[]\n"


def test_the_first_epoch_is_a_reference_and_takes_no_slots() -> None:
    joint = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    told = observed(joint, flat, 30)
    ahead = [dataclasses.replace(one, curve=(one.score - 1, one.score)) for one in told]
    without, fit = (Ranking(joint, ("score",), seed=0).learn(some) for some in (told, ahead))
    assert fit.evidence is not None
    assert fit.evidence.references["first_epoch"] == pytest.approx(1.0)
    assert fit.evidence.tau < 1.0
    assert fit.share == without.share > 0


def test_stopped_trainings_are_no_whole_ones_to_the_predictor() -> None:
    """The sum of the decisions is what a network comes to, but while it is short two of them count the other way."""
    joint = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    options = dict(places(joint.space.cells))
    turned = sorted(path for path in options if len(options[path]) == max(map(len, options.values())))

    def short(one: Proposal) -> float:
        return flat(one) - 2 * sum(one.decisions.get(path, 0) for path in turned[:2])

    some = observed(joint, flat, 160)
    complete = [one.number < 60 for one in some]
    curves = [(short(one.proposal), one.score)[: 1 + whole] for one, whole in zip(some, complete, strict=True)]
    estimated, _ = ends(curves, complete)
    told = [
        dataclasses.replace(one, score=float(score), curve=curve, complete=whole)
        for one, score, curve, whole in zip(some, estimated, curves, complete, strict=True)
    ]
    fit = Ranking(joint, ("score",), seed=0).learn(told)
    assert fit.share > 0
    drawn = [flat(joint.sample(random.Random(seed))) for seed in range(100)]
    assert np.mean([flat(one) for one in fit.ranked[:20]]) > np.quantile(drawn, 0.9)


def test_a_predictor_that_fails_is_not_trusted(caplog: pytest.LogCaptureFixture) -> None:
    joint = JointSpace(SPACES["cnn"](), TrainingConfig(), TASK)
    fit = Ranking(joint, ("score",), 0).learn(observed(joint, lambda one: math.nan, 20))
    assert (fit.share, fit.ranked, fit.evidence) == (0.0, (), None)
    assert "failed after 20 trainings" in caplog.text
