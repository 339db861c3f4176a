"""What holds for every format that an export has, with networks of every space of the catalogue.

All networks are written first, each in every format; one clean interpreter looks at all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from nas.export.formats import PYTHON
from nas.export.formats.proof import FormatProof, Job, prove_all
from results.export.networks import PICTURES, TASKS, drawn, installed, small, written
from search_spaces import SPACES

FEW, MANY = 2, 20  # networks of each space: small ones in `make test`, of any size in `make test-slow`
DEAR = {"onnx", "int8"}  # two thirds of the time: of the first network in `make test`, of all in `make test-slow`
Proofs = list[list[FormatProof] | str]


def formats_of(number: int) -> tuple[str, ...]:
    return tuple(format for format in installed() if number == 0 or format not in DEAR)


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proofs]:
    """By space, the proofs of each network, or what is wrong with it."""
    folder, jobs = tmp_path_factory.mktemp("exports"), list[Job]()
    for place, name in enumerate(sorted(SPACES)):
        task = TASKS.get(name, PICTURES)
        for number, seed in enumerate(range(place, place + FEW)):
            network, merge = small(name, task, seed), bool(seed % 2)
            jobs.append(written(folder / f"{name}-{seed}", network, task, merge=merge, formats=formats_of(number)))
    found = prove_all(jobs)
    return {name: found[place * FEW : (place + 1) * FEW] for place, name in enumerate(sorted(SPACES))}


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_space_in_every_format(name: str, proofs: dict[str, Proofs]) -> None:
    assert len(proofs[name]) == FEW
    for number, one in enumerate(proofs[name]):
        assert not isinstance(one, str), one
        assert [proof.name for proof in one] == [format for format in formats_of(number) if format != PYTHON]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SPACES))
def test_many_networks_of_a_space_in_every_format(name: str, tmp_path: Path) -> None:
    jobs = [written(tmp_path / str(seed), *drawn(name, seed), merge=bool(seed % 2)) for seed in range(MANY)]
    found = prove_all(jobs)
    wrong = [f"seed {seed}: {one}" for seed, one in enumerate(found) if isinstance(one, str)]
    assert not wrong, "\n".join(wrong)
