"""Whether a language model sees only what stands before the token that it predicts."""

from __future__ import annotations

import torch
from torch import nn

from nas.errors import InputError
from search_spaces.task import LANGUAGE, Task

SAME = 1e-3  # largest difference of logits that rounding may make


@torch.no_grad()
def check_causal(network: nn.Module, task: Task) -> None:
    """Raises InputError where what a language model says of earlier tokens changes with later ones."""
    if task.kind != LANGUAGE or task.input_shape[0] < 2:
        return
    was_training = network.training
    network.eval()
    rng = torch.Generator().manual_seed(0)
    first, second = torch.randint(task.vocabulary, (2, *task.input_shape), generator=rng).float()
    middle = task.input_shape[0] // 2
    changed = torch.cat([first[:middle], second[middle:]])
    device = next(iter(network.state_dict().values())).device
    said = network(torch.stack([first, changed]).to(device))[:, :, :middle]
    network.train(was_training)
    if not bool((said[0] - said[1]).abs().max() <= SAME):
        raise InputError(
            "This language model sees later tokens than the one that it predicts from, so its score would mean "
            "nothing. Take blocks that see earlier positions only: CausalTransformer, Recurrent in one direction, "
            "TokenMixer with a recurrence or a causal convolution, Temporal."
        )
