"""The cells that spaces are made of. A new cell is one file and one line in `CELLS`."""

from __future__ import annotations

from search_spaces.architecture import KNOWN_CELLS
from search_spaces.cells.arguments import DATA
from search_spaces.cells.branches import Branch, Branches
from search_spaces.cells.causal_transformer import CausalTransformer
from search_spaces.cells.cell_stack import CellStack
from search_spaces.cells.class_token import ClassToken
from search_spaces.cells.conv import Conv, SeparableConv
from search_spaces.cells.conv_stage import ConvStage
from search_spaces.cells.convnext import ConvNeXt
from search_spaces.cells.custom import Custom
from search_spaces.cells.dropout import Dropout
from search_spaces.cells.embed import Embed, Patchify
from search_spaces.cells.fusion import Fusion
from search_spaces.cells.graph import Graph, Node
from search_spaces.cells.head import Head
from search_spaces.cells.inception import Inception
from search_spaces.cells.members import Members
from search_spaces.cells.mlp import MLP, Flatten
from search_spaces.cells.next_token import NextToken
from search_spaces.cells.ngrams import Ngrams
from search_spaces.cells.norm import Norm
from search_spaces.cells.number_embedding import NumberEmbedding
from search_spaces.cells.pool import Downsample, Pool
from search_spaces.cells.random_convolutions import RandomConvolutions
from search_spaces.cells.recurrent import Recurrent
from search_spaces.cells.residual import InvertedBottleneck, Residual
from search_spaces.cells.shared_ensemble import SharedEnsemble
from search_spaces.cells.squeeze_excite import SqueezeExcite
from search_spaces.cells.stem import Stem
from search_spaces.cells.temporal import Temporal
from search_spaces.cells.token_mixer import TokenMixer
from search_spaces.cells.transformer import Transformer
from search_spaces.cells.vertex_graph import VertexGraph
from search_spaces.cells.windows import Windows
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
    "NumberEmbedding": NumberEmbedding,
    "ClassToken": ClassToken,
    "SharedEnsemble": SharedEnsemble,
    "Inception": Inception,
    "Temporal": Temporal,
    "RandomConvolutions": RandomConvolutions,
    "TokenMixer": TokenMixer,
    "CausalTransformer": CausalTransformer,
    "NextToken": NextToken,
    "ConvStage": ConvStage,
    "ConvNeXt": ConvNeXt,
    "SqueezeExcite": SqueezeExcite,
    "Windows": Windows,
    "Ngrams": Ngrams,
    "Dropout": Dropout,
    "Skip": Skip,
    "Zero": Zero,
    "Branches": Branches,
    "Fusion": Fusion,
    "Graph": Graph,
    "VertexGraph": VertexGraph,
    "CellStack": CellStack,
    "Members": Members,
    "Head": Head,
    "Custom": Custom,
}

PARTS: dict[str, type] = {"Node": Node, "Branch": Branch}  # data inside cells, which build nothing by themselves

KNOWN_CELLS.update({**CELLS, **PARTS, **DATA})  # what `Architecture.from_json` may make

__all__ = [
    "CELLS",
    "MLP",
    "PARTS",
    "Branch",
    "Branches",
    "CausalTransformer",
    "CellStack",
    "ClassToken",
    "Conv",
    "ConvNeXt",
    "ConvStage",
    "Custom",
    "Downsample",
    "Dropout",
    "Embed",
    "Flatten",
    "Fusion",
    "Graph",
    "Head",
    "Inception",
    "InvertedBottleneck",
    "Members",
    "NextToken",
    "Ngrams",
    "Node",
    "Norm",
    "NumberEmbedding",
    "Patchify",
    "Pool",
    "RandomConvolutions",
    "Recurrent",
    "Residual",
    "SeparableConv",
    "SharedEnsemble",
    "Skip",
    "SqueezeExcite",
    "Stem",
    "Temporal",
    "TokenMixer",
    "Transformer",
    "VertexGraph",
    "Windows",
    "Zero",
]
