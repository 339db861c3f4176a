"""The winner as MLflow's own entity, a LoggedModel: a `torch.export` program, without pickle and without our code.

It is saved and registered through the client alone. MLflow's `log_model` does the same by way of global settings, which
a search in a person's own process must not change.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas.errors import SearchFailed
from nas.export.formats.recurrences import whole_recurrences
from nas.export.load import load
from nas.final.record import Check

NAME = "winner"
EXAMPLES = 2  # torch.export takes a batch of one for a constant
TOLERANCE = 1e-4  # of an output of the exported program, relative to the largest where that exceeds 1


def log_winner(
    client: Any,
    experiment: str,
    run_id: str,
    export: Path,
    check: Check,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    kind: str,
) -> str:
    """Logs the network of an export as the run's model, and gives its id.

    Args:
        check: test inputs `(n, *task.input_shape)`, of which two are the input example, and what the network says.
        params, tags: of the model, shown beside it.
        kind: of the task.

    Raises:
        SearchFailed: torch.export cannot write the network, or what it writes computes something else.
    """
    model = client.create_logged_model(
        experiment, name=NAME, source_run_id=run_id, params=dict(params), tags=dict(tags), model_type=kind
    )  # fmt: skip
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            _save(path, export, check, run_id, model.model_id)
            client.log_model_artifacts(model.model_id, str(path))
    except BaseException:
        client.finalize_logged_model(model.model_id, "FAILED")
        raise
    from mlflow.entities import LoggedModelOutput

    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
    return str(model.model_id)


def _save(path: Path, export: Path, check: Check, run_id: str, model_id: str) -> None:
    import mlflow.pytorch
    from mlflow.models import Model, ModelSignature
    from mlflow.types.schema import Schema, TensorSpec

    inputs = check.inputs.astype(np.float32) if check.inputs.dtype == np.uint8 else check.inputs
    example = np.resize(inputs, (EXAMPLES, *inputs.shape[1:]))
    outputs = np.dtype(np.float32)
    signature = ModelSignature(
        Schema([TensorSpec(example.dtype, (-1, *example.shape[1:]))]),
        Schema([TensorSpec(outputs, (-1, *check.outputs.shape[1:]))]),
    )
    try:
        with whole_recurrences():
            mlflow.pytorch.save_model(
                load(export),
                str(path),
                mlflow_model=Model(model_uuid=model_id, run_id=run_id, model_id=model_id),
                serialization_format="pt2",
                signature=signature,
                input_example=example,
                pip_requirements=[f"torch=={torch.__version__.split('+')[0]}", f"numpy=={np.__version__}"],
            )
        _check(mlflow.pytorch.load_model(str(path)), inputs, check.outputs)
    except SearchFailed:
        raise
    except Exception as error:  # torch.export raises what it likes
        raise SearchFailed(f"torch.export cannot write this network: {type(error).__name__}: {error}") from error


def _check(network: Any, inputs: np.ndarray, outputs: np.ndarray) -> None:
    """Two sizes of a batch, so that one that was frozen is found."""
    for size in sorted({min(EXAMPLES, len(inputs)), min(EXAMPLES + 1, len(inputs))}):
        with torch.inference_mode():
            found = network(torch.from_numpy(inputs[:size])).float().numpy()
        scale = max(1.0, float(np.abs(outputs[:size]).max(initial=0.0)))
        if found.shape != outputs[:size].shape or not np.abs(found - outputs[:size]).max(initial=0.0) <= (
            TOLERANCE * scale
        ):
            raise SearchFailed(f"What torch.export writes computes something else on a batch of {size}.")
