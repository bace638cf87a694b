"""Half of digits' classes teach layers that the other half takes over."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import automl
from automl.data.request import DataRequest
from automl.errors import AutoMLError, RequestError, RunError
from automl.run import Run
from automl.space import Float, SearchSpace
from tests.export.run_maker import exported

pytestmark = pytest.mark.usefixtures("warm")
ASKED: dict[str, Any] = {
    **{"verbose": 0, "workers": 1, "finalists": 0, "no_ensemble": True, "no_temperature": True},
    **{"seed": 1, "test": 0},
}


def build(config: Any, inputs: Any, task: Any) -> Any:
    import keras

    x = keras.layers.Conv2D(16, 3, activation="relu", padding="same")(inputs)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(32, 3, activation="relu")(x))
    return keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(x))


SPACE = SearchSpace(
    "small", [Float("learning_rate", 1e-4, 1e-1, log=True, default=5e-3)], build, inputs="image"
)


def half(first: int) -> tuple[np.ndarray, np.ndarray]:
    """The images of five digits, as bytes, and which digit it is."""
    digits = load_digits()
    own = (digits.target >= first) & (digits.target < first + 5)
    return (digits.images[own] * 15).astype(np.uint8), digits.target[own]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, kept_processes: Any) -> Path:
    """A model that tells 0 to 4 apart."""
    from tests.lent import lending

    folder = tmp_path_factory.mktemp("taught") / "run"
    with lending(kept_processes):
        run = automl.search(half(0), space=SPACE, trials=1, epochs=12, directory=folder, **ASKED)
    assert run.best.metrics["accuracy"] > 0.9
    return folder / "best"


def few(first: int, rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    x, y = half(first)
    return x[:rows], y[:rows]


@pytest.fixture(scope="module")
def over(taught: Path, tmp_path_factory: pytest.TempPathFactory, kept_processes: Any) -> Run:
    """A search over the other half, of which few are known."""
    from tests.lent import lending

    folder = tmp_path_factory.mktemp("over") / "run"
    with lending(kept_processes):
        return automl.search(
            few(5), from_model=taught, trials=2, epochs=12, directory=folder, **ASKED
        )


def test_the_other_half_takes_its_layers_over(over: Run, taught: Path) -> None:
    board = over.leaderboard()
    board = board[board["trial"].astype(str).isin(["0", "1"])].set_index("trial")
    kinds = {str(trial): kind for trial, kind in board["config.weights"].items()}
    assert kinds == {"0": "pretrained", "1": "random"}
    assert over.best.metrics["accuracy"] > 0.8
    manifest = over.path / "run.json"
    recorded = json.loads(manifest.read_text())
    assert recorded["request"]["space"] == "transfer"
    assert recorded["origin"]["files"][0]["path"] == str(taught)
    assert over.best.model().predict(few(5)[0][:3], verbose=0).shape == (3, 5)
    card = (over.path / "best" / "card.md").read_text()
    assert ("Layers taken over from" in card) == (over.best.config["weights"] == "pretrained")


def test_a_trial_is_replayed_with_the_same_layers_only(
    over: Run, taught: Path, tmp_path: Path
) -> None:
    assert over.replay(0).is_equal
    kept = tmp_path / "kept"
    shutil.copytree(taught, kept)
    try:
        with (taught / "model.keras").open("ab") as file:
            file.write(b"0")
        for again in (lambda: over.replay(0), lambda: over.resume(trials=4, verbose=0)):
            with pytest.raises(RunError, match="is not the one that the search took layers from"):
                again()
        shutil.rmtree(taught)
        with pytest.raises(RunError, match="is not there"):
            over.resume(trials=4, verbose=0)
    finally:
        shutil.rmtree(taught, ignore_errors=True)
        shutil.copytree(kept, taught)


def test_what_a_strangers_run_takes_over_is_read_only_once_named(
    over: Run, taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # of a machine that knows none
    stranger = automl.load_run(shutil.copytree(over.path, tmp_path / "stranger"))
    opened: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr("automl.export.reused.open_bundle", opened.append)
        for again in (lambda: stranger.replay(0), lambda: stranger.resume(trials=4, verbose=0)):
            with pytest.raises(RequestError, match=f"name it: `automl .* --from {taught}`"):
                again()
    assert opened == []
    elsewhere = shutil.copytree(taught, tmp_path / "elsewhere")
    assert stranger.replay(0, from_model=elsewhere).is_equal
    with pytest.raises(RunError, match="is not there"):
        stranger.replay(0, from_model=tmp_path / "nothing")
    stranger.resume(trials=2, verbose=0, from_model=elsewhere)
    assert stranger.replay(0).is_equal  # named once, known from then on


def test_what_cannot_be_taken_over_is_told_in_a_sentence(taught: Path, tmp_path: Path) -> None:
    def told(rows: Any, match: str, **asked: Any) -> None:
        with pytest.raises(AutoMLError, match=match) as raised:
            automl.search(rows, trials=1, directory=tmp_path / "none", **{**ASKED, **asked})
        assert str(raised.value).count("\n") == 0
        assert not (tmp_path / "none").exists()

    images, y = few(5)
    told((images, y), "is not there", from_model=tmp_path / "nothing")
    told((images, y), "is for the spaces that take over layers", from_model=taught, space="mlp")
    told((images, y), "name it with --from", space="transfer")
    told((images, y), "takes images", from_model=taught, space="transfer_rows")
    told("iris", "images", from_model=taught)
    told((images, y), "the shape \\(8, 8, 1\\)", from_model=taught, image_size=12)
    told((images / 99 - 1, y), "pixels of uint8, and theirs are float32", from_model=taught)
    told((images > 99, y), "from 0 to 240, and they hold numbers from 0 to 1", from_model=taught)
    broken = tmp_path / "broken"
    shutil.copytree(taught, broken)
    whole = (broken / "model.keras").read_bytes()
    (broken / "model.keras").write_bytes(whole[: len(whole) // 2])
    told((images, y), "is not the one that was exported", from_model=broken)
    config = json.loads((broken / "config.json").read_text())
    for key in ("files", "sha256"):
        config.pop(key, None)
    (broken / "config.json").write_text(json.dumps(config))
    told((images, y), "cannot be loaded", from_model=broken)


@pytest.fixture(scope="module")
def flowers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported model of a table."""
    return exported(tmp_path_factory.mktemp("flowers"), DataRequest("iris")).bundle


def test_a_table_takes_over_the_layers_of_a_table(flowers: Path, tmp_path: Path) -> None:
    run = automl.search(
        "iris", from_model=flowers, trials=1, epochs=3, directory=tmp_path / "run", **ASKED
    )
    recorded = json.loads((tmp_path / "run" / "run.json").read_text())
    assert recorded["request"]["space"] == "transfer_rows"
    assert run.best.record.result is not None and run.best.record.result.trainer == "compiled"


def test_other_rows_are_refused(flowers: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"from_model": flowers, "trials": 1, **ASKED}
    with pytest.raises(RequestError, match="the column of numbers"):
        automl.search("wine", directory=tmp_path / "none", **asked)
    with pytest.raises(RequestError, match="trained on a table, and they are arrays"):
        automl.search(few(5), directory=tmp_path / "none", **asked)
    with pytest.raises(RequestError, match="takes a table, and the space 'transfer'"):
        automl.search(few(5), space="transfer", directory=tmp_path / "none", **asked)
    assert not (tmp_path / "none").exists()
