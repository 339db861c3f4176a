"""A whole search on one page: open data, space and journal; try candidates; train the best in full; export; sum up."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas.config.budget import Budget
from nas.config.recipe import TrainingConfig
from nas.config.search_config import SearchConfig
from nas.data import Dataset
from nas.driver import time_account as statement
from nas.driver.clock import Clock
from nas.driver.driver import Trials
from nas.driver.events import Observer, Observers
from nas.driver.interrupt import interruptible
from nas.driver.successive_halving import NeverStop, SuccessiveHalving
from nas.driver.view import view_of
from nas.errors import InputError, SearchFailed
from nas.execution.executor import Workers, executor
from nas.execution.placement import Placement, placed
from nas.journal.journal import Journal, JournalError, check_free
from nas.records.joint_space import JointSpace
from nas.records.results import SearchResult
from nas.setup import problem as opening
from nas.setup.learn_from import learn_from as learned_from
from nas.setup.start_from import Given, given
from nas.strategies import STRATEGIES
from nas.strategies.guided import Guided
from nas.strategies.optuna.study import Study
from nas.strategies.proxy_stage import ProxyStage
from search_spaces.space import Space

LAG = 3  # trainings that a new predictor may take to fit, so that no slot waits for it


def search(
    data: Any,
    space: str | Space = "hybrid",
    budget: str = "10m",
    *,
    objectives: Sequence[str] = ("score",),
    limits: Mapping[str, float] | None = None,
    strategy: str = "guided",
    predictor: str = "auto",
    seed: int = 0,
    directory: str | Path | None = None,
    training: TrainingConfig | None = None,
    start_from: Sequence[Given] = (),
    learn_from: Sequence[str | Path] = (),
    observers: Sequence[Observer] = (),
    **settings: Any,
) -> SearchResult:
    """Searches the space for the network that scores best on the data, within the budget.

    Args:
        data: a known name (`digits`), a path (`.npz`, `.csv`, folder of pictures), or arrays or tensors `(X, y)`.
        space: a name of the catalogue, `module:attribute`, or a `Space`.
        budget: `10m`, `2h`, `200 trials`, `4 gpu-hours`, or several: `2h, 500 trials`.
        objectives, limits, strategy, predictor, seed, training and all `settings`: see `SearchConfig`.
        directory: for the journal and everything else; new or empty.
        start_from: networks of the space to try first: `architecture.json` files, directories of exports or searches.
        learn_from: directories of earlier searches of the space, on other data too, whose findings `guided` uses.
        observers: told of everything, beside MLflow.

    Raises:
        InputError, SpaceError: something asked for breaks a rule; nothing was written.
        SearchFailed: not a single candidate could be trained.
    """
    began = time.monotonic()
    unknown = sorted(set(settings) - {field.name for field in dataclasses.fields(SearchConfig)})
    if unknown:
        raise InputError(f"Unknown setting {unknown[0]!r}. See `nas.SearchConfig` for those there are.")
    config = SearchConfig(
        data=opening.reference(data),
        space=space if isinstance(space, str) else "",
        budget=str(budget),
        objectives=tuple(objectives),
        limits=dict(limits or {}),
        strategy=strategy,
        predictor=predictor,
        seed=seed,
        training=training or TrainingConfig(),
        **settings,
    )
    config.validate()
    opened = opening.named(space)
    dataset = opening.opened_data(data, config)
    joint = opening.searched(opened, config, dataset)
    pasts = learned_from(learn_from, joint, config.strategy)
    config = dataclasses.replace(config, start_from=given(start_from, joint, seed), learn_from=pasts)
    path = opening.directory_for(directory, opened.name, dataset.name)
    check_free(path)
    with contextlib.ExitStack() as workers:
        offered = workers.enter_context(executor(config.executes_on)(config, dataset.search))
        placed(config, offered, dataset)
        with Journal.create(path, opening.header(config, joint, dataset), began) as journal:
            return run(journal, config, joint, dataset, offered, workers.close, observers)


def resume(
    directory: str | Path,
    *,
    data: Any = None,
    space: Space | None = None,
    budget: str | None = None,
    observers: Sequence[Observer] = (),
) -> SearchResult:
    """Goes on with an interrupted search from its journal: nothing that was finished is repeated, nothing is forgotten.

    Args:
        data: only where the search was given arrays.
        space: only where the search was given a `Space` object.
        budget: a new one, for more (or less) than was asked for at first; what was spent counts.

    Raises:
        InputError: no search there, one that another process runs, one that has come to its end and is given no more,
            or data or space that differ from the first time.
    """
    began = time.monotonic()
    with Journal.open(Path(directory).absolute(), began) as journal:
        config = SearchConfig.from_json(journal.header.config)
        if budget is not None:
            config = dataclasses.replace(config, budget=str(budget))
        config.validate()
        if budget is None:
            opening.check_unfinished(journal, config)
        if (space is None and not config.space) or (data is None and not config.data):
            what = "space" if space is None and not config.space else "data"
            raise InputError(f"This search was given its {what} as an object. Write `nas.resume(directory, {what}=…)`.")
        dataset = opening.opened_data(config.data if data is None else data, config)
        joint = opening.searched(opening.named(space or config.space), config, dataset)
        opening.check_same(journal.header, joint, dataset)
        with contextlib.ExitStack() as workers:
            offered = workers.enter_context(executor(config.executes_on)(config, dataset.search))
            if budget is not None:
                journal.set_config(config.to_json())
            journal.requeue()
            journal.end("", "")  # not any more
            return run(journal, config, joint, dataset, offered, workers.close, observers, resumed=True)


def run(
    journal: Journal,
    config: SearchConfig,
    joint: JointSpace,
    dataset: Dataset,
    workers: Workers,
    end_workers: Callable[[], None],
    observers: Sequence[Observer] = (),
    resumed: bool = False,
) -> SearchResult:
    """The search itself, from an open journal to a result."""
    config, placement = placed(config, workers, dataset)
    watching = Observers([*opening.trackers(config), *observers])
    clock = Clock(Budget.parse(config.budget), journal.elapsed, config.final_share if config.final else 0.0)
    trials = make_trials(journal, config, joint, dataset, clock, watching, placement)
    watching.search_started(view_of(trials, config, dataset, resumed))
    result = None
    try:
        with interruptible(lambda: trials.stop("interrupted")):
            with trials.search_phase():
                workers.train(trials, joint, config)
            if not trials.contenders():
                raise SearchFailed(trials.why_nothing())
            final, exported = _finish(trials, config, dataset, watching, end_workers) if config.final else (None, None)
        end_workers()
        result = _result(trials, config, final, exported)
    finally:
        watching.search_ended(result)
    return result


def _result(trials: Trials, config: SearchConfig, final: Any, exported: Path | None) -> SearchResult:
    journal, elapsed = trials.journal, trials.clock.elapsed()
    parts = statement.account(journal.spent, journal.tally.seconds, elapsed)
    text = statement.statement(parts, trials.clock.budget, elapsed)
    with contextlib.suppress(JournalError):
        journal.end(trials.ended, text)
    if trials.ended in opening.DONE:
        trials.heritage.clear()
    return SearchResult(
        directory=journal.directory,
        config=config,
        candidates=tuple(trials.candidates()),
        final=final,
        statement=text,
        ended=trials.ended,
        exported=exported,
        spent=parts,
    )


def _finish(
    trials: Trials, config: SearchConfig, dataset: Dataset, observer: Observer, end_workers: Callable[[], None]
) -> Any:
    from nas.final.finish import finish  # only now: what exports need is not loaded before the first training

    return finish(trials, config, dataset, observer, end_workers)


def make_trials(
    journal: Journal,
    config: SearchConfig,
    joint: JointSpace,
    dataset: Dataset,
    clock: Clock,
    observer: Observers,
    placement: Placement,
) -> Trials:
    """The driver's decisions, rebuilt from the journal."""
    epochs = opening.epochs_for(config, dataset)
    sampler = STRATEGIES[config.strategy](joint, seed=config.seed, objectives=config.objectives)
    sampler.given = config.start_from
    if isinstance(sampler, Guided):
        sampler.predictor, sampler.on_evidence = config.predictor, observer.evidence
        sampler.pasts = config.learn_from
        sampler.proxies = ProxyStage.of(dataset.search, epochs, config.seed) if config.proxies else None
        sampler.lag = LAG if config.executes_on == "ray" else 0
    stopping = SuccessiveHalving(epochs) if config.early_stopping else NeverStop()
    stopping.take_up(journal.rows)
    return Trials(
        journal,
        Study(joint, sampler, config.objectives, journal.rows),
        stopping,
        clock,
        observer,
        epochs=epochs,
        seed=config.seed,
        checkpoints=opening.checkpoints_for(config, journal.directory),
        patience=config.patience,
        share=placement.share,
        heritage=opening.heritage_for(config, journal, joint, stopping.rungs),
    )
