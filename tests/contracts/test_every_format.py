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

NETWORKS = 20  # of each space, in `make test-slow`


def proved(jobs: list[Job]) -> list[list[FormatProof]]:
    """All proofs of all jobs, or a failure with what is wrong."""
    found = prove_all(jobs)
    wrong = [f"{job.directory.name}: {one}" for job, one in zip(jobs, found, strict=True) if isinstance(one, str)]
    assert not wrong, "\n".join(wrong)
    return [one for one in found if not isinstance(one, str)]


def test_every_space_in_every_format(tmp_path: Path) -> None:
    jobs = []
    for number, name in enumerate(sorted(SPACES)):
        task = TASKS.get(name, PICTURES)
        jobs.append(written(tmp_path / name, small(name, task, number), task, merge=bool(number % 2)))
    for proofs in proved(jobs):
        assert [one.name for one in proofs] == [name for name in installed() if name != PYTHON]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SPACES))
def test_many_networks_of_a_space_in_every_format(name: str, tmp_path: Path) -> None:
    proved([written(tmp_path / str(seed), *drawn(name, seed), merge=bool(seed % 2)) for seed in range(NETWORKS)])
