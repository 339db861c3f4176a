"""What does not change while a search runs: what is searched, for which data, and what a training may hold."""

from __future__ import annotations

from dataclasses import dataclass

from nas.data.dataset import Dataset
from nas.records.joint_space import JointSpace


@dataclass(frozen=True)
class Placement:
    """What each training holds of a GPU.

    Args:
        gpus: so many; None for as much as its predicted memory needs.
        memory: bytes of the smallest GPU in reach; 0 where there is none.
    """

    gpus: float | None = 0.0
    memory: int = 0

    @property
    def device(self) -> str:
        """`cuda` or `cpu`: the device follows from what trainings hold, not from what a process happens to see."""
        return "cpu" if self.gpus == 0 else "cuda"


@dataclass(frozen=True, eq=False)
class Problem:
    """Space, data set and placement of a search.

    Args:
        space: architectures and, where the recipe holds a `Choice`, recipes.
        dataset: None where nothing is trained: scores come from a recorded benchmark.
        objectives: `score` (highest), then what is to be small beside it.
    """

    space: JointSpace
    dataset: Dataset | None = None
    placement: Placement = Placement()
    objectives: tuple[str, ...] = ("score",)
