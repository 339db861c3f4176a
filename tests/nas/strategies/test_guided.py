"""A predictor that is fitted beside the trainings: what is proposed still follows from the journal."""

from __future__ import annotations

from nas.records.row import Row
from test_every_strategy import play, study_of

from nas.strategies.optuna.study import Study


def test_a_predictor_fitted_beside_the_trainings_proposes_the_same_when_rebuilt() -> None:
    def lagging(rows: tuple[Row, ...] = ()) -> Study:
        study = study_of("guided", rows=rows)
        study.sampler.lag = 3
        return study

    judged: list[int] = []
    study = lagging()
    study.sampler.on_evidence = lambda evidence, trainings: judged.append(trainings)
    uninterrupted = play(study, 30, [])
    assert judged == [10, 15, 20]  # of 30 some failed
    for kept in (11, 14, 22):
        resumed = play(lagging(tuple(uninterrupted[:kept])), 30 - kept, uninterrupted[:kept])
        assert [row.decisions for row in resumed] == [row.decisions for row in uninterrupted]
