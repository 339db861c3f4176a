"""Data sets of https://www.openml.org by their number, e.g. `openml:61`; scikit-learn fetches them once and keeps them.

Source: https://scikit-learn.org/stable/modules/generated/sklearn.datasets.fetch_openml.html
"""

from __future__ import annotations

import re
from typing import Any

from nas.data.sources.frame import Frame
from nas.data.sources.tables import plain
from nas.errors import InputError

PREFIX = "openml:"


def is_openml(data: Any) -> bool:
    """Whether it names a data set of OpenML."""
    return isinstance(data, str) and data.startswith(PREFIX)


def read_openml(data: str) -> Frame:
    """The table with the columns that OpenML names, and the target that it names.

    Raises:
        InputError: no number, no such data set, or no network.
    """
    number = data.removeprefix(PREFIX)
    if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        raise InputError(f"A data set of OpenML is named by its number, e.g. `openml:61`, got {data!r}.")
    from sklearn.datasets import fetch_openml

    try:
        bunch: Any = fetch_openml(data_id=int(number), as_frame=True, parser="liac-arff", n_retries=1)
    except Exception as error:  # urllib's, HTTP's, and scikit-learn's own
        raise InputError(
            f"{data} cannot be fetched: {error}. It needs a network; what was fetched once is kept by scikit-learn "
            "(`sklearn.datasets.get_data_home()`). Or save the table as CSV and give the file."
        ) from None
    targets = tuple(map(str, bunch.target_names or ()))
    reading = {"format": "OpenML", "version": str(bunch.details.get("version", "?"))}
    return Frame(plain(bunch.frame, data), str(bunch.details.get("name", data)), None, reading, targets=targets)
