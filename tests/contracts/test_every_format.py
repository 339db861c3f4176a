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

FEW, MANY = 3, 20  # networks of each space: small ones in `make test`, of any size in `make test-slow`
Proofs = list[list[FormatProof] | str]


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Proofs]:
    """By space, the proofs of each network, or what is wrong with it."""
    folder, jobs = tmp_path_factory.mktemp("exports"), list[Job]()
    for place, name in enumerate(sorted(SPACES)):
        task = TASKS.get(name, PICTURES)
        for seed in range(place, place + FEW):
            jobs.append(written(folder / f"{name}-{seed}", small(name, task, seed), task, merge=bool(seed % 2)))
    found = prove_all(jobs)
    return {name: found[place * FEW : (place + 1) * FEW] for place, name in enumerate(sorted(SPACES))}


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_space_in_every_format(name: str, proofs: dict[str, Proofs]) -> None:
    assert len(proofs[name]) == FEW
    for one in proofs[name]:
        assert not isinstance(one, str), one
        assert [proof.name for proof in one] == [format for format in installed() if format != PYTHON]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SPACES))
def test_many_networks_of_a_space_in_every_format(name: str, tmp_path: Path) -> None:
    jobs = [written(tmp_path / str(seed), *drawn(name, seed), merge=bool(seed % 2)) for seed in range(MANY)]
    found = prove_all(jobs)
    wrong = [f"seed {seed}: {one}" for seed, one in enumerate(found) if isinstance(one, str)]
    assert not wrong, "\n".join(wrong)
