"""One trial of a search that has ended, trained in full afterwards: a point of the Pareto front, say, for export."""

from __future__ import annotations

from pathlib import Path

import torch

from nas.config.final_time import LONGER
from nas.errors import InputError
from nas.execution.local import in_this_process
from nas.final.final import OnEpoch, run_final
from nas.final.schedule import FinalConfig
from nas.journal.directory import FINAL, RECORD
from nas.setup.problem import check_data, opened_data
from nas.setup.stored_search import stored_search


def single_trial(directory: Path, number: int, on_epoch: OnEpoch = lambda trial, report: None) -> str:
    """Trains a trial as a final would and judges it on the test split; the folder below `directory` that holds it.

    A trial that was so trained before is not trained again.

    Raises:
        InputError: no such trial, one that was never trained, or data that cannot be had again.
    """
    folder = f"{FINAL}-{number:04d}"
    if (directory / folder / RECORD).exists():
        return folder
    stored = stored_search(directory)
    trial = stored.trial(number)
    if not trial.usable:
        raise InputError(f"Trial {number} was never trained ({trial.state}). Name one with a score.")
    if stored.space is None:
        raise InputError(f"Trial {number} cannot be built again: {stored.missing}")
    if not stored.config.data:
        raise InputError("This search was given arrays, which are not kept. Only the final's winner can be exported.")
    dataset = opened_data(stored.config.data, stored.config)
    check_data(stored.record.header, dataset)
    plan = FinalConfig(top=1, epochs=LONGER * trial.epochs)
    device = "cuda" if stored.config.gpus_per_trial and torch.cuda.is_available() else "cpu"
    tried = len(stored.trials)
    here = in_this_process(int(stored.config.cpus_per_trial))
    run_final(dataset, [trial], None, directory / folder, plan, here, tried=tried, device=device, on_epoch=on_epoch)
    return folder
