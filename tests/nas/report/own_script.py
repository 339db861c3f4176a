"""A script as people write it, with a block and a space in it; `tests/nas/report/test_search_result.py` runs it."""

import sys

from torch import nn

import nas
from search_spaces import Choice, Space
from search_spaces.cells import Custom, Head, Stem
from search_spaces.rules import max_parameters, require

SIZE = 3


class Block(nn.Module):
    def __init__(self, channels, width=16, act=nn.ReLU):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, width, SIZE, padding=SIZE // 2), nn.BatchNorm2d(width), act())

    def forward(self, x):
        return self.body(x)


def not_too_deep(architecture):
    return len(architecture.cells) < 9


block = Custom(Block, width=Choice(8, 16), act=Choice(nn.ReLU, nn.GELU))
space = Space("script", Stem(8), block, Head(), rules=[max_parameters(1_000_000), require(not_too_deep)])

if __name__ == "__main__":
    nas.search("digits", space, "2 trials", epochs=1, executor="local", tracking_uri="", directory=sys.argv[1])
