"""Which designs of the field a search begins with."""

from __future__ import annotations

import pytest

from nas.config.recipe import TrainingConfig
from nas.records.joint_space import JointSpace
from nas.setup.known_designs import known_designs
from search_spaces import SPACES, Architecture, Space, Task
from search_spaces.rules import max_parameters

HYBRID = SPACES["hybrid"]()
JOINT = JointSpace(HYBRID, TrainingConfig(), Task((3, 32, 32), 10))
NAMES = list(HYBRID.known)


def part_of(parts: dict[str, float]):  # type: ignore[no-untyped-def]
    by_fingerprint = {HYBRID.known[name].fingerprint: part for name, part in parts.items()}

    def part(architecture: Architecture) -> float:
        return by_fingerprint.get(architecture.fingerprint, 0.0)

    return part


def test_all_come_in_the_order_of_the_space_where_nothing_is_timed() -> None:
    assert list(known_designs(JOINT, None, 0)) == NAMES


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([0.5, 0.1, 0.1, 0.1], [0]),  # the first takes what the others would have
        ([0.7, 0.3, 0.2, 0.1], [1, 3]),
        ([0.1, 0.1, 0.1, 0.1], [0, 1, 2, 3]),
        ([0.9, 0.9, 0.9, 0.9], []),
    ],
)
def test_they_take_a_part_of_the_search_phase_only(parts: list[float], expected: list[int]) -> None:
    found = known_designs(JOINT, 1000, 0, part_of(dict(zip(NAMES, parts, strict=True))))
    assert list(found) == [NAMES[place] for place in expected]


def test_they_are_a_quarter_of_the_trainings_at_most_and_one_always() -> None:
    assert list(known_designs(JOINT, 9, 0)) == NAMES[:2]
    assert list(known_designs(JOINT, 1, 0)) == NAMES[:1]


def test_one_that_breaks_a_rule_is_left_out_and_decisions_lead_to_the_design() -> None:
    limited = Space("limited", *HYBRID.cells, rules=[max_parameters(450_000)], known=HYBRID.designs)
    joint = JointSpace(limited, TrainingConfig(), Task((3, 32, 32), 10))
    found = known_designs(joint, None, 0)
    assert list(found) == ["resnet9", "mobilenet_v3_like"]
    assert joint.space.replay(found["resnet9"]).fingerprint == HYBRID.known["resnet9"].fingerprint
