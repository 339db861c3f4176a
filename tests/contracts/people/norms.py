"""What a person's blocks import from a file beside them."""

import torch
from torch import nn

EPS = 1e-3
CHOICES = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}


def make_norm(width, kind="batch"):
    return CHOICES[kind](width, eps=EPS)


class Scale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * self.scale.view(1, -1, 1, 1)
