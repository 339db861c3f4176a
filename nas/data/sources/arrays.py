"""Arrays and tensors in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nas.data.sources.raw import Raw
from nas.errors import InputError


def read_arrays(data: Sequence[Any]) -> Raw:
    """A pair (X, y) of anything that NumPy can convert, or of torch tensors on any device.

    Raises:
        InputError: fewer or more than two values.
    """
    if len(data) != 2:
        raise InputError(f"`data` as arrays must be a pair (X, y), got {len(data)} values.")
    x, y = (np.asarray(part.detach().cpu() if hasattr(part, "detach") else part) for part in data)
    return Raw("arrays", x, y)
