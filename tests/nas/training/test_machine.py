"""CPUs and memory by control groups, read from generated trees of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nas.training import machine
from nas.training.machine import UNKNOWN, cpus, free_memory, torch_threads

GIB = 2**30
UNLIMITED_V1 = 9223372036854771712  # what version 1 shows without a limit: the largest multiple of a page
V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "31 23 0:27 {top} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 23 0:28 {top} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
)


@pytest.fixture(autouse=True)
def large_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)


def tree(root: Path, files: dict[str, object]) -> Path:
    """Files by path; the host has 256 GiB of which 200 are free."""
    for name, text in {"proc/meminfo": f"MemTotal: {256 << 20} kB\nMemAvailable: {200 << 20} kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def group_v2(path: str, limit: object, usage: int = 0, cache: int = 0, cpu: str = "max 100000") -> dict[str, object]:
    place = f"sys/fs/cgroup{path}"
    return {
        f"{place}/memory.max": limit,
        f"{place}/memory.current": usage,
        f"{place}/memory.stat": f"anon 5\ninactive_file {cache}\nactive_file 7",
        f"{place}/cpu.max": cpu,
    }


def group_v1(path: str, limit: int, usage: int = 0, cache: int = 0, quota: int = -1) -> dict[str, object]:
    return {
        f"sys/fs/cgroup/memory{path}/memory.limit_in_bytes": limit,
        f"sys/fs/cgroup/memory{path}/memory.usage_in_bytes": usage,
        f"sys/fs/cgroup/memory{path}/memory.stat": f"inactive_file 1\ntotal_inactive_file {cache}",
        f"sys/fs/cgroup/cpu,cpuacct{path}/cpu.cfs_quota_us": quota,
        f"sys/fs/cgroup/cpu,cpuacct{path}/cpu.cfs_period_us": 100000,
    }


def v2(path: str) -> dict[str, object]:
    return {"proc/self/cgroup": f"0::{path}", "proc/self/mountinfo": V2}


def v1(path: str, top: str = "/") -> dict[str, object]:
    return {
        "proc/self/cgroup": f"5:memory:{path}\n3:cpu,cpuacct:{path}\n1:name=systemd:{path}",
        "proc/self/mountinfo": V1.format(top=top),
    }


CASES: dict[str, tuple[dict[str, object], int, float]] = {  # files, CPUs, free GiB
    "no control groups": ({}, 64, 200),
    "version 2 in a container": (v2("/") | group_v2("", 32 * GIB, 10 * GIB, 4 * GIB, "800000 100000"), 8, 26),
    "version 2 without limits": (v2("/") | group_v2("", "max", 10 * GIB), 64, 200),
    "version 2, a narrow group above": (
        v2("/pod/job") | group_v2("/pod/job", "max", cpu="400000 100000") | group_v2("/pod", 8 * GIB, 2 * GIB),
        4,
        6,
    ),
    "version 2, a narrow group inside": (
        v2("/pod/job") | group_v2("/pod/job", 4 * GIB) | group_v2("/pod", 8 * GIB, 2 * GIB, cpu="250000 100000"),
        2,
        4,
    ),
    "version 2, outside the namespace": (v2("/../other") | group_v2("", 3 * GIB), 64, 3),
    "version 1 in a container": (v1("/") | group_v1("", 32 * GIB, 10 * GIB, 4 * GIB, 800000), 8, 26),
    "version 1 without limits": (v1("/") | group_v1("", UNLIMITED_V1, 3 * GIB), 64, 200),
    "version 1, mounted from inside": (v1("/docker/7f", "/docker/7f") | group_v1("", 2 * GIB, quota=50000), 1, 2),
    "version 1, nested": (v1("/a/b") | group_v1("/a/b", UNLIMITED_V1) | group_v1("/a", 5 * GIB, quota=300000), 3, 5),
    "no mountinfo, version 2": (group_v2("", 7 * GIB, cpu="200000 100000"), 2, 7),
    "no mountinfo, version 1": (group_v1("", 7 * GIB, quota=200000), 2, 7),
    "nothing but a limit": (v2("/") | {"sys/fs/cgroup/memory.max": 5 * GIB}, 64, 200),
    "usage without details": (
        v2("/") | {"sys/fs/cgroup/memory.max": 5 * GIB, "sys/fs/cgroup/memory.current": 2 * GIB},
        64,
        3,
    ),
    "more used than allowed": (v2("/") | group_v2("", GIB, 2 * GIB), 64, 0),
    "less than one CPU": (v2("/") | group_v2("", "max", cpu="50000 100000"), 1, 200),
}


@pytest.mark.parametrize("case", CASES)
def test_control_groups(tmp_path: Path, case: str) -> None:
    files, expected_cpus, expected_gib = CASES[case]
    root = tree(tmp_path, files)
    assert cpus(root) == expected_cpus
    assert free_memory(root) == expected_gib * GIB


def test_a_machine_that_says_nothing(tmp_path: Path) -> None:
    assert (cpus(tmp_path), free_memory(tmp_path)) == (64, UNKNOWN)


def test_affinity_counts_where_it_is_narrower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})
    assert cpus(tree(tmp_path, v2("/") | group_v2("", "max", cpu="800000 100000"))) == 2


def test_without_affinity_all_cpus_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 10)
    assert cpus(tmp_path) == 10


def test_this_machine() -> None:
    assert cpus() >= 1
    assert 0 < free_memory() <= machine.UNKNOWN


def test_threads_are_as_before_after_the_block() -> None:
    import torch

    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
