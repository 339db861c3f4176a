"""A table's columns that became several numbers each: one vector for a column, whatever its code."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from nas.data.load import load
from search_spaces import Architecture, Space, SpaceError, Task, build, profile
from search_spaces.cells import Branch, Branches, Embed, Flatten, Head, NumberEmbedding
from search_spaces.cells.column_codes import NumbersAndCodes, embedded
from search_spaces.cells.embed import ColumnEmbedding
from search_spaces.task import Input

COLUMNS = (1, 3, 1, 2)
TASK = Task((7,), 2, columns=COLUMNS)
CELLS = [Embed(4), NumberEmbedding(4, "piecewise", 5), NumberEmbedding(4, "periodic", 3, shared=True)]


@pytest.mark.parametrize("cell", CELLS, ids=repr)
def test_a_column_is_one_vector_and_depends_on_its_own_features_only(cell: Embed | NumberEmbedding) -> None:
    architecture = Architecture("own", (cell, Flatten(), Head()), {})
    assert profile(architecture, TASK).shapes[1] == (4, len(COLUMNS))
    torch.manual_seed(0)
    layer = next(module for module in build(architecture, TASK).modules() if isinstance(module, NumbersAndCodes))
    x = torch.randn(6, 7)
    where = {0: 0, 4: 1, 1: 2, 2: 2, 3: 2, 5: 3, 6: 3}  # numbers first, then codes
    for feature, place in where.items():
        moved = x.clone()
        moved[:, feature] += 1.0
        changed = (layer(moved) - layer(x)).abs().amax(dim=(0, 1)) > 1e-6
        assert [number for number, one in enumerate(changed) if one] in ([place], [])
        if place >= 2:
            assert changed[place]


def test_a_category_is_a_row_of_the_matrix() -> None:
    torch.manual_seed(0)
    layer = embedded((3,), 4, (3,), lambda numbers: ColumnEmbedding(numbers, 4))
    words = layer(torch.eye(3))[:, :, 0]
    assert torch.allclose(words, layer.codes.weight + layer.codes.bias[:, 0])


def test_any_columns_train_and_have_the_parameters_of_the_profile() -> None:
    rng = random.Random(0)
    torch.manual_seed(0)
    for _ in range(30):
        columns = tuple(rng.choice((1, 1, 2, 3, 9)) for _ in range(rng.randint(1, 8)))
        task = Task((sum(columns),), 3, columns=columns)
        architecture = Architecture("own", (rng.choice(CELLS), Flatten(), Head()), {})
        network = build(architecture, task)
        assert profile(architecture, task).parameters == sum(weight.numel() for weight in network.parameters())
        network(torch.randn(5, *task.input_shape)).square().mean().backward()
        assert all(weight.grad is not None for weight in network.parameters())


def test_columns_must_add_up() -> None:
    with pytest.raises(SpaceError, match="add up to the features"):
        Task((7,), 2, columns=(1, 3))
    with pytest.raises(SpaceError, match="add up to the features"):
        Input("table", (7,), columns=(8, -1))
    with pytest.raises(SpaceError, match="must have the 7 features"):
        Embed(4, columns=(3,)).build((7,))


def test_a_branch_knows_the_columns_of_its_input() -> None:
    task = Task.of_several((Input("table", (7,), columns=COLUMNS), Input("more", (2,))), outputs=2)
    assert Task.from_data(task.to_data()) == task and Task.from_data(TASK.to_data()) == TASK
    cells = Branches((Branch("table", (Embed(4), Flatten())), Branch("more", (Flatten(),))), 8)
    space = Space("two", cells, Head())
    architecture = space.sample(random.Random(0), task)
    network = build(architecture, task)
    assert any(isinstance(module, NumbersAndCodes) for module in network.modules())
    assert network(torch.randn(3, 9)).shape == (3, 2)


def test_the_columns_of_a_table_that_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.normal(size=200),
            "colour": rng.choice(["red", "green", "blue"], 200),
            "kind": rng.choice(["a", "b"], 200),
        }
    )
    table.to_csv(tmp_path / "mixed.csv", index=False)
    task = load(tmp_path / "mixed.csv", target="kind").task
    assert task.columns == (1, 4) and task.input_shape == (5,)  # three words, and any other
    table[["age", "kind"]].to_csv(tmp_path / "numbers.csv", index=False)
    assert load(tmp_path / "numbers.csv", target="kind").task.columns == ()
