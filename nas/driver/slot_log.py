"""How many trainings could run at once, over time: what the machines offered, to be held against what was used."""

from __future__ import annotations


class SlotLog:
    """Slots as they were at each moment; nodes come and go, and small trainings share a GPU that a large one fills."""

    def __init__(self) -> None:
        self.slots = 0
        self._changes: list[tuple[float, int]] = []

    def change(self, now: float, slots: int) -> None:
        """From `now` (`time.monotonic`) on there are so many."""
        if slots != self.slots or not self._changes:
            self.slots = slots
            self._changes.append((now, slots))

    def slot_seconds(self, begin: float, end: float) -> float:
        """Slots times seconds between two moments; what is not known, and no slot at all, count as one."""
        if not self._changes:
            return end - begin
        total = 0.0
        moments = [*(moment for moment, _ in self._changes[1:]), end]
        starts = [begin, *moments[:-1]]
        for start, stop, (_, slots) in zip(starts, moments, self._changes, strict=True):
            total += max(0.0, min(stop, end) - max(start, begin)) * max(1, slots)
        return total
