"""Whether this machine has what a search asks for: CPUs, GPUs, and a way to its storage."""

from __future__ import annotations

from nas.config.search_config import AUTO, SearchConfig
from nas.errors import InputError
from nas.training.machine import cpus


def check_machine(config: SearchConfig) -> None:
    """Raises InputError for what no training could ever hold here, which would be waited for without end."""
    _check_storage(config.storage)
    if config.ray_address is not None:  # a cluster may still grow
        return
    _check_cpus(config.cpus_per_trial)
    _check_gpus(config)


def _check_cpus(asked: float) -> None:
    most = cpus()
    if asked > most:
        raise InputError(f"`cpus_per_trial` is {asked:g}, and this machine has {most} CPUs for it. Ask for less.")


def _check_gpus(config: SearchConfig) -> None:
    asked = config.gpus_per_trial
    by_time = config.budget.gpu_seconds is None
    if not asked or (asked == AUTO and by_time):  # `auto` is looked for when the workers are there
        return
    import torch  # only now: it is slow to load

    gpus = torch.cuda.device_count()
    if asked == AUTO and not gpus:
        raise InputError(
            f"Budget `{config.budget}` counts GPU time, and PyTorch finds no GPU on this machine, so it would never "
            "end. Give a time such as `10m`."
        )
    if asked != AUTO and float(asked) > gpus:
        raise InputError(
            f"`gpus_per_trial` is {float(asked):g}, and PyTorch finds {gpus} GPUs on this machine. Leave it out to "
            "train on what there is."
        )


def _check_storage(storage: str | None) -> None:
    protocol, found, _ = str(storage).partition("://")
    if storage is None or not found:
        return
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except (ValueError, ImportError) as error:
        raise InputError(
            f"`storage` is {storage!r}, and fsspec cannot open `{protocol}://`: {error}. Write a folder, or an address "
            "whose package is installed, e.g. s3fs for s3://."
        ) from None
