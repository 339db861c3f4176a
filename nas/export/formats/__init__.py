"""Other formats beside the plain PyTorch of an export.

A new one has a line in `FORMATS`, a file that writes it, called in `added.py`, and lines in `proof.py` that run it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass

from nas.errors import InputError, known

PYTHON, PT2, ONNX, INT8, HF = "python", "pt2", "onnx", "int8", "hf"


@dataclass(frozen=True)
class Format:
    """What a format is.

    Args:
        file: its name in the export.
        what: it is, in some words.
        packages: that it needs beside the project's own.
    """

    file: str
    what: str
    packages: tuple[str, ...] = ()


_ONNX = ("onnx", "onnxscript", "onnxruntime")
FORMATS = {
    PYTHON: Format("model.py", "plain PyTorch, with weights.pt and model.safetensors"),
    PT2: Format("model.pt2", "a program of torch.export"),
    ONNX: Format("model.onnx", "for ONNX Runtime and others", _ONNX),
    INT8: Format("model.int8.onnx", "ONNX with weights and activations of 8 bits", _ONNX),
    HF: Format("huggingface", "a folder for the Hugging Face Hub"),
}


def asked(formats: str | Iterable[str]) -> tuple[str, ...]:
    """The formats that are asked for, `python` first, which is always made.

    Args:
        formats: names, or one text with commas between them.

    Raises:
        InputError: an unknown name, or a package that a format needs is not installed.
    """
    names = formats.split(",") if isinstance(formats, str) else formats
    found = [name.strip().lower() for name in names]
    for name in found:
        known("format", name, FORMATS)
        missing = [one for one in FORMATS[name].packages if importlib.util.find_spec(one) is None]
        if missing:
            raise InputError(
                f"The format {name} needs {', '.join(missing)}. Install what is missing: "
                f"pip install {' '.join(missing)}"
            )
    return tuple(name for name in FORMATS if name in {PYTHON, *found})
