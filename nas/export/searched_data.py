"""The data of a search that has ended, for what is exported with its training or validation part."""

from __future__ import annotations

from pathlib import Path

from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.errors import InputError
from nas.journal.journal import read
from nas.setup.problem import opened_data


def searched_data(search: Path, why: str, call: str) -> Dataset:
    """The data of the search in this directory, read again from where the search had it.

    Args:
        why: it is needed, as the begin of a sentence.
        call: of Python to which arrays can be given again.

    Raises:
        InputError: the search was given arrays, or the data is not there as it was.
    """
    header = read(search).header
    config = SearchConfig.from_json(header.config)
    if not config.data:
        raise InputError(
            f"{why}, and this search was given arrays, which are not kept. Give them again: {call} with "
            "dataset=nas.data.load((inputs, targets))."
        )
    dataset = opened_data(config.data, config)
    if dataset.fingerprint != header.fingerprint:
        raise InputError(
            f"{why}, and the data in {config.data} has changed since the search. Bring back the data as it was."
        )
    return dataset
