"""Device and number format of a training: float32, bfloat16 or float16, by what the device can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from nas.errors import InputError


def resolve_device(device: str) -> torch.device:
    """The torch device of that name.

    Raises:
        InputError: an unknown name, or a device that this machine does not have.
    """
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise InputError(f"`device` must be `cpu` or `cuda`, got {device!r}.") from error
    if found.type not in ("cpu", "cuda"):
        raise InputError(f"`device` must be `cpu` or `cuda`, got {device!r}.")
    if found.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "`device` is `cuda`, but torch finds no CUDA device here. Use `cpu`, or install torch for CUDA."
        )
    return found


@dataclass(frozen=True)
class Precision:
    """The number format of forward and backward pass; weights always stay in float32.

    Args:
        dtype: format of convolutions and matrix products.
        by_cell: whether only the cells that gain by it use that format (see `forward.suits_half`).
    """

    dtype: torch.dtype
    by_cell: bool = False


def multiplies_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16: by matrix units (AMX) or by AVX-512. Others only emulate it."""
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def resolve_precision(precision: str, device: torch.device) -> Precision:
    """The number format that `precision` (`auto`, `float32`, `bf16` or `fp16`) means on this device.

    Raises:
        InputError: fp16 on the CPU, or bf16 on a CUDA device that only emulates it.
    """
    if device.type == "cpu":
        if precision == "fp16":
            raise InputError("`precision` fp16 needs CUDA; on the CPU use `float32` or `bf16`.")
        if precision == "auto" and multiplies_bfloat16():
            return Precision(torch.bfloat16, by_cell=True)
        return Precision(torch.bfloat16 if precision == "bf16" else torch.float32)
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "bf16" and not has_bf16:
        raise InputError("`precision` bf16 is not supported by this CUDA device; use `fp16` or `auto`.")
    if precision == "auto":
        return Precision(torch.bfloat16 if has_bf16 else torch.float16)
    return Precision({"float32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision])
