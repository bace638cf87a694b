"""The mean over test-time views as a candidate: scored as by hand, exported as it was scored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

import automl
from automl.cli.main import main
from automl.data.arrays import Arrays, open_arrays
from automl.engines.processes import Processes
from automl.errors import RequestError
from automl.results.ensembles import BAG, ENSEMBLE, TEST_TIME_VIEWS, EnsembleForm, MemberForm
from automl.results.predictions import read_predictions
from automl.results.run_directory import RunDirectory
from automl.run import Run
from automl.space import SearchSpace, training_hyperparameters
from automl.tuning import view_averaging
from automl.tuning.ensembling import chosen_ensemble
from tests.lent import lending

pytestmark = pytest.mark.usefixtures("warm")
ASKED: dict[str, Any] = {
    **{"verbose": 0, "trials": 1, "epochs": 2, "workers": 1, "finalists": 0},
    **{"no_temperature": True, "test_time_views": 6},
}
LABELS = ("cat", "dog", "fox")


def build(config: Any, inputs: Any, task: Any) -> Any:
    """A small convolution."""
    import keras

    x = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    return keras.layers.Flatten()(x)


SPACE = SearchSpace("tiny_cnn", training_hyperparameters(), build, inputs="image")


def pictures() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, len(LABELS), 240)
    x = rng.integers(0, 200, (240, 9, 8, 3), np.uint8)
    for image, kind in zip(x, kinds, strict=True):
        image[3 * kind : 3 * kind + 3] += 50
    return x, np.array(LABELS)[kinds]


def predicted(core: Any, images: np.ndarray) -> np.ndarray:
    """The mean over the six views with NumPy, reflected at the edges."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    moved = ((0.5, images), (0.25, padded[:, :-2, :-2]), (0.25, padded[:, 2:, 2:]))
    total = np.zeros((len(images), len(LABELS)))
    for weight, one in moved:
        for side in (one, one[:, :, ::-1]):
            total += weight / 2 * core.predict({"image": side}, verbose=0)
    return total


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> Run:
    """A search whose views are told to be better, whatever they are."""
    folder = tmp_path_factory.mktemp("views") / "run"
    with pytest.MonkeyPatch.context() as patch, lending(processes):
        patch.setattr(view_averaging, "gain_of", lambda gains: (1.0, 0.5))
        return automl.search(pictures(), space=SPACE, directory=folder, **ASKED)


@pytest.fixture(scope="module")
def rows(run: Run) -> Arrays:
    return open_arrays(run.path / "arrays")


def core_of(run: Run) -> Any:
    return keras.saving.load_model(run.path / "trials" / "0" / "model.keras", compile=False)


def test_its_scores_are_those_by_hand(run: Run, rows: Arrays) -> None:
    validation = rows.validation
    answers = predicted(core_of(run), np.asarray(validation.inputs["image"]))
    row = run.record.find(TEST_TIME_VIEWS)
    assert row.result is not None
    assert row.score == pytest.approx(log_loss(validation.truth, answers), rel=1e-5)
    accuracy = accuracy_score(validation.truth, answers.argmax(1))
    assert row.result.metrics["accuracy"] == pytest.approx(accuracy)
    file = run.path / "trials" / TEST_TIME_VIEWS / "predictions.npz"
    kept = read_predictions(RunDirectory(run.path).root, file)
    np.testing.assert_allclose(kept["holdout"].values, answers, atol=1e-6)
    assert row.config == run.record.find(0).config


def test_what_is_better_is_exported_as_one_model_of_raw_images(run: Run, rows: Arrays) -> None:
    assert run.record.chosen == TEST_TIME_VIEWS
    config = json.loads((run.path / "best" / "config.json").read_text())
    assert config["trial"] == TEST_TIME_VIEWS
    model = keras.saving.load_model(run.path / "best" / "model.keras", safe_mode=True)
    assert rows.test is not None
    images = np.asarray(rows.test.inputs["image"])
    answers = model.predict(images, verbose=0)
    np.testing.assert_allclose(answers, predicted(core_of(run), images), atol=1e-6)
    # The test rows were scored once, by these answers; the trial's model has its own.
    scores = run.record.test_scores
    assert {0, TEST_TIME_VIEWS} <= set(scores)
    tested = scores[TEST_TIME_VIEWS]["log_loss"]
    assert tested == pytest.approx(log_loss(rows.test.truth, answers), rel=1e-5)
    larger = np.kron(images, np.ones((1, 2, 2, 1), np.uint8))
    assert model.predict(larger, verbose=0).shape == answers.shape


