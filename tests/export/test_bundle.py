"""Bundles: complete, checked, loadable with nothing but Keras, or not there at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from run_maker import Exported, add_trial, core_predictions, make_core, people

from automl.data.kinds.table.plan import TablePlan
from automl.data.plan import PreprocessingPlan, TargetScale
from automl.errors import RequestError, RunError
from automl.export.bundle import load_model, open_bundle
from automl.export.formats.bundle import labels
from automl.export.in_child import export_in_child
from automl.export.prediction_check import TOLERANCE, compare
from automl.results.check_rows import read_check_rows
from automl.results.export_request import export_request
from automl.results.run_directory import RunDirectory

FILES = {"model.keras", "labels.json", "config.json", "card.md", "requirements.txt"}


def test_a_bundle_is_complete(classes: Exported, prices: Exported, images: Exported) -> None:
    for exported in (classes, prices, images):
        assert {file.name for file in exported.bundle.iterdir()} == FILES
        config = json.loads((exported.bundle / "config.json").read_text())
        assert config["trial"] == 0
        assert config["config"] == {"depth": 1, "learning_rate": 0.001}
        assert config["check"]["rows"] == len(exported.data.check_positions)
        assert config["check"]["difference"] <= TOLERANCE
        assert config["seed"] == 11
        assert "keras==" in (exported.bundle / "requirements.txt").read_text()
        assert [p.name for p in exported.bundle.parent.iterdir() if p.name.startswith(".")] == []


def test_names_that_keras_refuses_are_mapped(classes: Exported) -> None:
    inputs = open_bundle(classes.bundle).inputs
    assert inputs["age"] == "age"
    assert inputs["where"] == "column_where"
    assert inputs["total rooms/year"] == "column_total_rooms_year"


def test_labels(classes: Exported, prices: Exported) -> None:
    form = json.loads((classes.bundle / "labels.json").read_text())
    assert form["classes"] == ["high", "low"]
    assert form["outputs"] == ["probability of low, the second class"]
    assert json.loads((prices.bundle / "labels.json").read_text()) == labels(prices.data.task)


def test_the_card(classes: Exported) -> None:
    card = (classes.bundle / "card.md").read_text()
    for part in (
        classes.data.fingerprint,
        "Target: income",
        "depth: 1",
        "| log_loss | 0.4000 | 0.5000 | 0.6100 |",
        "healthy",
        "run 7, trial 11",
        "days since 1970-01-01",
        "Baseline majority",
        f"keras {keras.__version__}",
    ):
        assert part in card


def test_the_card_says_how_the_check_was_done(classes: Exported) -> None:
    """A process may be a fork: what it went without is said, and not that it was a fresh one."""
    card = " ".join((classes.bundle / "card.md").read_text().split())
    assert (
        "the model was loaded in a process of its own that had to do without this program, and "
        "gave the predictions that were scored"
    ) in card
    assert "new process" not in card


def test_plain_keras_takes_raw_rows(classes: Exported) -> None:
    """In a process that refuses the package, with missing values and unseen categories."""
    code = f"""
import sys
class Refuse:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "automl":
            raise ImportError(name)
