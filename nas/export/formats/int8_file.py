"""ONNX with weights and activations of 8 bits, by ONNX Runtime's quantisation after training.

Ranges of activations are measured on inputs of the training part, weights are scaled by channel
(https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html, static, QDQ). Scales are fixed then, so
that what is said of an example does not depend on the others of its batch.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nas.errors import InputError, SearchFailed
from nas.export.formats.program import quiet
from nas.export.formats.subject import Subject

EXAMPLES, BATCH = 256, 32  # of the training part, by which ranges are measured
MUCH = 0.5  # `noise` above which the next of these is tried
TRIED = ((8, 1.0), (16, 1.0), (16, 0.9), (16, 0.5))  # bits of activations, and share of the weights that get 8 bits
PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


def write_int8(path: Path, onnx_file: Path, subject: Subject) -> str:
    """`model.int8.onnx` from `model.onnx`; what of it has how many bits, empty where all have 8.

    Activations get 16 where outputs would be off by more than half of what they vary by. Where they still are, layers
    with few weights, such as depthwise convolutions, stay as they were; of all tried the nearest is kept.

    Raises:
        InputError: there are no inputs of the training part.
        SearchFailed: ONNX Runtime cannot quantise it.
    """
    from onnxruntime.quantization.shape_inference import quant_pre_process

    inputs = subject.calibration
    if inputs is None or not len(inputs):
        raise InputError("int8 needs inputs of the training part, by which the ranges of activations are measured.")
    chosen = inputs[np.unique(np.linspace(0, len(inputs) - 1, min(EXAMPLES, len(inputs))).astype(int))]
    try:
        with quiet(), tempfile.TemporaryDirectory() as folder:
            tried, prepared = Path(folder) / "tried.onnx", Path(folder) / "prepared.onnx"
            quant_pre_process(str(onnx_file), str(prepared), skip_symbolic_shape=True)
            least, kept = math.inf, None
            for bits, share in TRIED:
                layers = _quantised(tried, onnx_file, prepared, subject, chosen, bits, share)
                off = noise(_run(tried, subject), subject.check.outputs[:EXAMPLES])
                if off < least or kept is None:
                    least, kept = off, "" if bits == 8 else f"{layers} with activations of {bits} bits"
                    shutil.copyfile(tried, path)
                if off <= MUCH:
                    break
            return kept or ""
    except SearchFailed:
        raise
    except Exception as error:
        raise SearchFailed(f"ONNX Runtime cannot quantise this network: {type(error).__name__}: {error}") from error


def noise(found: np.ndarray, expected: np.ndarray) -> float:
    """How far outputs `(n, outputs)` are off, by their root mean square, in units of what the expected ones vary by."""
    expected = expected.astype(np.float64)
    varies = float(np.sqrt(np.mean((expected - expected.mean(axis=0)) ** 2)))
    varies = max(varies, 0.01 * float(np.abs(expected).max(initial=0.0)), 1e-12)
    return float(np.sqrt(np.mean((found - expected) ** 2))) / varies


def _run(path: Path, subject: Subject) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = dict(zip(subject.input_names(), subject.inputs(subject.check.inputs[:EXAMPLES]), strict=True))
    return np.asarray(session.run(None, inputs)[0])


def _quantised(
    path: Path, onnx_file: Path, prepared: Path, subject: Subject, chosen: np.ndarray, bits: int, share: float
) -> str:
    """Which layers of how many were quantised."""
    import onnx
    from onnxruntime import quantization

    class Batches(quantization.CalibrationDataReader):
        """The examples, a batch at a time."""

        def __init__(self) -> None:
            self.starts = iter(range(0, len(chosen), BATCH))

        def get_next(self) -> dict[str, np.ndarray] | None:
            start = next(self.starts, None)
            if start is None:
                return None
            return dict(zip(subject.input_names(), subject.inputs(chosen[start : start + BATCH]), strict=True))

    graph = onnx.load(prepared).graph
    every = _worth_it(graph)
    nodes = every if share == 1 else _heaviest(graph, every, share)
    layers = f"{len(nodes)} of {len(every)} layers"
    if not nodes:
        raise SearchFailed("int8 has nothing to quantise: there is no convolution and no product of matrices.")
    quantization.quantize_static(
        str(prepared), str(path), Batches(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
        nodes_to_quantize=nodes,
        activation_type=getattr(quantization.QuantType, f"QUInt{bits}"), weight_type=quantization.QuantType.QInt8,
    )  # fmt: skip
    model: Any = onnx.load(path)
    said = {one.key: one.value for one in onnx.load(onnx_file).metadata_props}
    onnx.helper.set_model_props(
        model,
        {
            **said,
            "quantised": f"{layers}: weights int8, activations uint{bits}, ranges of {len(chosen)} training examples",
        },
    )
    onnx.save(model, path)
    return layers


def _worth_it(graph: Any) -> list[str]:
    """Names of the nodes that hold nearly all work and weights. What only moves numbers is left alone.

    Numbers of one input may be tokens, which must not be rounded, and other inputs may lie beside them in one tensor.
    """
    stored = {one.name for one in graph.initializer}
    tables = [node.name for node in graph.node if node.op_type == "Gather" and node.input[0] in stored]
    return [node.name for node in graph.node if node.op_type in PRODUCTS] + tables


def _heaviest(graph: Any, names: list[str], share: float) -> list[str]:
    """Of these nodes the ones with the most weights, which together hold this share of them all; in order."""
    sizes = {one.name: math.prod(one.dims) for one in graph.initializer}
    weights = {node.name: sum(sizes.get(name, 0) for name in node.input) for node in graph.node if node.name in names}
    found, held = set[str](), 0
    for name in sorted(names, key=lambda one: -weights[one]):
        if held >= share * sum(weights.values()):
            break
        found.add(name)
        held += weights[name]
    return [name for name in names if name in found]
