"""Other formats into the folder of an export, proved there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nas.errors import SearchFailed
from nas.export.formats import FORMATS, HF, INT8, ONNX, PT2, PYTHON
from nas.export.formats.hugging_face import write_hugging_face
from nas.export.formats.int8_file import write_int8
from nas.export.formats.onnx_file import write_onnx
from nas.export.formats.program import program_of, write_pt2
from nas.export.formats.proof import FormatProof, Job, prove_all
from nas.export.formats.subject import Subject
from nas.export.loaded import module_in


def add_formats(folder: Path, formats: Sequence[str], subject: Subject) -> tuple[FormatProof, ...]:
    """Writes the formats beside `folder/model.py` and proves them all in one clean interpreter.

    Raises:
        InputError: int8 without inputs of the training part.
        SearchFailed: a format cannot be written, or computes something else; the message says which, and where.
    """
    if set(formats) <= {PYTHON}:
        return ()
    [found] = prove_all([write_formats(folder, formats, subject)])
    if isinstance(found, str):
        raise SearchFailed(found)
    return tuple(found)


def write_formats(folder: Path, formats: Sequence[str], subject: Subject) -> Job:
    """Writes them, and gives what is to be proved."""
    lengths: tuple[int, ...] = ()
    rounded = ""
    if {PT2, ONNX, INT8} & set(formats):
        program = program_of(module_in(folder / FORMATS[PYTHON].file), subject)
        lengths = program.lengths
        if PT2 in formats:
            write_pt2(folder / FORMATS[PT2].file, program, subject)
        if {ONNX, INT8} & set(formats):
            with tempfile.TemporaryDirectory() as kept:
                path = Path(kept) / FORMATS[ONNX].file
                write_onnx(path, program, subject)
                if INT8 in formats:
                    rounded = write_int8(folder / FORMATS[INT8].file, path, subject)
                if ONNX in formats:
                    shutil.move(path, folder / FORMATS[ONNX].file)
    if HF in formats:
        write_hugging_face(folder / FORMATS[HF].file, folder, subject)
    return Job(folder, subject, (PYTHON, *(name for name in formats if name != PYTHON)), lengths, rounded)
