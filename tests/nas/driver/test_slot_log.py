"""What the machines offered, over time."""

from __future__ import annotations

from nas.driver.slot_log import SlotLog


def test_what_was_offered_follows_the_slots_as_they_changed() -> None:
    offered = SlotLog()
    assert offered.slot_seconds(0.0, 10.0) == 10.0
    offered.change(2.0, 4)
    offered.change(8.0, 2)
    assert offered.slot_seconds(0.0, 10.0) == 4 * 8 + 2 * 2
    assert offered.slot_seconds(4.0, 6.0) == 8
