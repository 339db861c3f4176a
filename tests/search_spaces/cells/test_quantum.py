"""A variational quantum circuit as a cell, through the example that people start from."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

pytest.importorskip("pennylane", reason="the extra `quantum` is not installed")

from search_spaces import Architecture, build, load_space
from search_spaces.profile import profile

EXAMPLE = Path(__file__).parents[3] / "examples" / "quantum.py"


def test_a_quantum_circuit_is_sampled_profiled_stored_and_trained() -> None:
    space = load_space(f"{EXAMPLE}:space")
    import quantum as example  # registered by `load_space`

    architecture = space.sample(random.Random(0), example.task)
    torch.manual_seed(0)
    network = build(architecture, example.task)
    known = profile(architecture, example.task)
    assert known.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert example.train(network) >= 0.95
