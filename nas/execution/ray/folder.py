"""The folder for Ray's own files: short, one for each driver, and removed also after one that was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "nas-ray-"


def new_folder() -> Path:
    """A new folder, which the driver removes at its end."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_short()))


def _short() -> str:
    """Ray's sockets lie below it, and the name of a socket is at most 107 bytes long."""
    folder = tempfile.gettempdir()
    return folder if len(folder) <= 20 else "/tmp"  # noqa: S108


def remove_leftovers() -> None:
    """Deletes the folders of searches that were killed."""
    for folder in Path(_short()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not _lives(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another user's; no id of a process
        pass
    return True
