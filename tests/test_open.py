"""What a person hands over in Python: a sampler, a metric, Keras's callbacks, an observer."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

import automl
from automl.errors import RequestError

pytestmark = pytest.mark.usefixtures("warm")
Rows = tuple[Any, Any]


@pytest.fixture(scope="module")
def numbers() -> Rows:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    return x, np.exp(x[:, 0] + rng.normal(0.0, 0.1, 200))


def rmsle(truth: Any, prediction: Any) -> float:
    """Root of the mean squared logarithmic error."""
    return float(np.sqrt(np.mean((np.log1p(truth) - np.log1p(prediction.clip(0.0))) ** 2)))


def test_a_metric_of_one_s_own_ranks_and_is_shown_everywhere(numbers: Rows, tmp_path: Path) -> None:
    largest = automl.Metric("largest_error", lambda truth, told: np.abs(truth - told).max(), "min")
    asked: dict[str, Any] = {"verbose": 0, "epochs": 6, "patience": 2, "workers": 1, "cv": "none"}
    run = automl.search(
        numbers,
        objective=rmsle,
        direction="min",
        metrics=[largest],
        trials=2,
        test=0.2,
        settings={"depth": 1},
        directory=tmp_path / "run",
        **asked,
    )
    board = run.leaderboard()
    assert {"linear", "mean"} <= set(board["trial"])
    scored = board[board["score"].notna()]
    assert list(scored["score"]) == list(scored["metrics.rmsle"])
    assert list(scored["score"]) == sorted(scored["score"])
    assert (scored["metrics.largest_error"] > 0).all()
    best = run.best
    history = best.history()  # at every epoch, and early stopping has followed it
    assert best.score == history["val_rmsle"].min() == best.metrics["rmsle"]
    assert "val_largest_error" in history
    tested = run.record.test_scores
    assert {best.record.trial, "linear", "mean"} == set(tested)
    assert all({"rmsle", "largest_error", "mse"} <= set(scores) for scores in tested.values())

    recorded = json.loads((run.path / "run.json").read_text(encoding="utf-8"))["objective"]
    assert (recorded["name"], recorded["direction"]) == ("rmsle", "minimize")
    sources = {own["name"]: own["source"] for own in recorded["own"]}
    assert "np.log1p(truth)" in sources["rmsle"]
    assert set(sources) == {"rmsle", "largest_error"}

    loaded = automl.load_run(run.path)
    with pytest.raises(RequestError, match=r"\(rmsle, largest_error\).*resume\(metrics=\[\.\.\.\]"):
        loaded.resume(trials=3, verbose=0)
    with pytest.raises(RequestError, match="'rmsle' is another function"):
        loaded.resume(trials=3, metrics=[automl.Metric("rmsle", f1_score), largest], verbose=0)
    assert len(loaded.resume(trials=3, metrics=[rmsle, largest], verbose=0).record.trials) == 3
    assert (loaded.export(tmp_path / "bundle") / "model.keras").exists()


@pytest.mark.slow
def test_a_metric_ranks_models_of_one_s_own_and_pruning_follows_it(
    numbers: Rows, tmp_path: Path
) -> None:
    def build(hp: Any) -> Any:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(hp.Int("units", 1, 2))])
        model.add(keras.layers.Dense(1, "sigmoid"))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        return model

    def f1_of_yes(truth: Any, told: Any, sample_weight: Any = None) -> Any:
        return f1_score(truth, told, sample_weight=sample_weight, zero_division=0.0)

    x, y = numbers
    run = automl.search(
        (x, np.where(y > 1, "yes", "no")),
        space=build,
        objective=automl.Metric("f1_of_yes", f1_of_yes, "max", response_method="predict"),
        pruner="median",
        trials=2,
        epochs=3,
        workers=1,
        cv="none",
        directory=tmp_path / "run",
        verbose=0,
    )
    best = run.best
    assert best.score == best.metrics["f1"] == best.history()["val_f1_of_yes"].max()
    assert run.record.direction == "maximize"


def test_a_function_that_fails_is_told_before_there_is_a_run(numbers: Rows, tmp_path: Path) -> None:
    def wrong(truth: Any, prediction: Any) -> Any:
        return truth - prediction

    with pytest.raises(RequestError, match=r"'wrong' returned an array of shape \(\d+,\)"):
        automl.search(numbers, objective=wrong, direction="min", directory=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_script_s_own_functions_reach_its_workers(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def half(x):\n    return x / 2\n", encoding="utf-8")
    (tmp_path / "script.py").write_text(
        textwrap.dedent(
            """
            import keras, numpy as np, automl, helper

            def cost(truth, prediction):
                return helper.half(np.abs(truth - prediction).mean())

            class Counts(keras.callbacks.Callback):
                def on_epoch_end(self, epoch, logs=None):
                    self.model.stop_training = epoch == 1

            if __name__ == "__main__":
                x = np.random.default_rng(0).normal(size=(100, 2))
                run = automl.search((x, x[:, 0]), objective=cost, direction="min", trials=1,
                                    callbacks=[Counts()], workers=1, cv="none", epochs=5, verbose=0)
                print(run.best.score * 2 == run.best.metrics["mae"], run.best.record.result.epochs)
            """
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["True", "2"], done.stderr


def test_what_no_worker_finds_is_refused_in_a_sentence(numbers: Rows, tmp_path: Path) -> None:
    module = type(sys)("made_in_this_process")
    exec("def cost(truth, prediction):\n    return 0.0\n", vars(module))
    sys.modules[module.__name__] = module
    try:
        with pytest.raises(RequestError, match=r"The metrics cannot be loaded in a worker process"):
            automl.search(
                numbers, objective=module.cost, direction="min", directory=tmp_path / "run"
            )
    finally:
        del sys.modules[module.__name__]
    assert not (tmp_path / "run").exists()


def test_callbacks_of_keras_s_are_called_for_the_models_of_every_space(
    numbers: Rows, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"trials": 2, "epochs": 4, "workers": 1, "cv": "none", "verbose": 0}
    board = keras.callbacks.TensorBoard("logs", write_graph=False)
    run = automl.search(numbers, callbacks=[board], directory=tmp_path / "run", **asked)
    plain = automl.search(numbers, directory=tmp_path / "plain", **asked)
    for number in (0, 1):
        one, other = run.trial(number), plain.trial(number)
        assert one.config == other.config
        assert one.score == pytest.approx(other.score, rel=1e-3)
        assert one.record.result is not None
        assert one.record.result.trainer == "fit"
        events = run.path / "trials" / str(number) / "logs"
        assert {path.name for path in events.iterdir()} == {"train", "validation"}
    told = [note for note in run.notes if "Model.fit trains every trial" in note]
    assert len(told) == 1
    recorded = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    assert recorded["request"]["callbacks"] == ["TensorBoard"]
    with pytest.raises(RequestError, match=r"resume\(callbacks=\[\.\.\.\]\)"):
        automl.load_run(run.path).resume(trials=3, verbose=0)
    run.resume(trials=3, callbacks=[board], verbose=0)
    assert (run.path / "trials" / "2" / "logs" / "train").is_dir()


class Clumsy(automl.Observer):
    """Counts what it is told, and fails at each end of a trial."""

    def __init__(self) -> None:
        self.epochs = 0
        self.ends = 0
        self.heard: list[str] = []

    def note(self, message: str) -> None:
        self.heard.append(message)

    def epoch_finished(self, trial: int | str, report: Any) -> None:
        self.epochs += 1

    def trial_ended(self, trial: int | str, result: Any) -> None:
        self.ends += 1
        raise ValueError("no disk for my plots")


def test_an_observer_s_error_is_said_and_ends_nothing(numbers: Rows, tmp_path: Path) -> None:
    clumsy = Clumsy()
    asked: dict[str, Any] = {"trials": 2, "epochs": 2, "workers": 1, "cv": "none", "verbose": 0}
    run = automl.search(numbers, observer=clumsy, directory=tmp_path / "run", **asked)
    (told,) = [note for note in run.notes if note.startswith("observer:")]
    assert "Clumsy.trial_ended raised ValueError: no disk for my plots" in told
    assert told in (run.path / "search.log").read_text(encoding="utf-8")
    assert (clumsy.ends, len(run.record.trials)) == (1, 2)
    assert clumsy.epochs > 0 and clumsy.heard
    with pytest.raises(RequestError, match=r"observer is Clumsy; give an object of a class"):
        automl.search(numbers, observer=Clumsy, **asked)  # type: ignore[arg-type]
