"""Score against size, with the networks behind the points."""

from __future__ import annotations

import math
from html import escape

from nas.config.metric import inside, shown, words
from nas.records.trial import COMPLETED, Trial
from nas.report.drawing import svg
from nas.setup.stored_search import StoredSearch

WIDTH, HEIGHT, MARGIN = 720, 340, 52
MOST_DRAWN = 40  # networks whose drawings the page holds: the front and the best
CHOOSE = """<script>
for (const point of document.querySelectorAll('.front circle[data-trial]')) {
  const choose = () => {
    for (const other of document.querySelectorAll('.front circle')) other.classList.toggle('chosen', other === point);
    const wanted = 'network-' + point.dataset.trial;
    for (const network of document.querySelectorAll('.network')) network.hidden = network.id !== wanted;
  };
  point.addEventListener('click', choose);
  point.addEventListener('keydown', event => { if (event.key === 'Enter') choose(); });
}
</script>"""


def front(seen: StoredSearch, winner: Trial | None) -> str:
    """Every whole training as a point. A click on one shows its network."""
    done = [trial for trial in seen.trials if trial.state == COMPLETED and trial.usable and trial.parameters > 0]
    if len(done) < 2 or seen.space is None:
        return '<p class="soft">There are not two whole trainings to compare yet.</p>'
    best = not_beaten(done)
    ranked = sorted(done, key=lambda trial: trial.rank)
    first = [winner] if winner is not None and winner.number in {trial.number for trial in done} else []
    kept = list({trial.number: trial for trial in (*first, *best, *ranked)}.values())[:MOST_DRAWN]
    return (
        "<p>Each point is a network that was trained to its end. Blue ones are not beaten in both. "
        "A click shows one.</p>"
        f"{_points(done, best, kept, seen.task.metric)}{''.join(_network(one, seen, one is kept[0]) for one in kept)}"
        f"{CHOOSE}"
    )


def not_beaten(done: list[Trial]) -> list[Trial]:
    """What no other beats in score and parameters, the smallest first."""
    best: list[Trial] = []
    for trial in sorted(done, key=lambda one: (one.parameters, -one.score)):
        if not best or trial.score > best[-1].score:
            best.append(trial)
    return best


def _points(done: list[Trial], best: list[Trial], kept: list[Trial], metric: str) -> str:
    sizes, scores = [math.log10(one.parameters) for one in done], [one.score for one in done]
    left, right, low, high = min(sizes), max(sizes), min(scores), max(scores)

    def place(one: Trial) -> tuple[float, float]:
        x = (math.log10(one.parameters) - left) / max(right - left, 1e-9)
        y = (one.score - low) / max(high - low, 1e-9)
        return MARGIN + x * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN)

    parts = [
        f'<svg class="front" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="score against parameters">',
        f'<path d="M{MARGIN} {MARGIN / 2} V{HEIGHT - MARGIN + 12} H{WIDTH - MARGIN / 2}"/>',
    ]
    for value in (low, (low + high) / 2, high):
        y = HEIGHT - MARGIN - (value - low) / max(high - low, 1e-9) * (HEIGHT - 2 * MARGIN)
        parts.append(f'<text x="{MARGIN - 8}" y="{y + 4:.0f}" text-anchor="end">{inside(metric, value):.3g}</text>')
    for value in (left, (left + right) / 2, right):
        x = MARGIN + (value - left) / max(right - left, 1e-9) * (WIDTH - 2 * MARGIN)
        parts.append(f'<text x="{x:.0f}" y="{HEIGHT - MARGIN + 28}" text-anchor="middle">{10**value:,.0f}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">parameters</text>')
    parts.append(f'<text x="{MARGIN}" y="14">validation {escape(words(metric))}</text>')
    fronts, shown_ones = {one.number for one in best}, {one.number for one in kept}
    for one in done:
        x, y = place(one)
        kind = ' class="front"' if one.number in fronts else ""
        chosen = f' data-trial="{one.number}" tabindex="0"' if one.number in shown_ones else ""
        title = f"trial {one.number}: {shown(metric, one.score)}, {one.parameters:,} parameters"
        parts.append(
            f'<circle{kind}{chosen} cx="{x:.1f}" cy="{y:.1f}" r="{6 if kind else 4}"><title>{title}</title></circle>'
        )
    return "".join([*parts, "</svg>"])


def _network(trial: Trial, seen: StoredSearch, first: bool) -> str:
    hidden = "" if first else " hidden"
    title = f"trial {trial.number}: {shown(seen.task.metric, trial.score)}, {trial.source}"
    return (
        f'<div class="network figure" id="network-{trial.number}"{hidden}>'
        f"{svg(trial.architecture, seen.task, title)}</div>"
    )
