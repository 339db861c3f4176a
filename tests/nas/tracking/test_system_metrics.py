"""Samples of how busy the machine is: the last one is always taken, and what goes wrong costs samples alone."""

from __future__ import annotations

import threading

from nas.tracking.system_metrics import PREFIX, SystemMetrics


def test_samples_are_taken_while_it_runs_and_at_the_end() -> None:
    found: list[dict[str, float]] = []
    twice = threading.Event()

    def tell(values: object) -> None:
        found.append(dict(values))  # type: ignore[call-overload]
        if len(found) == 2:
            twice.set()

    system = SystemMetrics(tell, every=0.01)
    system.start()
    assert twice.wait(60)
    system.stop(60)
    assert len(found) >= 3
    for values in found:
        assert all(name.startswith(PREFIX) for name in values)
        assert 0 <= values["system/cpu_utilization_percentage"] <= 100
        assert 0 < values["system/system_memory_usage_percentage"] <= 100


def test_the_end_comes_at_once_and_a_short_search_has_one_sample() -> None:
    found: list[object] = []
    system = SystemMetrics(found.append, every=3600)
    system.start()
    system.stop(60)
    assert len(found) == 1


def test_what_fails_ends_the_samples_alone() -> None:
    def fail(values: object) -> None:
        raise RuntimeError

    system = SystemMetrics(fail, every=0)
    system.start()
    system.stop(60)
    assert not system._thread.is_alive()
