"""Every habit of writing a block either exports with equal outputs, or is refused before anything is spent."""

from __future__ import annotations

import functools
import linecache
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from people import blocks as own
from torch import nn
from torch.nn import functional

from nas.config.recipe import TrainingConfig
from nas.data.load import load
from nas.errors import InputError
from nas.export import dry_run as rehearsal
from nas.export.dry_run import dry_run
from nas.records.joint_space import JointSpace
from search_spaces import Choice, Space, SpaceError
from search_spaces.architecture import Architecture
from search_spaces.cells import Custom, Graph, Head, Node, Skip, Stem
from search_spaces.cells.facts import facts

DIGITS = load("digits")
Make = Callable[[], Any]

EXPORTED: dict[str, Make] = {
    "called Model": lambda: Custom(own.Model, width=Choice(4, 8)),
    "called as a class of ours": lambda: Custom(own.GlobalPool),
    "called as another of ours": lambda: Custom(own.Normalize),
    "a class as an option": lambda: Custom(own.ActivationClass, act=Choice(nn.ReLU, nn.GELU)),
    "a partial as an option": lambda: Custom(own.ActivationClass, act=functools.partial(nn.LeakyReLU, 0.3)),
    "a function as an option": lambda: Custom(own.FunctionArgument, act=Choice(functional.silu, torch.tanh, own.relu6)),
    "a dict of the module": lambda: Custom(own.ActivationByName, act=Choice("relu", "gelu", "leaky")),
    "an enum": lambda: Custom(own.EnumArgument, kind=Choice(own.Kind.MEAN, own.Kind.MAX)),
    "a dataclass": lambda: Custom(own.ConfigArgument, config=own.Config(Choice(4, 8), nn.GELU, [Choice(1, 3)])),
    "a list": lambda: Custom(own.ListArgument, widths=[4, Choice(4, 8)], bias=False),
    "a tuple": lambda: Custom(own.ListArgument, widths=Choice((4, 8), (8, 8))),
    "a dict": lambda: Custom(own.DictArgument, options={"kernel_size": Choice(1, 3), "padding": "same"}),
    "a named tuple": lambda: Custom(own.NamedTupleArgument, size=own.Size(8, Choice(1, 2))),
    "buffers": lambda: Custom(own.Buffers),
    "weight norm": lambda: Custom(own.WeightNorm),
    "spectral norm": lambda: Custom(own.Spectral),
    "a base class and kwargs": lambda: Custom(own.Child, width=6),
    "numpy": lambda: Custom(own.UsesNumpy),
    "a partial of the module": lambda: Custom(own.UsesPartial),
    "keywords of the module": lambda: Custom(own.UsesDict),
    "lambdas": lambda: Custom(own.UsesLambda),
    "a tensor of the module": lambda: Custom(own.UsesTensorConstant),
    "a logger": lambda: Custom(own.UsesLogger),
    "relative imports": lambda: Custom(own.UsesNeighbours),
    "no arguments": lambda: Custom(own.NoArguments),
    "the whole shape": lambda: Custom(own.WholeShape),
    "a decorator": lambda: Custom(own.Decorated),
    "shared weights": lambda: Custom(own.SharedWeights),
    "lazy layers": lambda: Custom(own.Lazy, width=Choice(4, 8)),
    "torch's attention": lambda: Custom(own.Attention),
    "not on the meta device": lambda: Custom(own.NotOnMeta),
    "checkpointed": lambda: Custom(own.Checkpointed),
    "hooks": lambda: Custom(own.Hooked),
    "a buffer that is not kept": lambda: Custom(own.Momentary),
    "a scripted part": lambda: Custom(own.ScriptInside),
    "a class inside": lambda: Custom(own.InnerClass),
    "made by a function": lambda: Custom(own.in_a_function(0.3)),
    "weights from a file": lambda: Custom(own.WeightsFromAFile),
    "a notebook": lambda: Custom(in_a_notebook()),
    "torch's own classes": lambda: (
        Custom(nn.Conv2d, out_channels=Choice(4, 8), kernel_size=3),
        Custom(nn.InstanceNorm2d),
        Custom(nn.PReLU),
        Custom(nn.MaxPool2d, kernel_size=2),
    ),
}
REFUSED: dict[str, tuple[Make, str]] = {
    "random in evaluation": (lambda: Custom(own.Noise), "other outputs each time"),
    "reads a file in forward": (lambda: Custom(own.ReadsAFile), "own_weights.pt, which is not part of the export"),
    "several outputs": (lambda: Custom(own.DictOut), "Return one tensor"),
    "two inputs": (lambda: Custom(own.TwoInputs), "missing 1 required positional argument"),
    "in place, where another branch reads": (
        lambda: Graph((Node((Custom(own.InPlace), Skip()), (0, 0)),)),
        "cannot be trained",
    ),
    "a module as an argument": (lambda: Custom(own.ActivationClass, act=nn.ReLU()), "Pass its class"),
    "a lambda as an argument": (lambda: Custom(own.FunctionArgument, act=lambda x: x), "Define it by `def`"),
    "a tensor as an argument": (lambda: Custom(own.ActivationClass, act=torch.ones(2)), "Make it in the constructor"),
    "an option that raises": (lambda: Custom(own.Raises, kind=Choice("relu", "rleu")), "'rleu'"),
    "a wrong word": (lambda: Custom(own.Model, widht=4), "takes no argument `widht`"),
    "a tensor that is no buffer": (lambda: Custom(own.PlainTensor), "by `register_buffer`"),
    "modules in a list": (lambda: Custom(own.ModulesInAList), "nn.ModuleList"),
    "set up by the first batch": (lambda: Custom(own.ActNorm), "remembers a first batch"),
    "drawn by the constructor": (lambda: Custom(own.RandomWiring), "built again"),
    "the size of the first batch": (lambda: Custom(own.FixedBatch), "for a single example"),
    "outputs more in training": (lambda: Custom(own.MoreInTraining), "cannot be trained"),
    "another number format": (lambda: Custom(own.Double), "dtype"),
    "typed at a prompt": (lambda: Custom(at_a_prompt()), "source"),
}


