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


def words(metric: str) -> str:
    """The name of a metric for a person."""
    return WORDS.get(metric, metric.replace("_", " "))


def inside(metric: str, score: float) -> float:
    """A score in the metric's own unit as it is kept: higher when it is better."""
    return -score if metric in ERRORS else score


def shown(metric: str, score: float) -> str:
    """A score in the metric's own unit: four decimals, errors without their minus."""
    return f"{-score if metric in ERRORS else score:.4f}"
