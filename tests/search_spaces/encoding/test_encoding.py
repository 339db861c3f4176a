"""Arrays of architectures: fixed columns, finite, equal for equal networks, and every decision visible."""

from __future__ import annotations

import random

import numpy as np
import pytest

from search_spaces import SPACES, Choice, Repeat, Space, Task, profile
from search_spaces.catalog.nasbench201 import from_string, nasbench201
from search_spaces.cells import Conv, Downsample, Head, Residual, Stem
from search_spaces.encoding import encode
from search_spaces.encoding.graphs import GraphFeatures
from search_spaces.tree import places

TASK = Task((3, 16, 16), 10)


def task_of(name: str) -> Task:
    if name in ("mlp", "tabular"):
        return Task((20,), 4)
    if name in ("sequence", "text"):
        return Task((16,), 4, vocabulary=50) if name == "text" else Task((3, 32), 4)
    return Task((3, 32, 32), 10)


@pytest.mark.parametrize("name", SPACES)
def test_every_space_has_fixed_finite_columns_that_tell_samples_apart(name: str) -> None:
    space, task = SPACES[name](), task_of(name)
    samples = [space.sample(random.Random(seed), task) for seed in range(12)]
    first, second = encode(samples[:6], space, task), encode(samples[6:], space, task)
    assert first.names == second.names
    for block, names in zip(first.blocks, first.names, strict=True):
        assert block.shape == (6, len(names))
        assert np.isfinite(block).all()
        assert len(set(names)) == len(names)
    assert len(np.unique(np.hstack(first.blocks), axis=0)) == len({tuple(one.decisions.items()) for one in samples[:6]})


@pytest.mark.parametrize("name", SPACES)
def test_places_are_what_walks_meet(name: str) -> None:
    space = SPACES[name]()
    known = dict(places(space.cells))
    for seed in range(10):
        for path, index in space.sample(random.Random(seed)).decisions.items():
            assert index < len(known[path])


def test_an_option_taken_is_one_and_a_place_not_reached_is_zero() -> None:
    space = Space("s", Stem(8), Repeat(Conv(Choice(8, 16, 64)), times=Choice(1, 2)), Head())
    short = space.replay({"1.times": 0, "1[0].width": 2})
    long = space.replay({"1.times": 1, "1[0].width": 0, "1[1].width": 1})
    found = encode([short, long], space, TASK)
    column = {name: found.decisions[:, place] for place, name in enumerate(found.names[0])}
    assert column["1[0].width=2"].tolist() == [1, 0]
    assert column["1[1].width=1"].tolist() == [0, 1]
    assert column["1[1].width=0"].tolist() == [0, 0]
    assert column["1[0].width~"].tolist() == [1, 0]
    assert 0 < column["1[1].width~"][0] < 1


def test_cost_is_the_profiles() -> None:
    space = SPACES["cnn"]()
    one = space.sample(random.Random(1))
    facts = profile(one, TASK)
    found = encode([one], space, TASK).cost[0]
    np.testing.assert_allclose(found[:2], np.log1p([facts.parameters, facts.macs]))


def test_structure_counts_places_and_widths() -> None:
    space = Space("s", Stem(8), Choice(Conv(8), Residual(8)), Downsample(16), Residual(16), Residual(16), Head())
    one = encode([space.replay({"1": 1})], space, TASK)
    value = dict(zip(one.names[1], one.structure[0], strict=True))
    assert value["Residual.count"] == 3
    assert value["Residual.run"] == 2
    assert value["Conv.count"] == 0
    assert value["width.max"] == 4
    assert value["width.min"] == 3
    assert value["Residual.level1"] == 2
    assert sum(value[f"macs.level{level}"] for level in range(5)) == pytest.approx(1)


def test_equal_graphs_have_equal_structure_and_dead_ones_say_so() -> None:
    space, task = nasbench201(cells=1), Task((3, 32, 32), 10)
    conv, skip, none = "nor_conv_3x3", "skip_connect", "none"

    def row(*ops: str) -> np.ndarray:
        text = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*ops)
        return encode([space.replay(from_string(text))], space, task).structure[0]

    direct = row(none, none, none, conv, none, none)
    names = encode([space.sample(random.Random(0))], space, task).names[1]
    dangling = row(conv, none, none, conv, none, none)  # a first edge that leads nowhere
    graph = [place for place, name in enumerate(names) if "[" in name and not name.startswith("edges[zero")]
    np.testing.assert_array_equal(direct[graph], dangling[graph])
    dead = row(conv, none, none, none, none, none)
    assert dead[names.index("dead")] == pytest.approx(3 / 5)  # mean over the graphs; two are reductions
    assert direct[names.index("dead")] == 0
    two = row(conv, conv, skip, skip, skip, conv)
    assert not np.array_equal(direct[graph], two[graph])


def test_paths_of_a_known_graph() -> None:
    features = GraphFeatures(nasbench201(cells=1))
    conv = next(label for label in features.labels if "Conv" in label and "kernel=3.0" in label)
    edges = ((0, 1, conv), (0, 2, "skip"), (1, 2, conv), (0, 3, "zero"), (1, 3, "zero"), (2, 3, conv))
    value = dict(zip(features.names, features._features(edges, 3), strict=True))
    assert value[f"edges[{conv}]"] == 3
    assert value[f"most[{conv}]"] == 3
    assert value[f"least[{conv}]"] == 1
    assert value[f"mean[{conv}]"] == 2
    assert value[f"paths[{conv}]"] == pytest.approx(np.log1p(2))
    assert value[f"longest[{conv}]"] == 3


def test_rows_are_remembered() -> None:
    space = SPACES["hybrid"]()
    samples = [space.sample(random.Random(seed)) for seed in range(5)]
    np.testing.assert_array_equal(encode(samples, space, TASK).structure, encode(samples, space, TASK).structure)
    assert len(encode([], space, TASK)) == 0
