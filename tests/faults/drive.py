"""A search in a process of its own, to be killed: `python drive.py search|resume DIRECTORY '{"budget": …}'`.

Every event is appended to DIRECTORY.events as a line `pid event number epochs-or-state`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import spaces  # noqa: E402 - the two folders above must be known first

import nas  # noqa: E402
from nas.execution import worker  # noqa: E402


class EventLog(nas.Observer):
    def __init__(self, directory: str) -> None:
        self.file = os.open(f"{directory}.events", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(self, *words: Any) -> None:
        os.write(self.file, (" ".join(map(str, (os.getpid(), *words))) + "\n").encode())

    def trial_started(self, candidate: nas.Trial) -> None:
        self.write("started", candidate.number, len(candidate.scores))

    def epoch_ended(self, candidate: nas.Trial, report: Any) -> None:
        self.write("epoch", candidate.number, report.epoch)

    def trial_ended(self, candidate: nas.Trial) -> None:
        self.write("ended", candidate.number, candidate.state)

    def final_started(self, trials: Any) -> None:
        Path(os.environ[spaces.FINAL]).touch()
        self.write("final", len(trials), "started")

    def final_epoch_ended(self, trial: nas.Trial, report: Any) -> None:
        self.write("final-epoch", trial.number, report.epoch)

    def message(self, text: str) -> None:
        self.write("message", 0, json.dumps(text))


def main(command: str, directory: str, settings: dict[str, Any]) -> None:
    os.environ[spaces.FINAL] = f"{directory}.final"
    worker.SAVED_EVERY = settings.pop("saved_every", worker.SAVED_EVERY)
    space = spaces.SPACES[settings.pop("space", "small")]()
    observers = [EventLog(directory)]
    if command == "resume":
        result = nas.resume(directory, space=space, observers=observers, **settings)
    else:
        defaults = {"tracking_uri": "", "final": False, "epochs": 3, "baselines": ("off",), "ensemble": "off"}
        result = nas.search("digits", space, directory=directory, observers=observers, **{**defaults, **settings})
    print(json.dumps({"ended": result.ended, "spent": result.spent, "trials": len(result.candidates)}))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal: in the background it is ignored
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {})
