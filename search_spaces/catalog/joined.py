"""Networks for several named inputs: a branch for each, from the space made for its kind, and what joins them.

Late fusion of one network a kind of input, as in https://arxiv.org/abs/2111.02705, is the first known design.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from search_spaces.cells import MLP, Branch, Branches, Fusion, Head
from search_spaces.decide import replay
from search_spaces.dsl import Choice, Repeat, resolve
from search_spaces.errors import SpaceError
from search_spaces.known import Known
from search_spaces.space import Space

SPELLED = re.compile(r"joined\((.*)\)")
SOURCE = "https://arxiv.org/abs/2111.02705"
MOST_KNOWN = 2


def joined(spaces: Mapping[str, Space]) -> Space:
    """One space of all branches, the width and number of their tokens, the fusion, and what follows it.

    Its name tells how it is made, e.g. `joined(numbers=tabular,text=text)`, and `load_space` makes it again from that.

    Args:
        spaces: of the branches, by the name of their input.

    Raises:
        SpaceError: no branch.
    """
    if not spaces:
        raise SpaceError("A space for several inputs needs a branch for each, got none.")
    branches = tuple(Branch(name, space.cells) for name, space in spaces.items())
    return Space(
        f"joined({','.join(f'{name}={space.name}' for name, space in spaces.items())})",
        Branches(branches, Choice(32, 64, 128), Choice(0, 4)),
        Fusion(Choice("concatenate", "gate", "attention"), heads=Choice(2, 4)),
        Repeat(MLP(Choice(32, 64, 128), dropout=Choice(0.0, 0.2)), times=Choice(0, 1)),
        Head(dropout=Choice(0.0, 0.2)),
        rules=[rule for space in spaces.values() for rule in space.rules],
        known=_known(spaces),
    )


def spelled(name: str) -> dict[str, str]:
    """The names of the spaces by input in a name such as `joined(numbers=tabular,text=text)`; empty for others."""
    found = SPELLED.fullmatch(name.replace(" ", ""))
    if not found:
        return {}
    pairs = [part.partition("=") for part in found[1].split(",")]
    if not all(name.isidentifier() and space for name, _, space in pairs):
        raise SpaceError(f"Write the branches as joined(numbers=tabular,text=text), got {name!r}.")
    return {name: space for name, _, space in pairs}


def _known(spaces: Mapping[str, Space]) -> list[Known]:
    """The first known designs of all branches side by side, then the second ones."""
    made = []
    for place in range(MOST_KNOWN):
        branches = []
        for name, space in spaces.items():
            designs = list(space.known.values())
            if not designs:
                return []
            decisions = designs[min(place, len(designs) - 1)].decisions
            branches.append(Branch(name, resolve(space.cells, replay(decisions))))
        words = ("late_fusion", "late_fusion_of_the_second")[place]
        made.append(Known(words, SOURCE, Branches(tuple(branches), 64, 0), Fusion("concatenate", heads=4), Head()))
    return made[: 1 if made[:1] and made[0].cells == made[-1].cells else MOST_KNOWN]
