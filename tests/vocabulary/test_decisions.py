"""One rule from probabilities to answers, in predictions, metrics, Keras and the kernel."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data.metrics import compute_metric
from automl.data.task import Task, TaskKind
from automl.export.predict import prediction_frame
from automl.vocabulary.decisions import chosen_classes, holds

BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
MULTILABEL = Task(TaskKind.MULTILABEL, 2, ("a", "b"))
AT_THE_EDGE = np.array([[0.5], [np.nextafter(np.float32(0.5), np.float32(1))]], np.float32)


def test_a_probability_of_one_half_is_no() -> None:
    assert holds(np.array([0.4, 0.5, 0.6, np.nan])).tolist() == [False, False, True, False]
    assert chosen_classes(BINARY.kind, AT_THE_EDGE).tolist() == [0, 1]
    # Of two equally likely classes the first, also where they are two outputs.
    two = Task(TaskKind.MULTICLASS, 2, ("y",), ("no", "yes"))
    assert chosen_classes(two.kind, np.array([[0.5, 0.5]])).tolist() == [0]


def test_predictions_and_metrics_agree_at_one_half() -> None:
    told = prediction_frame(BINARY, AT_THE_EDGE)["prediction"]
    assert list(told) == ["no", "yes"]
    truth = np.array([[0.0], [1.0]], np.float32)
    for name in ("accuracy", "f1", "precision", "recall", "balanced_accuracy"):
        assert compute_metric(name, BINARY, truth, AT_THE_EDGE) == 1.0
    both = np.array([[0.5, 0.7]], np.float32)
    frame = prediction_frame(MULTILABEL, both)
    assert (frame["prediction_a"][0], frame["prediction_b"][0]) == (0, 1)
    assert compute_metric("subset_accuracy", MULTILABEL, np.array([[0.0, 1.0]]), both) == 1.0


def test_keras_has_the_same_rule() -> None:
    import keras

    accuracy = keras.metrics.BinaryAccuracy()
    accuracy.update_state(np.array([[0.0], [1.0]]), AT_THE_EDGE)
    assert float(accuracy.result()) == pytest.approx(1.0)
