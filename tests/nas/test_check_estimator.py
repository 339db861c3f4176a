"""scikit-learn's own checks of an estimator, with a search of two trainings in every `fit`."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import nas

ROUNDING = (
    "a float32 network rounds its outputs by how many rows it is given at once, by some 1e-6 of them, and 1e-7 is asked"
)
EXPECTED = {"check_methods_subset_invariance": ROUNDING}
TINY: dict[str, Any] = {"budget": "2 trials", "final": False}
WITH_A_FINAL = ("check_classifiers_one_label", "check_regressors_int", "check_fit2d_1feature", "check_fit_idempotent")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
@pytest.mark.parametrize("kind", [nas.Classifier, nas.Regressor])
def test_scikit_learn_checks(kind: Any) -> None:
    results = check_estimator(
        kind(**TINY), expected_failed_checks=EXPECTED, on_fail=None, on_skip=None, legacy=True
    )  # fmt: skip
    failed = [f"{one['check_name']}: {one['exception']!r}" for one in results if one["status"] == "failed"]
    assert not failed, "\n".join(failed)
    assert sum(one["status"] == "passed" for one in results) > 45
    assert {one["check_name"] for one in results if one["status"] == "xfail"} <= set(EXPECTED)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [nas.Classifier, nas.Regressor])
def test_some_of_them_with_a_final(kind: Any) -> None:
    ran = 0
    for model, check in estimator_checks_generator(kind(budget="2 trials")):
        if check.func.__name__ in WITH_A_FINAL:
            check(model)
            ran += 1
    assert ran == 3
