"""Proof of an export: in a clean interpreter that cannot import this project it computes what the search saw."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.errors import SearchFailed
from nas.final.record import Check
from nas.training.score import score
from search_spaces.task import Task

TOLERANCE = 1e-5
SECONDS = 300

# Runs in the clean interpreter: -I ignores the environment and the user's site, and our packages are blocked by name.
CHECK = """
import importlib.util, json, sys
for name in ("nas", "search_spaces", "predictors"):
    sys.modules[name] = None
import numpy as np, torch
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("model", sys.argv[1] + "/model.py")
module = importlib.util.module_from_spec(spec)
sys.modules["model"] = module
spec.loader.exec_module(module)
network = module.load()
sample = np.load(sys.argv[2], allow_pickle=False)
inputs, found = sample["inputs"], []
with torch.inference_mode():
    for start in range(0, len(inputs), 256):
        found.append(network(torch.from_numpy(inputs[start : start + 256])).float())
np.save(sys.argv[3], torch.cat(found).numpy())
"""


@dataclass(frozen=True)
class Proof:
    """What the clean interpreter found.

    Args:
        difference: largest absolute difference of an output, relative to the largest output where that exceeds 1.
        score: on the check's examples, computed from the export's outputs.
        logged: the same score, computed from the search's outputs.
        examples: how many there were.
    """

    difference: float
    score: float
    logged: float
    examples: int


def verify(directory: Path, check: Check, task: Task) -> Proof:
    """Loads `directory/model.py` in a clean interpreter and compares its outputs and score with the check's.

    Raises:
        SearchFailed: it does not load, or computes something else.
    """
    with tempfile.TemporaryDirectory() as folder:
        sample, found = Path(folder) / "sample.npz", Path(folder) / "found.npy"
        check.save(sample)
        command = [sys.executable, "-I", "-c", CHECK, str(directory.absolute()), str(sample), str(found)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=folder, check=False)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise SearchFailed(f"The export in {directory} does not load in a clean interpreter: {last[0]}")
        outputs = np.load(found, allow_pickle=False)
    scale = max(1.0, float(np.abs(check.outputs).max()))
    difference = float(np.abs(outputs - check.outputs).max()) / scale
    proof = Proof(
        difference, score(task, outputs, check.targets), score(task, check.outputs, check.targets), len(outputs)
    )
    if not difference <= TOLERANCE or abs(proof.score - proof.logged) > TOLERANCE:
        raise SearchFailed(f"The export in {directory} does not compute what was trained: {json.dumps(vars(proof))}.")
    return proof
