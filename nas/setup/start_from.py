"""Networks that the user already has, as the first trials of a search: strategies go on from them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from nas.config.recipe import TrainingConfig
from nas.errors import InputError, known
from nas.journal.directory import EXPORTED
from nas.records.joint_space import RECIPE, JointSpace, in_words, recipe_of
from nas.records.proposal import Proposal
from search_spaces import SPACES
from search_spaces import decide as deciders
from search_spaces.architecture import Architecture
from search_spaces.cells import Members
from search_spaces.dsl import Choice
from search_spaces.errors import SpaceError
from search_spaces.find import begins, fill, find
from search_spaces.profile import profile
from search_spaces.rules import broken
from search_spaces.tree import in_a_row, outcomes, places

Network = str | Path | Architecture | Mapping[str, Any] | tuple[Any, ...] | list[Any]
TRIES = 200
ARCHITECTURE = "architecture.json"


def decisions_of(sources: Sequence[Network], joint: JointSpace, seed: int) -> tuple[Mapping[str, int], ...]:
    """The decisions of the first trials, each network once, or once for each recipe given. What is left open is drawn.

    Args:
        sources: `architecture.json` files, export or search directories that hold one, architectures, tuples of cells,
            or what some places are to be, by path or its end: `{"width": 32, "recipe.learning_rate": 0.01}`.
            A network of another space is taken where this one holds the same cells.

    Raises:
        InputError: no such file, a network of another space, or one that breaks a rule of this search.
    """
    if isinstance(sources, str | Path | Architecture | Mapping):
        sources = (sources,)
    found: dict[str, Mapping[str, int]] = {}
    for place, source in enumerate(sources):
        proposal = _proposal(source, joint, random.Random(f"{seed}/given/{place}"))
        how = isinstance(source, Mapping) and any(map(_is_of_recipe, source))
        key = proposal.fingerprint if how else proposal.architecture.fingerprint
        found.setdefault(key, dict(proposal.decisions))
    return tuple(found.values())


def _proposal(source: Network, joint: JointSpace, rng: random.Random) -> Proposal:
    if isinstance(source, Mapping):
        return _filled(source, joint, rng)
    if isinstance(source, tuple | list):
        source = Architecture(joint.space.name, tuple(source), {})
    name = f"{source.space!r} architecture" if isinstance(source, Architecture) else str(source)
    known = source if isinstance(source, Architecture) else _read(Path(source))
    if not _leads_there(known, joint):
        found = find(joint.space, known.cells) if known.cells else None
        if found is not None:
            recipe = recipe_of(known.decisions)
            known = Architecture(joint.space.name, known.cells, {**found, **recipe})
        elif not known.decisions:
            raise InputError(f"{_nearest(known, joint)} Write cells that the space holds, or leave it out.")
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
    return _with_recipe(name, same, recipe, joint, rng)


def _with_recipe(
    name: str, architecture: Architecture, recipe: Mapping[str, int], joint: JointSpace, rng: random.Random
) -> Proposal:
    """The network with these decisions of its recipe, and others drawn."""
    proposal = joint.complete(architecture, recipe, rng)
    lost = [path for path, index in recipe.items() if proposal.decisions.get(path) != index]
    if lost:
        raise InputError(f"{name} gives `{in_words(lost[0])}` what no recipe of this search has so. Leave it out.")
    rule = joint.broken(proposal)
    if rule is not None:
        why = rule.explain(architecture, joint.task, proposal.recipe)
        raise InputError(
            f"{name} breaks a rule of this search with every recipe that was tried: {why}. Change the rule, or leave "
            "the network out."
        )
    return proposal


def _leads_there(known: Architecture, joint: JointSpace) -> bool:
    """Whether the decisions of the network lead to it in this space too."""
    recipe = recipe_of(known.decisions)
    try:
        same = joint.space.replay({path: index for path, index in known.decisions.items() if path not in recipe})
    except SpaceError:
        return False
    return known.space == joint.space.name and (not known.cells or same.fingerprint == known.fingerprint)


def _nearest(known: Architecture, joint: JointSpace) -> str:
    """Which cell of the network is the first that the space does not hold where it stands."""
    for length in range(len(known.cells), 0, -1):
        if begins(joint.space, known.cells[:length]):
            wrong = known.cells[length] if length < len(known.cells) else "the end"
            return f"The space {joint.space.name!r} holds no network that goes on with {wrong!r} as number {length}."
    return f"The space {joint.space.name!r} holds no network that begins with {known.cells[0]!r}."


def _filled(values: Mapping[str, Any], joint: JointSpace, rng: random.Random) -> Proposal:
    """A network with these values, the rest drawn."""
    given = {name: value for name, value in values.items() if not _is_of_recipe(name)}
    fixed = fill(joint.space, given)
    unused = [name for name, value in given.items() if not fill(joint.space, {name: value})]
    if unused:
        known = sorted({path.rpartition(".")[2] or path for path, _ in places(joint.space.cells)})
        raise InputError(
            f"`start_from` gives {unused[0]!r} the value {given[unused[0]]!r}, and no place of the space "
            f"{joint.space.name!r} so called has this option. Its places: {', '.join(known[:30])}."
        )
    recipe = _recipe_of(values, joint, rng)
    refused: InputError | None = None
    for _ in range(TRIES):
        architecture = joint.space.resolve(deciders.replay(fixed, otherwise=deciders.at_random(rng)))
        try:
            profile(architecture, joint.task)
        except SpaceError:
            continue
        if joint.space.obeys(architecture, joint.task):
            try:
                return _with_recipe(f"The network with {dict(values)}", architecture, recipe, joint, rng)
            except InputError as error:  # another network may go with a recipe that obeys
                refused = error
    raise refused or InputError(
        f"No network with {dict(given)} obeys the rules of this search. Give less, or loosen a rule."
    )


def _is_of_recipe(name: str) -> bool:
    return name.startswith(("recipe.", f"{RECIPE}."))


def _recipe_of(values: Mapping[str, Any], joint: JointSpace, rng: random.Random) -> dict[str, int]:
    """The recipe's decisions for the values that are given of it; of several recipes one that can have them all."""
    given = {
        name.removeprefix("recipe.").removeprefix(f"{RECIPE}."): value
        for name, value in values.items()
        if _is_of_recipe(name)
    }
    several = isinstance(joint.training, Choice)
    recipes = list(outcomes(joint.training))
    able = []
    for number, recipe in enumerate(recipes):
        taken = _taken(given, recipe, f"{RECIPE}:{number}" if several else RECIPE)
        if taken is not None:
            able.append({**({RECIPE: number} if several and given else {}), **taken})
    if not able:
        options = {name: [one for recipe in recipes for one in outcomes(_setting(recipe, name))] for name in given}
        listed = "; ".join(f"{name}: {', '.join(dict.fromkeys(map(repr, one)))}" for name, one in options.items())
        raise InputError(f"`start_from` gives the recipe {given}, which no recipe of this search has. It has {listed}.")
    return rng.choice(able)


