"""What MLflow's server runs: an export's own `predict.py`, for rows of JSON. MLflow takes this file as it stands.

A model from code (https://mlflow.org/docs/latest/ml/model/models-from-code/): nothing is pickled, and where it is
served only MLflow and what the export needs are installed, so nothing of ours is imported here.

    curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' -d '{"inputs": [row, …]}'

A row is what one row of the training's data was: an object of columns, a text, nested lists of numbers, or the bytes of
a picture in base64. The answer has an object a row: `prediction`, and for classes and labels `probabilities`.
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel


class ServedModel(PythonModel):
    """The predictor of the export that lies among the model's artifacts."""

    def load_context(self, context: Any) -> None:
        folder = Path(context.artifacts["export"])
        spec = importlib.util.spec_from_file_location("nas_served_predict", folder / "predict.py")
        assert spec is not None and spec.loader is not None  # noqa: S101 - for the type checker
        self.module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = self.module  # where dataclasses in it look for their annotations
        spec.loader.exec_module(self.module)
        self.predictor = self.module.load_predictor(folder)

    def predict(self, context: Any, model_input: list[Any], params: dict[str, Any] | None = None) -> list[Any]:
        """An answer a row.

        Raises:
            MlflowException: rows that the predictor cannot read; the server answers 400 with the message.
        """
        if not model_input:
            raise MlflowException("There are no rows.", INVALID_PARAMETER_VALUE)
        try:
            with tempfile.TemporaryDirectory() as folder:
                return answers(self.predictor(self._rows(model_input, Path(folder))))
        except self.module.InputError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from None
        except (TypeError, ValueError, AttributeError, KeyError) as error:  # JSON of another form than rows
            raise MlflowException(f"These are no rows of this model: {error}", INVALID_PARAMETER_VALUE) from None

    def _rows(self, rows: list[Any], folder: Path) -> list[Any]:
        """As the predictor takes them. A picture is never taken by its path: that would be a file of the server."""
        rules = self.predictor.rules
        if rules.rules == "text" and not rules.columns:
            for number, row in enumerate(rows, start=1):
                if not isinstance(row, str):
                    raise MlflowException(f"Row {number} must be a text, got {row!r:.80}.", INVALID_PARAMETER_VALUE)
        if rules.rules != "pictures":
            return rows
        column = rules.column
        found: list[Any] = []
        for number, row in enumerate(rows, start=1):
            text = row.get(column) if column and isinstance(row, dict) else row
            if not isinstance(text, str):
                raise MlflowException(f"Row {number} must be a picture in base64.", INVALID_PARAMETER_VALUE)
            try:
                content = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError) as error:
                raise MlflowException(f"Row {number} is no base64: {error}", INVALID_PARAMETER_VALUE) from None
            path = folder / f"row {number}"
            path.write_bytes(content)
            found.append({**row, column: str(path)} if column else str(path))
        return found


def answers(found: Any) -> list[dict[str, Any]]:
    """Predictions as plain JSON."""
    likely = found.probabilities
    made: list[dict[str, Any]] = []
    for place, answer in enumerate(found.answers):
        if isinstance(answer, set):
            answer = [name for name in found.names if name in answer]
        said = {"prediction": list(answer) if isinstance(answer, tuple) else answer}
        if likely is not None:
            said["probabilities"] = dict(zip(found.names, likely[place].tolist(), strict=True))
        made.append(said)
    return made


mlflow.models.set_model(ServedModel())
