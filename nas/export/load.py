"""The trained network of a search or of an export back as an `nn.Module`."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from nas.errors import InputError
from nas.export.export import finalist_network, know_code
from nas.export.loaded import module_in
from nas.final.record import final_record
from nas.journal.directory import FINAL, RECORD


def load(directory: str | Path) -> nn.Module:
    """A search's winner, or an exported network, in eval mode: (batch, *task.input_shape) -> (batch, task.outputs).

    A search's winner is built anew from its record and weights. An export is loaded by running the `model.py` in it, so
    load only what you or someone you trust has exported.

    Raises:
        InputError: neither a search with a final nor an export is there.
    """
    directory = Path(directory)
    if (directory / FINAL / RECORD).is_file():
        record = final_record(directory)
        know_code(directory)
        return finalist_network(directory / FINAL, record, record["finalists"][0])
    if (directory / "model.py").is_file() and (directory / "weights.pt").is_file():
        return module_in(directory / "model.py")
    raise InputError(
        f"There is neither a search with a final nor an export in {directory}. Name the directory of one, or make an "
        "export: nas export"
    )
