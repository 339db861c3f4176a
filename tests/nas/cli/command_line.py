"""`nas …` as a person types it, run in this process: a fresh interpreter with torch takes seconds for each command."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from nas.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


def nas(*words: str, cwd: Path) -> Done:
    """Runs a command in a folder. What it raises beside its exit code is a fault of ours, and comes out."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    path, loaded = list(sys.path), set(sys.modules)
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        mock.patch.object(sys, "argv", ["nas", *words]),
        mock.patch.dict("os.environ", {"COLUMNS": "120"}),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - loaded:  # a person's own file is read anew by the next command
                if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(cwd):
                    del sys.modules[name]
    return Done(code, out.getvalue(), errors.getvalue())


def run(*words: str, cwd: Path, code: int = 0) -> str:
    """What a command prints; its errors where it is to fail."""
    done = nas(*words, cwd=cwd)
    assert done.code == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout
