"""A network as a program of torch.export, of which formats are made.

See https://docs.pytorch.org/docs/stable/export.html.
"""

from __future__ import annotations

import contextlib
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from nas.errors import SearchFailed
from nas.export.formats.recurrences import whole_recurrences
from nas.export.formats.subject import BATCHES, Subject

TALKING = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir", "torch.__trace", "root")  # loggers
TRACED = 2  # examples; a batch of one would be taken for a constant
TOLERANCE = 1e-4  # of an output, relative to the largest where that exceeds 1: another runtime sums in another order


class InOrder(nn.Module):
    """A network with several inputs, which are given one after another: `(batch, *shape)` each."""

    def __init__(self, network: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.network(**dict(zip(self.names, inputs, strict=True)))


@dataclass(frozen=True)
class Program:
    """A traced network.

    Args:
        traced: takes any batch size.
        lengths: other lengths at which it computes what the network does; empty where the length is fixed.
    """

    traced: torch.export.ExportedProgram
    lengths: tuple[int, ...] = ()


def program_of(network: nn.Module, subject: Subject) -> Program:
    """Traces a network, with a free length where the network takes other lengths and the trace holds for them.

    Raises:
        SearchFailed: torch.export cannot trace it.
    """
    whole = InOrder(network, subject.input_names()).eval() if subject.task.inputs else network.eval()
    lengths = subject.other_lengths()
    if lengths and _takes(whole, subject, lengths):
        try:
            found = Program(_traced(whole, subject, lengths[0]), lengths)
        except Exception:
            found = None
        if found is not None and _same(whole, found, subject):
            return found
    try:
        return Program(_traced(whole, subject))
    except Exception as error:
        reason = next(iter(str(error).strip().splitlines()), "")
        raise SearchFailed(f"torch.export cannot trace this network: {type(error).__name__}: {reason}") from error


def _traced(whole: nn.Module, subject: Subject, shortest: int | None = None) -> torch.export.ExportedProgram:
    batch = torch.export.Dim("batch", min=1)
    free: dict[int, torch.export.Dim] = {0: batch}
    inputs = tuple(map(torch.from_numpy, subject.sample(TRACED)))
    if shortest is not None:
        free[inputs[0].dim() - 1] = torch.export.Dim("length", min=shortest)
    shapes = tuple(free for _ in inputs)
    with quiet(), whole_recurrences(), torch.no_grad():
        return torch.export.export(whole, inputs, dynamic_shapes=(shapes,) if subject.task.inputs else shapes)


def _takes(whole: nn.Module, subject: Subject, lengths: tuple[int, ...]) -> bool:
    try:
        with torch.inference_mode():
            return all(bool(torch.isfinite(_run(whole, subject.sample(TRACED, one))).all()) for one in lengths)
    except Exception:
        return False


def _same(whole: nn.Module, program: Program, subject: Subject) -> bool:
    """Whether the trace computes at other lengths what the network does."""
    with torch.inference_mode():
        try:
            traced = program.traced.module()
            pairs = [
                (_run(traced, sample), _run(whole, sample))
                for sample in (subject.sample(batch, one) for one in program.lengths for batch in BATCHES)
            ]
        except Exception:
            return False
    return all(apart(one.numpy(), other.numpy()) <= TOLERANCE for one, other in pairs)


def _run(module: nn.Module, sample: tuple[np.ndarray, ...]) -> torch.Tensor:
    found: torch.Tensor = module(*map(torch.from_numpy, sample))
    return found.float()


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference of an output, relative to the largest output where that exceeds 1; infinite for others."""
    if found.shape != expected.shape:
        return float("inf")
    difference = np.abs(found.astype(np.float64) - expected).max(initial=0.0)
    difference = difference / max(1.0, float(np.abs(expected).max(initial=0.0)))
    return float(difference) if np.isfinite(difference) else float("inf")


def write_pt2(path: Path, program: Program, subject: Subject) -> None:
    """`model.pt2`: `torch.export.load(path).module()` gives the network back."""
    with quiet():
        torch.export.save(program.traced, path, extra_files={"metadata.json": json.dumps(subject.metadata())})


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the exporters' warnings and notes, which say nothing to the person."""
    loggers = [logging.getLogger(name) for name in TALKING]
    levels = [one.level for one in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for one in loggers:
                one.setLevel(logging.ERROR)
            yield
        finally:
            for one, level in zip(loggers, levels, strict=True):
                one.setLevel(level)
