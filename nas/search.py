"""A whole search on one page: open data, space and journal; try candidates; train the best in full; export; sum up."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas import execution
from nas.baselines import chosen
from nas.config.budget import Budget
from nas.config.data_options import DataOptions
from nas.config.edit import changed_budget, goal_of
from nas.config.own_code import names_within
from nas.config.recipe import TrainingConfig, with_settings
from nas.config.search_config import AUTO, SearchConfig
from nas.data import Dataset
from nas.driver import time_account
from nas.driver.clock import Clock
from nas.driver.driver import Driver
from nas.driver.events import Observer, Observers, SearchStarted, observers_of
from nas.driver.goal import Goal
from nas.driver.interrupt import interruptible
from nas.driver.promotion import Promotion
from nas.driver.successive_halving import NeverStop, SuccessiveHalving
from nas.errors import InputError, SearchFailed, known
from nas.execution.executor import Executor, WorkersLost
from nas.execution.placement import placement_for, share_of
from nas.journal.directory import check_free, claimed, directory_for
from nas.journal.journal import Journal, JournalError
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.proposal import Proposal
from nas.records.results import FinalResult
from nas.report.notebook import watched
from nas.report.search_result import SearchResult
from nas.setup import problem as setup
from nas.setup.affordable import check_affordable
from nas.setup.changed_code import accepted_changes, enter_changed_code, new_segment, resumed_space
from nas.setup.kept_code import KEPT_CODE, enter_kept_code, prefer_live
from nas.setup.kept_space import KEPT
from nas.setup.known_designs import known_designs
from nas.setup.learn_from import earlier_searches
from nas.setup.machine import check_machine
from nas.setup.plan import Plan, Stopwatch, epochs_for_data, plan_for
from nas.setup.start_from import Network, decisions_of
from nas.setup.steering import Steering
from nas.strategies import STRATEGIES
from nas.strategies.strategy import Settings
from nas.tracking.address import store_uri
from nas.training.storage import remove
from search_spaces.dsl import Choice
from search_spaces.rules import Rule
from search_spaces.space import Space

LAG = 3  # trainings that a new predictor may take to fit, so that no slot waits for it
RECIPE_SETTINGS = tuple(field.name for field in dataclasses.fields(TrainingConfig))
CRASHES = 5  # times that all workers may be lost before a search gives up


def search(
    data: Any,
    space: str | Space = "auto",
    budget: str = "10m",
    *,
    objectives: Sequence[str] = ("score",),
    limits: dict[str, float] | None = None,
    strategy: str = "guided",
    predictor: str = "auto",
    seed: int = 0,
    directory: str | Path | None = None,
    training: TrainingConfig | Choice | None = None,
    rules: Rule | Sequence[Rule] = (),
    start_from: Sequence[Network] = (),
    learn_from: Sequence[str | Path] = (),
    observers: Sequence[Observer] = (),
    prepare: bool = False,
    **settings: Any,
) -> SearchResult:
    """Searches the space for the network that scores best on the data, within the budget.

    Args:
        data: a known name (`digits`), a path, or objects such as `(X, y)` and DataFrames; see `nas.data.load`, whose
            `Dataset` is taken as well.
        space: a name of the catalogue, `module:attribute`, or a `Space`; `auto` goes by the kind of data.
        budget: `10m`, `2h`, `200 trials`, `4 gpu-hours`, or several: `2h, 500 trials`.
        objectives, limits, strategy, predictor, seed, training and all `settings`: see `SearchConfig`; names of
            `DataOptions` say how the data is read, e.g. `target="price"`, and names of `TrainingConfig` how candidates
            are trained, e.g. `loss=Focal`.
        rules: beside those of the space, over architecture and recipe, see docs/spaces.md. `training` may be a `Choice`
            of whole recipes.
        directory: for the journal and everything else; new or empty.
        start_from: networks of the space to try first: `architecture.json` files, directories of exports or searches.
        learn_from: directories of earlier searches of the space, on other data too, whose findings `guided` uses.
        observers: told of everything, beside MLflow.
        prepare: only set the search up. `nas.ask` and `nas.tell` go on with it, or `nas.resume`.

    Raises:
        InputError, SpaceError: something asked for breaks a rule; nothing was written.
        SearchFailed: not a single candidate could be trained.
    """
    began, observers = time.monotonic(), watched(observers_of(observers))
    said = {name: settings.pop(name) for name in DataOptions.names() if name in settings}
    how = {name: settings.pop(name) for name in RECIPE_SETTINGS if name in settings}
    for name in settings:
        known(
            "setting",
            name,
            [*(field.name for field in dataclasses.fields(SearchConfig)), *DataOptions.names(), *RECIPE_SETTINGS],
        )
    options = dataclasses.replace(settings.pop("options", None) or DataOptions(), **said).located()
    config = SearchConfig(
        data=setup.reference(data),
        space=space if isinstance(space, str) else "",
        budget=Budget.parse(budget),
        objectives=tuple(objectives),
        limits=dict(limits or {}),
        strategy=strategy,
        predictor=predictor,
        seed=seed,
        training=with_settings(training or TrainingConfig(), how),
        options=options,
        **settings,
    )
    prefer_live(names_within((config.training, config.options.metric)))
    _check(config)
    if config.tracking_uri != "":  # the journal has the store as it is found from any folder, and no password
        config = dataclasses.replace(config, tracking_uri=store_uri(config.tracking_uri))
    if space != AUTO:
        setup.named_space(space)  # refused before the data is read
    dataset = setup.opened_data(data, config)
    opened = setup.space_for(space, dataset)
    config = dataclasses.replace(config, space=opened.name) if space == AUTO else config
    if isinstance(rules, Rule) or rules:
        opened, config = setup.with_rules(opened, rules), dataclasses.replace(config, space="")
    config = dataclasses.replace(config, training=setup.recipe_for(config.training, dataset.task))
    chosen(config.baselines, dataset.task)
    goal_of(config, dataset.task.metric)
    joint = setup.joint_space(opened, config, dataset)
    path = directory_for(directory, opened.name, dataset.name)
    check_free(path)
    _rehearse(joint, dataset, observers)
    watch, examples = Stopwatch.of(config, joint, dataset), len(dataset.search.train)
    plan = plan_for(config, joint, dataset, watch)
    check_affordable(config.budget, joint, plan, watch, examples)
    config = dataclasses.replace(  # in the journal stands what was named and planned, whatever becomes of the files
        config,
        start_from=decisions_of(start_from, joint, seed),
        learn_from=earlier_searches(learn_from, joint, strategy),
        designs=_designs(config, joint, plan, watch, examples),
        epochs=plan.epochs,
        training=plan.recipe(config.training),
    )
    joint = dataclasses.replace(joint, training=config.recipe)
    here = dataclasses.replace(config, executor="local") if prepare else config
    with execution.opened(here, dataset.search) as executor:
        problem = _problem(joint, dataset, config, executor)
        path = path if directory is not None else claimed(path)
        with Journal.create(path, setup.header(config, joint, dataset), began) as journal:
            _keep(path, opened, config, observers)
            if dataset.schema is not None:
                dataset.schema.save(path)
            if prepare:
                return SearchResult(directory=path, config=config, candidates=(), ended="")
            words = {"plan": plan.sentence(examples), "why_space": setup.why_space(space, dataset)}
            return _run(journal, config, problem, executor, observers, words=words)


def resume(
    directory: str | Path,
    *,
    data: Any = None,
    space: Space | None = None,
    budget: str | None = None,
    observers: Sequence[Observer] = (),
    accept_changed_code: bool = False,
) -> SearchResult:
    """Goes on with an interrupted search from its journal: nothing that was finished is repeated, nothing is forgotten.

    Args:
        data: only where the search was given arrays.
        space: only where the search was given a `Space` object whose rules hold code that could not be kept.
        budget: a new one, or more of the old one (`+1h`); what was spent counts.
        accept_changed_code: go on with a person's own code as it is now, where it has been changed since; trials of
            before are marked.

    Raises:
        InputError: no search there, one that another process runs, one that has come to its end and is given no more,
            or data, space or code that differ from the first time.
    """
    began, observers = time.monotonic(), watched(observers_of(observers))
    with Journal.open(Path(directory).absolute(), began) as journal:
        config = SearchConfig.from_json(journal.header.config)
        if budget is None:
            setup.check_unfinished(journal, config)
        else:
            config = dataclasses.replace(config, budget=changed_budget(config.budget, budget))
        _check(config)
        if data is None and not config.data:
            raise InputError("This search was given its data as an object. Write `nas.resume(directory, data=…)`.")
        changes = accepted_changes(journal.directory, accept_changed_code)
        given, changed = resumed_space(journal.directory, config.space, space, KEPT in changes)
        given = _kept_anew(journal.directory, given, changed, changes)
        dataset = setup.opened_data(config.data if data is None else data, config)
        joint = setup.joint_space(given, config, dataset)
        setup.check_same(journal, joint, dataset)
        journal.rebuild(joint.replay)
        with execution.opened(config, dataset.search) as executor:
            problem = _problem(joint, dataset, config, executor)
            if budget is not None:
                journal.set_config(config.to_json())
            if changes:
                from nas.export.keep_code import replace_kept

                new_segment(journal, config, setup.storage_for(config, journal.directory))
                for folder in changes:
                    replace_kept(journal.directory, folder)
            journal.requeue()
            journal.forget_stops()
            journal.end("", "")  # not any more
            return _run(journal, config, problem, executor, observers, resumed=True)


def _designs(
    config: SearchConfig, joint: JointSpace, plan: Plan, watch: Stopwatch | None, examples: int
) -> dict[str, dict[str, int]]:
    """Known designs of the space, unless they are not wanted."""
    if config.known == "off":
        return {}
    trainings = plan.trainings or config.budget.trials
    return known_designs(joint, trainings, config.seed, lambda one: plan.part(one, watch, examples))


def _rehearse(joint: JointSpace, dataset: Dataset, observers: Sequence[Observer]) -> None:
    """What could fail because of a person's own code fails now: in a training, or when a network is exported."""
    from nas.export.dry_run import dry_run  # only now: what exports need is not loaded before it is needed
    from nas.training.rehearsal import rehearse_recipe

    rehearse_recipe(joint, dataset.search)
    dry_run(joint, dataset.search, Observers(list(observers)).message)


