"""What this process may use: CPUs, free memory and threads, within the limits of its control groups (cgroups).

A container's limits stand in control groups, while `os.cpu_count` and /proc/meminfo describe the whole machine. Both
versions are read, each group and all groups above it, because every one of them limits what lies inside.
Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html,
https://docs.kernel.org/scheduler/sched-bwc.html (CPU quota of version 1).

Every function that reads files takes `root`, the directory that stands for `/`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

UNKNOWN = 1 << 62  # bytes: more than any machine has
ROOT = Path("/")
USUAL_MOUNTS = (  # controller ("" for all of version 2), mounted part of the hierarchy, mount point
    ("", "/", "/sys/fs/cgroup"),
    ("memory", "/", "/sys/fs/cgroup/memory"),
    ("cpu", "/", "/sys/fs/cgroup/cpu"),
    ("cpu", "/", "/sys/fs/cgroup/cpu,cpuacct"),
)


def cpus(root: Path = ROOT) -> int:
    """Whole CPUs that this process may keep busy at once: by its CPU affinity and its CPU quota; at least 1."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min([affinity, *_quotas(root)])))


def free_memory(root: Path = ROOT) -> int:
    """Bytes that this process can still allocate before the machine or a control group is full.

    File cache that has not been used lately (`inactive_file`) counts as free, because the kernel drops it first.
    `UNKNOWN` where nothing is said about memory, e.g. outside Linux.
    """
    available = [1024 * kib for kib in (_entry(root / "proc/meminfo", "MemAvailable:"),) if kib is not None]
    return max(0, min([UNKNOWN, *available, *_free_in_groups(root)]))


@contextlib.contextmanager
def torch_threads(number: int) -> Iterator[None]:
    """Inside the block, torch's CPU kernels use so many threads; afterwards as many as before."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _quotas(root: Path) -> Iterator[float]:
    """CPU quota of every group that has one, in CPUs."""
    for group in _groups("cpu", root):
        quota, _, period = _text(group / "cpu.max").partition(" ")  # version 2, microseconds; "max" for no limit
        if not quota:
            quota, period = _text(group / "cpu.cfs_quota_us"), _text(group / "cpu.cfs_period_us")  # -1 for no limit
        used, whole = _number(quota), _number(period)
        if used and whole and used > 0:
            yield used / whole


def _free_in_groups(root: Path) -> Iterator[int]:
    """Bytes left in every group that limits memory."""
    for group in _groups("memory", root):
        for limit, usage, cache in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most, used = _number(_text(group / limit)), _number(_text(group / usage))
            if most is not None and used is not None:
                yield most - max(0, used - (_entry(group / "memory.stat", cache) or 0))


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Directories of the groups that this process is in, from its own up to the mount point."""
    own: dict[str, str] = {}
    for line in _text(root / "proc/self/cgroup").splitlines():  # "5:cpu,cpuacct:/path"; version 2: "0::/path"
        _, names, path = line.split(":", 2)
        own.update(dict.fromkeys(names.split(","), path))
    for name, top, mount in list(_mounts(root)) or USUAL_MOUNTS:
        if name not in ("", controller):
            continue
        mine = PurePosixPath(own.get(name, "/"))
        inside = mine.relative_to(top) if mine.is_relative_to(top) and ".." not in mine.parts else PurePosixPath()
        for part in (inside, *inside.parents):
            yield root / mount.lstrip("/") / part


def _mounts(root: Path) -> Iterator[tuple[str, str, str]]:
    """Mounted hierarchies, as in `USUAL_MOUNTS`; the fields of a line are explained in `man 5 proc_pid_mountinfo`."""
    for line in _text(root / "proc/self/mountinfo").splitlines():
        place, _, system = line.partition(" - ")
        fields, kinds = place.split(), system.split()
        if len(fields) > 4 and len(kinds) > 2 and kinds[0] in ("cgroup", "cgroup2"):
            for name in kinds[2].split(",") if kinds[0] == "cgroup" else ("",):
                yield name, fields[3], fields[4]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _entry(path: Path, name: str) -> int | None:
    """The number that follows `name` in a file with one entry a line."""
    for line in _text(path).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == name:
            return _number(words[1])
    return None
