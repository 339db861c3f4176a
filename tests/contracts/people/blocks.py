"""Blocks as people write them, one class a habit. Nothing here is as this project would write it."""

import enum
import functools
import logging
import math
import random
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np
import torch
import torch.nn as tnn
import torch.nn.functional as F
from torch import Tensor, einsum, nn
from torch.nn import functional as f
from torch.nn import init
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.utils.checkpoint import checkpoint

from . import norms
from .norms import EPS as TINY
from .norms import Scale, make_norm

log = logging.getLogger(__name__)
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "leaky": functools.partial(nn.LeakyReLU, 0.2)}
DEFAULT = dict(kernel_size=3, padding=1)
relu6 = functools.partial(f.hardtanh, min_val=0.0, max_val=6.0)
swish = lambda x: x * torch.sigmoid(x)  # noqa: E731
TABLE = torch.linspace(0.5, 1.5, 4)
Size = namedtuple("Size", "width depth")
WEIGHTS = Path(__file__).parent / "own_weights.pt"


class Model(nn.Module):
    def __init__(self, channels, width=8):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, x):
        return self.body(x)


class GlobalPool(nn.Module):
    def __init__(self, channels):
        super(GlobalPool, self).__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.conv(x) * torch.sigmoid(x.mean((2, 3), keepdim=True))


class Normalize(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)

    def forward(self, x):
        return self.norm(x)


class ActivationClass(nn.Module):
    def __init__(self, channels, act=nn.ReLU):
        super().__init__()
        self.conv, self.act = nn.Conv2d(channels, channels, 1), act()

    def forward(self, x):
        return self.act(self.conv(x))


class ActivationByName(nn.Module):
    def __init__(self, channels, act="relu"):
        super().__init__()
        self.conv, self.act = nn.Conv2d(channels, channels, 1), ACTIVATIONS[act]()

    def forward(self, x):
        return self.act(self.conv(x))


class FunctionArgument(nn.Module):
    def __init__(self, channels, act=F.relu):
        super().__init__()
        self.conv, self.act = nn.Conv2d(channels, channels, 1), act

    def forward(self, x):
        return self.act(self.conv(x))


class Kind(enum.Enum):
    MEAN = "mean"
    MAX = "max"


class EnumArgument(nn.Module):
    def __init__(self, channels, kind=Kind.MEAN):
        super().__init__()
        self.kind = kind

    def forward(self, x):
        pooled = x.mean((2, 3), keepdim=True) if self.kind is Kind.MEAN else x.amax((2, 3), keepdim=True)
        return x - pooled


@dataclass
class Config:
    width: int = 8
    act: type = nn.ReLU
    sizes: List[int] = field(default_factory=lambda: [3])


class ConfigArgument(nn.Module):
    def __init__(self, channels, config=Config()):  # noqa: B008
        super().__init__()
        size = config.sizes[0]
        self.conv, self.act = nn.Conv2d(channels, config.width, size, padding=size // 2), config.act()

    def forward(self, x):
        return self.act(self.conv(x))


class ListArgument(nn.Module):
    def __init__(self, channels, widths=(8, 8), bias=True):
        super().__init__()
        layers = OrderedDict()
        for place, width in enumerate(widths):
            layers[f"conv{place}"] = nn.Conv2d(channels, width, 1, bias=bias)
            channels = width
        self.net = nn.Sequential(layers)

    def forward(self, x):
        return self.net(x)


class DictArgument(nn.Module):
    def __init__(self, in_channels, *, width: Optional[int] = None, options: Dict[str, int] = None):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, width or in_channels, **(options or {"kernel_size": 1}))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class NamedTupleArgument(nn.Module):
    def __init__(self, channels, size=Size(8, 1)):  # noqa: B008
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(size.depth))

    def forward(self, x):
        for conv in self.convs:
            x = conv(x) + x
        return x


class Buffers(nn.Module):
    def __init__(self, channels, momentum=0.9):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("grid", torch.linspace(0, 1, channels), persistent=False)
        self.momentum = momentum

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                self.mean.mul_(self.momentum).add_(x.mean((0, 2, 3)), alpha=1 - self.momentum)
        return x - self.mean.view(1, -1, 1, 1) + self.grid.view(1, -1, 1, 1)


class WeightNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = weight_norm(nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x):
        return self.conv(x)


class Spectral(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = spectral_norm(nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x):
        return self.conv(x)


class Base(nn.Module):
    scale = math.pi

    def __init__(self, channels, width=8):
        super().__init__()
        self.conv = tnn.Conv2d(channels, width, 1)
        init.kaiming_normal_(self.conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x)) * self.scale


class Child(Base):
    def __init__(self, channels, **kwargs):
        super().__init__(channels, **kwargs)

    @staticmethod
    def act(x):
        return torch.clamp(x, min=TINY)