sys.meta_path.insert(0, Refuse)
import keras, tensorflow as tf, numpy as np
model = keras.saving.load_model({str(classes.bundle / "model.keras")!r})
nan = float("nan")
numbers = lambda *v: np.array(v, dtype="float32")[:, None]
texts = lambda *v: tf.constant(v)[:, None]
answer = model.predict({{
    "age": numbers(nan, 30), "column_total_rooms_year": numbers(1e5, nan),
    "column_where": numbers(0, nan), "city": texts("", "Nowhere"),
    "joined": numbers(18000, nan), "member": numbers(1, 0), "code": texts("k1", ""),
    "size": numbers(0, 0),
}}, verbose=0)
assert answer.shape == (2, 1) and answer.dtype == np.float32
assert np.isfinite(answer).all() and ((answer > 0) & (answer < 1)).all()
assert not any(name.split(".")[0] == "automl" for name in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_bundle_answers_what_the_core_answers(prices: Exported) -> None:
    data = prices.data
    core = make_core(data)
    rows, positions = read_check_rows(prices.run)
    np.testing.assert_array_equal(positions, data.check_positions)
    model = load_model(prices.bundle)
    inputs = {
        open_bundle(prices.bundle).inputs[name]: tf.constant(
            values.astype(str) if values.dtype == object else values
        )[:, None]
        for name, values in data.plan.inputs.raw_columns(rows).items()
    }
    given = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(given, core_predictions(core, data), rtol=1e-5)
    assert given.std() > 1_000  # in the target's own units


def test_another_model_s_predictions_are_refused(prices: Exported, tmp_path: Path) -> None:
    request = export_request(prices.run, 0, tmp_path / "new" / "bundle")
    wrong = np.load(request["expected"])
    wrong[3] += 1e-3 * prices.data.plan.target_scale.std[0]
    path = prices.run.path / "wrong.npy"
    np.save(path, wrong)
    with pytest.raises(RunError, match="not the one that was scored"):
        export_in_child(**{**request, "expected": str(path)})
    path.unlink()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model", "expected", "check_rows"])
def test_nothing_is_read_from_outside_of_the_run(
    name: str, prices: Exported, tmp_path: Path
) -> None:
    request = export_request(prices.run, 0, tmp_path / "bundle")
    elsewhere = tmp_path / Path(request[name]).name
    shutil.copy(request[name], elsewhere)
    with pytest.raises(RunError, match="not inside it"):
        export_in_child(**{**request, name: str(elsewhere)})
    assert [file.name for file in tmp_path.iterdir()] == [elsewhere.name]


def test_a_model_that_needs_more_than_keras_is_refused(images: Exported, tmp_path: Path) -> None:
    inputs = keras.Input((20,), name="numeric")
    answer = keras.layers.Lambda(lambda x: keras.ops.softmax(x[:, :3]))(inputs)
    path = images.run.path / "other.keras"
    keras.Model({"numeric": inputs}, answer).save(path)
    request = export_request(images.run, 0, tmp_path / "bundle")
    with pytest.raises(RunError, match="cannot be loaded by Keras alone"):
        export_in_child(**{**request, "model": str(path)})
    path.unlink()
    assert not (tmp_path / "bundle").exists()


def test_of_two_exports_at_once_the_second_says_what_happened(
    images: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "bundle"

    def overtaken(*_: Any) -> str:
        to.mkdir()
        (to / "model.keras").touch()
        return ""

    monkeypatch.setattr("automl.export.formats.bundle.requirements", overtaken)
    with pytest.raises(RequestError, match="Another export has written"):
        export_in_child(**export_request(images.run, 0, to))
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert [path.name for path in to.iterdir()] == ["model.keras"]


def test_a_place_that_cannot_be_is_not_taken_for_another_export(
    images: Exported, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(RequestError, match=r"^The export .* cannot be written \(Not a directory\)"):
        export_in_child(**export_request(images.run, 0, tmp_path / "mine.txt" / "out"))
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_an_existing_directory_is_refused(images: Exported, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(RequestError, match="exists"):
        export_in_child(**export_request(images.run, 0, tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_trial_without_a_model(images: Exported, tmp_path: Path) -> None:
    number = add_trial(images.run, images.data, keep=False)
    with pytest.raises(RequestError, match=f"trial {number} .* was not kept; export one of 0,"):
        export_request(images.run, number, tmp_path / "bundle")
    with pytest.raises(RequestError, match="has no model"):
        export_request(images.run, "majority", tmp_path / "bundle")
    with pytest.raises(RequestError, match="no trial 99"):
        export_request(images.run, 99, tmp_path / "bundle")


def test_what_is_no_bundle(tmp_path: Path, images: Exported) -> None:
    with pytest.raises(RequestError, match="is not there"):
        open_bundle(tmp_path / "nowhere")
    with pytest.raises(RequestError, match="is no exported model"):
        open_bundle(tmp_path)
    (tmp_path / "model.keras").write_bytes((images.bundle / "model.keras").read_bytes())
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match=r"config\.json cannot be read"):
        open_bundle(tmp_path)
    (tmp_path / "config.json").write_text('{"format": 99}')
    with pytest.raises(RunError, match="has the format 99"):
        open_bundle(tmp_path)


REGRESSION = PreprocessingPlan(TablePlan(()), TargetScale((5e5,), (1e3,)))


@pytest.mark.parametrize(
    ("plan", "shift", "fine"),
    [
        (PreprocessingPlan(TablePlan(())), 0.0, True),
        (PreprocessingPlan(TablePlan(())), 5e-5, True),
        (PreprocessingPlan(TablePlan(())), 2e-4, False),
        (PreprocessingPlan(TablePlan(())), float("nan"), False),
        (REGRESSION, 0.05, True),
        (REGRESSION, 5.0, False),
    ],
)
def test_the_tolerance(plan: PreprocessingPlan, shift: float, fine: bool) -> None:
    expected: Any = np.full((4, 1), 0.5)
    given = expected.copy()
    given[2] += shift
    if fine:
        assert compare(expected, given, plan).rows == 4
    else:
        with pytest.raises(RunError, match="not the one that was scored"):
            compare(expected, given, plan)
    with pytest.raises(RunError, match="shape"):
        compare(expected, given[:2], plan)


def test_check_rows_of_mixed_types_survive(tmp_path: Path) -> None:
    from automl.results.check_rows import write_check_rows

    run = RunDirectory.create(tmp_path / "run", {})
    frame = pd.DataFrame(
        {
            "mixed": pd.Series([1, "b", None, 2.0, True], dtype=object),
            "kind": pd.Categorical(["a", "b", None, "a", "b"]),
            "number": [1.5, np.nan, 3, 4, 5],
        }
    )
    write_check_rows(run, frame, np.arange(5))
    rows, _ = read_check_rows(run)
    assert isinstance(rows, pd.DataFrame)
    from automl.data.columns.column import text_values

    for name in ("mixed", "kind"):
        assert text_values(rows[name]).tolist() == text_values(frame[name]).tolist()
    assert people().shape[0] == 120


def test_a_saved_model_takes_raw_rows_and_needs_no_keras(
    classes: Exported, images: Exported, tmp_path: Path
) -> None:
    for number, exported in enumerate((classes, images)):
        to = tmp_path / str(number)
        request = export_request(exported.run, 0, to)
        found = export_in_child(**request, format_name="saved_model")
        assert found["rows"] > 0 and found["difference"] <= TOLERANCE
        assert {"saved_model.pb", "labels.json", "card.md"} <= {file.name for file in to.iterdir()}
        assert not (to / "model.keras").exists()
