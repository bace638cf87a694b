"""Predicting and scoring raw rows with a bundle."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.columns.unread import teller
from automl.data.kinds import kind_of
from automl.data.rows import read_rows
from automl.data.say import Say
from automl.data.task import Task, TaskKind
from automl.data.weights import are_weights, check_weights, column_weights, given_weights
from automl.errors import DataError, RequestError, RunError
from automl.export.bundle import Bundle, check_trust, load_bundled, open_bundle
from automl.export.input_rows import keras_inputs
from automl.export.sampling import check_samples, sampled_outputs, spread_frame
from automl.models.passes import predict_rows, rows_at_once
from automl.vocabulary.decisions import THRESHOLD, chosen_classes, holds
from automl.vocabulary.metrics import find_metric

if TYPE_CHECKING:
    import pandas as pd


def predict(
    bundle: str | Path,
    rows: Any,
    *,
    names: Sequence[str] = (),
    separator: str | None = None,
    place: Path | None = None,
    say: Say | None = None,
    trust: bool = False,
    samples: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Predicts raw rows.

    Args:
        bundle: The bundle's directory.
        rows: A file as for a search, a `pandas.DataFrame`, or for array data an array; with or
            without the target, columns in any order, others are ignored.
        names: Column names of a file without a header.
        separator: What separates the values of a text file; None to find out.
        place: The folder that paths in the rows start from; None for that of the file.
        say: Called with what a person should be told, such as values that training has not
            shown; None logs it as a warning of the logger ``automl``.
        trust: Consent to run the code in the bundle, where its model needs it.
        samples: How many passes with dropout tell how sure the model is, at least 2; see
            `automl.models.mc_dropout`. None for none.
        seed: Of these passes.

    Returns:
        One row for each row given; of files of images, those that can be read, with ``file``
        before all else. Regression: ``prediction`` in the target's own units, or
        ``prediction_<target>`` for each of several (of a reconstruction, for each input). Binary
        and multiclass: ``prediction`` (the class) and ``probability_<class>`` for each class.
        Multilabel: for each label ``prediction_<label>`` (0 or 1) and ``probability_<label>``.
        With ``samples`` then ``mean`` and ``std`` of the passes' predictions, ``mean_<...>`` and
        ``std_<...>`` where there are several targets, classes or labels; the standard deviation
        is that of a sample (n - 1).

    Raises:
        RequestError: There is no bundle, or its model needs code and that was not allowed, or
            ``samples`` is less than 2, or there is no dropout in the model.
        DataError: The rows cannot be read, or do not have the columns that the model needs.
        RunError: The bundle cannot be read.
    """
    check_samples(samples, seed)
    opened = open_bundle(bundle)
    check_trust(opened, trust)
    say = say or logging.getLogger("automl").warning
    raw, _ = read_rows(rows, opened.plan, names, say, separator, place=place)
    arrays = opened.plan.inputs.exported(raw, opened.inputs, teller(say, "rows"))
    model = load_bundled(opened, trust)
    frame = prediction_frame(opened.task, _outputs(model, opened.task, arrays), opened.threshold)
    if samples is not None:
        spread = sampled_outputs(model, opened.path, arrays, samples, seed)
        frame = frame.join(spread_frame(opened.task, *spread))
    called = kind_of(raw).row_names(raw)
    if called is not None:
        frame.insert(0, "file", called)
    return frame