class UsesNumpy(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.w = nn.Parameter(torch.from_numpy(np.eye(channels, dtype="float32")))

    def forward(self, x):
        return einsum("bchw,cd->bdhw", x, self.w)


class UsesPartial(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return relu6(self.conv(x))


class UsesDict(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, **DEFAULT)

    def forward(self, x):
        return self.conv(x)


class UsesLambda(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv, self.act = nn.Conv2d(channels, channels, 1), lambda x: swish(x) + 1

    def forward(self, x):
        return self.act(self.conv(x))


class UsesTensorConstant(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 1)

    def forward(self, x):
        return self.conv(x) * TABLE.view(1, -1, 1, 1)


class UsesLogger(nn.Module):
    def __init__(self, channels):
        super().__init__()
        log.debug("made for %d channels", channels)

    def forward(self, x):
        return f.silu(x)


class UsesNeighbours(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm, self.scale, self.other = make_norm(channels), Scale(channels), norms.make_norm(channels, "instance")

    def forward(self, x):
        return self.other(self.scale(self.norm(x)))


class NoArguments(nn.Module):
    def forward(self, x):
        return f.gelu(x)


class WholeShape(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.position = nn.Parameter(torch.randn(1, *shape) * 0.1)

    def forward(self, x):
        return x + self.position


def counted(cls):
    cls.calls = 0
    return cls


@counted
class Decorated(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        type(self).calls += 1
        return self.conv(x)


class SharedWeights(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a, self.b = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(f.relu(self.a(x)))


class Lazy(nn.Module):
    def __init__(self, channels, width=8):
        super().__init__()
        self.body = nn.Sequential(nn.LazyConv2d(width, 3, padding=1), nn.LazyBatchNorm2d(), nn.ReLU())

    def forward(self, x):
        return self.body(x)


class Attention(nn.Module):
    def __init__(self, channels, heads=2):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(channels, heads, 2 * channels, batch_first=True)

    def forward(self, x):
        return self.layer(x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(x.shape)


class NotOnMeta(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.conv(x) * (2.0 if float(x.abs().sum()) > 0 else 1.0)


class ScriptInside(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = torch.jit.script(nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        return self.conv(x)


class InnerClass(nn.Module):
    class Part(nn.Module):
        def forward(self, x):
            return x.tanh()

    def __init__(self, channels):
        super().__init__()
        self.part = InnerClass.Part()

    def forward(self, x):
        return self.part(x)


def in_a_function(slope):
    class Local(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv = nn.Conv2d(channels, channels, 1)

        def forward(self, x):
            return f.leaky_relu(self.conv(x), slope)

    return Local


class WeightsFromAFile(nn.Module):
    """A frozen backbone whose weights lie in a file."""

    def __init__(self, channels):
        super().__init__()
        self.backbone = nn.Conv2d(channels, 6, 3, padding=1)
        self.backbone.load_state_dict(torch.load(WEIGHTS, weights_only=True))
        self.table = torch.load(WEIGHTS, weights_only=True)["bias"] * 2
        self.backbone.requires_grad_(False)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, x):
        return self.norm(self.backbone(x)) + self.table.view(1, -1, 1, 1)


class Noise(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.conv(x) + 0.1 * torch.randn_like(x)


class ReadsAFile(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 6, 1)

    def forward(self, x):
        return self.conv(x) * torch.load(WEIGHTS, weights_only=True)["bias"].mean()


class DictOut(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return {"features": self.conv(x)}


class TwoInputs(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x, skip):
        return self.conv(x) + skip


class InPlace(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(f.relu_(x))


class Raises(nn.Module):
    def __init__(self, channels, kind="relu"):
        super().__init__()
        self.act = ACTIVATIONS[kind]()

    def forward(self, x):
        return self.act(x)


class Checkpointed(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x + checkpoint(self.conv, x, use_reentrant=False)


class Hooked(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.conv.register_forward_hook(lambda module, inputs, output: output * 2)

    def forward(self, x):
        return self.conv(x)


class Momentary(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.register_buffer("grid", torch.linspace(-1, 1, channels)[:, None, None], persistent=False)

    def forward(self, x):
        return self.conv(x + self.grid)


class PlainTensor(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.scale = torch.randn(1, channels, 1, 1)

    def forward(self, x):
        return self.conv(x) * self.scale


class ModulesInAList(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.more = [nn.Conv2d(channels, channels, 1) for _ in range(2)]

    def forward(self, x):
        return self.more[1](self.more[0](self.conv(x)))


class ActNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.ready = False

    def forward(self, x):
        if not self.ready:
            self.shift.data.copy_(x.mean((0, 2, 3), keepdim=True))
            self.ready = True
        return x - self.shift


class RandomWiring(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.order = random.sample(range(channels), channels)

    def forward(self, x):
        return self.conv(x[:, self.order])


class FixedBatch(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.state = None

    def forward(self, x):
        if self.state is None:
            self.state = torch.zeros(x.shape[0], 1, 1, 1)
        return self.conv(x) + self.state


class MoreInTraining(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        y = self.conv(x)
        return (y, y.mean()) if self.training else y


class Double(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.conv(x).double()


class Detaches(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.conv(x).detach()
