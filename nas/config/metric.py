"""What a score is measured by: names, and how a score is shown. Inside, a score is always higher when it is better."""

from __future__ import annotations

METRICS = {  # of each kind of task; the first is taken unless another is named
    "classification": (
        "accuracy", "balanced_accuracy", "log_loss", "roc_auc", "average_precision", "macro_f1",
    ),
    "multilabel": ("label_accuracy", "micro_f1"),
    "regression": ("r2", "rmse", "mae"),
    "several": ("mean_score",),
    "forecasting": ("mase", "mae", "smape", "rmse"),
    "language": ("bits_per_character", "nats_per_character"),
}  # fmt: skip
ERRORS = frozenset(
    {"log_loss", "rmse", "mae", "mase", "smape", "bits_per_character", "nats_per_character"}
)  # small is better: the score is the error with a minus
WORDS = {
    "r2": "R²", "rmse": "RMSE", "mae": "MAE", "mase": "MASE", "smape": "sMAPE", "roc_auc": "ROC AUC",
    "macro_f1": "macro F1", "micro_f1": "micro F1",
}  # fmt: skip


GREATER, LESS = " (greater is better)", " (less is better)"  # ends of the name of a person's own metric
LARGE = 1000.0  # from which four decimals say nothing


def is_error(metric: str) -> bool:
    """Whether small is better: then the score is the error with a minus. `neg_` are errors of scikit-learn."""
    return metric in ERRORS or metric.endswith(LESS) or metric.startswith("neg_")


def is_bounded(metric: str) -> bool:
    """Whether it is known that a score is at most 1 and an error at least 0."""
    return any(metric in names for names in METRICS.values())


def words(metric: str) -> str:
    """The name of a metric for a person; of one of their own the function's."""
    if metric.endswith((GREATER, LESS)):
        return metric.removesuffix(GREATER).removesuffix(LESS).rpartition(":")[2]
    return WORDS.get(metric, metric.removeprefix("neg_").replace("_", " "))


def inside(metric: str, score: float) -> float:
    """A score in the metric's own unit as it is kept: higher when it is better."""
    return -score if is_error(metric) else score


def shown(metric: str, score: float) -> str:
    """A score in the metric's own unit: four decimals, fewer of large ones, errors without their minus."""
    value = -score if is_error(metric) else score
    return f"{value:,.1f}" if abs(value) >= LARGE else f"{value:.4f}"
