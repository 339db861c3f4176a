"""One trial of a search that has ended, trained in full afterwards: a point of the Pareto front, say, for export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from nas.errors import InputError
from nas.export.export import FINAL, RECORD
from nas.final.final import run_final
from nas.final.finish import LONGER
from nas.final.schedule import FinalConfig
from nas.records.trial import Candidate
from nas.setup import problem as opening
from nas.setup.reopen import revisit
from nas.training.loop import EpochReport
from nas.training.threads import torch_threads


def single_final(
    directory: Path, number: int, on_epoch: Callable[[Candidate, EpochReport], None] = lambda candidate, report: None
) -> str:
    """Trains a trial as a final would and judges it on the test split; the folder below `directory` that holds it.

    A trial that was so trained before is not trained again.

    Raises:
        InputError: no such trial, one that was never trained, or data that cannot be had again.
    """
    folder = f"{FINAL}-{number:04d}"
    if (directory / folder / RECORD).exists():
        return folder
    seen = revisit(directory)
    candidate = seen.trial(number)
    if not candidate.usable:
        raise InputError(f"Trial {number} was never trained ({candidate.state}). Name one with a score.")
    if seen.joint is None:
        raise InputError(f"Trial {number} cannot be built again: {seen.missing}")
    if not seen.config.data:
        raise InputError("This search was given arrays, which are not kept. Only the final's winner can be exported.")
    dataset = opening.opened_data(seen.config.data, seen.config)
    opening.check_data(seen.record.header, dataset)
    plan = FinalConfig(top=1, epochs=LONGER * candidate.epochs)
    with torch_threads(int(seen.config.cpus_per_trial)):
        device = "cuda" if seen.config.gpus_per_trial and torch.cuda.is_available() else "cpu"
        tried = len(seen.candidates)
        run_final(dataset, [candidate], None, directory / folder, plan, tried=tried, device=device, on_epoch=on_epoch)
    return folder
