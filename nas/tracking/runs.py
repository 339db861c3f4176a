"""The runs of one search in MLflow: one for the search and, below it, one per trial. Everything may be done twice.

Runs are found by the directory of the search and the number of the trial, so that a resumed search goes on in the same
runs, and runs that a killed driver left behind are brought to what the journal knows.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas.config.edit import Edit
from nas.config.metric import shown, words
from nas.data.schema import FILE
from nas.driver.events import SearchStarted
from nas.errors import SearchFailed
from nas.final.record import CHECK, Check
from nas.journal.directory import FINAL
from nas.records.joint_space import is_of_recipe
from nas.records.results import FinalResult, SearchOutcome
from nas.records.trial import FAILED, REQUEUED, STATES, Trial
from nas.report import charts, drawing
from nas.report.decisions import readable
from nas.report.trials_table import facts
from nas.tracking.dataset_input import TEST, VALIDATION, dataset_inputs, dataset_name
from nas.tracking.description import description
from nas.tracking.judgements import judged_before
from nas.tracking.winner_model import log_winner
from predictors.probation import Evidence
from search_spaces.profile import complete

PARENT, DIRECTORY, TRIAL = "mlflow.parentRunId", "nas.directory", "nas.trial"
WRITTEN = "nas.written"
CHECKED = "nas.check"  # of a model: hash of what it was proved on, which tells one winner of a search from another
PARAMS, METRICS, LONGEST = 90, 900, 500  # a call takes 100 params and 1000 metrics; a param so many characters

Remember = Callable[[str, int | None], None]  # writes the MLflow run of the search, or of a trial, into the journal


class Runs:
    """The runs of one search in MLflow. Everything here may be done twice."""

    def __init__(self, client: Any, experiment: str, started: SearchStarted, remember: Remember) -> None:
        self.client, self.experiment, self.started, self.remember = client, experiment, started, remember
        self._children: dict[int, str] = {}
        self.parent = self._parent()

    def _parent(self) -> str:
        run = parent_of(self.client, self.experiment, self.started)
        if run is not None:
            self.client.update_run(run.info.run_id, status="RUNNING")
            return str(run.info.run_id)
        config = self.started.config
        tags = {
            "mlflow.runName": self.started.directory.name,
            "mlflow.source.name": "nas search",
            DIRECTORY: str(self.started.directory),
            TRIAL: "search",
            "nas.data": self.started.fingerprint,
            "mlflow.note.content": _note(self.started),
            **_understood(self.started),
        }
        run_id = str(self.client.create_run(self.experiment, tags=tags).info.run_id)
        params = {
            "data": self.started.dataset,
            "data_fingerprint": self.started.fingerprint,
            "space": self.started.space.name,
            "space_size": f"{float(self.started.space.size()):.4g}",
            **{
                name: getattr(config, name)
                for name in ("budget", "strategy", "predictor", "seed", "executor", "epochs")
            },
            **{f"max_{name}": limit for name, limit in config.limits.items()},
            "objectives": ", ".join(config.objectives),
            **({"learn_from": ", ".join(past.directory for past in config.learn_from)} if config.learn_from else {}),
        }
        self.params(run_id, params)
        if self.started.schema is not None:
            self.client.log_inputs(run_id, dataset_inputs(self.started.schema))
            self.client.log_text(run_id, self.started.schema.to_json(), FILE)
        self.remember(run_id, None)
        return run_id

    def edited(self, edits: Iterable[Edit]) -> None:
        """What was changed about the search since it began, as tags beside what it began with."""
        for edit in edits:
            self.tag(self.parent, {f"nas.edit.{edit.number}": edit.sentence[:LONGEST]})

    def take_up(self, trials: Iterable[Trial]) -> None:
        """The runs there are, and what the trials know better: after a resume, or when the store was out of reach."""
        candidates = {trial.number: trial for trial in trials}
        for run in self._find(f"tags.`{PARENT}` = '{self.parent}'"):
            number = int(run.data.tags[TRIAL])
            self._children[number] = run.info.run_id
            if run.info.status != "RUNNING":
                candidates.pop(number, None)
        for candidate in candidates.values():
            if candidate.ended:
                self._rewrite(candidate)

    def _rewrite(self, candidate: Trial) -> None:
        run_id = self.of(candidate)
        for epoch, score in enumerate(candidate.scores, start=1):
            self.log(run_id, {"score": score}, epoch, now())
        self._finish(candidate)

    def of(self, candidate: Trial) -> str:
        """The run of a trial, made when it is first asked for."""
        if candidate.number not in self._children:
            tags = {
                PARENT: self.parent,
                "mlflow.runName": f"trial {candidate.number}",
                TRIAL: str(candidate.number),
                "nas.source": candidate.source,
                "nas.fingerprint": candidate.architecture.fingerprint,
            }
            run_id = str(self.client.create_run(self.experiment, tags=tags).info.run_id)
            self._children[candidate.number] = run_id
            self.params(run_id, readable(self.started.space, candidate))
            self.remember(run_id, candidate.number)
        return self._children[candidate.number]

    def begin(self, candidate: Trial) -> None:
        """A trial goes to a worker, maybe again."""
        known = candidate.number in self._children
        run_id = self.of(candidate)
        if known:
            self.client.update_run(run_id, status="RUNNING")
        self.log(run_id, {"parameters": candidate.parameters, "macs": candidate.macs}, 0, now())

    def end(self, candidate: Trial, best: Trial | None, counts: Mapping[str, int], when: int) -> None:
        """A trial has ended, or waits to be begun again."""
        if candidate.state == REQUEUED:
            self.client.update_run(self.of(candidate), status="SCHEDULED")
            return
        self._finish(candidate)
        self._count(best, counts, when)

    def progress(self, trials: Sequence[Trial]) -> None:
        """The best score so far after each trial that has ended, of a search that was not watched."""
        best: Trial | None = None
        counts = dict.fromkeys(STATES, 0)
        for trial in sorted((one for one in trials if one.ended), key=lambda one: one.finished):
            counts[trial.state] += 1
            best = trial if trial.usable and (best is None or trial.rank < best.rank) else best
            self._count(best, counts, now())

    def _count(self, best: Trial | None, counts: Mapping[str, int], when: int) -> None:
        finished = counts["completed"] + counts["stopped"] + counts["failed"]
        values = {f"search/trials_{state}": float(counts[state]) for state in ("completed", "stopped", "failed")}
        if best is not None:
            values["search/best_score"] = best.score
            values["search/best_parameters"] = best.parameters
        self.log(self.parent, values, finished, when)

    def _finish(self, candidate: Trial) -> None:
        run_id = self.of(candidate)
        values = {"training_seconds": candidate.seconds, "epochs_done": float(len(candidate.scores))}
        if candidate.usable:
            values["validation_score"] = candidate.score
        self.log(run_id, {**values, "parameters": candidate.parameters, "macs": candidate.macs}, 0, now())
        tags = {"nas.state": candidate.state}
        if candidate.state == FAILED:
            tags |= {"nas.failure": candidate.failure, "nas.error": candidate.error[:LONGEST]}
        self.tag(run_id, tags)
        self.client.set_terminated(run_id, status="FAILED" if candidate.state == FAILED else "FINISHED")

    def judge(self, final: FinalResult) -> None:
        """The final's scores, and a drawing of the winner."""
        winner = final.winner
        if winner.test_score is not None:
            self.log(self.of(winner.trial), {"test_score": winner.test_score}, 0, now())
        self.log(self.parent, _worth(final), winner.epochs, now())
        self.tag(self.parent, {"nas.winner": str(winner.trial.number), "nas.members": str(winner.members)})
        if winner.gradient_flow:
            cells = complete(winner.trial.architecture.cells, self.started.task)
            flow = {
                f"{place} {type(cells[int(place.rpartition('.')[2])]).__name__}": value
                for place, value in winner.gradient_flow.items()
            }
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "gradient_flow.png"
                charts.bars(flow, "Gradients of the winner by cell, last epoch", "norm", path)
                self.client.log_artifact(self.parent, str(path))

    def close(
        self,
        outcome: SearchOutcome | None,
        best: Trial | None,
        candidates: Sequence[Trial],
        judged: Sequence[Evidence],
    ) -> None:
        """The best network, the charts and the export as artifacts; then no run of this search is running any more."""
        if outcome is not None and outcome.final is not None:
            best = outcome.best
        try:
            with tempfile.TemporaryDirectory() as folder:
                self._draw(Path(folder), best, outcome, candidates, judged)
                self.client.log_artifacts(self.parent, folder)
            model = ""
            if outcome is not None and outcome.exported is not None:
                self.client.log_artifacts(self.parent, str(outcome.exported), "model")
                model = self._model(outcome)
            final = outcome.final if outcome is not None else None
            self.describe(candidates, final, model)
            if outcome is not None:
                self.tag(self.parent, {WRITTEN: written(outcome.ended, candidates)})
        finally:
            for candidate in candidates:
                if candidate.number in self._children and not candidate.ended:
                    self.client.set_terminated(self._children[candidate.number], status="KILLED")
            self.client.set_terminated(self.parent, status=_status(outcome))

    def describe(self, candidates: Sequence[Trial], final: FinalResult | None, model: str = "") -> None:
        """The report at the top of the search's page.

        Args:
            model: id of the winner's LoggedModel, empty where there is none.
        """
        runs, models = (f"#/experiments/{self.experiment}/{kind}" for kind in ("runs", "models"))
        by_number = {candidate.number: candidate for candidate in candidates}
        text = description(
            self.started,
            candidates,
            final,
            lambda number: f"{runs}/{self.of(by_number[number])}",
            f"{models}/{model}" if model else "",
        )
        self.tag(self.parent, {"mlflow.note.content": text})

    def _model(self, outcome: SearchOutcome) -> str:
        """The winner as a LoggedModel with its scores, once; its id, or empty where torch.export cannot write it."""
        check = outcome.directory / FINAL / CHECK
        if outcome.final is None or outcome.exported is None or not check.is_file():
            return ""
        digest = hashlib.blake2b(check.read_bytes(), digest_size=8).hexdigest()
        for one in self.client.get_run(self.parent).outputs.model_outputs:
            if self.client.get_logged_model(one.model_id).tags.get(CHECKED) == digest:
                return str(one.model_id)
        trial = outcome.final.winner.trial
        cells = {f"cell {place:02d}": repr(cell)[:LONGEST] for place, cell in enumerate(trial.architecture.cells, 1)}
        params = {"trial": str(trial.number), **cells, **_recipe(self.started, trial)}
        try:
            model = log_winner(
                self.client, self.experiment, self.parent, outcome.exported, Check.load(check), params,
                {CHECKED: digest}, self.started.task.kind,
            )  # fmt: skip
        except SearchFailed as error:
            self.tag(self.parent, {"nas.message": f"The winner is not among the models: {error}"[:LONGEST]})
            return ""
        schema, worth, step = self.started.schema, _worth(outcome.final), outcome.final.winner.epochs
        of_part = {"final/validation_score": VALIDATION}
        for name, value in worth.items():
            part = of_part.get(name, TEST)
            said = {} if schema is None else {
                "dataset_name": dataset_name(schema, part), "dataset_digest": schema.fingerprint
            }  # fmt: skip
            if _finite(value):
                self.client.log_metric(self.parent, name, float(value), step=step, model_id=model, **said)
        return model

    def _draw(
        self,
        folder: Path,
        best: Trial | None,
        outcome: SearchOutcome | None,
        candidates: Sequence[Trial],
        judged: Sequence[Evidence],
    ) -> None:
        task = self.started.task
        if best is not None:
            title = (
                f"trial {best.number}: {words(task.metric)} {shown(task.metric, best.score)} on the validation split"
            )
            (folder / "architecture.json").write_text(best.architecture.to_json())
            (folder / "best_network.svg").write_text(drawing.svg(best.architecture, task, title))
            (folder / "best_network.txt").write_text(drawing.text(best.architecture, task))
            charts.progress(candidates, words(task.metric), folder / "progress.png")
        every = {one.trainings: one for one in (*judged_before(self.client, self.parent), *judged)}
        if every:
            charts.probation([every[trainings] for trainings in sorted(every)], folder / "predictor_on_probation.png")
        if outcome is not None:
            import pandas as pd  # only now: it takes half a second to load

            (folder / "statement.txt").write_text(outcome.statement)
            rows = [{**facts(one), **readable(self.started.space, one)} for one in outcome.candidates]
            pd.DataFrame(rows).to_csv(folder / "trials.csv", index=False)
            for cost in outcome.config.objectives[1:] or ("parameters",):
                charts.trade_off(candidates, words(task.metric), cost, folder / f"score_and_{cost}.png")

    # Calls

    def log(self, run_id: str, values: Mapping[str, float], step: int, when: int) -> None:
        """Numbers in one call; what is not finite is left out."""
        from mlflow.entities import Metric

        metrics = [Metric(_key(name), float(value), when, step) for name, value in values.items() if _finite(value)]
        for start in range(0, len(metrics), METRICS):
            self.client.log_batch(run_id, metrics=metrics[start : start + METRICS])

    def params(self, run_id: str, values: Mapping[str, object]) -> None:
        """Words, short enough for a column."""
        from mlflow.entities import Param

        params = [Param(_key(name), str(value)[:LONGEST]) for name, value in values.items()]
        for start in range(0, len(params), PARAMS):
            self.client.log_batch(run_id, params=params[start : start + PARAMS])

    def tag(self, run_id: str, values: Mapping[str, str]) -> None:
        """Tags in one call."""
        from mlflow.entities import RunTag

        self.client.log_batch(run_id, tags=[RunTag(name, value) for name, value in values.items()])

    def _find(self, condition: str) -> list[Any]:
        return _found(self.client, self.experiment, condition)


