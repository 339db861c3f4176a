"""The cells that spaces are made of. A new cell is one file and one line in `CELLS`."""

from __future__ import annotations

from search_spaces.architecture import KNOWN_CELLS
from search_spaces.cells.arguments import DATA
from search_spaces.cells.cell_stack import CellStack
from search_spaces.cells.conv import Conv, SeparableConv
from search_spaces.cells.custom import Custom
from search_spaces.cells.embed import Embed, Patchify
from search_spaces.cells.graph import Graph, Node
from search_spaces.cells.head import Head
from search_spaces.cells.mlp import MLP, Flatten
from search_spaces.cells.norm import Norm
from search_spaces.cells.pool import Downsample, Pool
from search_spaces.cells.recurrent import Recurrent
from search_spaces.cells.residual import InvertedBottleneck, Residual
from search_spaces.cells.stem import Stem
from search_spaces.cells.transformer import Transformer
from search_spaces.cells.vertex_graph import VertexGraph
from search_spaces.cells.zero import Skip, Zero

CELLS: dict[str, type] = {
    "Stem": Stem,
    "Conv": Conv,
    "SeparableConv": SeparableConv,
    "InvertedBottleneck": InvertedBottleneck,
    "Residual": Residual,
    "Transformer": Transformer,
    "Recurrent": Recurrent,
    "Embed": Embed,
    "Patchify": Patchify,
    "Downsample": Downsample,
    "Pool": Pool,
    "MLP": MLP,
    "Flatten": Flatten,
    "Norm": Norm,
    "Skip": Skip,
    "Zero": Zero,
    "Graph": Graph,
    "VertexGraph": VertexGraph,
    "CellStack": CellStack,
    "Head": Head,
    "Custom": Custom,
}

PARTS: dict[str, type] = {"Node": Node}  # data inside cells, which build nothing by themselves

KNOWN_CELLS.update({**CELLS, **PARTS, **DATA})  # what `Architecture.from_json` may make

__all__ = [
    "CELLS",
    "MLP",
    "PARTS",
    "CellStack",
    "Conv",
    "Custom",
    "Downsample",
    "Embed",
    "Flatten",
    "Graph",
    "Head",
    "InvertedBottleneck",
    "Node",
    "Norm",
    "Patchify",
    "Pool",
    "Recurrent",
    "Residual",
    "SeparableConv",
    "Skip",
    "Stem",
    "Transformer",
    "VertexGraph",
    "Zero",
]
