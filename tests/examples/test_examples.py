"""The example spaces: each searches its own rows, and what it exports answers them."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import automl
from automl.export.predict import evaluate, predict

pytestmark = pytest.mark.usefixtures("warm")
FOLDER = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))
ASKED: dict[str, Any] = {
    "trials": 2,
    "epochs": 3,
    "seed": 1,
    "workers": 1,
    "cv": "none",
    "finalists": 0,
    "verbose": 0,
}


def example(name: str) -> Any:
    return importlib.import_module(f"examples.{name}")


def test_each_is_named_in_the_folders_readme_to_which_the_documentation_links() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\[(\w+)\.py\]", readme)) == set(NAMES)
    docs = (FOLDER.parent / "docs" / "own-models.md").read_text(encoding="utf-8")
    assert "](../examples/README.md)" in docs


@pytest.mark.parametrize("name", [name for name in NAMES if name != "autoencoder"])
def test_it_searches_its_rows_and_exports_its_best(name: str, tmp_path: Path) -> None:
    x, y = example(name).rows()
    run = automl.search(
        (x, y), space=f"{FOLDER / name}.py:build", directory=tmp_path / "run", **ASKED
    )
    trials = [trial for trial in run.record.trials if trial.is_ranked]
    assert len(trials) == 2, run.notes
    assert (run.path / "best" / "model.keras").is_file(), run.notes


def test_an_autoencoder_s_encoder_is_re_used(tmp_path: Path) -> None:
    x, y = example("autoencoder").rows()
    space = f"{FOLDER / 'autoencoder.py'}:space"
    asked = ASKED | {"epochs": 15, "settings": {"code": 8, "depth": 1}}
    coded = automl.search(
        x, task="reconstruction", space=space, directory=tmp_path / "coded", **asked
    )
    board = coded.leaderboard()
    assert set(board["trial"]) == {0, 1, "mean"}  # a linear model would copy its inputs
    scores = dict(zip(board["trial"], board["score"], strict=True))
    assert coded.best.score < 0.8 * scores["mean"]

    bundle = coded.path / "best"
    model = coded.best.model()
    assert model.output_shape == (None, 64)
    again = model.predict(x.astype(np.float32), verbose=0)
    told = predict(bundle, x)
    np.testing.assert_allclose(told.to_numpy(), again, atol=1e-3)
    assert list(told.columns[:2]) == ["prediction_x_0", "prediction_x_1"]
    scored = evaluate(bundle, x)
    assert scored["mse"] == pytest.approx(np.mean((again - x) ** 2), rel=1e-4)

    few = automl.search((x[:400], y[:400]), from_model=bundle, directory=tmp_path / "few", **ASKED)
    backbone = few.trial(0).model().get_layer("core").get_layer("backbone")
    assert backbone.output_shape == (None, 8)
