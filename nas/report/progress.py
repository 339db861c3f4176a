"""A search as it runs, in the terminal: a live panel, or a line now and then where the output is no terminal."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nas.config.budget import duration
from nas.config.edit import Edit
from nas.config.metric import shown
from nas.driver.events import Observer, SearchStarted, Status
from nas.records.job import EpochReport
from nas.records.results import FinalResult, SearchOutcome
from nas.records.trial import COMPLETED, FAILED, REQUEUED, RUNNING, STOPPED, Trial
from predictors.probation import Evidence

LINE_EVERY = 10.0  # seconds between lines where there is no terminal
NEWEST = 5


class Messages(Observer):
    """Says only what a person should know, on `console`."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def message(self, text: str) -> None:
        self.console.print(text, style="yellow", soft_wrap=True, markup=False)

    def search_started(self, started: SearchStarted) -> None:
        for line in started.schema.lines() if started.schema is not None else ():
            if line.startswith("Warning"):
                self.message(line)


class Progress(Observer):
    """Shows a search on `console`; ends with the search."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.search: SearchStarted | None = None
        self.state: Status | None = None
        self._told_at = time.monotonic()
        self.live: Live | None = None
        self.running: dict[int, Trial] = {}
        self.ended: list[Trial] = []
        self.judged: Evidence | None = None
        self.phase = "starting workers"
        self._last_line = 0.0

    @property
    def metric(self) -> str:
        """Name of the score that the search is about."""
        return self.search.task.metric if self.search is not None else "score"

    # Events

    def search_started(self, started: SearchStarted) -> None:
        self.search = started
        config = started.config
        shape = " x ".join(map(str, started.task.input_shape))
        again = "Going on with the search of" if started.resumed else "Searching"
        self.console.print(
            f"{again} [bold]{started.space.name}[/] for [bold]{started.dataset}[/] ({shape} -> "
            f"{started.task.outputs}), budget {config.budget}, seed {config.seed}"
        )
        self.console.print(f"[dim]{started.directory}[/]", soft_wrap=True)
        for line in started.schema.lines() if started.schema is not None else ():
            style = "yellow" if line.startswith("Warning") else "dim"
            self.console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
        for earlier in config.learn_from:
            known = f"Beginning from {len(earlier.scores)} trainings on {earlier.data} in {earlier.directory}"
            self.console.print(known, style="dim", soft_wrap=True, markup=False, highlight=False)
        for rule in started.space.rules:
            self.console.print(f"Rule: {rule!r}", markup=False, highlight=False, soft_wrap=True)
        if started.why_space:
            space = f"Space: {started.space.name} ({started.why_space})"
            self.console.print(space, markup=False, highlight=False, soft_wrap=True)
        for edit in started.edits:
            self.console.print(edit.sentence, style="dim", markup=False, highlight=False, soft_wrap=True)
        if started.plan:
            self.console.print(started.plan, markup=False, highlight=False)
        self.console.print("[dim]Ctrl-C once: finish with the best so far; twice: stop now, `nas resume` goes on.[/]")
        if self.console.is_terminal or self.console.is_jupyter:
            self.live = Live(get_renderable=self.panel, console=self.console, refresh_per_second=2, transient=True)
            self.live.start()

    def status(self, status: Status) -> None:
        self.state, self._told_at = status, time.monotonic()

    def trial_started(self, candidate: Trial) -> None:
        self.phase = "searching"
        self.running[candidate.number] = candidate

    def epoch_ended(self, candidate: Trial, report: EpochReport) -> None:
        self.running[candidate.number] = candidate

    def trial_ended(self, candidate: Trial) -> None:
        self.running.pop(candidate.number, None)
        self.ended = [*self.ended[-NEWEST + 1 :], candidate]
        if candidate.state == FAILED:
            self.message(f"Trial {candidate.number} failed ({candidate.failure}): {candidate.error.splitlines()[0]}")
        self._line()

    def evidence(self, evidence: Evidence) -> None:
        self.judged = evidence

    def edited(self, edit: Edit) -> None:
        self.message(edit.sentence)
        if self.search is not None:
            config = edit.applied(self.search.config, self.metric)
            self.search = dataclasses.replace(self.search, config=config)

    def message(self, text: str) -> None:
        self.console.print(text, style="yellow", soft_wrap=True, markup=False)

    def final_started(self, candidates: Sequence[Trial]) -> None:
        numbers = ", ".join(str(candidate.number) for candidate in candidates)
        self.phase = f"final: training {numbers} in full"
        self._line(now=True)

    def final_epoch_ended(self, candidate: Trial, report: EpochReport) -> None:
        self.phase = (
            f"final: candidate {candidate.number}, epoch {report.epoch}, score {shown(self.metric, report.score)}"
        )
        self._line()

    def final_ended(self, final: FinalResult) -> None:
        if self.search is None or self.search.config.export:
            self.phase = "proving the export in a clean interpreter"
            self._line(now=True)

    def search_ended(self, outcome: SearchOutcome | None) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    # Views

    def _line(self, now: bool = False) -> None:
        if self.live is None and self.search is not None and (now or time.monotonic() - self._last_line > LINE_EVERY):
            self._last_line = time.monotonic()
            self.console.print(self.summary(), soft_wrap=True)

    def summary(self) -> str:
        """Everything that matters in one line."""
        if self.state is None:
            return self.phase
        counts, best, (elapsed, left) = self.state.counts, self.state.best, self._clock(self.state)
        parts = [
            duration(elapsed),
            self.phase,
            f"{counts[RUNNING]} running, {counts[COMPLETED]} finished, {counts[STOPPED]} stopped, "
            f"{counts[FAILED]} failed",
        ]
        if best is not None:
            parts.append(f"best {shown(self.metric, best.score)} (trial {best.number}, {best.parameters:,} parameters)")
        if self.judged is not None:
            parts.append(f"predictor's tau {self.judged.tau:+.2f}")
        if left is not None:
            parts.append(f"{duration(left)} left")
        return " | ".join(parts)

    def panel(self) -> RenderableType:
        """The live panel."""
        if self.state is None:
            return Text(self.phase)
        best = self.state.best
        facts = Table.grid(padding=(0, 2))
        facts.add_row("[bold]phase[/]", self.phase)
        facts.add_row("[bold]budget[/]", self._budget(self.state))
        facts.add_row("[bold]trials[/]", _counted(self.state.counts))
        facts.add_row("[bold]best[/]", _described(best, self.metric) if best else "none yet")
        facts.add_row("[bold]predictor[/]", _evidence(self.judged))
        return Panel(Group(facts, self._trials()), title="nas", border_style="blue", expand=False)

    def _clock(self, state: Status) -> tuple[float, float | None]:
        """Seconds since the search began, and seconds left, now."""
        since = time.monotonic() - self._told_at
        left = state.time_left
        return state.elapsed + since, None if left is None else max(0.0, left - since)

    def _budget(self, state: Status) -> RenderableType:
        (elapsed, left), grid = self._clock(state), Table.grid(padding=(0, 1))
        budget = self.search.config.budget if self.search is not None else ""
        if left is None:
            grid.add_row(f"{duration(elapsed)} used of {budget}")
        else:
            whole = elapsed + left
            bar = ProgressBar(total=whole, completed=min(elapsed, whole), width=30)
            grid.add_row(bar, f"{duration(elapsed)} used, {duration(left)} left of {budget}")
        return grid

    def _trials(self) -> RenderableType:
        table = Table(box=None, padding=(0, 2), header_style="dim")
        for name in ("trial", "from", "parameters", "epochs", "score", ""):
            table.add_column(name, justify="right" if name in ("trial", "parameters", "epochs", "score") else "left")
        for candidate in [*self.ended, *list(self.running.values())]:
            score = shown(self.metric, candidate.score) if candidate.scores else ""
            done = f"{len(candidate.scores)}/{candidate.epochs}"
            table.add_row(
                str(candidate.number), candidate.source, f"{candidate.parameters:,}", done, score, candidate.state
            )
        return table


def _counted(counts: Mapping[str, int]) -> str:
    words = {RUNNING: "running", COMPLETED: "finished", STOPPED: "stopped early", FAILED: "failed"}
    text = ", ".join(f"{counts[state]} {word}" for state, word in words.items())
    return text + (f", {counts[REQUEUED]} waiting" if counts[REQUEUED] else "")


def _described(best: Trial, metric: str) -> str:
    size = f"{best.parameters:,} parameters, {best.macs / 1e6:.1f} M multiply-adds"
    return f"{shown(metric, best.score)}  trial {best.number}, {size}"


def _evidence(evidence: Evidence | None) -> str:
    if evidence is None:
        return "gathering its first trainings"
    rival = max(evidence.rivals.values(), default=0.0)
    return f"tau {evidence.tau:+.2f} (best trivial ranking {rival:+.2f}), proposes {evidence.share:.0%} of the trials"
