"""A folder for the Hugging Face Hub: card with a header, `config.json`, safetensors, and the network's code.

The formats: https://huggingface.co/docs/hub/model-cards, https://huggingface.co/docs/huggingface_hub/guides/integrations.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

from nas.config.metric import words
from nas.export.formats.subject import Subject

CODE = '''"""The network by the Hugging Face Hub's own loader; needs torch, safetensors and huggingface-hub.

    from hub import HubModel

    network = HubModel.from_pretrained("NAME/OF-THIS-REPOSITORY")  # or this folder
"""

from huggingface_hub import PyTorchModelHubMixin

from model import Model


class HubModel(Model, PyTorchModelHubMixin):
    """`Model` of model.py with `from_pretrained`, `save_pretrained` and `push_to_hub`."""
'''
USE = """
## From the Hub

```python
from hub import HubModel  # hub.py of this repository

network = HubModel.from_pretrained("NAME/OF-THIS-REPOSITORY")
```

Without huggingface-hub: `from model import load; network = load("model.safetensors")`.
"""
PIPELINES = {  # https://huggingface.co/docs/hub/models-tasks; only what is certain
    ("classification", 1): "tabular-classification",
    ("regression", 1): "tabular-regression",
    ("classification", 3): "image-classification",
    ("multilabel", 3): "image-classification",
}


def write_hugging_face(folder: Path, export: Path, subject: Subject) -> None:
    """The folder, but for its card: see `hub_card`.

    Args:
        export: with `model.py` and the files beside it.
    """
    folder.mkdir()
    for name in ("model.py", "model.safetensors", "requirements.txt"):
        shutil.copyfile(export / name, folder / name)
    with (folder / "requirements.txt").open("a") as file:
        file.write("safetensors\nhuggingface-hub\n")
    (folder / "hub.py").write_text(CODE, encoding="utf-8")
    described = export / "architecture.json"
    config = subject.metadata()
    if described.exists():
        config["architecture"] = json.loads(described.read_text())
    config["id2label"] = {str(place): name for place, name in enumerate(subject.classes)}
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")


def hub_card(card: str, subject: Subject, score: float | None) -> str:
    """A card with the header that the Hub reads.

    Args:
        score: on the sealed test part.
    """
    task = subject.task
    pipeline = "" if task.vocabulary or task.inputs else PIPELINES.get((task.kind, len(task.input_shape)), "")
    said: dict[str, Any] = {"library_name": "pytorch", "tags": ["pytorch", "neural-architecture-search"]}
    if pipeline:
        said["pipeline_tag"] = pipeline
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in said.items()]  # JSON is YAML
    if score is not None and math.isfinite(score):
        name = json.dumps(subject.data, ensure_ascii=False)
        lines += [
            "model-index:",
            f"- name: {json.dumps('A network for ' + subject.data, ensure_ascii=False)}",
            "  results:",
            f"  - task: {{type: {pipeline or 'other'}}}",
            f"    dataset: {{name: {name}, type: {name}}}",
            f"    metrics: [{{type: {json.dumps(words(task.metric), ensure_ascii=False)}, value: {score!r}}}]",
        ]
    return "\n".join(["---", *lines, "---", "", card]) + USE
