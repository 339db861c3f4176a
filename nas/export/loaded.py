"""The network of an export's own file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from torch import nn

from nas.errors import InputError


def module_in(path: Path) -> nn.Module:
    """The network of a `model.py`, which is run, with the weights beside it.

    Raises:
        InputError: it cannot be read.
    """
    spec = importlib.util.spec_from_file_location(f"nas_export_{abs(hash(str(path.absolute())))}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} cannot be read as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # where dataclasses in it look for their annotations
    spec.loader.exec_module(module)
    network: nn.Module = module.load()
    return network