def _kept_anew(directory: Path, space: Space, reference: str, changes: Collection[str]) -> Space:
    """What has changed of a person's own code, written beside what the search keeps of it, and known from now on."""
    from nas.export.keep_code import keep_code, new_place
    from nas.export.keep_space import kept_anew

    if KEPT_CODE in changes:
        keep_code(new_place(directory, KEPT_CODE), enter_changed_code(directory))
    else:
        enter_kept_code(directory)
    return kept_anew(directory, space, reference) if KEPT in changes else space


def _keep(directory: Path, space: Space, config: SearchConfig, observers: Sequence[Observer]) -> None:
    """A person's own space and recipe stay with the search, code and all."""
    from nas.export.keep_code import keep_code
    from nas.export.keep_space import keep_space

    try:
        keep_code(directory, names_within((config.training, config.options.metric)))
        if not config.space or ":" in config.space:
            keep_space(directory, space)
    except (InputError, OSError) as error:
        Observers(list(observers)).message(f"The search can be opened only where its own code is: {error}")


def _check(config: SearchConfig) -> None:
    """Raises InputError for names and machines that only the upper rooms know of."""
    known("strategy", config.strategy, STRATEGIES)
    store_uri(config.tracking_uri or None)
    check_machine(config)


def _problem(joint: JointSpace, dataset: Dataset, config: SearchConfig, executor: Executor) -> Problem:
    asked = config.gpus_per_trial
    return Problem(joint, dataset, placement_for(config, executor.gpu_memory() if asked else 0), config.objectives)


