"""Augmentation: random changes of the inputs that keep the label, for whole batches at once, on the device.

Every augmentation takes a batch `(n, channels, …)` in the data's own scale and a generator on its device. It returns a
new tensor of the same shape and type; the inputs are never written. Names and meanings follow
https://docs.pytorch.org/vision/stable/transforms.html where that has them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from search_spaces.task import Task

Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def _uniform(x: torch.Tensor, rng: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=rng, device=x.device)


def crop(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Each picture shifted by up to an eighth of its sides, edges repeated; each series shifted in time."""
    sides = x.shape[2:]
    reach = [max(1, side // 8) if side > 1 else 0 for side in sides]
    n = len(x)
    index: list[torch.Tensor] = []
    for axis, (side, most) in enumerate(zip(sides, reach, strict=True)):
        shift = torch.randint(-most, most + 1, (n, 1), generator=rng, device=x.device)
        places = (torch.arange(side, device=x.device) + shift).clamp_(0, side - 1)
        index.append(places.view(n, 1, *(side if other == axis else 1 for other in range(len(sides)))))
    rows = torch.arange(n, device=x.device).view(n, *(1,) * (x.dim() - 1))
    channels = torch.arange(x.shape[1], device=x.device).view(1, -1, *(1,) * len(sides))
    return x[(rows, channels, *index)]


def flip(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Each picture mirrored left to right with probability 0.5."""
    mirrored = _uniform(x, rng, len(x)) < 0.5
    return torch.where(mirrored.view(-1, *(1,) * (x.dim() - 1)), x.flip(-1), x)


def cutout(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """In each picture a box with a quarter of its sides set to the mean of its channel (https://arxiv.org/abs/1708.04552)."""
    return _blank(x, rng, share=0.25)


def mask(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """In each series a tenth of the time steps, in one piece, set to the mean of its channel."""
    return _blank(x, rng, share=0.1)


def _blank(x: torch.Tensor, rng: torch.Generator, share: float) -> torch.Tensor:
    """In each example one box, whose sides are `share` of the example's, set to the mean of its channel."""
    inside = torch.ones((len(x), *(1,) * (x.dim() - 1)), dtype=torch.bool, device=x.device)
    for axis in range(2, x.dim()):
        side = x.shape[axis]
        size = max(1, round(share * side))
        start = (_uniform(x, rng, len(x), 1) * (side - size + 1)).floor()
        places = torch.arange(side, device=x.device)
        within = (places >= start) & (places < start + size)
        shape = [1] * x.dim()
        shape[0], shape[axis] = len(x), side
        inside = inside & within.view(shape)
    mean = x.float().mean(dim=tuple(range(2, x.dim())), keepdim=True).to(x.dtype)
    return torch.where(inside, mean, x)


def jitter(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Gaussian noise added, with 0.05 of each example's standard deviation."""
    values = x.float()
    deviation = values.std(dim=tuple(range(1, x.dim())), keepdim=True, correction=0)
    noise = torch.randn(x.shape, generator=rng, device=x.device) * (0.05 * deviation)
    return in_type_of(x, values + noise)


def scale(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Each channel of each example multiplied by a factor with mean 1 and standard deviation 0.1."""
    factors = 1.0 + 0.1 * torch.randn((*x.shape[:2], *(1,) * (x.dim() - 2)), generator=rng, device=x.device)
    return in_type_of(x, x.float() * factors)


def in_type_of(x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """`values` in the type of `x`; bytes are rounded and clipped to 0..255."""
    return values.round().clamp(0, 255).to(torch.uint8) if x.dtype == torch.uint8 else values.to(x.dtype)


AUGMENTATIONS: dict[str, Augment] = {
    "crop": crop,
    "flip": flip,
    "cutout": cutout,
    "jitter": jitter,
    "scale": scale,
    "mask": mask,
}
# axes that an example needs: 1 for vectors, 2 for series, 3 for pictures
LOWEST_RANK = {"crop": 2, "flip": 3, "cutout": 3, "jitter": 1, "scale": 1, "mask": 2}


def augment_for(words: str, input_shape: tuple[int, ...]) -> Augment | None:
    """The named augmentations in a row, without those that need more axes than inputs of this shape have; None if none.

    Args:
        words: `none`, `auto`, or names of `AUGMENTATIONS` joined by `+`. `auto` is crop for pictures, with a flip for
            colour pictures only (grey ones may be digits or letters, which must not be mirrored); jitter and scale for
            series; nothing for feature vectors.
        input_shape: one example, channels first.
    """
    chosen = _named(words, input_shape)
    steps = [AUGMENTATIONS[word] for word in chosen if word != "none" and len(input_shape) >= LOWEST_RANK[word]]
    if not steps:
        return None

    def augment(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        for step in steps:
            x = step(x, rng)
        return x

    return augment


def augment_inputs(words: str, task: Task) -> Augment | None:
    """The named augmentations for examples of a task; of several inputs each in its own shape, tokens never.

    Of forecasts none: what is changed in a window would have to be changed in the values that follow it too.
    """
    if task.forecast is not None:
        return None
    if not task.inputs:
        return augment_for(words, task.input_shape)
    places = task.input_slices()
    found = [
        (places[one.name], one.shape, changed)
        for one in task.inputs
        if not one.vocabulary and (changed := augment_for(words, one.shape)) is not None
    ]
    if not found:
        return None

    def augment(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        x = x.clone()
        for place, shape, changed in found:
            x[:, place] = changed(x[:, place].unflatten(1, shape), rng).flatten(1)
        return x

    return augment


def mirrors(words: str, input_shape: tuple[int, ...]) -> bool:
    """Whether these augmentations mirror inputs of this shape."""
    return len(input_shape) == LOWEST_RANK["flip"] and "flip" in _named(words, input_shape)


def changes(words: str, input_shape: tuple[int, ...]) -> bool:
    """Whether these augmentations change inputs of this shape at all."""
    return any(word != "none" for word in _named(words, input_shape))


def _named(words: str, input_shape: tuple[int, ...]) -> list[str]:
    chosen: list[str] = []
    for word in words.split("+"):
        chosen.extend(_automatic(input_shape) if word == "auto" else [word])
    return chosen


def _automatic(input_shape: tuple[int, ...]) -> list[str]:
    if len(input_shape) == 3:
        return ["crop", "flip"] if input_shape[0] == 3 else ["crop"]
    return ["jitter", "scale"] if len(input_shape) == 2 else []
