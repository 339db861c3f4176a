"""Why a person's own code failed, in a sentence and the lines of theirs that it comes from."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

from nas.errors import InputError, SearchFailed
from search_spaces.errors import SpaceError

OURS = Path(__file__).parent.parent.parent
SHOWN = 3  # lines of the traceback


def reason(error: BaseException) -> str:
    """An error in a sentence; of a person's own code with the last lines of its traceback."""
    text = str(error) or type(error).__name__
    if isinstance(error, InputError | SearchFailed | SpaceError):
        return text
    every = traceback.extract_tb(error.__traceback__)
    others = [frame for frame in every if not Path(frame.filename).is_relative_to(OURS)]
    frames = [frame for frame in others if not _is_installed(frame.filename)] or others or every
    lines = [f"{frame.filename}, line {frame.lineno}: {frame.line}" for frame in frames[-SHOWN:]]
    return f"{type(error).__name__}: {text}\n  " + "\n  ".join(lines)


def _is_installed(file: str) -> bool:
    return (
        "site-packages" in file or "dist-packages" in file or Path(sysconfig.get_path("stdlib")) in Path(file).parents
    )
