from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from pathlib import Path

import pytest

from search_spaces import SpaceError, Task
from search_spaces.catalog.nasbench201 import from_string, nasbench201, published_flops, to_string
from search_spaces.profile import profile

TASK = Task((3, 32, 32), 10)
SKIPS = "|skip_connect~0|+|skip_connect~0|none~1|+|none~0|skip_connect~1|none~2|"


def test_size_is_the_published_one() -> None:
    assert nasbench201().size() == 5**6 == 15_625


def test_a_network_by_its_own_name() -> None:
    space = nasbench201()
    name = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
    architecture = space.replay(from_string(name))
    assert to_string(architecture) == name
    known = profile(architecture, TASK)
    assert known.parameters == 802_426
    assert published_flops(architecture, known.macs) == 116_692_672


@pytest.mark.parametrize("text", ["", "|skip~0|", "|skip_connect~0|+|none~0|none~1|", SKIPS.replace("none~0", "odd~0")])
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(SpaceError, match=r"Not a network|Unknown operation"):
        from_string(text)


def test_every_row_of_the_benchmark_is_built_exactly(shared: Path) -> None:
    """All 15,625 rows: about 6 s on one core, since what is known of an operation is known of every network with it."""
    space = nasbench201()
    for row in _rows(shared):
        architecture = space.replay(from_string(row["arch_str"]))
        known = profile(architecture, TASK)
        assert known.parameters == round(float(row["c10_params_M"]) * 1e6), row["arch_str"]
        assert published_flops(architecture, known.macs) == round(float(row["c10_flops_M"]) * 1e6), row["arch_str"]


def test_fingerprints_against_the_published_isomorphism(shared: Path) -> None:
    """The table's `unique_str` has 6,466 classes, ours 5,260; they differ for two reasons only.

    `unique_str` keeps zero branches as text, so that x and x + 0 are two classes: ours joins them, which leaves 4,930.
    And it takes one convolution read twice for two convolutions of the same input, whose weights differ: ours tells
    them apart, which splits 326 of the classes.
    """
    space = nasbench201()
    published, without_zeros = defaultdict(set), defaultdict(set)
    fingerprints = defaultdict(set)
    for row in _rows(shared):
        name = row["unique_str"]
        fingerprint = space.replay(from_string(row["arch_str"])).fingerprint
        published[name].add(fingerprint)
        without_zeros[_without_zeros(name)].add(fingerprint)
        fingerprints[fingerprint].add(_without_zeros(name))
    assert len(published) == 6_466
    assert len(fingerprints) == 5_260
    assert len(without_zeros) == 4_930
    assert sum(len(found) > 1 for found in without_zeros.values()) == 326
    assert all(len(names) == 1 for names in fingerprints.values())  # never joined but for zeros


def _without_zeros(name: str) -> str:
    """`unique_str` with zero terms left out and sums sorted again."""
    inner = re.compile(r"\(([^()]*)\)(@[a-z0-9_]+)")
    held: dict[str, str] = {}

    def total(text: str) -> str:
        terms = [held.get(term, term) for term in text.split("+")]
        return "+".join(sorted(term for term in terms if term != "#")) or "#"

    while match := inner.search(name):
        value = total(match[1])
        key = f"<{len(held)}>"
        held[key] = "#" if value == "#" else f"[{value}]{match[2]}"
        name = name[: match.start()] + key + name[match.end() :]
    return total(name)


def _rows(shared: Path) -> list[dict[str, str]]:
    with gzip.open(shared / "bench" / "nasbench201.csv.gz", "rt") as file:
        return list(csv.DictReader(file))