def _run(
    journal: Journal,
    config: SearchConfig,
    problem: Problem,
    executor: Executor,
    observers: Sequence[Observer] = (),
    resumed: bool = False,
    words: Mapping[str, str] | None = None,
) -> SearchResult:
    """The search itself, from an open journal to a result."""
    watching = Observers([*_trackers(config, journal), *observers])
    steering = Steering(journal, config, problem)
    driver = _driver(journal, config, steering, watching)
    watching.search_started(_started(journal, config, problem, resumed, words or {}))
    watching.status(driver.status())
    result = None
    try:
        with interruptible(lambda: driver.stop("interrupted")):
            with driver.search_phase():
                _train(driver, problem, executor, watching)
            if not driver.contenders():
                raise SearchFailed(driver.why_nothing())
            config = steering.config
            final, exported = _finish(driver, problem, config, executor, watching) if config.final else (None, None)
        executor.close()
        result = _result(driver, config, final, exported)
    except SearchFailed:
        _result(driver, steering.config, None, None)  # the journal says why it ended, and where its time went
        raise
    finally:
        watching.search_ended(result)
    return result


def _driver(journal: Journal, config: SearchConfig, steering: Steering, observer: Observer) -> Driver:
    """The driver's decisions, rebuilt from the journal."""
    problem = steering.problem
    dataset = problem.dataset
    assert dataset is not None  # noqa: S101 - for the type checker
    return driver_for(
        journal,
        config,
        steering,
        observer,
        elapsed=journal.elapsed,
        final_share=config.final_share if config.final else 0.0,
        epochs=config.epochs or epochs_for_data(len(dataset.search.train)),  # journals of before did not write it
        storage=setup.storage_for(config, journal.directory),
        share=lambda proposal: share_of(problem, proposal),
    )


