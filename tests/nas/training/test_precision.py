"""Number formats, by device and by cell."""

from __future__ import annotations

import pytest
import torch
from small import cnn, digits, few

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.training.forward import Forward, suits_half
from nas.training.loop import Training
from nas.training.precision import Precision, resolve_device, resolve_precision
from search_spaces.cells import Conv, Head, InvertedBottleneck, Recurrent, Residual, SeparableConv, Transformer

CPU = torch.device("cpu")
BY_CELL = Precision(torch.bfloat16, by_cell=True)


@pytest.mark.parametrize("cell", [Conv(8), Residual(8), Residual(8, kind="bottleneck")], ids=str)
def test_dense_convolutions_run_in_half(cell: object) -> None:
    assert suits_half(cell.build((4, 8, 8)))


@pytest.mark.parametrize(
    "cell", [SeparableConv(8), InvertedBottleneck(8), Transformer(8), Recurrent(8), Head(outputs=2)], ids=str
)
def test_what_is_slower_in_half_or_puts_out_scores_does_not(cell: object) -> None:
    assert not suits_half(cell.build((4, 8, 8)))


def test_a_network_by_cell_is_near_the_one_in_float32_and_puts_out_float32() -> None:
    network, x = cnn().eval(), torch.randn(8, 1, 8, 8)
    exact, mixed = Forward(network, Precision(torch.float32))(x), Forward(network, BY_CELL)(x)
    assert mixed.dtype == torch.float32
    assert not torch.equal(mixed, exact)
    torch.testing.assert_close(mixed, exact, atol=0.05, rtol=0.05)


def test_a_training_in_half_scores_like_one_in_float32() -> None:
    scores = {}
    for precision in ("float32", "bf16"):
        training = Training(cnn(), digits().search, TrainingConfig(precision=precision), epochs=4, seed=0)
        scores[precision] = [training.epoch().score for _ in range(4)][-1]
        assert all(parameter.dtype == torch.float32 for parameter in training.network.parameters())
    assert abs(scores["bf16"] - scores["float32"]) < 0.05


def test_a_resumed_training_in_half_goes_on_exactly() -> None:
    data, config = few(digits().search), TrainingConfig(precision="bf16")
    whole, half, resumed = (Training(cnn(), data, config, epochs=2, seed=0) for _ in range(3))
    whole.epoch(), whole.epoch()
    half.epoch()
    resumed.load_state_dict(half.state_dict())
    resumed.epoch()
    for one, other in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_what_a_device_cannot_do() -> None:
    assert resolve_precision("float32", CPU) == Precision(torch.float32)
    assert resolve_precision("bf16", CPU) == Precision(torch.bfloat16)
    with pytest.raises(InputError, match="fp16 needs CUDA"):
        resolve_precision("fp16", CPU)
    with pytest.raises(InputError, match="`device`"):
        resolve_device("mps")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no CUDA device"):
            resolve_device("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("precision", ["auto", "bf16", "fp16", "float32"])
def test_every_precision_trains_on_cuda(precision: str) -> None:
    config = TrainingConfig(precision=precision, augmentation="crop", mixup=0.2)
    training = Training(cnn(), digits().search, config, epochs=4, seed=0, device="cuda")
    assert [training.epoch().score for _ in range(4)][-1] > 0.8
