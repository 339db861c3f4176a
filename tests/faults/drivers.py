"""Searches in processes of their own: started, resumed, and watched by what they append to a file."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DRIVE = Path(__file__).parent / "drive.py"
FORKS = multiprocessing.get_context("forkserver")  # a driver that has torch loaded starts in no time
FORKS.set_forkserver_preload(["drive", "nas.search", "nas.execution.local"])


def _drive(*arguments: Any) -> None:
    import drive

    drive.main(*arguments)


class Drivers:
    """Starts searches, and ends at the test's end what is left of them."""

    def __init__(self, folder: Path) -> None:
        self.directory = folder / "search"
        self.started: list[subprocess.Popen[str]] = []
        self.forked: list[Any] = []

    def start(self, command: str = "search", **settings: Any) -> subprocess.Popen[str]:
        driver = subprocess.Popen(
            [sys.executable, str(DRIVE), command, str(self.directory), json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"},  # not last on a busy machine
            start_new_session=True,
        )
        self.started.append(driver)
        return driver

    def fork(self, command: str = "search", **settings: Any) -> Any:
        """As `start`, without Ray and much quicker."""
        settings["executor"] = "local"
        if command == "resume":
            settings.pop("executor")
        driver = FORKS.Process(target=_drive, args=(command, str(self.directory), settings), daemon=True)
        driver.start()
        self.forked.append(driver)
        return driver

    def run(self, command: str = "search", **settings: Any) -> dict[str, Any]:
        output, errors = self.start(command, **settings).communicate(timeout=400)
        assert output, errors
        return json.loads(output.splitlines()[-1])

    def events(self, kind: str) -> list[tuple[int, str]]:
        """(trial number, what is said of it) of all events of a kind, in order, over all drivers."""
        path = Path(f"{self.directory}.events")
        lines = path.read_text().splitlines() if path.exists() else []
        words = [line.split(" ", 3) for line in lines]
        return [(int(number), rest) for _, event, number, rest in words if event == kind]
