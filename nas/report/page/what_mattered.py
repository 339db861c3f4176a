"""What each decision of the winner is worth, as far as the run's own trainings tell."""

from __future__ import annotations

from html import escape
from pathlib import Path

from nas.records.joint_space import in_words
from nas.report.explanation import explained, paid_for
from nas.report.page.table import table
from nas.setup.stored_search import StoredSearch

MOST = 12  # decisions that are listed


def what_mattered(seen: StoredSearch, directory: Path) -> str:
    """The effects with their intervals, what could be changed for nothing, and what was paid to check them."""
    if not any(trial.usable for trial in seen.trials):
        return '<p class="soft">No training has ended yet.</p>'
    found = explained(seen)
    parts = [f"<p>{escape(found.standing)}</p>"]
    if found.effects:
        rows = [
            [f"<code>{escape(in_words(one.path))}</code>", escape(one.option), escape(other.option),
             f"{other.difference:+.4f}", f"{other.low:+.4f} to {other.high:+.4f}"]
            for one in found.effects[:MOST]
            for other in sorted(one.alternatives, key=lambda other: -abs(other.difference))[:1]
        ]  # fmt: skip
        head = ["decision", "taken", "the option that would change most", "expected change", "interval"]
        parts.append(table(head, rows, (3, 4)))
    if found.free:
        listed = "".join(
            f"<li><code>{escape(in_words(path))}</code> = {escape(other.option)}: {other.parameters:,} parameters</li>"
            for path, other in found.free[:5]
        )
        parts.append(f"<p>Smaller or faster, and with no loss of more than {found.margin:.4f}:</p><ul>{listed}</ul>")
    paid = [one for one in paid_for(directory) if one.winner == found.winner and one.path and not one.error]
    if paid:
        rows = [
            [f"<code>{escape(in_words(one.path))}</code>", escape(one.option), f"{one.claimed:+.4f}",
             f"{one.difference:+.4f}"]
            for one in paid
        ]  # fmt: skip
        parts.append("<p>Neighbours that were trained to check this:</p>")
        parts.append(table(["decision", "option", "claimed", "trained"], rows, (2, 3)))
    return "".join(parts)
