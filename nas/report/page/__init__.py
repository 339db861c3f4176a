"""A search as one HTML page that needs nothing beside itself: for a browser, for print, for an archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from nas.config.budget import duration
from nas.config.metric import shown, words
from nas.journal.directory import EXPORTED
from nas.journal.journal import is_running
from nas.records.results import SearchOutcome
from nas.records.trial import COMPLETED, Trial, best_first
from nas.report import charts
from nas.report.decisions import readable
from nas.report.drawing import svg
from nas.report.page.figures import drawn
from nas.report.page.front import front
from nas.report.page.mistakes import mistakes
from nas.report.page.predictor import predicted_and_probation
from nas.report.page.table import table
from nas.report.page.what_mattered import what_mattered
from nas.setup.stored_search import StoredSearch

REPORT = "report.html"
STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1c2127; --soft: #66707b; --line: #d9dee3; --mark: #3b6ea5 }
@media (prefers-color-scheme: dark) {
  :root { --back: #15191e; --text: #e4e8ec; --soft: #98a2ad; --line: #343b43; --mark: #7fb0e6 }
}
body { background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; max-width: 58rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.45rem; line-height: 1.3 } h2 { margin-top: 2.6rem; font-size: 1.15rem }
.soft { color: var(--soft) } a { color: var(--mark) }
table { border-collapse: collapse; width: 100%; font-size: .92rem } .wide { overflow-x: auto }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.figure { background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: .4rem; margin: .8rem 0 }
.figure svg { max-width: 100%; height: auto; display: block; margin: auto }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; font-size: .88rem }
.front circle { fill: var(--soft); cursor: pointer } .front circle.front { fill: var(--mark) }
.front circle.chosen { stroke: #d2622a; stroke-width: 3 }
.front text { fill: var(--soft); font-size: 11px } .front path { stroke: var(--line); fill: none }
.mistakes { display: flex; flex-wrap: wrap; gap: .8rem } .mistakes figure { margin: 0; width: 9.5rem; font-size: .8rem }
.mistakes img { image-rendering: pixelated; width: 6rem; height: 6rem; object-fit: contain; background: #fff }
.mistakes svg { background: #fff; width: 9rem; height: 5rem }
.mistakes blockquote { margin: 0; overflow-wrap: anywhere }
@media print { body { max-width: none } h2 { break-after: avoid } .figure, table, figure { break-inside: avoid } }
"""


@dataclass(frozen=True)
class Search:
    """What the sections of a page are made from.

    Args:
        whole: whether there is time to fit predictors again and again.
    """

    seen: StoredSearch
    outcome: SearchOutcome
    whole: bool = True

    @property
    def metric(self) -> str:
        """Of the score."""
        return self.seen.task.metric

    @property
    def winner(self) -> Trial | None:
        """Of the final; without one the best so far."""
        if self.outcome.final is not None:
            return self.outcome.final.winner.trial
        ranked = best_first(self.seen.trials)
        return ranked[0] if ranked else None


Section = Callable[[Search], str]


def write_page(seen: StoredSearch, outcome: SearchOutcome, out: Path | None = None, whole: bool = True) -> Path:
    """Writes the page, by default as `report.html` in the search's directory, and says where it lies.

    Args:
        whole: whether there is time for what takes many seconds.
    """
    path = out or outcome.directory / REPORT
    part = path.with_name(f"{path.name}.part")
    part.write_text(page(seen, outcome, whole), encoding="utf-8")
    part.replace(path)
    return path


def page(seen: StoredSearch, outcome: SearchOutcome, whole: bool = True) -> str:
    """The page. A part that cannot be made says why, and the others stand."""
    search = Search(seen, outcome, whole)
    parts = []
    for title, section in SECTIONS.items():
        try:
            body = section(search)
        except Exception as error:  # one chart is not worth the rest of the page
            body = f'<p class="soft">This part could not be made: {escape(f"{type(error).__name__}: {error}")}</p>'
        if body:
            parts.append(f"<section><h2>{title}</h2>{body}</section>")
    name = escape(outcome.directory.name)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body>{_head(search)}{''.join(parts)}</body></html>"
    )


def _head(search: Search) -> str:
    seen, outcome = search.seen, search.outcome
    standing = outcome.final.standing if outcome.final is not None else None
    winner = search.winner
    if standing is not None:
        first = standing.headline
    elif winner is not None and outcome.final is not None and winner.test_score is not None:
        first = f"{words(search.metric)} {shown(search.metric, winner.test_score)} on the sealed test part"
    elif winner is not None:
        score = shown(search.metric, winner.score)
        first = f"{words(search.metric)} {score} on the validation part; there is no final yet"
    else:
        first = "Nothing has been trained yet"
    state = seen.record.ended or ("running" if is_running(outcome.directory) else "interrupted")
    trained = sum(trial.state == COMPLETED for trial in seen.trials)
    name = seen.config.space or (seen.space.space.name if seen.space else "own space")
    edits = "".join(f"<li>{escape(one.sentence)}</li>" for one in seen.record.edits)
    edits = f"<ul>{edits}</ul>" if edits else ""
    return (
        f"<h1>{escape(first)}</h1><p>Space <b>{escape(name)}</b>, data <b>{escape(seen.record.header.dataset)}</b>, "
        f"budget {escape(str(seen.config.budget))}, strategy {escape(seen.config.strategy)}, seed {seen.config.seed}. "
        f"{len(seen.trials)} trials, {trained} of them trained to the end, in {duration(seen.record.elapsed)}: "
        f'{escape(state)}.</p><p class="soft">{escape(str(outcome.directory))}</p>'
        + (f"<ul>{edits}</ul>" if edits else "")
    )


