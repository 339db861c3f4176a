"""State dicts in a folder or at an fsspec URL: written whole or not at all, read without running anything in them."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import torch


def save(state: dict[str, Any], place: str) -> None:
    """Writes a state to a file or URL. A disk that is full costs the file, not the training."""
    import fsspec

    system, path = fsspec.core.url_to_fs(place)
    part = f"{path}.{os.getpid()}.part"
    try:
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(part, "wb") as file:
            torch.save(state, file)
        system.mv(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            system.rm(part)


def load(place: str) -> dict[str, Any] | None:
    """The state, on the CPU, or None where there is none. Nothing in it is ever run.

    Raises:
        Exception: of many types: it is torn or foreign, or the storage is out of reach.
    """
    import fsspec

    try:
        with fsspec.open(place, "rb") as file:
            state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
            return state
    except FileNotFoundError:
        return None


def remove(place: str) -> None:
    """Deletes a state if it is there; storage out of reach keeps it."""
    import fsspec

    with contextlib.suppress(OSError, ImportError, ValueError):
        system, path = fsspec.core.url_to_fs(place)
        system.rm(path)
