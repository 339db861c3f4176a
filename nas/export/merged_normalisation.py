"""Batch normalisation taken into the weights of the convolutions in front of it, in the file of a network.

After training, y = w * x + b and z = (y - mean) / std * scale + shift are one convolution with other weights
(https://arxiv.org/abs/1712.05877, section 3.2). A pair is found in the trace of the network, not by names: the
normalisation takes what the convolution gives, and nothing else does.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from nas.errors import SearchFailed
from nas.export.formats.program import quiet
from nas.export.formats.recurrences import whole_recurrences
from nas.export.loaded import module_in
from nas.export.model_file import Written
from search_spaces.task import Task

FUNCTION = """
def merge(model: nn.Module) -> None:
    \"\"\"The weights of these convolutions hold the batch normalisation behind them, and get a bias for it.\"\"\"
    for conv, norm in MERGED:
        part = model.get_submodule(conv)
        part.bias = nn.Parameter(torch.empty(part.out_channels))
        model.set_submodule(norm, nn.Identity())


"""
CONVOLUTIONS = frozenset(
    getattr(torch.ops.aten, name).default for name in ("conv1d", "conv2d", "conv3d", "convolution")
)  # fmt: skip
PADDED = tuple(getattr(torch.ops.aten, f"conv{rank}d").padding for rank in (1, 2, 3))
NORM = torch.ops.aten.batch_norm.default


def merged(way: Callable[[], Written], task: Task, say: Callable[[str], None] = lambda text: None) -> Written:
    """The file and the weights that `way` gives, with each batch normalisation behind a convolution merged.

    Raises:
        SearchFailed: the network cannot be traced.
    """
    written = way()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.py").write_text(written.text, encoding="utf-8")
        torch.save(written.state, Path(folder) / "weights.pt")
        network = module_in(Path(folder) / "model.py")
    pairs = pairs_in(network, task)
    if not pairs:
        say("No batch normalisation stands behind a convolution: nothing is merged.")
        return written
    state = dict(written.state)
    for conv, norm in pairs:
        _take_in(network, state, conv, norm)
    say(f"Batch normalisation is merged into the weights of {len(pairs)} convolutions.")
    return dataclasses.replace(written, text=_merging(written.text, pairs), state=state)


def pairs_in(network: nn.Module, task: Task) -> list[tuple[str, str]]:
    """Names of convolutions and of the batch normalisations that alone take what these give.

    Raises:
        SearchFailed: torch.export cannot trace the network.
    """
    kind = torch.int64 if task.vocabulary else torch.float32
    try:
        with quiet(), whole_recurrences(), torch.no_grad():
            traced = torch.export.export(network.eval(), (torch.zeros((2, *task.input_shape), dtype=kind),))
    except Exception as error:
        raise SearchFailed(f"The network cannot be traced, so nothing can be merged: {error}") from error
    names = {**traced.graph_signature.inputs_to_parameters, **traced.graph_signature.inputs_to_buffers}
    norms = [node for node in traced.graph.nodes if node.target is NORM]
    pairs: dict[tuple[str, str], None] = {}
    for norm in norms:
        conv, weight = norm.args[0], norm.args[1]
        if conv.target not in (*CONVOLUTIONS, *PADDED) or weight is None or len(conv.users) > 1:
            continue
        found = names.get(conv.args[1].name, ""), names.get(weight.name, "")
        if all(name.endswith(".weight") for name in found):
            pairs[found[0].removesuffix(".weight"), found[1].removesuffix(".weight")] = None
    return [pair for pair in pairs if _alone(pair, pairs, traced, names, network)]


def _alone(
    pair: tuple[str, str],
    pairs: dict[tuple[str, str], None],
    traced: torch.export.ExportedProgram,
    names: dict[str, str],
    network: nn.Module,
) -> bool:
    """Whether both are used with each other only, wherever they are used, and a merged pair can be written down."""
    conv, norm = pair
    if sum(conv == one for one, _ in pairs) > 1 or sum(norm == one for _, one in pairs) > 1:
        return False
    if type(network.get_submodule(conv)) not in (nn.Conv1d, nn.Conv2d, nn.Conv3d):
        return False
    behind = network.get_submodule(norm)
    if type(behind) not in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d) or behind.running_var is None:
        return False
    places = {name: node for node in traced.graph.nodes for name in [names.get(node.name, "")] if name}
    uses = list(places[f"{conv}.weight"].users)
    norms = set(places[f"{norm}.weight"].users)
    return all(set(use.users) <= norms and len(use.users) == 1 for use in uses) and len(norms) == len(uses)


def _take_in(network: nn.Module, state: dict[str, torch.Tensor], conv: str, norm: str) -> None:
    part: Any = network.get_submodule(conv)
    behind: Any = network.get_submodule(norm)
    weight, bias = fuse_conv_bn_weights(
        part.weight, part.bias, behind.running_mean, behind.running_var, behind.eps, behind.weight, behind.bias
    )
    state[f"{conv}.weight"], state[f"{conv}.bias"] = weight.detach(), bias.detach()
    for name in [name for name in state if name.startswith(f"{norm}.")]:
        del state[name]


def _merging(text: str, pairs: list[tuple[str, str]]) -> str:
    """The file, whose `Model` merges the pairs at the end of its constructor."""
    before, begin, model = text.partition("class Model(nn.Module):")
    constructor, forward, rest = model.partition("\n    def forward(self")
    lines = "\n".join(f'    ("{conv}", "{norm}"),' for conv, norm in pairs)
    constant = f"MERGED = (  # convolutions, and the normalisations that they have taken in\n{lines}\n)\n\n"
    constructor = f"{constructor.rstrip()}\n        merge(self)\n"
    return f"{before}{constant}{FUNCTION}{begin}{constructor}{forward}{rest}"