def evaluate(
    bundle: str | Path,
    rows: Any,
    *,
    names: Sequence[str] = (),
    separator: str | None = None,
    place: Path | None = None,
    weight: Any = None,
    say: Say | None = None,
    trust: bool = False,
) -> dict[str, float]:
    """Scores a bundle on rows that have the target.

    Args:
        bundle: The bundle's directory.
        rows: As for `predict`, with the target; of array data a file or a pair with x and y.
        names: Column names of a file without a header.
        separator: What separates the values of a text file; None to find out.
        place: The folder that paths in the rows start from; None for that of the file.
        weight: Column with the weight of each row, or the weights themselves, one a row. None
            for the column that weighed the rows when the model was chosen, if there was one.
        say: As for `predict`.
        trust: Consent to run the code in the bundle, where its model needs it.

    Returns:
        The metrics of the leaderboard, the default objective first, and those that were named.

    Raises:
        RequestError: There is no bundle, or its model needs code and that was not allowed.
        DataError: The rows, their targets or their weights cannot be read.
        RunError: The bundle cannot be read.
    """
    from automl.data.metrics import compute_metrics
    from automl.data.targets.encode import encode_targets, refuse_unknown
    from automl.data.targets.one_hot import frame_of_targets

    opened = open_bundle(bundle)
    check_trust(opened, trust)
    say = say or logging.getLogger("automl").warning
    reconstructs = opened.task.reconstructs
    raw, y = read_rows(rows, opened.plan, names, say, separator, reconstructs, place)
    frame = kind_of(raw).target_frame(raw) if y is None else frame_of_targets(y, opened.task)
    truth, known = encode_targets(frame, opened.task, say)
    if not known.any():
        raise refuse_unknown(frame, opened.task, "rows")
    weights = _weights(opened, frame, y is None, weight, say)
    if not known.all():
        truth, raw = truth[known], raw[known]
        weights = None if weights is None else weights[known]
    check_weights(truth, weights, opened.task, "rows")
    named = _named_metrics(opened)
    own = ", ".join(map(str, opened.config.get("own_metrics") or ()))
    if own:
        say(f"metrics that were given to the search as functions are not in the bundle: {own}")
    arrays = opened.plan.inputs.exported(raw, opened.inputs, teller(say, "rows"))
    outputs = _outputs(load_bundled(opened, trust), opened.task, arrays)
    if opened.threshold != THRESHOLD:
        say(
            f"{opened.task.classes[1]} is told where its probability is above "
            f"{opened.threshold:.6g}, the threshold that this model was exported with"
        )
    return compute_metrics(opened.task, truth, outputs, weights, named, opened.threshold)


def _named_metrics(bundle: Bundle) -> tuple[str, ...]:
    """Metrics that the search had named.

    Raises:
        RunError: One is none of the task's.
    """
    names = tuple(bundle.config.get("named_metrics") or ())
    try:
        found = [find_metric(name, bundle.task.kind) for name in names]
    except RequestError:
        found = [None]
    if None in found:
        raise RunError(
            f"The bundle {bundle.path} names metrics that its task does not have "
            f"({', '.join(names)}); export the model again."
        )
    return names


def _weights(
    bundle: Bundle, frame: pd.DataFrame, has_columns: bool, asked: Any, say: Say
) -> npt.NDArray[np.float64] | None:
    """The weights of rows to score, or None for equal ones.

    Raises:
        DataError: There is no such column, or it holds something else than weights.
    """
    if are_weights(asked):
        return given_weights(asked, len(frame), has_other_sources=False)
    recorded = bundle.config.get("weight")
    name = recorded if asked is None else asked
    if name is None:
        return None
    if name in frame.columns and has_columns:
        return column_weights(frame[name])
    if asked is not None:
        raise DataError(
            f"The rows have no weight column {name!r}{did_you_mean(str(name), frame.columns)}"
        )
    say(
        f"the rows have no column {name!r}, which weighed those of the search, so all rows count "
        "alike here; --weight names another column"
    )
    return None


def prediction_frame(
    task: Task, outputs: npt.NDArray[Any], threshold: float = THRESHOLD
) -> pd.DataFrame:
    """Names a model's outputs.

    Args:
        task: The task.
        outputs: (n, outputs) probabilities or targets in their own units.
        threshold: Of a binary task, the probability above which the second class is told.

    Returns:
        The frame that `predict` describes.
    """
    import pandas as pd

    if task.kind is TaskKind.REGRESSION:
        if len(task.targets) == 1:
            return pd.DataFrame({"prediction": outputs[:, 0]})
        return pd.DataFrame({f"prediction_{t}": outputs[:, i] for i, t in enumerate(task.targets)})
    if task.kind is TaskKind.MULTILABEL:
        columns: dict[str, Any] = {}
        for i, label in enumerate(task.targets):
            columns[f"prediction_{label}"] = holds(outputs[:, i]).astype(np.int64)
            columns[f"probability_{label}"] = outputs[:, i]
        return pd.DataFrame(columns)
    chosen = chosen_classes(task.kind, outputs, threshold)
    if task.kind is TaskKind.BINARY:
        outputs = np.concatenate([1.0 - outputs, outputs], axis=1)
    named = {f"probability_{label}": outputs[:, i] for i, label in enumerate(task.classes)}
    return pd.DataFrame({"prediction": [task.classes[i] for i in chosen], **named})


def _outputs(
    model: Any, task: Task, arrays: Mapping[str, npt.NDArray[Any]]
) -> npt.NDArray[np.float32]:
    rows = len(next(iter(arrays.values())))
    if not rows:
        return np.zeros((0, task.outputs), np.float32)
    return predict_rows(model, keras_inputs(arrays), rows, rows_at_once(model))
