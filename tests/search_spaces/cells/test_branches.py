"""Several named inputs: each branch sees its own part, in every space and form in which it is kept."""

from __future__ import annotations

import random

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from search_spaces import Architecture, Choice, Space, SpaceError, Task, build, load_space, profile
from search_spaces.cells import MLP, Branch, Branches, Conv, Embed, Flatten, Fusion, Head, Skip, Stem
from search_spaces.encoding import encode
from search_spaces.task import Input, Target

NUMBERS, TEXT = Input("numbers", (5,)), Input("text", (16,), 300)
PICTURE, WINDOW = Input("picture", (3, 16, 16)), Input("window", (4, 20))
TASK = Task.of_several((NUMBERS, TEXT, PICTURE, WINDOW), outputs=4)
SPACE = "joined(text=text,numbers=tabular,window=sequence,picture=hybrid)"  # not in the order of the inputs


def example(task: Task, n: int = 3) -> torch.Tensor:
    made = [torch.randint(one.vocabulary, (n, one.size)) if one.vocabulary else torch.randn(n, one.size)
            for one in task.inputs]  # fmt: skip
    return torch.cat([one.float() for one in made], dim=1)


def test_samples_of_a_joined_space_build_train_and_come_back() -> None:
    space, rng = load_space(SPACE), random.Random(0)
    assert load_space(space.name) == space
    torch.manual_seed(0)
    drawn = [space.sample(rng, TASK) for _ in range(8)]
    for architecture in drawn:
        network = build(architecture, TASK)
        output = network(example(TASK))
        assert output.shape == (3, 4)
        output.square().mean().backward()
        known = profile(architecture, TASK)
        assert known.parameters == sum(weight.numel() for weight in network.parameters())
        assert Architecture.from_json(architecture.to_json()) == architecture
        assert space.replay(architecture.decisions) == architecture
        child = space.mutate(architecture, rng, TASK)
        assert profile(space.crossover(architecture, child, rng, TASK), TASK).macs > 0
    assert len({architecture.fingerprint for architecture in drawn}) == len(drawn)
    rows = encode(drawn, space, TASK)
    assert len(rows) == 8 and len({row.tobytes() for row in rows.structure}) == 8


def test_known_designs_of_the_branches_stand_side_by_side() -> None:
    space = load_space("joined(numbers=tabular,text=text)")
    task = Task.of_several((NUMBERS, TEXT), outputs=2)
    first, second = space.known.values()
    for design, place in ((first, 0), (second, 1)):
        for branch, kind in zip(design.cells[0].branches, ("tabular", "text"), strict=True):
            own = list(load_space(kind).known.values())[place]
            assert Architecture("a", Branches((branch,)).canonical()[1][0][1], {}).fingerprint == own.fingerprint
        profile(design, task)


def test_each_branch_sees_its_own_input_and_no_other() -> None:
    """Of a change in one input only the tokens of its branch know."""
    cells = Branches((Branch("text", (Embed(4), Conv(4))), Branch("numbers", (MLP(4),))), width=3, tokens=2)
    task = Task.of_several((NUMBERS, TEXT), outputs=2)
    network = build(Architecture("a", (cells, Fusion(), Head()), {}), task).eval()
    x = example(task, 2)
    before = network[0](x)
    assert before.shape == (2, 3, 4)  # text: its head and two windows; numbers, without positions: its head
    for name, tokens in (("numbers", [3]), ("text", [0, 1, 2])):
        changed = x.clone()
        changed[:, task.input_slices()[name]] = 7.0
        differs = (network[0](changed) != before).any(dim=(0, 1)).tolist()
        assert [place for place, one in enumerate(differs) if one] == tokens


def test_a_branch_alone_computes_what_a_network_of_its_cells_computes() -> None:
    cells = (Stem(4), Conv(8), Head("max"))
    alone = build(Architecture("a", cells, {}), Task((3, 16, 16), 6)).eval()
    branches = Branches((Branch("picture", cells),), width=6)
    task = Task.of_several((PICTURE,), outputs=2)
    network = build(Architecture("b", (branches, Fusion(), Head()), {}), task).eval()
    branch = network[0].branches[0]
    values = list(alone.state_dict().values())
    branch.load_state_dict(dict(zip(branch.state_dict(), values, strict=True)))
    x = torch.randn(2, *PICTURE.shape)
    assert torch.allclose(network[0](x.flatten(1))[:, :, 0], alone(x), atol=1e-6)


