"""The spaces of the literature against the numbers their authors give."""

from __future__ import annotations

import csv
import gzip
import itertools
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from search_spaces import SPACES, Architecture, SpaceError, Task, build
from search_spaces.catalog.accel_nasbench import from_row
from search_spaces.catalog.darts import darts, from_genotype
from search_spaces.catalog.nasbench101 import from_matrix, nasbench101
from search_spaces.catalog.nasbench201 import nasbench201
from search_spaces.catalog.nasbench_macro import from_string as macro_from_string
from search_spaces.catalog.nasbench_macro import to_string as macro_to_string
from search_spaces.catalog.nats_size import from_string as nats_from_string
from search_spaces.catalog.nats_size import to_string as nats_to_string
from search_spaces.catalog.transnas_micro import from_string as transnas_from_string
from search_spaces.profile import profile

CIFAR = Task((3, 32, 32), 10)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("nasbench201", 5**6),
        ("nasbench_macro", 3**8),
        ("transnas_micro", 4**6),
        ("nats_size", 8**5),
        ("nasbench101", 2**21 * 3**5),  # matrices and lists of operations; 423,624 distinct and valid ones, see below
        ("darts", (1 * 3 * 6 * 10 * 7**8) ** 2),
        ("mobilenet_v3", (9**2 + 9**3 + 9**4) ** 5),
        ("autoformer_tiny", 3 * (4**12 + 4**13 + 4**14)),
        ("accel_nasbench", 36**6 * 48),
    ],
)
def test_sizes(name: str, size: int) -> None:
    assert SPACES[name]().size() == size


def test_every_row_of_nasbench_macro_is_built_exactly(shared: Path) -> None:
    """All 6,561 rows, parameters and multiply-adds to the last digit: about 2 s on one core."""
    space = SPACES["nasbench_macro"]()
    for row in _rows(shared, "nasbench_macro"):
        architecture = space.replay(macro_from_string(row["arch"]))
        known = profile(architecture, CIFAR)
        assert (known.parameters, known.macs) == (int(row["params"]), int(float(row["flops"]))), row["arch"]
        assert macro_to_string(architecture) == row["arch"]


def test_every_row_of_accel_nasbench_has_its_parameters(shared: Path) -> None:
    """All 5,138 rows; its multiply-adds also count normalisations and activations, ours do not."""
    space, task = SPACES["accel_nasbench"](), Task((3, 224, 224), 1000)
    for row in _rows(shared, "accel_nasbench"):
        known = profile(space.replay(from_row(row)), task)
        assert known.parameters == round(float(row["params"]) * 1e6), row["id"]
        assert known.macs == pytest.approx(float(row["macs"]) * 1e6, rel=0.15)


