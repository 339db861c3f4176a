"""A deployed network against challengers: a search that begins from it, one sealed test for both, and a verdict."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from nas.config.data_options import DataOptions
from nas.config.search_config import AUTO
from nas.data import Dataset, load
from nas.data.schema import TARGET, Schema
from nas.driver.events import Observer
from nas.errors import InputError, SearchFailed
from nas.export.load_predictor import LoadedPredictor, load_predictor
from nas.final.verdict import Rival, compared
from nas.records.verdict import BETTER, Verdict
from nas.search import SearchResult, search
from nas.setup.start_from import ARCHITECTURE
from nas.steering.own_network import is_named, named_network, outputs_of
from nas.steering.own_stages import space_around
from nas.tracking import deploy, export_in_registry
from search_spaces import SPACES
from search_spaces.architecture import Architecture

CHAMPION = "the champion"


@dataclass(frozen=True)
class Evolved:
    """What came of it.

    Args:
        verdict: on the search's winner against the champion, on the same sealed examples.
        result: of the search.
        version: under which the challenger is the champion now; empty where the alias did not move.
    """

    verdict: Verdict
    result: SearchResult
    version: str = ""

    @property
    def better(self) -> bool:
        """Whether the challenger won."""
        return self.verdict.kind == BETTER


def evolve(
    champion: str | Path | nn.Module,
    data: Any,
    budget: str,
    *,
    alias: str = "champion",
    options: DataOptions | None = None,
    space: str = AUTO,
    tracking_uri: str | None = None,
    observers: Sequence[Observer] = (),
    say: Callable[[str], None] = lambda text: None,
    **settings: Any,
) -> Evolved:
    """Searches from a champion, and puts the winner in its place only where the paired test says that it is better.

    Args:
        champion: the directory of a search or an export, the name of a registered model, or a network that you have
            trained yourself: an `nn.Module`, or its name as `module:attribute`; see `own_network.outputs_of`.
        data: of the champion's task, see `nas.search`; one part is sealed for the test of both.
        alias: of the registered model that names its champion, and that moves.
        options: how the data is read; target and metric are the champion's unless they say others.
        space: to search; by default the champion's. For a network of your own its stages and what may stand in their
            place, see `own_stages.space_around`; by the data where it is no `nn.Sequential` of such stages.
        say: is told what was understood, a line each.
        settings: see `nas.search`.

    Raises:
        InputError: no such champion, or data of another task; nothing was written.
        SearchFailed: not a single challenger could be trained, or the winner was not exported.
    """
    if isinstance(champion, nn.Module) or (isinstance(champion, str) and is_named(champion)):
        network = champion if isinstance(champion, nn.Module) else named_network(champion)
        say(f"Champion: a network of your own, {sum(one.numel() for one in network.parameters()):,} parameters.")
        dataset = load(data, options=options or DataOptions())
        outputs = outputs_of(network, dataset)
        around: Any = space
        if space == AUTO:
            try:
                around, cells = space_around(network, dataset.task)
                settings = {"start_from": (cells,), **settings}
                say(f"The search begins from its {len(cells)} stages, and exchanges and adds to them.")
            except InputError as error:
                say(f"The search does not begin from its layers: {error}.")
        result = search(
            data, around, budget, options=options, tracking_uri=tracking_uri, observers=observers, **settings
        )
        return Evolved(_verdict(result, dataset, outputs), result)
    directory = Path(champion)
    with tempfile.TemporaryDirectory() as folder:
        name = "" if directory.exists() else str(champion)
        if name:
            export, version = export_in_registry(name, alias, tracking_uri, Path(folder))
            say(f"Champion: version {version} of {name!r} in the registry.")
        else:
            say(f"Champion: the network in {directory}.")
            export = directory
        predictor = load_predictor(export)
        options = _like(predictor.schema, options or DataOptions())
        dataset = load(data, options=options)
        outputs = _outputs(predictor, dataset)
        for line in _notes(predictor.schema, dataset):
            say(line)
        result = search(
            data,
            _space(predictor.directory) if space == AUTO else space,
            budget,
            start_from=(predictor.directory,),
            options=options,
            tracking_uri=tracking_uri,
            observers=observers,
            **settings,
        )
    verdict = _verdict(result, dataset, outputs)
    if verdict.kind != BETTER or not name:
        return Evolved(verdict, result)
    made = deploy(result.directory, name, alias, tracking_uri, None)
    return Evolved(verdict, result, made.version)


def _verdict(result: SearchResult, dataset: Dataset, outputs: np.ndarray) -> Verdict:
    """On the search's winner against the champion, whose outputs these are."""
    if result.exported is None:
        raise SearchFailed(f"The winner of {result.directory} was not exported, so that it cannot take a place.")
    challenger = _outputs(load_predictor(result.exported), dataset)
    return compared(dataset.task, challenger, dataset.test.open().targets, Rival(CHAMPION, float("nan"), outputs))


def _like(schema: Schema, options: DataOptions) -> DataOptions:
    """The options, with the champion's target and metric where they name none."""
    named = any(column.role == TARGET for column in schema.columns)
    asked: dict[str, Any] = {}
    if named and not options.target:
        asked["target"] = schema.targets
    if options.metric == DataOptions().metric:
        asked["metric"] = schema.metric
    if options.positive == DataOptions().positive and schema.positive:
        asked["positive"] = schema.positive
    return dataclasses.replace(options, **asked)


def _space(export: Path) -> str:
    """The champion's space where it is one of the catalogue."""
    space = Architecture.from_json((export / ARCHITECTURE).read_text(encoding="utf-8")).space
    if space not in SPACES:
        raise InputError(f"The champion is of the space {space!r}, which is not in the catalogue. Name it by --space.")
    return space


def _outputs(predictor: LoadedPredictor, dataset: Dataset) -> np.ndarray:
    """For the sealed test rows, `(n, outputs)` in the order of the data's classes.

    Raises:
        InputError: the data is of another task.
    """
    schema, rows = dataset.schema, dataset.test.open_rows()
    if schema is None or rows is None:
        raise InputError("The data has no raw rows to compare on. Give a file, a folder or a table.")
    known = predictor.schema
    for what, one, other in (
        ("kind", known.kind, schema.kind),
        ("layout", known.layout, schema.layout),
        ("classes" if known.kind != "regression" else "targets", sorted(known.classes), sorted(schema.classes)),
        ("metric", known.metric, schema.metric),
    ):
        if one != other:
            raise InputError(
                f"The data is of another task than the champion: its {what} {_words(other)}, the champion's "
                f"{_words(one)}. Give data like what the champion was trained on."
            )
    try:
        found = predictor(rows).outputs
    except InputError as error:
        raise InputError(f"The champion cannot read this data: {error}") from None
    return np.asarray(found[:, [predictor.names.index(name) for name in dataset.classes]])


def _words(value: object) -> str:
    return ", ".join(map(str, value[:20])) if isinstance(value, list) else str(value)


def _notes(known: Schema, dataset: Dataset) -> list[str]:
    schema = dataset.schema
    if schema is None or known.fingerprint == schema.fingerprint:
        return []
    return [
        f"The data is not what the champion was trained on. If some of its {len(dataset.test):,} test rows were among "
        "the champion's training rows, the champion looks better than it is."
    ]