@pytest.mark.parametrize("method", ["concatenate", "gate", "attention"])
def test_every_fusion_reads_every_token(method: str) -> None:
    torch.manual_seed(0)
    module = Fusion(method, width=5).build((6, 4)).eval()
    x = torch.randn(1, 6, 4, requires_grad=True)
    output = module(x)
    assert output.shape == (1, 5)
    (output * torch.randn(5)).sum().backward()
    assert (x.grad.abs().sum(dim=(0, 1)) > 0).all()


def test_multiply_adds_are_those_of_a_real_run() -> None:
    branches = Branches((Branch("picture", (Stem(4),)), Branch("numbers", (MLP(8),))), Choice(8), tokens=4)
    task = Task.of_several((NUMBERS, PICTURE), outputs=2)
    architecture = Space("s", branches, Fusion("gate"), Head()).sample(random.Random(0), task)
    network = build(architecture, task).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(example(task, 1))
    assert profile(architecture, task).macs == pytest.approx(counter.get_total_flops() / 2, rel=0.01)


def test_what_computes_nothing_is_no_part_of_the_fingerprint() -> None:
    def fingerprint(*cells: object) -> str:
        return Architecture("a", (Branches((Branch("numbers", cells),)), Fusion()), {}).fingerprint

    assert fingerprint(MLP(8), Skip(), Head()) == fingerprint((MLP(8), (Skip(),)), Head())
    assert fingerprint(MLP(8), Head()) != fingerprint(MLP(9), Head())


def test_a_space_for_one_input_says_what_is_missing() -> None:
    with pytest.raises(SpaceError, match=r"several inputs \('numbers', 'text'\).*Branches"):
        load_space("mlp").sample(random.Random(0), Task.of_several((NUMBERS, TEXT), outputs=2))
    other = load_space("joined(numbers=tabular,txt=text)")
    with pytest.raises(SpaceError, match="'numbers', 'text', the branches are 'numbers', 'txt'"):
        other.sample(random.Random(0), Task.of_several((NUMBERS, TEXT), outputs=2))
    with pytest.raises(SpaceError, match="joined\\(numbers=tabular"):
        load_space("joined(numbers)")


def test_a_wrong_cell_is_named_with_its_branch() -> None:
    branches = Branches((Branch("numbers", (Flatten(), Conv(4, kernel=2))),))
    with pytest.raises(SpaceError, match="in branch 'picture', cell 1, Conv"):
        profile(
            Architecture("a", (Branches((Branch("picture", (Flatten(), Conv(4, kernel=0))),)), Head()), {}),
            Task.of_several((PICTURE,), outputs=2),
        )
    profile(Architecture("a", (branches, Head()), {}), Task.of_several((NUMBERS,), outputs=2))


def test_a_task_of_several_parts_comes_back_and_adds_up() -> None:
    targets = (Target("risk", "regression", 1, 0.5), Target("decision", "classification", 3))
    task = Task.of_several((NUMBERS, TEXT), outputs=4, kind="several", targets=targets)
    assert Task.from_data(task.to_data()) == task and task.metric == "mean_score"
    assert task.output_slices() == {"risk": slice(0, 1), "decision": slice(1, 4)}
    assert task.target_slices() == {"risk": slice(0, 1), "decision": slice(1, 2)}
    assert "inputs" not in Task((5,), 2).to_data()
    for wrong in (
        {"outputs": 3, "kind": "several", "targets": targets},
        {"outputs": 4, "kind": "regression", "targets": targets},
        {"outputs": 4, "kind": "several"},
        {"outputs": 2, "kind": "several", "targets": (targets[0], targets[0])},
    ):
        with pytest.raises(SpaceError):
            Task.of_several((NUMBERS,), **wrong)
    with pytest.raises(SpaceError, match="length of all inputs"):
        Task((4,), 2, inputs=(NUMBERS,))
    with pytest.raises(SpaceError, match="above 0"):
        Target("risk", "regression", 1, 0.0)
