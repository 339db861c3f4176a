"""What a person reads first on a search's page in MLflow: a short report in Markdown, with links to its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nas.config.metric import shown, words
from nas.driver.events import SearchStarted
from nas.records.results import FinalResult, pareto
from nas.records.trial import COMPLETED, Trial, best_first

BEST = 5  # trials in the table


def description(
    started: SearchStarted,
    trials: Sequence[Trial],
    final: FinalResult | None,
    link: Callable[[int], str],
    model: str = "",
) -> str:
    """The report: what the winner is worth, the best trials, the front, and where the rest is.

    Args:
        link: the address of the run of the trial of this number.
        model: the address of the winner's model; empty where there is none.
    """
    metric = started.task.metric
    ranked = best_first(trials)
    lines = [f"**{_headline(metric, ranked, final)}**", ""]
    if final is not None:
        number = final.winner.trial.number
        lines += [f"Winner: [trial {number}]({link(number)})" + (f", [as a model]({model})" if model else "") + ".", ""]
    lines += [
        f"Space `{started.space.name}`, data `{started.dataset}`, budget `{started.config.budget}`: "
        f"{len(trials)} trials, {sum(trial.state == COMPLETED for trial in trials)} of them trained to the end.",
        "",
    ]
    if ranked:
        lines += [
            f"| trial | {words(metric)} (validation) | parameters | epochs | proposed by |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| [{one.number}]({link(one.number)}) | {shown(metric, one.score)} | {one.parameters:,} | "
            f"{len(one.scores)} | {one.source} |"
            for one in ranked[:BEST]
        ]
        lines.append("")
    front = pareto(trials, started.config.objectives) if len(started.config.objectives) > 1 else []
    if front:
        listed = ", ".join(f"[{one.number}]({link(one.number)})" for one in front)
        lines += [f"Front of {' and '.join(started.config.objectives)}: trials {listed}.", ""]
    lines.append(f"Charts and the export are under *Artifacts*. The search is kept in `{started.directory}`.")
    return "\n".join(lines)


def _headline(metric: str, ranked: Sequence[Trial], final: FinalResult | None) -> str:
    if final is not None and final.standing is not None:
        return final.standing.headline
    if final is not None and final.winner.test_score is not None:
        return f"{words(metric)} {shown(metric, final.winner.test_score)} on the sealed test part"
    if ranked:
        return f"{words(metric)} {shown(metric, ranked[0].score)} on the validation part; there is no final yet"
    return "Nothing has been trained yet"
