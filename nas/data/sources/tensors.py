"""Tensors in a file of torch, read without trusting it: `weights_only`."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas.errors import InputError


def read_tensors(path: Path, alone: bool = False) -> Any:
    """A mapping or tuple of arrays; one array where it may stand `alone`.

    Raises:
        InputError: anything that needs more than tensors, mappings and lists to be read, or a file of weights.
    """
    import torch  # only now: tables need none of it

    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError, KeyError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path} is no file of tensors that can be read safely: {reason} Save plain tensors: "
            "torch.save({'x': x, 'y': y}, 'data.pt')."
        ) from None
    if isinstance(held, torch.Tensor) and not alone:
        raise InputError(f"{path} holds one tensor only. Save both: torch.save({{'x': x, 'y': y}}, 'data.pt').")
    if isinstance(held, Mapping) and any("." in str(key) for key in held):
        raise InputError(f"{path} holds the weights of a network, e.g. {next(iter(held))!r}, and no data.")
    return _plain(held)


def _plain(held: Any) -> Any:
    if hasattr(held, "detach"):
        return held.detach().cpu().numpy()
    if isinstance(held, Mapping):
        return {str(key): _plain(value) for key, value in held.items()}
    return [_plain(value) for value in held] if isinstance(held, list | tuple) else held
