"""Data sets: from what a person points at to training, validation and sealed test splits.

A source reads raw arrays, the schema says what they are, the splits divide the examples, and a `Dataset` holds it all.
"""

from __future__ import annotations

from nas.data.dataset import Dataset, SealedTest, Split, TrainingData
from nas.data.load import load
from nas.data.sources.bundled import NAMES

__all__ = ["NAMES", "Dataset", "SealedTest", "Split", "TrainingData", "load"]
