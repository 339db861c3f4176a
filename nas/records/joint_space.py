"""What is searched: a space of architectures and, where the recipe holds a `Choice`, the recipe as well."""

from __future__ import annotations

import functools
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nas.config.recipe import TrainingConfig
from nas.errors import InputError
from nas.records.proposal import Proposal
from search_spaces import decide as deciders
from search_spaces.architecture import Architecture
from search_spaces.dsl import Decide, compiled
from search_spaces.errors import SpaceError
from search_spaces.narrow import narrowed
from search_spaces.profile import profile
from search_spaces.repair import Repair
from search_spaces.rules import Rule, broken, judged
from search_spaces.space import Space
from search_spaces.task import Task
from search_spaces.tree import count

RECIPE = "training"
TRIES = 200


@dataclass(frozen=True)
class JointSpace:
    """A space and a recipe, sampled, mutated and crossed as one; rules about the profile hold for `task`."""

    space: Space
    training: TrainingConfig
    task: Task

    def resolve(self, decide: Decide) -> Proposal:
        """What `decide(path, options) -> index` leads to; rules are not applied.

        Raises:
            InputError: options of the recipe that exclude each other.
        """
        architecture = self.space.resolve(decide)
        recipe: dict[str, int] = {}
        return self._proposal(architecture, self._resolve_recipe(decide, recipe), recipe)

    def replay(self, decisions: Mapping[str, int]) -> Proposal:
        """The proposal of these decisions. Raises SpaceError where they do not fit the space."""
        return self.resolve(deciders.replay(decisions))

    def sample(self, rng: random.Random) -> Proposal:
        """A random proposal that obeys the rules.

        Raises:
            RuleError: none was found.
        """
        return self._repaired(lambda: self.complete(self.space.sample(rng, self.task), {}, rng), rng)

    def mutate(self, parent: Proposal, rng: random.Random, changes: int = 1) -> Proposal:
        """`parent` with one decision redrawn, `changes` times over."""
        for _ in range(changes):
            parent = self._repaired(functools.partial(self._mutated, parent, rng), rng)
        return parent

    def crossover(self, first: Proposal, second: Proposal, rng: random.Random) -> Proposal:
        """Each decision as in one of the two."""
        return self._repaired(lambda: self._crossed(first, second, rng), rng)

    def complete(self, architecture: Architecture, recipe: Mapping[str, int], rng: random.Random) -> Proposal:
        """`architecture` with the decisions of `recipe`, and random ones where it has none.

        Where no recipe that is drawn obeys the rules with this architecture, the last one drawn; see `broken`.
        """
        decide = self._given(recipe, rng)
        for _ in range(TRIES):
            proposal = self._recipe(architecture, decide)
            drawn = recipe_of(proposal.decisions)
            if drawn.keys() <= recipe.keys() or not self._breaks_recipe_rule(proposal):
                break
        return proposal

    def drawn(self, decide: Decide, rng: random.Random) -> Proposal:
        """As `resolve`, but within what the space is narrowed to."""
        return self.resolve(self._within(decide, rng))

    def permits(self, decisions: Mapping[str, int]) -> bool:
        """Whether decisions are among those that are left where the space is narrowed."""
        return self.space.within is None or self.space.within.permits(decisions)

    def narrowed(self, ban: Sequence[str], pin: Sequence[str]) -> JointSpace:
        """This space without what is banned and with what is pinned, see `search_spaces.narrow`.

        Raises:
            SpaceError: nothing is so called, or nothing is left.
        """
        space = self.space
        rules = [rule for rule in space.rules if rule is not space.within]
        if ban or pin:
            rules.append(narrowed({"": space.cells, RECIPE: self.training}, ban, pin))
        return replace(self, space=Space(space.name, *space.cells, rules=rules, known=space.designs))

    def obeys(self, proposal: Proposal) -> bool:
        """Whether no rule is broken and the network can be built for the task."""
        try:
            profile(proposal.architecture, self.task)
        except SpaceError:
            return False
        return self.permits(proposal.decisions) and self.broken(proposal) is None

    def broken(self, proposal: Proposal) -> Rule | None:
        """The first rule that is broken, those over the recipe included."""
        return broken(self.space.rules, proposal.architecture, self.task, proposal.recipe)

    def size(self) -> int:
        """Number of decision sequences; rules are not applied."""
        return self.space.size() * count(self.training)

    def enumerate(self) -> Iterator[Proposal]:
        """Every proposal with a valid recipe, one per decision sequence; rules are not applied."""
        return filter(None, deciders.enumerate_all(self._resolve_valid))

    def _resolve_recipe(self, decide: Decide, recipe: dict[str, int]) -> TrainingConfig:
        """The recipe that `decide` leads to; what it decides is written to `recipe`."""
        training: TrainingConfig = self._draw_recipe(deciders.recording(decide, recipe))
        return training

    def _within(self, decide: Decide, rng: random.Random) -> Decide:
        return deciders.within(decide, self.space.allowed, rng)

    @functools.cached_property
    def _draw_recipe(self) -> Callable[[Decide], Any]:
        return compiled(self.training, RECIPE)

    @functools.cached_property
    def _recipe_rules(self) -> list[Rule]:
        """The rules that speak of the recipe."""
        return [rule for rule in judged(self.space.rules, self.task, with_recipe=True) if rule.needs_recipe]

    def __getstate__(self) -> dict[str, Any]:
        return {"space": self.space, "training": self.training, "task": self.task}

    def _breaks_recipe_rule(self, proposal: Proposal) -> bool:
        architecture, task, recipe = proposal.architecture, self.task, proposal.recipe
        return any(rule.distance(architecture, task, recipe) > 0 for rule in self._recipe_rules)

    def _repaired(self, draw: Callable[[], Proposal], rng: random.Random) -> Proposal:
        """A draw, repaired where rules speak of the recipe: those over cells alone are the space's own concern."""
        if not self._recipe_rules:
            return draw()
        rules = judged(self.space.rules, self.task, with_recipe=True)

        def vary(one: Proposal) -> Proposal:
            recipe = recipe_of(one.decisions)
            if recipe and rng.random() < len(recipe) / len(one.decisions):
                return self._recipe(one.architecture, self._within(deciders.mutate(recipe, rng), rng))
            architecture = self.space.drawn(deciders.mutate(one.architecture.decisions, rng), rng)
            return self._recipe(architecture, self._given(recipe, rng))

        what = f"candidates (architecture and recipe) of space {self.space.name!r}"
        return Repair(what, rules, self.task, lambda one: (one.architecture, one.recipe), vary).found(draw)

    def _mutated(self, parent: Proposal, rng: random.Random) -> Proposal:
        recipe = recipe_of(parent.decisions)
        if recipe and rng.random() < len(recipe) / len(parent.decisions):
            return self._recipe(parent.architecture, self._within(deciders.mutate(recipe, rng), rng))
        return self.complete(self.space.mutate(parent.architecture, rng, self.task), recipe, rng)

    def _crossed(self, first: Proposal, second: Proposal, rng: random.Random) -> Proposal:
        architecture = self.space.crossover(first.architecture, second.architecture, rng, self.task)
        recipes = recipe_of(first.decisions), recipe_of(second.decisions)
        return self._recipe(architecture, self._within(deciders.crossover(*recipes, rng), rng))

    def _given(self, recipe: Mapping[str, int], rng: random.Random) -> Decide:
        return self._within(deciders.replay(recipe, otherwise=deciders.at_random(rng)), rng)

    def _resolve_valid(self, decide: Decide) -> Proposal | None:
        try:
            return self.resolve(decide)
        except InputError:  # two options of the recipe exclude each other
            return None

    def _recipe(self, architecture: Architecture, decide: Decide) -> Proposal:
        """Draws the recipe until it is valid: a pair of options may exclude each other."""
        refused: InputError | None = None
        for attempt in range(TRIES):
            recipe: dict[str, int] = {}
            try:
                return self._proposal(architecture, self._resolve_recipe(decide, recipe), recipe)
            except InputError as error:
                refused = error
            rng = random.Random(f"{architecture.fingerprint} {sorted(recipe.items())} {attempt}")
            decide = self._within(deciders.at_random(rng), rng)
        raise InputError(f"No valid recipe in {TRIES} draws from the `Choice`s of `training`: {refused}")

    def _proposal(self, architecture: Architecture, training: TrainingConfig, recipe: Mapping[str, int]) -> Proposal:
        fingerprint = architecture.fingerprint
        if recipe:
            fingerprint = hashlib.sha256(f"{fingerprint} {training.identity}".encode()).hexdigest()[:16]
        return Proposal(architecture, training, {**architecture.decisions, **recipe}, fingerprint)


def recipe_of(decisions: Mapping[str, int]) -> dict[str, int]:
    """The decisions that belong to the recipe."""
    return {path: index for path, index in decisions.items() if is_of_recipe(path)}


def is_of_recipe(path: str) -> bool:
    """Whether a decision belongs to the recipe: `training.ema`, or `training` itself, which takes one of several."""
    return path == RECIPE or path.startswith((f"{RECIPE}.", f"{RECIPE}:"))


def in_words(path: str) -> str:
    """A path as tables show it: that of a decision of the recipe begins with `recipe`."""
    return f"recipe{path.removeprefix(RECIPE)}" if is_of_recipe(path) else path
