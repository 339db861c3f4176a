"""What holds for every known design of every space in `SPACES`; a new design is tested from here."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from nas.export.model_file import model_text, state_of_model
from search_spaces import SPACES, Architecture, Task, build, profile

PICTURES = Task((3, 32, 32), 10)
TASKS = {
    "text": Task((20,), 6, vocabulary=300),
    "language": Task((20,), 6, vocabulary=300),
    "sequence": Task((2, 60), 3),
    "forecast": Task((2, 60), 3),
    "tabular": Task((9,), 2, columns=(1, 1, 5, 2)),
    "mlp": Task((9,), 2),
}
LARGEST = 2_000_000  # parameters of a design that is to be trained beside a search on a CPU
DESIGNS = [(space, design.name) for space in sorted(SPACES) for design in SPACES[space]().designs]


@pytest.fixture(params=DESIGNS, ids="-".join)
def design(request: pytest.FixtureRequest) -> tuple[Architecture, Task]:
    space, name = request.param
    return SPACES[space]().known[name], TASKS.get(space, PICTURES)


def examples(task: Task, number: int = 8) -> torch.Tensor:
    if task.vocabulary:
        return torch.randint(task.vocabulary, (number, *task.input_shape)).float()
    return torch.randn(number, *task.input_shape)


@pytest.mark.parametrize(("space", "name"), DESIGNS, ids=lambda value: value)
def test_its_decisions_lead_to_its_cells(space: str, name: str) -> None:
    home = SPACES[space]()
    architecture = home.known[name]
    assert architecture.cells == next(each.cells for each in home.designs if each.name == name)
    assert home.replay(architecture.decisions) == architecture
    assert Architecture.from_json(architecture.to_json()).fingerprint == architecture.fingerprint
    assert home.obeys(architecture, TASKS.get(space, PICTURES))


def test_it_learns_in_one_step(design: tuple[Architecture, Task]) -> None:
    architecture, task = design
    torch.manual_seed(0)
    network = build(architecture, task)
    assert sum(p.numel() for p in network.parameters()) == profile(architecture, task).parameters <= LARGEST
    inputs, targets = examples(task), torch.arange(8) % task.outputs
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    loss = nn.functional.cross_entropy(network(inputs), targets)
    loss.backward()
    optimizer.step()
    assert torch.isfinite(nn.functional.cross_entropy(network(inputs), targets))
    changed = [not torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True)]
    assert all(changed), "a weight that no gradient reaches"


def test_its_export_computes_the_same(design: tuple[Architecture, Task]) -> None:
    architecture, task = design
    torch.manual_seed(0)
    whole = nn.Sequential(nn.Identity(), build(architecture, task)).train()
    inputs = examples(task)
    whole(inputs)  # running statistics that a fresh network does not have
    whole.eval()
    namespace: dict = {"__name__": "model", "__file__": "/nowhere/model.py"}
    source = model_text(architecture, task, whole)
    assert not re.search(r"^(from|import) (search_spaces|nas)\b", source, re.MULTILINE)
    exec(compile(source, "model.py", "exec"), namespace)
    model = namespace["Model"]().eval()
    model.load_state_dict(state_of_model(dict(whole.state_dict())))
    with torch.no_grad():
        assert torch.allclose(model(inputs), whole(inputs), atol=1e-5)
