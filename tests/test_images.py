"""From a folder of images to an exported model that tells what is on others."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import automl
from automl.cli.main import main
from automl.export.predict import evaluate, predict
from automl.space import Int, SearchSpace, training_hyperparameters

pytestmark = pytest.mark.usefixtures("warm")
ASKED: dict[str, Any] = {
    **{"verbose": 0, "trials": 1, "epochs": 30, "workers": 1, "finalists": 0},
    **{"no_ensemble": True, "no_temperature": True, "keep_models": 1},
}


def build(config: Any, inputs: Any, task: Any) -> Any:
    """A builder of images gets (rows, height, width, channels), already scaled."""
    import keras

    x = keras.layers.Conv2D(config.filters, 3, activation="relu", padding="same")(inputs)
    x = keras.layers.MaxPooling2D(2, padding="same")(x)
    return keras.layers.Flatten()(x)


SPACE = SearchSpace(
    "small_cnn",
    [Int("filters", 4, 8, default=4), *training_hyperparameters()],
    build,
    inputs="image",
)


def picture(rng: np.random.Generator, bright: str) -> np.ndarray:
    pixels = rng.integers(0, 120, (16, 12, 3), np.uint8)
    part = {"left": np.s_[:, :6], "right": np.s_[:, 6:]}[bright]
    pixels[part] += 120
    return pixels


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for label in ("left", "right"):
        (folder / label).mkdir()
        for number in range(60):
            Image.fromarray(picture(rng, label)).save(folder / label / f"{number}.png")
    return folder


def test_a_folder_becomes_a_model_that_predicts_folders(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = automl.search(photos, space=SPACE, directory=tmp_path / "run", **ASKED)
    assert run.best.metrics["accuracy"] > 0.9
    bundle = tmp_path / "run" / "best"
    told = predict(bundle, photos)
    assert len(told) == 120 and told["file"][0] == "left/0.png"
    assert evaluate(bundle, photos)["accuracy"] > 0.9
    # The same pixels, however they come, get the same answer.
    x = np.stack([np.asarray(Image.open(photos / file)) for file in told["file"]])
    pd.testing.assert_frame_equal(predict(bundle, x), told.drop(columns="file"))
    np.savez(tmp_path / "x.npz", x=np.moveaxis(x, 3, 1))
    pd.testing.assert_frame_equal(predict(bundle, tmp_path / "x.npz"), told.drop(columns="file"))
    one = predict(bundle, photos / told["file"][3])
    pd.testing.assert_frame_equal(
        one.drop(columns="file"), told[3:4].drop(columns="file").reset_index(drop=True)
    )
    # Paths that are piped in start from where the command runs.
    listed = told[["file"]].assign(target=told["file"].str.split("/").str[0]).to_csv(index=False)
    monkeypatch.chdir(photos)
    for command in (["predict", str(bundle), "-", "-o", str(tmp_path / "out.csv")],
                    ["evaluate", str(bundle), "-"]):  # fmt: skip
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(listed.encode())))
        assert main(command) == 0
    assert list(pd.read_csv(tmp_path / "out.csv")["prediction"]) == list(told["prediction"])
    model = keras.saving.load_model(bundle / "model.keras")
    plain = model.predict(x, verbose=0)[:, 0]
    np.testing.assert_allclose(plain, told["probability_right"], atol=1e-6)
    # Any other size is taken in plain Keras too.
    larger = np.kron(x, np.ones((1, 3, 3, 1), np.uint8))
    assert ((model.predict(larger, verbose=0)[:, 0] > 0.5) == (plain > 0.5)).mean() > 0.95


def test_folds_of_images_are_trained_and_a_run_goes_on(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = automl.search(photos, space=SPACE, directory=tmp_path / "run", cv=2, time=600, **ASKED)
    asked = json.loads((run.path / "run.json").read_text())["request"]["data"]
    assert asked["image_seconds"] == 600  # by which the usual size is found again
    assert run.best.record.result is not None and len(run.best.record.result.folds) == 2
    assert run.best.record.result.trainer == "compiled"
    assert "oneDNN" in run.best.record.result.computed
    capsys.readouterr()
    assert main(["show", str(run.path), "best"]) == 0
    assert ", ".join(run.best.record.result.computed) in capsys.readouterr().out
    assert not (run.path / "arrays").exists()  # they are made again, and have to be the same
    again = run.resume(trials=2, space=SPACE, verbose=0)
    assert {"0", "1"} <= set(again.leaderboard()["trial"].astype(str))