def test_the_published_darts_network() -> None:
    """DARTS (second order) on CIFAR-10: 20 cells of 36 channels, 3.3 M parameters."""
    normal = [("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1)]
    normal += [("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2)]
    reduce = [("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1)]
    reduce += [("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1)]
    architecture = darts(cells=20, width=36).replay(from_genotype(normal, reduce))
    assert profile(architecture, CIFAR).parameters == 3_349_342
    with pytest.raises(SpaceError, match="Node 0 of the normal cell"):
        from_genotype([("sep_conv_9x9", 0), *normal[1:]], reduce)


INCEPTION = [
    [0, 1, 1, 1, 0, 1, 0],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 1, 0, 0],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0],
]
CONV1, CONV3, POOL = "conv1x1-bn-relu", "conv3x3-bn-relu", "maxpool3x3"


def test_the_inception_like_cell_of_nasbench101() -> None:
    ops = ["input", CONV1, CONV3, CONV3, CONV3, POOL, "output"]
    architecture = nasbench101().replay(from_matrix(INCEPTION, ops))
    assert profile(architecture, CIFAR).parameters == 2_694_282


def test_fingerprints_of_nasbench101_do_not_depend_on_the_order_of_vertices_or_on_dead_ones() -> None:
    space = nasbench101()

    def fingerprint(matrix: list[list[int]], ops: list[str]) -> str:
        return space.replay(from_matrix(matrix, ["input", *ops, "output"])).fingerprint

    assert fingerprint(INCEPTION, [CONV1, CONV3, CONV3, CONV3, POOL]) == fingerprint(
        [INCEPTION[0], INCEPTION[1], INCEPTION[2], [0, 0, 0, 0, 1, 0, 0], *INCEPTION[4:]],
        [CONV3, CONV1, CONV3, CONV3, POOL],
    )
    small = fingerprint([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [CONV3])
    assert small == fingerprint([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]], [CONV3, POOL])
    assert small != fingerprint([[0, 1, 1], [0, 0, 1], [0, 0, 0]], [CONV3])


@pytest.mark.slow
def test_nasbench101_has_423_624_distinct_valid_cells() -> None:
    """Every matrix of up to seven vertices and nine edges without dead vertices, with every list of operations."""
    assert sum(len(distinct_cells(vertices)) for vertices in range(2, 8)) == 423_624


@pytest.mark.parametrize("vertices", [2, 3, 4, 5])
def test_counting_by_arrays_agrees_with_fingerprints(vertices: int) -> None:
    space = nasbench101()
    fingerprints = set()
    for matrix in valid_matrices(vertices):
        for ops in itertools.product((CONV1, CONV3, POOL), repeat=vertices - 2):
            decisions = from_matrix(matrix.tolist(), ["input", *ops, "output"])
            fingerprints.add(space.replay(decisions).fingerprint)
    assert len(fingerprints) == len(distinct_cells(vertices))


def valid_matrices(vertices: int) -> np.ndarray:
    """(m, vertices, vertices) upper triangles of at most nine edges in which every vertex is on a way to the output."""
    pairs = list(itertools.combinations(range(vertices), 2))
    numbers = np.arange(2 ** len(pairs))
    matrices = np.zeros((len(numbers), vertices, vertices), dtype=bool)
    for place, (row, column) in enumerate(pairs):
        matrices[:, row, column] = numbers >> place & 1
    readable = matrices[:, :, 1:].any(axis=1).all(axis=1) & matrices[:, :-1].any(axis=2).all(axis=1)
    return matrices[readable & (matrices.sum(axis=(1, 2)) <= 9)]


def distinct_cells(vertices: int) -> np.ndarray:
    """Hashes of the distinct labelled graphs: what `digest_of_vertices` does, on arrays of all labellings at once."""
    inner = np.array(list(itertools.product((2, 3, 4), repeat=vertices - 2)), dtype=np.uint64)
    labels = np.concatenate([np.full((len(inner), 1), 1), inner, np.full((len(inner), 1), 5)], axis=1).astype(np.uint64)
    matrices = valid_matrices(vertices)
    chunks = np.array_split(matrices, len(matrices) // 500 + 1)
    found = [np.unique(_digests(chunk, labels)) for chunk in chunks]
    return np.unique(np.concatenate(found))


def _digests(matrices: np.ndarray, labels: np.ndarray) -> np.ndarray:
    known = _mix(np.repeat(labels[None], len(matrices), axis=0), 1)
    edges = matrices[:, None].astype(np.uint64)
    for _ in range(matrices.shape[1]):
        read = (_mix(known, 2)[..., :, None] * edges).sum(axis=-2, dtype=np.uint64)
        readers = (_mix(known, 3)[..., None, :] * edges).sum(axis=-1, dtype=np.uint64)
        known = _mix(known + _mix(read, 4) + _mix(readers, 5), 6)
    return _mix(known, 7).sum(axis=-1, dtype=np.uint64).ravel()


def _mix(values: np.ndarray, salt: int) -> np.ndarray:
    """SplitMix64 (https://doi.org/10.1145/2714064.2660195)."""
    values = values + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def test_transnas_by_its_own_names() -> None:
    space = SPACES["transnas_micro"]()
    first = space.replay(transnas_from_string("64-41414-1_02_333"))
    assert profile(first, CIFAR).shapes[-2] == (512, 2, 2)
    with pytest.raises(SpaceError, match="1_02_333"):
        transnas_from_string("64-41414-1_02_33")


def test_nats_size_by_its_own_names() -> None:
    space = SPACES["nats_size"]()
    architecture = space.replay(nats_from_string("8:64:16:24:40"))
    assert nats_to_string(dict(architecture.decisions)) == "8:64:16:24:40"
    assert [shape[0] for shape in profile(architecture, CIFAR).shapes] == [3, 8, 8, 64, 16, 24, 40, 40, 10]


def test_networks_of_one_fingerprint_compute_the_same() -> None:
    """With one and the same weights in all convolutions of a kind, networks that are joined give equal outputs."""
    space, task = nasbench201(cells=1, width=4), Task((3, 8, 8), 2)
    joined = defaultdict(list)
    for architecture in itertools.islice(space.enumerate(), 0, None, 7):
        joined[architecture.fingerprint].append(architecture)
    groups = [group for group in joined.values() if len(group) > 1]
    outputs = set()
    for group in random.Random(0).sample(groups, 40):
        first, second = (_output(architecture, task) for architecture in (group[0], group[-1]))
        assert torch.allclose(first, second), [dict(architecture.decisions) for architecture in group]
        outputs.add(round(first.sum().item(), 6))
    assert len(outputs) > 25  # and others do not


def _output(architecture: Architecture, task: Task) -> torch.Tensor:
    network = build(architecture, task).double().eval()
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.data.zero_()
        elif parameter.dim() > 1:
            generator = torch.Generator().manual_seed(parameter.numel())
            parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.1
    return network(torch.randn(2, *task.input_shape, generator=torch.Generator().manual_seed(0)).double())


def _rows(shared: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(shared / "bench" / f"{name}.csv.gz", "rt") as file:
        return list(csv.DictReader(file))