def parent_of(client: Any, experiment: str, started: SearchStarted) -> Any:
    """The run of a search, None where there is none yet."""
    condition = f"tags.`{DIRECTORY}` = '{quoted(started.directory)}' and tags.`{TRIAL}` = 'search'"
    found = _found(client, experiment, condition)
    return next((run for run in found if run.data.tags.get("nas.data") == started.fingerprint), None)


def written(ended: str, trials: Sequence[Trial]) -> str:
    """What of a search a run holds, by which it is known that nothing has come since."""
    return f"{sum(trial.ended for trial in trials)} of {len(trials)} trials; {ended or 'not ended'}"


def _found(client: Any, experiment: str, condition: str) -> list[Any]:
    found: list[Any] = []
    token: str | None = None
    while True:
        page = client.search_runs([experiment], condition, max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def _understood(started: SearchStarted) -> dict[str, str]:
    """What was understood of the data, as tags."""
    schema = started.schema
    if schema is None:
        return {}
    return {
        "nas.layout": schema.layout, "nas.target": ", ".join(schema.targets)[:LONGEST], "nas.kind": schema.kind,
        "nas.metric": schema.metric,
    }  # fmt: skip


def _worth(final: FinalResult) -> dict[str, float]:
    """What the winner is worth, and against what: few numbers, by the names of their metrics."""
    winner, first = final.winner, final.first_random
    values = {"final/validation_score": winner.validation_score}
    if winner.test_score is not None:
        values["final/test_score"] = winner.test_score
    if first is not None and first.test_score is not None:
        values["final/first_random_test_score"] = first.test_score
    if final.standing is not None:
        values |= {
            "final/test_score_low": final.standing.winner.low,
            "final/test_score_high": final.standing.winner.high,
        }
        if final.standing.baseline is not None:
            verdict = final.standing.baseline
            values |= {
                "final/baseline_test_score": verdict.rival_score.value,
                "final/gain": verdict.difference,
                "final/gain_low": verdict.low,
                "final/gain_high": verdict.high,
            }
    return values


def _recipe(started: SearchStarted, trial: Trial) -> dict[str, str]:
    taken = readable(started.space, trial)
    return {name: value for name, value in taken.items() if is_of_recipe(name)}


def _note(started: SearchStarted) -> str:
    return (
        f"Search of the space `{started.space.name}` for `{started.dataset}`, kept in `{started.directory}`.\n\n"
        "Charts, the best network and the exported model are under *Artifacts*; each trial is a run below this one.\n\n"
        f"`nas show {started.directory}`"
    )


def _status(outcome: SearchOutcome | None) -> str:
    if outcome is None:
        return "FAILED"
    return "KILLED" if outcome.ended == "interrupted" else "FINISHED"


def _key(name: str) -> str:
    """A name that MLflow takes: letters, digits and `_-. :/`."""
    name = name.replace("[", ".").replace("]", "")
    return "".join(letter if letter.isalnum() or letter in "_-. :/" else "_" for letter in name)[:240]


def quoted(path: Path) -> str:
    """A path as a filter of MLflow takes it."""
    return str(path).replace("'", "\\'")


def _finite(value: float) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def now() -> int:
    return int(time.time() * 1000)
