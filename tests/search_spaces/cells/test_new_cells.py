"""What each of the cells for tables, series, pictures and text promises beyond the contract of every cell."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from search_spaces import Architecture, Task, build
from search_spaces.cells import (
    CausalTransformer,
    ClassToken,
    ConvNeXt,
    ConvStage,
    Dropout,
    Embed,
    Head,
    Inception,
    Ngrams,
    NumberEmbedding,
    RandomConvolutions,
    SharedEnsemble,
    SqueezeExcite,
    Temporal,
    TokenMixer,
    Windows,
)
from search_spaces.cells.number_embedding import Periodic, PiecewiseLinear
from search_spaces.cells.random_convolutions import dilations_of
from search_spaces.cells.token_mixer import GatedRecurrence
from search_spaces.errors import SpaceError


def test_a_piecewise_number_fills_its_bins_from_the_left() -> None:
    bins = PiecewiseLinear(4)
    filled = bins(torch.tensor([[-9.0], [0.0], [0.3], [9.0]]))[:, 0]
    assert torch.allclose(filled[1], torch.tensor([1.0, 1.0, 0.0, 0.0]), atol=1e-5)
    assert torch.all(filled[2, :2] == 1) and 0 < filled[2, 2] < 1 and filled[2, 3] == 0
    assert filled[0, 0] < 0 and filled[3, 3] > 1  # numbers beyond the outer edges still differ


def test_bins_hold_equal_shares_of_a_standard_normal_column() -> None:
    torch.manual_seed(0)
    filled = PiecewiseLinear(8)(torch.randn(20_000, 1))[:, 0]
    inside = ((filled > 0) & (filled < 1)).float().mean(0)
    assert torch.allclose(inside, torch.full((8,), 1 / 8), atol=0.02)


def test_periodic_is_cosines_and_sines_of_the_column() -> None:
    embedding = Periodic(2, 3, 1.0)
    x = torch.randn(5, 2)
    angle = 2 * torch.pi * embedding.coefficients * x[:, :, None]
    assert torch.allclose(embedding(x), torch.cat([torch.cos(angle), torch.sin(angle)], 2))


@pytest.mark.parametrize("kind", ["piecewise", "periodic"])
def test_each_column_has_a_vector_of_its_own(kind: str) -> None:
    module = NumberEmbedding(5, kind).build((3,))
    x = torch.randn(4, 3)
    changed = x.clone()
    changed[:, 1] += 1
    same = module(x)[:, :, [0, 2]] == module(changed)[:, :, [0, 2]]
    assert module(x).shape == (4, 5, 3)
    assert same.all()


def test_the_class_token_stands_last() -> None:
    module = nn.Sequential(Embed(6).build((3,)), ClassToken().build((6, 3)))
    answers = module(torch.randn(2, 3))
    assert answers.shape == (2, 6, 4)
    assert torch.equal(answers[0, :, 3], answers[1, :, 3])


@pytest.mark.parametrize("kind", ["full", "mini"])
def test_members_of_an_ensemble_differ_and_share_their_weights(kind: str) -> None:
    one, many = (SharedEnsemble(8, 2, members, kind).build((5,)) for members in (1, 10))
    answers = many(torch.randn(3, 5))
    assert answers.shape == (3, 8, 10)
    assert not torch.allclose(answers[:, :, 0], answers[:, :, 1])
    weights = [sum(p.numel() for p in module.parameters()) for module in (one, many)]
    own = 5 if kind == "mini" else 5 + (5 + 8 + 8) + (8 + 8 + 8)
    assert weights[1] - weights[0] == 9 * own


@pytest.mark.parametrize(
    "cell",
    [
        Temporal(8, causal=True),
        TokenMixer(8, "recurrence"),
        TokenMixer(8, "convolution", causal=True),
        CausalTransformer(8, positions="learned"),
    ],
    ids=lambda cell: type(cell).__name__,
)
@pytest.mark.parametrize("shape", [(4, 13), (4, 3, 5)], ids=str)
def test_causal_cells_see_nothing_later(cell: object, shape: tuple[int, ...]) -> None:
    module = cell.build(shape).eval()  # type: ignore[attr-defined]
    x = torch.randn(2, *shape)
    changed = x.clone().reshape(2, shape[0], -1)
    changed[:, :, 6:] += 1
    before, after = (module(each).reshape(2, 8, -1) for each in (x, changed.reshape(x.shape)))
    assert torch.allclose(before[:, :, :6], after[:, :, :6], atol=1e-6)
    assert not torch.allclose(before[:, :, 6], after[:, :, 6])


@pytest.mark.parametrize("length", [1, 2, 7, 16])
def test_the_parallel_scan_is_the_recurrence(length: int) -> None:
    torch.manual_seed(0)
    layer = GatedRecurrence(5, length)
    x = torch.randn(3, length, 5)
    gate, value, out = layer.inputs(x).chunk(3, dim=-1)
    state, states = torch.zeros(3, 5), []
    for step in range(length):
        keep = gate[:, step].sigmoid()
        state = keep * state + (1 - keep) * value[:, step]
        states.append(state)
    expected = layer.output(torch.stack(states, 1) * nn.functional.silu(out))
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_inception_shares_its_width_and_cuts_what_only_sees_the_border() -> None:
    module = Inception(32, kernel=39).build((3, 100))
    sizes = {conv.kernel_size for conv in module.modules() if isinstance(conv, nn.Conv1d)}
    assert sizes == {(1,), (39,), (19,), (9,)}
    short = Inception(32, kernel=39).build((3, 6))
    assert max(conv.kernel_size[0] for conv in short.modules() if isinstance(conv, nn.Conv1d)) == 11


def test_random_convolutions_are_the_kernels_of_minirocket() -> None:
    module = RandomConvolutions(84).build((1, 9))
    assert sorted(map(tuple, module.kernels.tolist())) == sorted(
        tuple(2.0 if tap in high else -1.0 for tap in range(9)) for high in itertools.combinations(range(9), 3)
    )
    assert sum(p.numel() for p in module.parameters()) == 0


def test_random_convolutions_of_one_channel_are_convolutions() -> None:
    module = RandomConvolutions(168).build((1, 40))
    x = torch.randn(2, 1, 40)
    for place, dilation in enumerate(module.dilations):
        expected = nn.functional.conv1d(x, module.kernels.unsqueeze(1), padding=4 * dilation, dilation=dilation)
        assert torch.allclose(module._convolved(x, place), expected, atol=1e-5)


def test_features_of_random_convolutions_are_shares_of_high_answers() -> None:
    torch.manual_seed(0)
    module = RandomConvolutions(84).build((1, 50)).eval()
    x = torch.randn(3, 1, 50)
    answer = module.answers[0](module._convolved(x, 0))
    hard = (answer > module.level[0]).float().mean(2) - 0.5
    assert torch.allclose(module(x)[:, :42], hard[:, ::2], atol=0.05)


@pytest.mark.parametrize(("length", "each"), [(1, 1), (9, 10), (150, 59), (500, 119), (17, 32)])
def test_dilations_reach_no_further_than_the_series(length: int, each: int) -> None:
    dilations, levels = dilations_of(length, each)
    assert sum(levels) == each
    assert len(dilations) == len(levels) == len(set(dilations))
    assert dilations[0] == 1
    assert max(dilations) * 8 <= max(8, length - 1)


def test_dirac_convolutions_start_by_passing_their_input_on() -> None:
    conv = ConvStage(6, pool=1, depth=0, activation="none", norm="none", init="dirac").build((4, 5, 5))
    x = torch.randn(2, 4, 5, 5)
    answers = conv(x) - conv.bias.reshape(-1, 1, 1)
    assert torch.allclose(answers[:, :4], x, atol=1e-6)


def test_convnext_starts_as_the_identity_and_halves_the_map_where_asked() -> None:
    x = torch.randn(2, 6, 7, 7)
    assert torch.allclose(ConvNeXt().build((6, 7, 7))(x), x, atol=1e-4)
    assert ConvNeXt(8, stride=2, response_norm=True).build((6, 7, 7))(x).shape == (2, 8, 4, 4)


def test_a_gate_only_scales_channels() -> None:
    x = torch.randn(2, 8, 5).abs() + 0.1
    share = SqueezeExcite(0.25).build((8, 5))(x) / x
    assert torch.allclose(share, share[:, :, :1].expand_as(share), atol=1e-5)
    assert ((share > 0) & (share < 1)).all()


def test_windows_give_the_greatest_answer_of_each_filter() -> None:
    module = Windows(3, (1, 2)).build((4, 6))
    x = torch.randn(2, 4, 6)
    assert module(x).shape == (2, 6)
    expected = nn.functional.conv1d(x, module.branches[0][0].weight, module.branches[0][0].bias).relu().amax(2)
    assert torch.allclose(module(x)[:, :3], expected, atol=1e-6)


def test_equal_ngrams_have_equal_vectors() -> None:
    module = Ngrams(4, longest=3, buckets=50, vocabulary=9).build((7,))
    answers = module(torch.tensor([[1.0, 2, 3, 0, 1, 2, 3]]))
    assert answers.shape == (1, 4, 7 + 6 + 5)
    assert torch.equal(answers[..., 0], answers[..., 4])
    assert torch.equal(answers[..., 7], answers[..., 11])  # the pair 1 2
    assert torch.equal(answers[..., 13], answers[..., 17])  # the triple 1 2 3
    assert not torch.equal(answers[..., 7], answers[..., 8])


@pytest.mark.parametrize(("of", "alike"), [("channels", 2), ("positions", 1)])
def test_dropout_takes_whole_channels_or_positions(of: str, alike: int) -> None:
    torch.manual_seed(0)
    kept = Dropout(0.5, of).build((6, 30)).train()(torch.ones(4, 6, 30)) != 0
    assert (kept.all(alike) | ~kept.any(alike)).all()
    assert 0.3 < kept.float().mean() < 0.7


@pytest.mark.parametrize(
    ("cell", "shape", "message"),
    [
        (NumberEmbedding(kind="cubic"), (3,), "`kind` must be one of"),
        (NumberEmbedding(kind="periodic", sigma=0), (3,), "`sigma` must be a number above 0"),
        (Inception(kernel=8), (3, 20), "`kernel` must be odd"),
        (Temporal(kernel=4, causal=False), (3, 20), "`kernel` must be odd"),
        (RandomConvolutions(50), (1, 20), "`features` must be a whole number of at least 84"),
        (CausalTransformer(10, heads=4), (3, 20), "`heads` must divide the width"),
        (ConvStage(init="zeros"), (3, 8, 8), "`init` must be one of"),
        (ConvNeXt(layer_scale=-1), (3, 8, 8), "`layer_scale` must be a number of at least 0"),
        (SqueezeExcite(0), (3, 8), "`share` must be above 0"),
        (Windows(sizes=()), (3, 8), "`sizes` must be a tuple"),
        (TokenMixer(mlp_ratio=0), (3, 8), "`mlp_ratio` must be a number above 0"),
        (Dropout(of="rows"), (3, 8), "`of` must be one of"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str | tuple) else "",
)
def test_wrong_values_are_refused_with_their_reason(cell: object, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        cell.build(shape)  # type: ignore[attr-defined]


def test_ngrams_stand_first_where_the_inputs_are_tokens() -> None:
    task = Task((6,), 2, vocabulary=9)
    network = build(Architecture("any", (Ngrams(4, buckets=50), Head()), {}), task)
    assert network[0].vocabulary == 9
    assert network(torch.randint(9, (3, 6)).float()).shape == (3, 2)