def at_a_prompt() -> type:
    namespace: dict[str, Any] = {"nn": nn, "__name__": __name__}
    text = (
        "class Typed(nn.Module):\n    def __init__(self, c):\n        super().__init__()\n    def forward(self, x):\n"
    )
    exec(text + "        return x + 1\n", namespace)
    made: type = namespace["Typed"]
    return made


def in_a_notebook() -> type:
    """A class as a notebook's cell defines it: no file, and a command of the notebook's in another cell."""
    cells = [
        "%matplotlib inline",
        "import torch\nfrom torch import nn\nswish = lambda x: x * torch.sigmoid(x)\nWIDTHS = {'small': 4}",
        "class Block(nn.Module):\n    def __init__(self, c, size='small'):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(c, WIDTHS[size], 1)\n"
        "    def forward(self, x):\n        return swish(self.conv(x))\n",
    ]
    module = types.ModuleType("a_notebook")
    sys.modules["a_notebook"] = module
    vars(module)["In"] = cells
    for number, text in enumerate(cells[1:]):
        name = f"<ipython-input-{number}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), vars(module))
    made: type = vars(module)["Block"]
    return made


def rehearsed(*cells: Any) -> int:
    joint = JointSpace(Space("own", Stem(8), *cells, Head()), TrainingConfig(), DIGITS.task)
    joint.sample(random.Random(0))
    return dry_run(joint, DIGITS.search)


@pytest.fixture(autouse=True)
def _weights(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path_factory.mktemp("weights") / "own_weights.pt"
    torch.save({"weight": torch.ones(6, 8, 3, 3) / 9, "bias": torch.arange(6.0)}, path)
    monkeypatch.setattr(own, "WEIGHTS", path)
    yield


def test_there_are_at_least_forty_habits() -> None:
    assert len(EXPORTED) + len(REFUSED) >= 40


def test_every_honest_habit_is_exported_with_equal_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one space, so that one clean interpreter looks at all of them; each alone is a matter of seconds."""
    for name in ("MOST_NETWORKS", "SECONDS_TO_BUILD", "SECONDS_TO_PROVE"):
        monkeypatch.setattr(rehearsal, name, 600)
    assert rehearsed(Choice(*(make() for make in EXPORTED.values()))) > len(EXPORTED)


@pytest.mark.parametrize("habit", REFUSED)
def test_what_cannot_be_exported_is_refused_with_the_reason(habit: str) -> None:
    make, reason = REFUSED[habit]
    with pytest.raises((InputError, SpaceError)) as refused:
        rehearsed(make())
    assert reason in str(refused.value)


def test_an_option_that_fails_only_in_training_is_said_and_the_search_goes_on() -> None:
    joint = JointSpace(
        Space("own", Stem(8), Choice(REFUSED["in place, where another branch reads"][0](), Skip()), Head()),
        TrainingConfig(),
        DIGITS.task,
    )
    said: list[str] = []
    space = Space("own", Stem(8), Choice(*(cell for cell in joint.space.cells[1].options), Custom(own.Model)), Head())
    assert dry_run(JointSpace(space, TrainingConfig(), DIGITS.task), DIGITS.search, said.append) >= 2
    assert len(said) == 1 and "inplace" in said[0]


def test_weights_that_no_gradient_reaches_are_said() -> None:
    space = Space("own", Stem(8), Custom(own.Detaches), Head())
    said: list[str] = []
    assert dry_run(JointSpace(space, TrainingConfig(), DIGITS.task), DIGITS.search, said.append) == 1
    assert len(said) == 1 and "No gradient reaches the weights of" in said[0] and "Detaches]() at `1`" in said[0]


@pytest.mark.parametrize(
    "habit", ["a class as an option", "a dataclass", "a dict", "an enum", "a partial as an option"]
)
def test_arguments_of_every_kind_are_stored_and_read_back(habit: str) -> None:
    space = Space("own", Stem(8), EXPORTED[habit](), Head())
    architecture = space.sample(random.Random(1))
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture and again.fingerprint == architecture.fingerprint


def test_frozen_weights_are_counted_apart() -> None:
    known = facts(Custom(own.WeightsFromAFile), (8, 8, 8))
    assert (known.parameters, known.trainable) == (8 * 9 * 6 + 6 + 12, 12)


def test_what_cannot_run_on_the_meta_device_is_counted_all_the_same() -> None:
    class OnCpu(own.Attention):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            float(x.sum())
            return super().forward(x)

    shape = (8, 4, 4)
    assert facts(Custom(OnCpu), shape).macs == facts(Custom(own.Attention), shape).macs > 0


def test_torch_classes_get_the_channels_where_they_ask_for_them() -> None:
    built = Custom(nn.GroupNorm, num_groups=2).build((8, 4, 4))
    assert (built.num_groups, built.num_channels) == (2, 8)
    assert Custom(nn.ReLU).build((8, 4, 4)).inplace is False
