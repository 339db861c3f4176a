"""Networks that the user already has, as the first trials of a search: strategies go on from them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from nas.errors import InputError
from nas.journal.directory import EXPORTED
from nas.records.joint_space import JointSpace, recipe_of
from nas.records.proposal import Proposal
from search_spaces import SPACES
from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.profile import profile
from search_spaces.rules import broken

Network = str | Path | Architecture
ARCHITECTURE = "architecture.json"


def decisions_of(sources: Sequence[Network], joint: JointSpace, seed: int) -> tuple[Mapping[str, int], ...]:
    """The decisions of the first trials, each network once. What the recipe leaves open is drawn.

    Args:
        sources: `architecture.json` files, export or search directories that hold one, or architectures.

    Raises:
        InputError: no such file, a network of another space, or one that breaks a rule of this search.
    """
    if isinstance(sources, str | Path | Architecture):
        sources = (sources,)
    found: dict[str, Mapping[str, int]] = {}
    for place, source in enumerate(sources):
        proposal = _proposal(source, joint, random.Random(f"{seed}/given/{place}"))
        found.setdefault(proposal.architecture.fingerprint, dict(proposal.decisions))
    return tuple(found.values())


def _proposal(source: Network, joint: JointSpace, rng: random.Random) -> Proposal:
    name = f"{source.space!r} architecture" if isinstance(source, Architecture) else str(source)
    known = source if isinstance(source, Architecture) else _read(Path(source))
    if known.space != joint.space.name:
        raise InputError(
            f"{name} is of the space {known.space!r}, and this search is of {joint.space.name!r}. {_other_space(known)}"
        )
    recipe = recipe_of(known.decisions)
    try:
        same = joint.space.replay({path: index for path, index in known.decisions.items() if path not in recipe})
    except SpaceError as error:
        raise InputError(f"{name} does not fit the space {joint.space.name!r}: {error}") from None
    if known.cells and same.fingerprint != known.fingerprint:
        raise InputError(
            f"{name} was made when the space {joint.space.name!r} was another: its decisions now lead to other cells. "
            "Bring the old space back, or leave the file out."
        )
    try:
        rule = broken(joint.space.rules, same, joint.task)
        profile(same, joint.task)
    except SpaceError as error:
        raise InputError(f"{name} cannot be built for this data: {error} Leave it out.") from None
    if rule is not None:
        why = rule.explain(same, joint.task)
        raise InputError(f"{name} breaks a rule of this search: {why}. Change the rule, or leave the network out.")
    return joint.complete(same, recipe, rng)


def _other_space(known: Architecture) -> str:
    """How to go on with a network of another space."""
    if known.space in SPACES:
        return f"Search with `--space {known.space}`, or give a network of this space."
    return f"Search the space that it came from, or one of the catalogue: {', '.join(sorted(SPACES))}."


def _read(path: Path) -> Architecture:
    candidates = [path] if not path.is_dir() else [path / ARCHITECTURE, path / EXPORTED / ARCHITECTURE]
    file = next((one for one in candidates if one.is_file()), None)
    if file is None:
        raise InputError(
            f"There is no network at {path}. Give an `{ARCHITECTURE}`, or the directory of an export or of a search "
            "that was exported."
        )
    try:
        return Architecture.from_json(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SpaceError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
