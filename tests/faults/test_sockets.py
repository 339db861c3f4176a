"""During a search on Ray nothing listens beyond loopback."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults
LISTEN = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def children_of(pid: int) -> set[int]:
    """The process and everything below it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return found


def listening(pids: set[int]) -> set[str]:
    """Addresses, in hexadecimal, on which these processes listen."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in inodes:
                found.add(fields[1].split(":")[0])
    return found


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_a_search_listens_on_loopback_only(drivers, injected) -> None:
    driver = drivers.start(budget="200 trials", strategy="random", executor="ray")
    seen: set[str] = set()
    while driver.poll() is None and len(drivers.events("ended")) < 3:
        seen |= listening(children_of(driver.pid))
        time.sleep(0.2)
    seen |= listening(children_of(driver.pid))
    driver.kill()
    assert drivers.events("ended")
    assert seen, "Ray listens somewhere; the test saw nothing"
    assert seen <= LOOPBACK
    injected("listening sockets looked up during a search on Ray", outcome="all on loopback")
