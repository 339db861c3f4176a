"""One set of weights for all architectures of a space: trained together, judged by a forward pass."""

from nas.training.shared_weights.fair_draws import FairDraws
from nas.training.shared_weights.judge import judged
from nas.training.shared_weights.masters import Drawn, SharedWeights
from nas.training.shared_weights.sharing import SAMPLES, Sharing, sharing
from nas.training.shared_weights.step import SharedStep

__all__ = ["SAMPLES", "Drawn", "FairDraws", "SharedStep", "SharedWeights", "Sharing", "judged", "sharing"]
