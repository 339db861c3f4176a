"""What the predictor would have said of trainings that it had not seen, and how its trust grew."""

from __future__ import annotations

import numpy as np

from nas.records.problem import Problem
from nas.report import charts
from nas.report.page.figures import drawn
from nas.setup.stored_search import StoredSearch
from nas.strategies.history import History
from nas.strategies.ranking import Ranking
from predictors.probation import FEWEST

POINTS = 6  # numbers of trainings at which the predictor is judged anew


def predicted_and_probation(seen: StoredSearch, whole: bool = True) -> str:
    """Both charts, computed again from the trainings: nothing of them is kept in the journal.

    Args:
        whole: whether the predictor is judged at several numbers of trainings, and not at the end alone.
    """
    if seen.space is None:
        return f'<p class="soft">The space cannot be had: {seen.missing}</p>'
    problem = Problem(seen.space, None, None, seen.config.objectives)  # type: ignore[arg-type]
    observations = History.of(problem, seen.trials).observations()
    if len(observations) < FEWEST:
        return f'<p class="soft">{len(observations)} trainings have ended; a predictor is judged from {FEWEST} on.</p>'
    ranking = Ranking(seen.space, seen.config.objectives, seen.config.seed, seen.config.predictor)
    counts = sorted({*np.geomspace(FEWEST, len(observations), POINTS).round().astype(int).tolist()})
    predictor, last = ranking.judged(observations)
    judged = [ranking.judged(observations[:count])[1] for count in counts[:-1]] if whole else []
    found = getattr(predictor, "out_of_fold", None)
    text = (
        f"<p>Kendall's tau of its ranking of trainings that it had not seen: {last.tau:+.2f} "
        f"({last.interval[0]:+.2f} to {last.interval[1]:+.2f}); it may propose {last.share:.0%} of the trials.</p>"
    )
    parts = [text, drawn(charts.probation, [*judged, last])] if whole else [text]
    if found is not None:
        scores = np.array([one.score for one in observations])
        parts.append(drawn(charts.predicted, np.asarray(found.mean), np.asarray(found.std), scores))
    return "".join(parts)
