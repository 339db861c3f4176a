"""`nas search --resume-or-start`: one command for a job that may be started again at any time."""

from __future__ import annotations

from pathlib import Path

from nas.errors import InputError


def goes_on(directory: Path | None, as_json: bool = False, quiet: bool = False) -> bool:
    """Whether the directory holds a search, which is then gone on with, or shown where it has come to its end.

    Raises:
        InputError: no directory was named, so that there is nothing to look into.
    """
    from nas.cli.resume import resume
    from nas.cli.show import show
    from nas.journal.directory import FILE, FINAL, RECORD
    from nas.journal.journal import read
    from nas.setup.problem import DONE

    if directory is None:
        raise InputError("`--resume-or-start` needs `--directory`, by which the search is found again.")
    if not (directory / FILE).is_file():
        return False
    if read(directory).ended in DONE and (directory / FINAL / RECORD).is_file():
        show(directory, as_json=as_json, quiet=quiet)
    else:
        resume(directory, as_json=as_json, quiet=quiet)
    return True
