"""The metrics, one entry each: value, direction, tasks, and scikit-learn's and Keras's names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from automl.errors import RequestError
from automl.vocabulary.directions import MAXIMIZE, MINIMIZE
from automl.vocabulary.losses import CROSSENTROPIES, CROSSENTROPY
from automl.vocabulary.metric import Metric, MetricFunction, MetricParameter
from automl.vocabulary.metric_functions import confusion
from automl.vocabulary.metric_functions import values as v
from automl.vocabulary.metric_functions.temperature_scaling import tempered_log_loss
from automl.vocabulary.task_kinds import TaskKind

_BINARY, _MULTICLASS = TaskKind.BINARY, TaskKind.MULTICLASS
_MULTILABEL, _REGRESSION = TaskKind.MULTILABEL, TaskKind.REGRESSION
#: The log loss with the temperature that is best for the rows.
TEMPERED_LOG_LOSS = "tempered_log_loss"
_AVERAGES = ("macro", "micro", "weighted")
_BETA = MetricParameter("beta", "a number above 0", "2")
_QUANTILE = MetricParameter("quantile", "a number between 0 and 1", "0.9", below=1.0)

# What each trial shows; and of that, what is light enough for each epoch.
_shown = partial(Metric, shown=True)
_of_epochs = partial(_shown, every_epoch=True)


def _averaged(score: Any, average: str) -> Mapping[TaskKind, MetricFunction]:
    return {_MULTICLASS: v.of_classes(score, average), _MULTILABEL: v.of_labels(score, average)}


def _averaged_fbeta(average: str) -> Mapping[TaskKind, Callable[[float], MetricFunction]]:
    return {
        _MULTICLASS: lambda beta: v.of_classes(partial(confusion.fbeta, beta=beta), average),
        _MULTILABEL: lambda beta: v.of_labels(partial(confusion.fbeta, beta=beta), average),
    }


def _averages(
    score: str, functions: Callable[[str], Mapping[TaskKind, Any]], **options: Any
) -> tuple[Metric, ...]:
    """A score of classes or labels with each of its averages; without one, macro is meant."""
    return tuple(
        Metric(
            f"{score}_{average}",
            functions(average),
            MAXIMIZE,
            shown=(score, average) == ("f1", "macro"),
            aliases=(score, f"{score}_score", f"macro_{score}") if average == "macro" else (),
            **options,
        )
        for average in _AVERAGES
    )


def _count(name: str, direction: str) -> Metric:
    function = v.count(name)
    return Metric(name, {_BINARY: function, _MULTILABEL: function}, direction, keras=(name,))


#: The first that a task has is its default objective; what is shown comes in this order.
METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        _of_epochs(
            "log_loss",
            {
                _BINARY: v.log_loss_binary,
                _MULTICLASS: v.log_loss_multiclass,
                _MULTILABEL: v.log_loss_binary,
            },
            MINIMIZE,
            of_probabilities=True,
            sklearn=("neg_log_loss",),
            keras=CROSSENTROPIES,
            aliases=("logloss", CROSSENTROPY),
        ),
        Metric(
            TEMPERED_LOG_LOSS,
            {kind: tempered_log_loss(kind) for kind in (_BINARY, _MULTICLASS, _MULTILABEL)},
            MINIMIZE,
            of_probabilities=True,
        ),
        _of_epochs(
            "accuracy",
            {_BINARY: v.label_accuracy, _MULTICLASS: v.accuracy_multiclass},
            MAXIMIZE,
            sklearn=("accuracy_score",),
            keras=(
                *("accuracy", "acc", "binary_accuracy", "categorical_accuracy"),
                "sparse_categorical_accuracy",
            ),
        ),
        _of_epochs(
            "binary_accuracy",
            {_MULTILABEL: v.label_accuracy},
            MAXIMIZE,
            keras=("binary_accuracy",),
        ),
        _of_epochs(
            "subset_accuracy",
            {_MULTILABEL: v.subset_accuracy},
            MAXIMIZE,
            sklearn=("accuracy_score",),
            aliases=("exact_match",),
        ),
        _shown(
            "f1",
            {_BINARY: v.of_positive(confusion.fbeta)},
            MAXIMIZE,
            sklearn=("f1_score",),
            keras=("f1_score",),
        ),
        *_averages("f1", partial(_averaged, confusion.fbeta)),
        _shown(
            "roc_auc",
            {_BINARY: v.roc_auc_binary},
            MAXIMIZE,
            of_probabilities=True,
            sklearn=("roc_auc_score",),
            keras=("auc",),
        ),
        _shown(
            "average_precision",
            {_BINARY: v.average_precision_binary},
            MAXIMIZE,
            of_probabilities=True,
            sklearn=("average_precision_score",),
        ),
        _of_epochs(
            "mse",
            {_REGRESSION: v.mse},
            MINIMIZE,
            sklearn=("mean_squared_error", "neg_mean_squared_error"),
            keras=("mse", "mean_squared_error"),
        ),
        _of_epochs(
            "rmse",
            {_REGRESSION: v.rmse},
            MINIMIZE,
            sklearn=("root_mean_squared_error", "neg_root_mean_squared_error"),
            keras=("root_mean_squared_error",),
        ),
        _of_epochs(
            "mae",
            {_REGRESSION: v.mae},
            MINIMIZE,
            sklearn=("mean_absolute_error", "neg_mean_absolute_error"),
            keras=("mae", "mean_absolute_error"),
        ),
        _of_epochs(
            "r2",
            {_REGRESSION: v.r2},
            MAXIMIZE,
            sklearn=("r2_score",),
            keras=("r2_score",),
        ),
        Metric(
            "balanced_accuracy",
            {_BINARY: v.balanced_accuracy_binary, _MULTICLASS: v.balanced_accuracy_multiclass},
            MAXIMIZE,
            sklearn=("balanced_accuracy_score",),
        ),
        Metric("hamming_loss", {_MULTILABEL: v.hamming_loss}, MINIMIZE, aliases=("hamming",)),
        Metric(
            "precision",
            {_BINARY: v.of_positive(confusion.precision)},
            MAXIMIZE,
            sklearn=("precision_score",),
            keras=("precision",),
        ),
        Metric(
            "recall",
            {_BINARY: v.of_positive(confusion.recall)},
            MAXIMIZE,
            sklearn=("recall_score",),
            keras=("recall",),
            aliases=("sensitivity",),
        ),
        Metric(
            "fbeta",
            {_BINARY: lambda beta: v.of_positive(partial(confusion.fbeta, beta=beta))},
            MAXIMIZE,
            parameter=_BETA,
            sklearn=("fbeta_score",),
            keras=("fbeta_score",),
        ),
        *_averages("precision", partial(_averaged, confusion.precision)),
        *_averages("recall", partial(_averaged, confusion.recall)),
        *_averages("fbeta", _averaged_fbeta, parameter=_BETA),
        _count("true_positives", MAXIMIZE),
        _count("false_positives", MINIMIZE),
        _count("true_negatives", MAXIMIZE),
        _count("false_negatives", MINIMIZE),
        Metric(
            "mape",
            {_REGRESSION: v.mape},
            MINIMIZE,
            sklearn=("mean_absolute_percentage_error", "neg_mean_absolute_percentage_error"),
            keras=("mape", "mean_absolute_percentage_error"),
        ),
        Metric(
            "pinball",
            {_REGRESSION: v.pinball},
            MINIMIZE,
            parameter=_QUANTILE,
            sklearn=("mean_pinball_loss",),
            aliases=("pinball_loss", "quantile_loss", "quantile"),
        ),
    )
}

# Of Keras's metrics and losses that are none of these, KerasTuner's rule: some metrics are to
# maximize, the others and the losses to minimize (keras_tuner/engine/metrics_tracking.py).
_KERAS_MAXIMIZED = frozenset((
    "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy",
    "sensitivity_at_specificity", "specificity_at_sensitivity", "precision_at_recall",
    "recall_at_precision", "iou", "mean_iou", "binary_iou", "one_hot_iou", "one_hot_mean_iou",
))  # fmt: skip
_KERAS_MINIMIZED = frozenset((
    "loss", "msle", "mean_squared_logarithmic_error", "kl_divergence",
    "kullback_leibler_divergence", "poisson", "hinge", "squared_hinge", "categorical_hinge",
    "logcosh", "log_cosh_error", "huber", "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
))  # fmt: skip


def metrics_of(kind: TaskKind) -> tuple[Metric, ...]:
    """The metrics that a kind of task has: those that are always shown first, the default first."""
    found = [metric for metric in METRICS.values() if kind in metric.kinds]
    return tuple(sorted(found, key=lambda metric: not metric.shown))


def shown_metrics(kind: TaskKind) -> tuple[str, ...]:
    """The names of those that are computed for every trial, the default objective first."""
    return tuple(metric.name for metric in metrics_of(kind) if metric.shown)


def keyed(name: str) -> str:
    """A name as it is looked up: small letters, underscores, and no ``val_``."""
    return name.strip().lower().replace("-", "_").replace(" ", "_").removeprefix("val_")


def find_metric(name: str, kind: TaskKind) -> Metric | None:
    """The metric of a kind of task that a name means.

    Args:
        name: The name in any known spelling, with a number after a colon where it needs one.
        kind: The kind of task.

    Returns:
        The metric, with its number where it has one, or None where the task has none of that
        name. Where a spelling means different metrics, the one whose own name it is goes first.

    Raises:
        RequestError: The number is missing, is none that the metric can have, or is one too many.
    """
    base, colon, number = keyed(name).partition(":")
    meant = [metric for metric in metrics_of(kind) if base in metric.spellings]
    if not meant:
        return None
    found = next((metric for metric in meant if metric.name == base), meant[0])
    if found.parameter is not None:
        return found.with_number(found.parameter.read(found.name, number if colon else None, name))
    if colon:
        raise RequestError(f"The metric {found.name!r} takes no number, but {name!r} gives one.")
    return found


def keras_direction(name: str) -> str | None:
    """Direction of one of Keras's own metrics or losses, as KerasTuner infers it; else None."""
    key = keyed(name).removeprefix("weighted_")
    known = next((metric.direction for metric in METRICS.values() if key in metric.keras), None)
    if known or key in _KERAS_MAXIMIZED:
        return known or MAXIMIZE
    return MINIMIZE if key in _KERAS_MINIMIZED or key.endswith("_loss") else None
