"""A ranking of networks before the first training, shipped with the program."""

from predictors.pretrained.predictor import Pretrained
from predictors.pretrained.ranker import Group, NoRanker, Ranker, load_ranker

__all__ = ["Group", "NoRanker", "Pretrained", "Ranker", "load_ranker"]
