"""The data of a search as datasets of its run in MLflow (https://mlflow.org/docs/latest/ml/dataset/), one a part."""

from __future__ import annotations

import json
from typing import Any

from nas.data.schema import DATE, FEATURE, FLAG, LEFT_OUT, NUMBER, Schema

TRAIN, VALIDATION, TEST = "train", "validation", "test"
LONGEST_NAME, LONGEST_SCHEMA = 480, 1 << 20
TYPES = {NUMBER: "double", DATE: "datetime", FLAG: "boolean"}  # others are strings


def dataset_name(schema: Schema, part: str) -> str:
    """What MLflow calls a part of the data; metrics name it too. Parts of one name would be taken for one dataset."""
    return f"{schema.name[:LONGEST_NAME]} {part}"


def dataset_inputs(schema: Schema) -> list[Any]:
    """What MLflow shows as the datasets that a run used: columns with types, examples, classes, source.

    The digest is the data's fingerprint. One for the training, the validation and the sealed test part each.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = [
        {"type": TYPES.get(one.type, "string"), "name": one.name, "required": one.role == FEATURE}
        for one in schema.columns
        if one.role != LEFT_OUT
    ]
    described = json.dumps({"mlflow_colspec": columns}) if columns else ""
    found = []
    for part in (TRAIN, VALIDATION, TEST):
        profile = {
            "layout": schema.layout,
            "targets": schema.targets,
            "classes": len(schema.classes),
            **({"examples": getattr(schema.parts, part)} if schema.parts else {}),
        }
        dataset = Dataset(
            name=dataset_name(schema, part),
            digest=schema.fingerprint,
            source_type="local",
            source=json.dumps({"uri": schema.source or schema.name}),
            schema=described if 0 < len(described) < LONGEST_SCHEMA else None,
            profile=json.dumps(profile),
        )
        found.append(DatasetInput(dataset, [InputTag("mlflow.data.context", part)]))
    return found
