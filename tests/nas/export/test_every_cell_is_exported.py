"""Every cell of the registry comes out as plain code that computes the same."""

from __future__ import annotations

import re

import pytest
from test_export import same_outputs

from search_spaces import Architecture, Task
from search_spaces.cells import CELLS, MLP, Branch, Conv, Head, Node, Pool, Skip

VALUES = {
    "Members": {"cells": (Conv(4), Skip()), "count": 3},
    "NextToken": {"cells": (Conv(4),), "width": 6, "dropout": 0.1},
    "Branches": {
        "branches": (Branch("one", (Conv(4), Head("max"))), Branch("two", (MLP(3),))),
        "width": 6,
        "tokens": 2,
    },
    "Graph": {"nodes": (Node((Conv(), Skip()), (0, 0)),)},
    "VertexGraph": {"adjacency": (1, 1, 0, 1, 1, 1), "ops": (Conv(), Pool("max", 3, 1))},
    "CellStack": {
        "normal": (Node((Conv(), Skip()), (0, 1)),),
        "reduction": (Node((Skip(), Conv()), (0, 1)),),
        "width": 4,
        "cells": 3,
    },
}
NAMES = sorted(set(CELLS) - {"Head", "Custom"})
VARIANTS = {
    "NumberEmbedding": {"kind": "periodic", "shared": True},
    "SharedEnsemble": {"kind": "mini"},
    "TokenMixer": {"kind": "convolution"},
    "Temporal": {"causal": False},
    "ConvNeXt": {"width": 8, "stride": 2, "response_norm": True},
    "Inception": {"depth": 3, "residual": False},
    "ConvStage": {"width": 8, "init": "dirac", "depth": 1, "residual": False},
    "CausalTransformer": {"positions": "learned"},
    "Dropout": {"of": "positions"},
    "Fusion": {"method": "gate", "width": 5},
}
CASES = [(name, VALUES.get(name, {})) for name in NAMES] + list(VARIANTS.items())
CASES += [("Fusion", {"method": "attention", "width": 8})]


def network_of(name: str, values: dict) -> Architecture:
    return Architecture("any", (CELLS[name](**values), Head()), {})


@pytest.mark.parametrize("shape", [(3, 12, 12), (2, 16), (9,)], ids=str)
@pytest.mark.parametrize(("name", "values"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_is_written_down_equal(name: str, values: dict, shape: tuple[int, ...]) -> None:
    source = same_outputs(network_of(name, values), Task(shape, 4))
    assert not re.search(r"^(from|import) (search_spaces|nas)\b", source, re.MULTILINE)