def _against(search: Search) -> str:
    final, metric = search.outcome.final, search.metric
    if final is None:
        return '<p class="soft">There is no final yet.</p>'

    def score(value: float | None) -> str:
        return "" if value is None or value != value else shown(metric, value)

    winner = final.winner
    rows = [
        [f"the winner, trial {winner.trial.number} ({escape(winner.trial.source)})"
         + (f", the mean of {winner.members} networks" if winner.members > 1 else ""),
         score(winner.validation_score), score(winner.test_score), f"{winner.seconds:.0f}"]
    ]  # fmt: skip
    rows += [
        [escape(one.label) + (f' <span class="soft">({escape(one.note)})</span>' if one.note else ""),
         score(one.validation_score), score(one.test_score), f"{one.seconds:.0f}"]
        for one in final.baselines
    ]  # fmt: skip
    first = final.first_random
    if first is not None and first.trial.number != winner.trial.number:
        rows.append(
            [f"the first random candidate, trial {first.trial.number}", score(first.validation_score),
             score(first.test_score), f"{first.seconds:.0f}"]
        )  # fmt: skip
    made = table(["", f"validation {words(metric)}", f"test {words(metric)}", "seconds"], rows, (1, 2, 3))
    left = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in final.left_out.items())
    standing = final.standing
    said = [one.sentence for one in (standing.baseline, standing.first) if one is not None] if standing else []
    return "".join(f"<p>The winner is {escape(one)}.</p>" for one in said) + made + (
        f"<p>Not trained:</p><ul>{left}</ul>" if left else "")  # fmt: skip


def _progress(search: Search) -> str:
    if not any(trial.usable for trial in search.seen.trials):
        return '<p class="soft">No training has ended yet.</p>'
    return drawn(charts.progress, search.seen.trials, words(search.metric))


def _curves(search: Search) -> str:
    if not any(len(trial.scores) > 1 for trial in search.seen.trials):
        return '<p class="soft">No training has had two epochs.</p>'
    return drawn(charts.learning_curves, search.seen.trials, words(search.metric))


def _predictor(search: Search) -> str:
    return predicted_and_probation(search.seen, search.whole)


def _mattered(search: Search) -> str:
    if not search.whole:
        place = escape(str(search.outcome.directory))
        return f'<p class="soft">This takes a while: <code>nas report {place}</code> works it out.</p>'
    return what_mattered(search.seen, search.outcome.directory)


def _front(search: Search) -> str:
    return front(search.seen, search.winner)


def _mistakes(search: Search) -> str:
    return mistakes(search.outcome.directory, search.seen.task)


def _time(search: Search) -> str:
    spent = search.outcome.spent
    total = max(sum(spent.values()), 1e-9)
    rows = [
        [escape(name), f"{seconds:.1f}", f"{100 * seconds / total:.1f} %"]
        for name, seconds in spent.items()
        if seconds >= 0.05
    ]
    return table(["", "seconds", "share"], rows, (1, 2)) if rows else ""


def _network(search: Search) -> str:
    trial, space = search.winner, search.seen.space
    if trial is None:
        return ""
    if space is None:
        return f'<p class="soft">It cannot be drawn: {escape(search.seen.missing)}</p>'
    picture = svg(trial.architecture, search.seen.task, f"trial {trial.number}")
    rows = [[f"<code>{escape(path)}</code>", escape(value)] for path, value in readable(space.space, trial).items()]
    return (
        f"<p>Trial {trial.number}, proposed by: {escape(trial.source)}.</p>"
        f'<div class="figure">{picture}</div>{table(["decision", "taken"], rows)}'
    )


def _use(search: Search) -> str:
    place = search.outcome.directory
    lines = [f"nas show {place}"]
    if search.outcome.final is not None:
        lines += [f"nas export {place} my-model", "nas predict my-model new-rows"]
        lines += [f"nas deploy {place} --name NAME"]
    if not search.seen.record.ended:
        lines.append(f"nas resume {place}")
    exported = place / EXPORTED
    python = f"from model import load  # {exported}/model.py\nnetwork = load()\n" if exported.is_dir() else ""
    return f"<pre>{escape(chr(10).join(lines))}</pre>" + (f"<pre>{escape(python)}</pre>" if python else "")


SECTIONS: dict[str, Section] = {
    "Against what one would take instead": _against,
    "Progress": _progress,
    "Learning curves": _curves,
    "The predictor": _predictor,
    "What mattered": _mattered,
    "Score and size": _front,
    "Mistakes on the sealed test": _mistakes,
    "The winner": _network,
    "Where the time went": _time,
    "How to use it": _use,
}
