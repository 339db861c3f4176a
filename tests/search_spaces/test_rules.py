from __future__ import annotations

import random
import time

import pytest

from search_spaces import SPACES, Architecture, Choice, Repeat, RuleError, Space, SpaceError, Task
from search_spaces.cells import Conv, Graph, Head, Node, Pool, Skip, Stem, Transformer
from search_spaces.profile import profile
from search_spaces.rules import (
    after,
    at,
    broken,
    count,
    forbid,
    layers,
    max_latency,
    max_macs,
    max_parameters,
    parameters,
    require,
    where,
)

TASK = Task((1, 8, 8), 10)


def network(*cells: object) -> Architecture:
    return Architecture("any", cells, {})


CONVS = network(Stem(8), Conv(), Pool(), Transformer(8, heads=2), Head())


@pytest.mark.parametrize(
    ("rule", "obeyed", "text"),
    [
        (max_parameters(10_000), True, "parameters <= 10,000"),
        (max_parameters(1_000), False, "parameters <= 1,000"),
        (max_macs(10**6), True, "macs <= 1,000,000"),
        (~max_parameters(10_000), False, "parameters > 10,000"),
        ((parameters > 100) & (layers <= 20), True, "(parameters > 100) & (layers <= 20)"),
        (require(Transformer), True, "require(Transformer)"),
        (forbid(Transformer), False, "forbid(Transformer)"),
        (count(Conv) >= 2, False, "count(Conv) >= 2"),
        (forbid(after(Transformer, Pool)), False, "forbid(after(Transformer, Pool))"),
        (forbid(after(Pool, Transformer)), True, "forbid(after(Pool, Transformer))"),
        (require(after(Pool, Conv, directly=True)), True, "require(after(Pool, Conv, directly=True))"),
        (require(after(Head, Conv, directly=True)), False, "require(after(Head, Conv, directly=True))"),
        (require(at(0, Stem)) & require(at(-1, Head)), True, "require(at(0, Stem)) & require(at(-1, Head))"),
        (forbid(where(Transformer, heads=2)), False, "forbid(where(Transformer, heads=2))"),
        (forbid(Transformer) | max_parameters(10**5), True, "forbid(Transformer) | (parameters <= 100,000)"),
        (~(require(Conv) & require(Pool)), False, "forbid(Conv) | forbid(Pool)"),
        (require(lambda a: len(a.cells) == 5), True, "<lambda>"),
    ],
)
def test_rules_judge_and_print_themselves(rule: object, obeyed: bool, text: str) -> None:
    assert (broken([rule], CONVS, TASK) is None) is obeyed  # type: ignore[list-item]
    assert repr(rule) == text
    assert (broken([~rule], CONVS, TASK) is None) is not obeyed  # type: ignore[operator,list-item]


def test_cells_inside_cells_count() -> None:
    graph = Graph((Node((Conv(), Skip()), (0, 0)),))
    assert broken([count(Conv) >= 2], network(graph, Conv())) is None


def test_rules_on_the_profile_wait_for_a_task() -> None:
    assert broken([max_parameters(1) & forbid(Pool)], CONVS) is not None
    assert broken([max_parameters(1)], CONVS) is None


def test_latency_is_a_rule() -> None:
    assert broken([max_latency(60.0)], CONVS, TASK) is None
    assert broken([max_latency(1e-9)], CONVS, TASK) is not None


@pytest.mark.parametrize("make", [lambda: require("Conv"), lambda: max_parameters(-1), lambda: where(Conv, heads=2)])
def test_rules_that_make_no_sense(make: object) -> None:
    with pytest.raises(SpaceError):
        make()  # type: ignore[operator]


def test_a_rule_that_nothing_obeys_is_explained() -> None:
    space = Space("small", Stem(Choice(8, 16)), Repeat(Conv(), times=Choice(1, 2)), Head(), rules=[max_parameters(100)])
    with pytest.raises(RuleError) as caught:
        space.sample(random.Random(0), TASK)
    message = str(caught.value)
    assert "architectures of space 'small'" in message
    assert "`parameters <= 100`" in message
    assert "The closest miss: parameters is 770, not <= 100" in message


def test_tight_rules_are_repaired_rather_than_rejected() -> None:
    """About one in a thousand draws from `hybrid` is that small and has such blocks."""
    base = SPACES["hybrid"]()
    rules = [parameters <= 30_000, parameters >= 24_000, count(Transformer) >= 1, count(Conv) >= 1]
    space = Space("tight", *base.cells, rules=rules)
    task = Task((1, 28, 28), 10)
    rng = random.Random(0)
    share = sum(space.obeys(base.sample(rng), task) for _ in range(5_000)) / 5_000
    assert 0 < share < 0.003
    started = time.process_time()
    found = [space.sample(rng, task) for _ in range(100)]
    print(f"share {share:.2%}: 100 samples in {time.process_time() - started:.1f} s of CPU")
    assert all(24_000 <= profile(architecture, task).parameters <= 30_000 for architecture in found)
    assert len({architecture.fingerprint for architecture in found}) > 50


def test_mutations_and_crossovers_obey_too() -> None:
    space = Space("limited", *SPACES["cnn"]().cells, rules=[max_parameters(30_000)])
    rng = random.Random(0)
    first, second = space.sample(rng, TASK), space.sample(rng, TASK)
    for _ in range(20):
        assert space.obeys(space.mutate(first, rng, TASK), TASK)
        assert space.obeys(space.crossover(first, second, rng, TASK), TASK)


def test_with_a_task_samples_that_do_not_build_are_left_out() -> None:
    space = Space("heads", Stem(8), Transformer(8, heads=Choice(2, 3)), Head())
    assert {space.sample(random.Random(seed), TASK).cells[1].heads for seed in range(10)} == {2}
    with pytest.raises(RuleError, match="`heads` must divide"):
        Space("none", Transformer(8, heads=Choice(3, 5))).sample(random.Random(0), TASK)


def test_where_nothing_builds_the_error_says_why_and_blames_no_rule() -> None:
    space = Space("even", Conv(Choice(8, 16), kernel=4), Head(), rules=[max_parameters(1_000_000)])
    with pytest.raises(RuleError) as error:
        space.sample(random.Random(0), Task((3, 32, 32), 10))
    assert "`kernel` must be odd" in str(error.value)
    assert "rule" not in str(error.value)
