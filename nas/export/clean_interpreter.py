"""A clean interpreter, in which exports are proved: it cannot import this project, and reads nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

# The begin of a script. -I ignores the environment and the user's site, our packages are blocked by name. After `only`
# no file can be read but those in its folders and what Python and its packages consist of, and no address be reached.
CLEAN = """
import importlib.util, json, os, site, sys, sysconfig, traceback
for name in ("nas", "search_spaces", "predictors"):
    sys.modules[name] = None
import numpy as np, torch, torch.nn.functional
torch.set_num_threads(1)
def only(folders):
    here = {*folders, sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *site.getsitepackages()}
    here |= {os.environ["TMPDIR"], *(os.path.dirname(os.path.dirname(module.__file__)) for module in (torch, np))}
    here |= {"/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin"}
    forms = os.path.abspath, os.path.realpath
    here = tuple({os.path.join(form(path), "") for path in here for form in forms} - {"/"})
    def watch(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if not path.startswith(here) and not path.endswith((".so", ".pyc")) and (arguments[1] or "r")[0] == "r":
                raise PermissionError(f"it reads {path}, which is not part of the export")
        elif event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
            place = arguments[-1 if event == "socket.connect" else 0]
            raise PermissionError(f"it needs the network ({event} {place})")
    sys.addaudithook(watch)
"""


def run(script: str, arguments: Sequence[str], folder: str, seconds: float) -> str:
    """Runs a script that begins with `CLEAN`; the last line that it said to its standard error.

    Args:
        folder: an empty one, in which it runs and where its homes and caches lie, so that nothing that was fetched
            before is found.
        seconds: after which it is ended.
    """
    homes = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE", "USERPROFILE")
    environment = {**os.environ, **dict.fromkeys(homes, folder), "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", script, *arguments],
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=folder,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {seconds:g} seconds"
    return (done.stderr.strip().splitlines() or ["no message"])[-1]