def driver_for(
    journal: Journal,
    config: SearchConfig,
    steering: Steering,
    observer: Observer,
    *,
    elapsed: Callable[[], float],
    final_share: float,
    epochs: int,
    storage: str = "",
    share: Callable[[Proposal], float] = lambda proposal: 0.0,
) -> Driver:
    """A driver for the question as it stands, whoever trains; for the arguments see `Driver` and `Clock`."""
    problem = steering.problem
    settings = Settings(
        seed=config.seed,
        start_from=config.start_from,
        designs=config.designs,
        predictor=config.predictor,
        earlier=config.learn_from,
        lag=LAG if config.executes_on == "ray" else 0,
    )
    stopping: SuccessiveHalving | Promotion = SuccessiveHalving(epochs) if config.early_stopping else NeverStop()
    if config.promote:
        stopping = Promotion(factor=config.promote, settings=settings if config.strategy == "guided" else None)
    stopping.take_up(journal.trials)
    return Driver(
        problem,
        journal,
        STRATEGIES[config.strategy](settings),
        stopping,
        Clock(config.budget, elapsed, final_share),
        observer,
        epochs=epochs,
        seed=config.seed,
        storage=storage,
        patience=config.patience,
        share=share,
        goal=Goal(goal_of(config, problem.space.task.metric), config.patience_trials),
        steering=steering,
    )


def _train(driver: Driver, problem: Problem, executor: Executor, observer: Observer) -> None:
    """The trainings of the search phase, on new workers where all are lost."""
    for _ in range(CRASHES):
        try:
            executor.train(driver, problem)
            return
        except WorkersLost as error:
            observer.message(f"Ray Tune stopped ({error}); the search goes on with new workers.")
            driver.abandon(str(error))
    driver.stop("failures")


def _finish(
    driver: Driver, problem: Problem, config: SearchConfig, executor: Executor, observer: Observer
) -> tuple[FinalResult, Path | None]:
    """The final and the verified export; workers end before the export is proved."""
    from nas.export.export import export_again  # only now: what these need is not loaded before the first training
    from nas.final.final import final_phase

    final = final_phase(driver, problem, config, executor, observer)
    executor.close()
    began = time.monotonic()
    try:
        return final, export_again(driver.journal.directory) if config.export else None
    except (InputError, SearchFailed, OSError) as error:
        observer.message(f"The winner was trained but not exported: {error}")
        return final, None
    finally:
        driver.journal.spend(time_account.EXPORT, time.monotonic() - began)


def _result(driver: Driver, config: SearchConfig, final: FinalResult | None, exported: Path | None) -> SearchResult:
    journal, elapsed = driver.journal, driver.clock.elapsed()
    parts = time_account.account(journal.spent, journal.totals.seconds, elapsed)
    text = time_account.statement(parts, config.budget, elapsed)
    with contextlib.suppress(JournalError):
        journal.end(driver.ended, text)
    best = journal.totals.best
    if final is not None and best is not None and driver.ended in setup.DONE:
        remove(driver.weights_of(best.number))
    return SearchResult(
        directory=journal.directory,
        config=config,
        candidates=tuple(journal.trials),
        final=final,
        statement=text,
        ended=driver.ended,
        exported=exported,
        spent=parts,
        space=driver.problem.space,
    )


def _started(
    journal: Journal, config: SearchConfig, problem: Problem, resumed: bool, words: Mapping[str, str]
) -> SearchStarted:
    dataset = problem.dataset
    assert dataset is not None  # noqa: S101 - for the type checker
    return SearchStarted(
        directory=journal.directory,
        config=config,
        space=problem.space.space,
        dataset=dataset.name,
        fingerprint=dataset.fingerprint,
        task=dataset.task,
        schema=dataset.schema,
        resumed=resumed,
        trials=tuple(journal.trials),
        run_id=journal.mlflow_run_id,
        **words,
        edits=tuple(journal.edits),
    )


def _trackers(config: SearchConfig, journal: Journal) -> list[Observer]:
    """MLflow, unless it was turned off."""
    if config.tracking_uri == "":
        return []
    from nas import tracking  # only now: MLflow takes seconds to load

    return [tracking.track(config, journal.set_run_id)]