def _taken(given: Mapping[str, Any], recipe: TrainingConfig, path: str) -> dict[str, int] | None:
    """The decisions by which a recipe that begins at `path` has these values; None where it cannot."""
    taken = {}
    for name, value in given.items():
        setting = _setting(recipe, name)
        options = setting.options if isinstance(setting, Choice) else (setting,)
        if value not in options:
            return None
        if isinstance(setting, Choice):
            taken[f"{path}.{name}"] = options.index(value)
    return taken


def _setting(recipe: TrainingConfig, name: str) -> Any:
    """What a recipe says of a setting, which may be open; `fidelity.width` is the width of its fidelity."""
    first, _, inner = name.partition(".")
    known("recipe setting", first, [part.name for part in fields(TrainingConfig)])
    setting = getattr(recipe, first)
    return getattr(setting, inner, None) if inner else setting


def _other_space(known: Architecture) -> str:
    """How to go on with a network of another space."""
    if known.space in SPACES:
        return f"Search with `--space {known.space}`, or give a network of this space."
    return f"Search the space that it came from, or one of the catalogue: {', '.join(sorted(SPACES))}."


def _one_member(known: Architecture) -> Architecture:
    """The network whose mean over several seeds it is; else itself."""
    if len(known.cells) == 1 and isinstance(known.cells[0], Members):
        return Architecture(known.space, tuple(in_a_row(known.cells[0].cells)), known.decisions)
    return known


def _read(path: Path) -> Architecture:
    candidates = [path] if not path.is_dir() else [path / ARCHITECTURE, path / EXPORTED / ARCHITECTURE]
    file = next((one for one in candidates if one.is_file()), None)
    if file is None:
        raise InputError(
            f"There is no network at {path}. Give an `{ARCHITECTURE}`, or the directory of an export or of a search "
            "that was exported."
        )
    try:
        return _one_member(Architecture.from_json(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, SpaceError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