def test_it_stands_on_the_board_and_is_told_in_words(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    board = run.leaderboard().set_index("trial")
    assert board.loc[TEST_TIME_VIEWS, "state"] == "completed"
    for form in ("table", "csv", "json", "markdown"):
        assert main(["leaderboard", str(run.path), "--format", form]) == 0
        assert TEST_TIME_VIEWS in capsys.readouterr().out
    assert main(["show", str(run.path), TEST_TIME_VIEWS]) == 0
    assert "Mean over 6 test-time views of trial 0" in capsys.readouterr().out
    card = (run.path / "best" / "card.md").read_text()
    assert card.startswith("# Model of the mean over test-time views of the run")
    assert "answers to 6 views of the model of trial 0: the image and its mirror, and" in card
    with pytest.raises(RequestError, match="replay"):
        run.replay(TEST_TIME_VIEWS)


def test_it_is_kept_by_resume_and_exported_by_its_name(run: Run, tmp_path: Path) -> None:
    before = run.record.find(TEST_TIME_VIEWS)
    copied = automl.load_run(shutil.copytree(run.path, tmp_path / "run"))
    again = copied.resume(space=SPACE, verbose=0)
    assert again.record.find(TEST_TIME_VIEWS) == before
    assert again.record.chosen == TEST_TIME_VIEWS
    again.export(tmp_path / "model", trial=TEST_TIME_VIEWS)
    assert (tmp_path / "model" / "model.keras").is_file()
    # Two views are another candidate; and none are wanted any more.
    two = again.resume(space=SPACE, verbose=0, test_time_views=2)
    assert len(two.record.find(TEST_TIME_VIEWS).test_time_views) == 2
    none = two.resume(space=SPACE, verbose=0, test_time_views=0)
    assert [one.trial for one in none.record.made] == []
    assert json.loads((none.path / "best" / "config.json").read_text())["trial"] == 0


def test_the_views_of_a_finalist_are_scored_over_its_trainings(tmp_path: Path) -> None:
    asked = {**ASKED, "trials": 5, "finalists": 1, "no_ensemble": True}
    run = automl.search(pictures(), space=SPACE, directory=tmp_path / "run", **asked)
    best, row = run.record.best(), run.record.find(TEST_TIME_VIEWS)
    assert best is not None and best.is_finalist
    validation = open_arrays(run.path / "arrays").validation
    images = np.asarray(validation.inputs["image"])
    folders = [run.path / "trials" / one.name / "model.keras" for one in best.scorings]
    cores = [keras.saving.load_model(one, compile=False) for one in folders]
    scores = [log_loss(validation.truth, predicted(core, images)) for core in cores]
    assert row.score == pytest.approx(np.mean(scores), rel=1e-5)
    assert len(row.parts) == len(best.scorings) > 1
    # What is exported is the search's own model, whose hash is recorded.
    assert [one.name for one in row.members] == [str(best.trial)]
    run.export(tmp_path / "model", trial=TEST_TIME_VIEWS)
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert best.trained is not None and config["model_hash"] == best.trained.model_hash


def test_rows_that_are_no_images_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is for images, and the rows are none"):
        automl.search("iris", space="mlp", directory=tmp_path / "run", **ASKED)
    assert not (tmp_path / "run").exists()


def made(gain: float, error: float) -> EnsembleForm:
    return EnsembleForm((MemberForm("0", "holdout", 1.0),), 0.5, {}, gain=gain, gain_error=error)


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ({TEST_TIME_VIEWS: made(0.2, 0.1)}, TEST_TIME_VIEWS),
        ({TEST_TIME_VIEWS: made(0.1, 0.2)}, ""),
        ({ENSEMBLE: made(0.3, 0.1), TEST_TIME_VIEWS: made(0.2, 0.1)}, ENSEMBLE),
        ({ENSEMBLE: made(0.2, 0.1), TEST_TIME_VIEWS: made(0.3, 0.1)}, TEST_TIME_VIEWS),
        ({ENSEMBLE: made(0.4, 0.5), TEST_TIME_VIEWS: made(0.3, 0.1)}, TEST_TIME_VIEWS),
        ({BAG: made(0.0, 0.0), ENSEMBLE: made(0.1, 0.2)}, BAG),
    ],
)
def test_what_gains_most_beyond_its_error_is_exported(
    candidates: dict[str, EnsembleForm], chosen: str
) -> None:
    assert chosen_ensemble(candidates) == chosen
