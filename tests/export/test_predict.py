"""Predicting and scoring: any file, any column order, with or without the target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from run_maker import Exported, core_predictions, make_core, people

from automl.data.task import Task, TaskKind
from automl.errors import DataError, RequestError, RunError
from automl.export.in_child import evaluate_in_child, predict_in_child
from automl.export.predict import evaluate, predict, prediction_frame


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "people.csv"
    people().to_csv(path, index=False)
    return path


def test_files_frames_and_column_orders_agree(
    classes: Exported, rows: Path, tmp_path: Path
) -> None:
    expected = predict(classes.bundle, people())
    assert list(expected) == ["prediction", "probability_high", "probability_low"]
    assert set(expected["prediction"]) <= {"high", "low"}
    np.testing.assert_allclose(expected.iloc[:, 1] + expected.iloc[:, 2], 1.0)
    low = expected["probability_low"] > 0.5
    assert (expected["prediction"] == np.where(low, "low", "high")).all()

    pd.testing.assert_frame_equal(predict(classes.bundle, rows), expected)
    shuffled = people()[sorted(people().columns)].drop(columns=["income", "price"])
    shuffled.to_parquet(tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(predict(classes.bundle, tmp_path / "rows.parquet"), expected)
    shuffled.to_csv(tmp_path / "rows.tsv", sep="\t", index=False)
    pd.testing.assert_frame_equal(predict(classes.bundle, tmp_path / "rows.tsv"), expected)
    shuffled.to_csv(tmp_path / "bare.csv", index=False, header=False)
    named = predict(classes.bundle, tmp_path / "bare.csv", names=tuple(shuffled.columns))
    pd.testing.assert_frame_equal(named, expected)
    one = people().iloc[:1]
    pd.testing.assert_frame_equal(predict(classes.bundle, one), expected.iloc[:1])


def test_predictions_are_the_scored_ones(prices: Exported) -> None:
    data = prices.data
    given = predict(prices.bundle, data.check)["prediction"]
    np.testing.assert_allclose(given, core_predictions(make_core(data), data)[:, 0], rtol=1e-5)


def test_arrays(images: Exported, tmp_path: Path) -> None:
    x = np.asarray(images.data.check)
    y = np.zeros(len(x), np.int64)
    frame = predict(images.bundle, x)
    assert list(frame) == ["prediction", "probability_0", "probability_1", "probability_2"]
    assert set(frame["prediction"]) <= {0, 1, 2}
    np.savez(tmp_path / "rows.npz", x=x)
    pd.testing.assert_frame_equal(predict(images.bundle, tmp_path / "rows.npz"), frame)
    np.savez(tmp_path / "rows.npz", x=x, y=y)
    scores = evaluate(images.bundle, tmp_path / "rows.npz")
    assert scores["accuracy"] == pytest.approx((frame["prediction"] == 0).mean())


def test_targets_of_arrays_are_what_training_took_them_for(
    images: Exported, tmp_path: Path
) -> None:
    x = np.asarray(images.data.check)
    y = np.arange(len(x)) % 3
    scores = evaluate(images.bundle, (x, y))
    # In one-hot rows of training a class without rows had its column too.
    assert evaluate(images.bundle, (x, np.eye(3)[y])) == scores
    assert evaluate(images.bundle, (x, np.eye(4)[y])) == scores
    assert evaluate(images.bundle, (x, y.reshape(-1, 1))) == scores
    for odd in (np.stack([y, y], axis=1), np.zeros((len(x), 2, 2))):
        with pytest.raises(DataError, match=r"A row of y has .* values, but the model's targets"):
            evaluate(images.bundle, (x, odd))
    for number, cut in enumerate((y[:-1], np.array(1))):
        np.savez(tmp_path / f"{number}.npz", x=x, y=cut)
        with pytest.raises(DataError, match=r"give a target for each row|has no rows"):
            evaluate(images.bundle, tmp_path / f"{number}.npz")


def test_a_missing_column_names_the_nearest(classes: Exported) -> None:
    with pytest.raises(DataError, match=r"'city'.*'City '"):
        predict(classes.bundle, people().rename(columns={"city": "City "}))


def test_what_cannot_be_read(classes: Exported, images: Exported, rows: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        predict(classes.bundle, rows.with_name("peple.csv"))
    with pytest.raises(DataError, match="table"):
        predict(images.bundle, people())
    with pytest.raises(DataError, match="table"):
        predict(classes.bundle, (np.zeros((3, 2)), np.zeros(3)))
    with pytest.raises(DataError, match="shape"):
        predict(images.bundle, np.zeros((3, 9, 9)))
    with pytest.raises(RequestError, match="is not there"):
        predict(rows.parent / "nowhere", rows)


def test_evaluate_is_what_predict_deserves(classes: Exported, prices: Exported, rows: Path) -> None:
    scores = evaluate(classes.bundle, rows)
    right = predict(classes.bundle, rows)["prediction"] == people()["income"]
    assert scores["accuracy"] == pytest.approx(right.mean())
    assert {"log_loss", "f1", "roc_auc", "average_precision"} <= scores.keys()
    errors = predict(prices.bundle, rows)["prediction"] - people()["price"]
    assert evaluate(prices.bundle, rows)["mse"] == pytest.approx((errors**2).mean(), rel=1e-5)
    with pytest.raises(DataError, match="income"):
        evaluate(classes.bundle, people().drop(columns=["income"]))


def test_evaluate_leaves_out_targets_that_training_has_not_shown(
    classes: Exported, prices: Exported
) -> None:
    for exported, target, strange in ((classes, "income", "zebra"), (prices, "price", "many")):
        known = people().iloc[5:]
        rows = people().astype({target: object})
        rows.loc[rows.index[:4], target] = strange
        rows.loc[rows.index[4], target] = None
        said: list[str] = []
        assert evaluate(exported.bundle, rows, say=said.append) == pytest.approx(
            evaluate(exported.bundle, known), rel=1e-5
        )
        notes = " ".join(said)
        assert f"{strange!r} (4), first in row 1" in notes
        assert "1 row without a value" in notes
        with pytest.raises(DataError, match=strange):
            evaluate(exported.bundle, people().assign(**{target: strange}), say=said.append)


def test_tasks(classes: Exported, rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "predictions.csv"
    assert predict_in_child(str(classes.bundle), str(rows), str(output)) == {
        "rows": 120,
        "notes": [],
    }
    written = pd.read_csv(output)
    pd.testing.assert_frame_equal(written, predict(classes.bundle, rows), check_dtype=False)
    found = evaluate_in_child(str(classes.bundle), str(rows))
    assert found == {"scores": evaluate(classes.bundle, rows), "notes": []}
    with pytest.raises(RunError, match="cannot be written"):
        predict_in_child(str(classes.bundle), str(rows), str(tmp_path / "no" / "predictions.csv"))
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.csv"]


@pytest.mark.parametrize(
    ("task", "outputs", "expected"),
    [
        (
            Task(TaskKind.REGRESSION, 2, ("a", "b")),
            [[1.0, 2.0]],
            {"prediction_a": 1.0, "prediction_b": 2.0},
        ),
        (
            Task(TaskKind.MULTILABEL, 2, ("a", "b")),
            [[0.5, 0.25]],
            {
                "prediction_a": 0,
                "probability_a": 0.5,
                "prediction_b": 0,
                "probability_b": 0.25,
            },
        ),
        (
            Task(TaskKind.BINARY, 1, ("t",), (False, True)),
            [[0.25]],
            {"prediction": False, "probability_False": 0.75, "probability_True": 0.25},
        ),
        (
            Task(TaskKind.MULTICLASS, 3, ("t",), ("x", "y", "z")),
            [[0.25, 0.5, 0.25]],
            {
                "prediction": "y",
                "probability_x": 0.25,
                "probability_y": 0.5,
                "probability_z": 0.25,
            },
        ),
    ],
)
def test_names_of_the_answers(
    task: Task, outputs: list[list[float]], expected: dict[str, Any]
) -> None:
    frame = prediction_frame(task, np.array(outputs, np.float32))
    assert frame.to_dict("records") == [expected]
