"""The names of metrics: the package's own, scikit-learn's and Keras's for the same, older ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from automl.data.task import TaskKind
from automl.errors import RequestError

AVERAGES = ("macro", "micro", "weighted")
COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")

#: What is shown of every trial, the default objective first.
SHOWN: Mapping[TaskKind, tuple[str, ...]] = {
    TaskKind.BINARY: ("log_loss", "accuracy", "f1", "roc_auc", "average_precision"),
    TaskKind.MULTICLASS: ("log_loss", "accuracy", "f1_macro"),
    TaskKind.MULTILABEL: ("log_loss", "binary_accuracy", "subset_accuracy", "f1_macro"),
    TaskKind.REGRESSION: ("mse", "rmse", "mae", "r2"),
}
_AVERAGED = tuple(
    f"{score}_{average}"
    for score in ("precision", "recall", "f1", "fbeta")
    for average in AVERAGES
    if (score, average) != ("f1", "macro")
)
#: What is computed only where it is named.
FURTHER: Mapping[TaskKind, tuple[str, ...]] = {
    TaskKind.BINARY: ("balanced_accuracy", "precision", "recall", "fbeta", *COUNTS),
    TaskKind.MULTICLASS: ("balanced_accuracy", *_AVERAGED),
    TaskKind.MULTILABEL: ("hamming_loss", *_AVERAGED, *COUNTS),
    TaskKind.REGRESSION: ("mape", "pinball"),
}

MINIMIZED = frozenset(
    {"log_loss", "hamming_loss", "false_positives", "false_negatives"}
    | {"mse", "rmse", "mae", "mape", "pinball"}
)

#: Metrics with a number after a colon: what it is, what it must be, and an example.
PARAMETERS: Mapping[str, tuple[str, str, str]] = {
    "fbeta": ("beta", "a number above 0", "2"),
    "pinball": ("quantile", "a number between 0 and 1", "0.9"),
}

# Other spellings, scikit-learn's scorers and functions and Keras's metrics and losses. Where a
# spelling means different metrics for different tasks, the first that the task has is taken.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "acc": ("accuracy",),
    "accuracy_score": ("accuracy", "subset_accuracy"),
    "binary_accuracy": ("accuracy",),
    "categorical_accuracy": ("accuracy",),
    "sparse_categorical_accuracy": ("accuracy",),
    "balanced_accuracy_score": ("balanced_accuracy",),
    "exact_match": ("subset_accuracy",),
    "logloss": ("log_loss",),
    "neg_log_loss": ("log_loss",),
    "crossentropy": ("log_loss",),
    "binary_crossentropy": ("log_loss",),
    "categorical_crossentropy": ("log_loss",),
    "sparse_categorical_crossentropy": ("log_loss",),
    "hamming": ("hamming_loss",),
    "f1_score": ("f1", "f1_macro"),
    "f1": ("f1", "f1_macro"),
    "macro_f1": ("f1_macro",),
    "precision": ("precision", "precision_macro"),
    "precision_score": ("precision", "precision_macro"),
    "recall": ("recall", "recall_macro"),
    "recall_score": ("recall", "recall_macro"),
    "sensitivity": ("recall",),
    "fbeta": ("fbeta", "fbeta_macro"),
    "fbeta_score": ("fbeta", "fbeta_macro"),
    "auc": ("roc_auc",),
    "roc_auc_score": ("roc_auc",),
    "average_precision_score": ("average_precision",),
    "mean_squared_error": ("mse",),
    "neg_mean_squared_error": ("mse",),
    "root_mean_squared_error": ("rmse",),
    "neg_root_mean_squared_error": ("rmse",),
    "mean_absolute_error": ("mae",),
    "neg_mean_absolute_error": ("mae",),
    "mean_absolute_percentage_error": ("mape",),
    "neg_mean_absolute_percentage_error": ("mape",),
    "mean_pinball_loss": ("pinball",),
    "pinball_loss": ("pinball",),
    "quantile_loss": ("pinball",),
    "quantile": ("pinball",),
    "r2_score": ("r2",),
}

#: Names that said something else than what they were: read in older runs, else only answered.
RENAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    TaskKind.BINARY: {"pr_auc": ("average_precision",)},
    TaskKind.MULTILABEL: {"accuracy": ("binary_accuracy", "subset_accuracy")},
}
_WHY_RENAMED: Mapping[str, str] = {
    "pr_auc": "'average_precision', for that is what it is (no area by trapezoids)",
    "accuracy": "'binary_accuracy' (of each label by itself, as Keras has it) or "
    "'subset_accuracy' (of rows with all labels right, as scikit-learn has it)",
}

# KerasTuner's rule: these of Keras's metrics are to maximize, its losses and other metrics to
# minimize (keras_tuner/engine/metrics_tracking.py).
_KERAS_MAXIMIZED = frozenset(
    [
        "accuracy",
        "acc",
        "binary_accuracy",
        "categorical_accuracy",
        "sparse_categorical_accuracy",
        "top_k_categorical_accuracy",
        "sparse_top_k_categorical_accuracy",
        "true_positives",
        "true_negatives",
        "precision",
        "recall",
        "auc",
        "sensitivity_at_specificity",
        "specificity_at_sensitivity",
        "precision_at_recall",
        "recall_at_precision",
        "f1_score",
        "fbeta_score",
        "r2_score",
        "iou",
        "mean_iou",
        "binary_iou",
        "one_hot_iou",
        "one_hot_mean_iou",
    ]
)
_KERAS_MINIMIZED = frozenset(
    [
        "loss",
        "mse",
        "mae",
        "mape",
        "msle",
        "mean_squared_error",
        "root_mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "binary_crossentropy",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "kl_divergence",
        "kullback_leibler_divergence",
        "poisson",
        "hinge",
        "squared_hinge",
        "categorical_hinge",
        "logcosh",
        "log_cosh_error",
        "huber",
        "huber_loss",
        "binary_focal_crossentropy",
        "categorical_focal_crossentropy",
        "false_positives",
        "false_negatives",
    ]
)


@dataclass(frozen=True)
class MetricName:
    """A metric's name taken apart.

    Attributes:
        base: The name without its number, such as ``fbeta_macro``.
        parameter: The number after the colon, or None.
    """

    base: str
    parameter: float | None = None

    @property
    def text(self) -> str:
        """The name in its one spelling, such as ``fbeta_macro:2``."""
        return self.base if self.parameter is None else f"{self.base}:{self.parameter:.12g}"

    @property
    def direction(self) -> str:
        """``minimize`` or ``maximize``."""
        return "minimize" if self.base in MINIMIZED else "maximize"


def keyed(name: str) -> str:
    """A name as it is looked up: small letters, underscores, and no ``val_``."""
    return name.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("val_")


def find_metric(name: str, kind: TaskKind) -> MetricName | None:
    """The metric of a kind of task that a name means.

    Args:
        name: The name in any known spelling, with a number after a colon where it needs one.
        kind: The kind of task.

    Returns:
        The metric, or None where the task has none of that name.

    Raises:
        RequestError: The number is missing, is none that the metric can have, or is one too many.
    """
    base, colon, number = keyed(name).partition(":")
    available = (*SHOWN[kind], *FURTHER[kind])
    found = next((one for one in (base, *ALIASES.get(base, ())) if one in available), None)
    if found is None:
        return None
    return MetricName(found, _parameter(found, number if colon else None, name))


def _parameter(base: str, number: str | None, given: str) -> float | None:
    if base.partition("_")[0] not in PARAMETERS:
        if number is not None:
            raise RequestError(f"The metric {base!r} takes no number, but {given!r} gives one.")
        return None
    what, which, example = PARAMETERS[base.partition("_")[0]]
    if number is None:
        raise RequestError(
            f"The metric {base!r} needs its {what}, {which}: write for example {base}:{example}."
        )
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    most = 1.0 if base == "pinball" else math.inf
    if not 0.0 < value < most:
        raise RequestError(
            f"The {what} of {given!r} must be {which}: write for example {base}:{example}."
        )
    return value


def current_name(name: str, kind: str) -> str:
    """What a metric of an older run is called today.

    Args:
        name: The name that the run recorded.
        kind: The kind of its task.
    """
    return RENAMED.get(kind, {}).get(name, (name,))[0]


def renamed_hint(name: str, kind: TaskKind) -> str:
    """Of a name that is no longer a metric's, what to write instead; else ""."""
    key = keyed(name)
    return _WHY_RENAMED[key] if key in RENAMED.get(kind, {}) else ""


def keras_direction(name: str) -> str | None:
    """Direction of one of Keras's own metrics or losses, as KerasTuner infers it; else None."""
    key = keyed(name).removeprefix("weighted_")
    if key in _KERAS_MAXIMIZED:
        return "maximize"
    return "minimize" if key in _KERAS_MINIMIZED or key.endswith("_loss") else None
