"""A network that a person has trained already, as the champion that a search has to beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from nas.data import Dataset
from nas.errors import InputError
from search_spaces.catalog.own import own_attribute
from search_spaces.errors import SpaceError

BATCH = 256
SHOWN = 200  # characters of what a network raised


def is_named(champion: str) -> bool:
    """Whether this is a network by `module:attribute` or `file.py:attribute`, and no place or registered model."""
    return ":" in champion and "://" not in champion and not Path(champion).exists()


def named_network(champion: str) -> nn.Module:
    """The network of that name, or what the class or function of that name makes without arguments.

    Raises:
        InputError: it is not there, its code raises, or it is no `nn.Module`.
    """
    place, _, attribute = champion.rpartition(":")
    try:
        found = own_attribute(place, attribute, "network", "or name a search, an export or a registered model")
        network = found if isinstance(found, nn.Module) else found()
    except SpaceError as error:
        raise InputError(str(error)) from None
    except Exception as error:  # whatever a person's own code raises is reported as theirs
        raise InputError(
            f"`{champion}()` raised {type(error).__name__}: {error}. It is called without arguments."
        ) from error
    if not isinstance(network, nn.Module):
        raise InputError(f"`{champion}` must be an nn.Module or make one, got {type(network).__name__}.")
    return network


def outputs_of(network: nn.Module, dataset: Dataset) -> np.ndarray:
    """What the network says of the sealed test, `(n, outputs)`, in evaluation mode, on the CPU.

    It is called with float32 batches `(batch, *task.input_shape)` in the data's own scale, and says one number for each
    class (logits), label or target, in the order that `nas data` shows.

    Raises:
        InputError: it raises, or its outputs have another shape or are not finite.
    """
    task, inputs = dataset.task, dataset.test.open().inputs
    if task.inputs or task.targets:
        raise InputError("A network of your own is compared on one input and one target; this data has several.")
    shape = " x ".join(map(str, ("batch", *task.input_shape)))
    found = []
    network = network.cpu().eval()
    with torch.no_grad():
        for start in range(0, len(inputs), BATCH):
            batch = torch.from_numpy(np.array(inputs[start : start + BATCH], np.float32))
            try:
                outputs = network(batch)
            except Exception as error:  # a person's own code may raise anything
                raise InputError(
                    f"The network cannot take this data, {shape}: {type(error).__name__}: {str(error)[:SHOWN]}. Put "
                    "what prepares it into its forward."
                ) from error
            if not isinstance(outputs, torch.Tensor) or outputs.shape != (len(batch), task.outputs):
                got = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
                raise InputError(
                    f"The network must say {(len(batch), task.outputs)} for a batch of {len(batch)}, got {got}: one "
                    f"number for each of {', '.join(map(str, dataset.classes[:20]))}."
                )
            found.append(outputs.float().numpy())
    result = np.concatenate(found)
    if not np.isfinite(result).all():
        raise InputError(
            "The network says NaN or infinity for some of the test examples, so that it cannot be compared."
        )
    return result
