"""`model.onnx` beside an export, compared with the network by ONNX Runtime (https://onnxruntime.ai)."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from nas.errors import InputError, SearchFailed
from nas.final.record import Check

NEEDED = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4  # another runtime sums in another order


def write_onnx(path: Path, network: nn.Module, check: Check) -> float:
    """Writes the network with a free batch size; gives the largest difference of an output, relative to the largest.

    Args:
        network: takes float32 in the data's own scale.

    Raises:
        InputError: the extra `onnx` is not installed.
        SearchFailed: ONNX Runtime computes something else.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"ONNX needs {', '.join(missing)}. Install the extra: pip install 'nas[onnx]'")
    inputs = torch.from_numpy(np.ascontiguousarray(check.inputs[:64], dtype=np.float32))
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            network.eval(), (inputs[:2],), dynamo=True, dynamic_shapes=({0: batch},), input_names=["inputs"],
            output_names=["outputs"], verbose=False,
        )  # fmt: skip
    if program is None:
        raise SearchFailed("torch.onnx.export gave no program for this network.")
    program.save(path)
    return _compared(path, inputs.numpy(), check.outputs[:64])


def _compared(path: Path, inputs: np.ndarray, expected: np.ndarray) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: inputs})[0]
    difference = float(np.abs(found - expected).max()) / max(1.0, float(np.abs(expected).max()))
    if not difference <= TOLERANCE:
        raise SearchFailed(f"{path.name} differs from the network by {difference:.1e}, more than {TOLERANCE}.")
    return difference
