"""A network as ONNX (https://onnx.ai), by the exporter of torch.export's programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from nas.errors import SearchFailed
from nas.export.formats.program import Program, quiet
from nas.export.formats.recurrences import whole_recurrences
from nas.export.formats.subject import Subject

OPSET = 20  # https://onnx.ai/onnx/operators: the first with GELU; run by ONNX Runtime 1.17 and later
OUTPUT = "outputs"


def write_onnx(path: Path, program: Program, subject: Subject) -> None:
    """`model.onnx`: inputs and outputs by name, any batch size; what `Subject.metadata` says stands in it as JSON.

    Raises:
        SearchFailed: the exporter cannot write the network.
    """
    try:
        with quiet(), whole_recurrences(), torch.no_grad():
            written = torch.onnx.export(
                program.traced, dynamo=True, opset_version=OPSET, input_names=list(subject.input_names()),
                output_names=[OUTPUT], verbose=False,
            )  # fmt: skip
        if written is None:
            raise SearchFailed("torch.onnx.export gave no program.")
        written.save(path)
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), "")
        raise SearchFailed(f"torch.onnx cannot write this network: {type(error).__name__}: {reason}") from error
    _describe(path, program, subject)


def _describe(path: Path, program: Program, subject: Subject) -> None:
    """Readable names for the free sizes, what the network is, and nothing of the machine that it was made on."""
    import onnx

    model = onnx.load(path)
    names = {0: "batch", **({len(subject.task.input_shape): "length"} if program.lengths else {})}
    for value in model.graph.input:
        for axis, size in enumerate(value.type.tensor_type.shape.dim):
            if size.dim_param:
                size.dim_param = names.get(axis, size.dim_param)
    for value in model.graph.output:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]  # the sizes in between, by the names of before; runtimes find them anew
    for part in _parts(model):
        del part.metadata_props[:]  # where in which file of this machine it was made
    said = {"opset": OPSET, **subject.metadata()}
    onnx.helper.set_model_props(model, {k: v if isinstance(v, str) else json.dumps(v) for k, v in said.items()})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _parts(model: Any) -> Iterator[Any]:
    yield model.graph
    yield from (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer)
    for function in model.functions:
        yield from (function, *function.node)
