"""The data of a search as a dataset of its run in MLflow (https://mlflow.org/docs/latest/ml/dataset/)."""

from __future__ import annotations

import json
from typing import Any

from nas.data.schema import DATE, FEATURE, FLAG, LEFT_OUT, NUMBER, Schema

LONGEST_NAME, LONGEST_SCHEMA = 500, 1 << 20
TYPES = {NUMBER: "double", DATE: "datetime", FLAG: "boolean"}  # others are strings


def dataset_input(schema: Schema) -> Any:
    """What MLflow shows as the dataset that a run used: columns with types, examples of each part, classes, source."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = [
        {"type": TYPES.get(one.type, "string"), "name": one.name, "required": one.role == FEATURE}
        for one in schema.columns
        if one.role != LEFT_OUT
    ]
    described = json.dumps({"mlflow_colspec": columns}) if columns else ""
    parts = schema.parts
    profile = {
        "layout": schema.layout,
        "targets": schema.targets,
        "classes": len(schema.classes),
        **({"train": parts.train, "validation": parts.validation, "test": parts.test} if parts else {}),
    }
    dataset = Dataset(
        name=schema.name[:LONGEST_NAME],
        digest=schema.fingerprint,
        source_type="local",
        source=json.dumps({"uri": schema.source or schema.name}),
        schema=described if 0 < len(described) < LONGEST_SCHEMA else None,
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "search")])
