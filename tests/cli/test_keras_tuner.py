"""KerasTuner's builders through the command and from Python: shown, checked, searched, resumed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.trial import TrialState
from tests.cli.console import Finished, environment

BUILDER = '''"""Small nets for iris."""
import keras


def net(hp):
    """A small net."""
    model = keras.Sequential([keras.Input((4,))])
    width = hp.Int("width", 40, 90)
    for layer in range(hp.Int("layers", 1, 2)):
        model.add(keras.layers.Dense(width, hp.Choice("activation", ["relu", "tanh"])))
    if width > 60:  # not found by tracing, but by trials
        model.add(keras.layers.Dropout(hp.Float("dropout", 0.0, 0.4, default=0.1)))
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(keras.optimizers.Adam(hp.Float("rate", 1e-3, 1e-1, sampling="log")),
                  "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
'''

# The command in a driver's process, which must not have imported TensorFlow in the end.
WITHOUT_KERAS = (
    "import sys; from automl.cli.main import main; code = main();"
    "assert not {'tensorflow', 'keras', 'keras_tuner'} & set(sys.modules); sys.exit(code)"
)


def quietly(*arguments: str, cwd: Path) -> Finished:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, *arguments],
        cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keras_tuner")
    (folder / "nets.py").write_text(BUILDER)
    return folder


def test_show(folder: Path) -> None:
    process = quietly("spaces", "show", "nets.py", cwd=folder)
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0] == "net: A small net."
    assert lines[1].startswith("4 hyperparameters, endless configurations; traced from build(hp)")
    assert f"found by {folder}/nets.py:net" in process.stdout.replace("\n", " ")
    assert any(line.split() == ["layers", "int", "1..2", "1"] for line in lines)


def test_check(folder: Path, inside: Callable[..., Finished]) -> None:
    process = inside("spaces", "check", "nets.py:net", cwd=folder)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "ok: multiclass, rows of shape (4,): trained 3 of 3" in process.stdout


def test_check_tells_the_line_that_fails(folder: Path, inside: Callable[..., Finished]) -> None:
    broken = BUILDER.replace('"tanh"]', '"tanhh"]')
    (folder / "broken.py").write_text(broken)
    process = inside("spaces", "check", "broken.py", cwd=folder)
    assert process.returncode == 2
    line = next(i for i, text in enumerate(broken.splitlines(), 1) if "tanhh" in text)
    assert f"wrong: line {line}: " in process.stdout
    assert "tanhh" in process.stdout


def test_search_grows_and_resumes(folder: Path) -> None:
    options = ("--epochs", "2", "--workers", "1", "--seed", "2", "--sampler", "random",
               "--cv", "none", "--finalists", "0")  # fmt: skip
    first = quietly("search", "iris", "--space", "nets.py:net", "--trials", "4", *options,
                    "--directory", "run", cwd=folder)  # fmt: skip
    assert first.returncode == 0, first.stdout + first.stderr
    resumed = quietly("resume", "run", "--trials", "7", cwd=folder)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    lines = (folder / "run" / "study.log").read_text().splitlines()
    attributes = [json.loads(line).get("user_attr", {}) for line in lines]
    assert [form["name"] for found in attributes for form in found.get("found", [])] == ["dropout"]
    trials = read_record(RunDirectory.open(folder / "run")).trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETED] * 7
    reached = next(i for i, trial in enumerate(trials) if "dropout" in trial.config)
    assert trials[reached].config["width"] > 60
    assert trials[reached].config["dropout"] == 0.1
    later = [trial.config["dropout"] for trial in trials[reached + 1 :]]
    assert len(set(later)) == len(later) > 2


def test_a_changed_builder_is_not_resumed(folder: Path, inside: Callable[..., Finished]) -> None:
    changed = BUILDER.replace('"layers", 1, 2', '"layers", 1, 3')
    (folder / "nets.py").write_text(changed)
    try:
        process = inside("resume", "run", "--trials", "8", cwd=folder)
    finally:
        (folder / "nets.py").write_text(BUILDER)
    assert process.returncode == 1
    assert "has changed since" in process.stderr


def test_faulty_builders_are_told_before_a_run_is_made(
    folder: Path, inside: Callable[..., Finished]
) -> None:
    (folder / "wide.py").write_text(BUILDER.replace("Input((4,))", "Input((5,))"))
    process = inside("search", "iris", "--space", "wide.py", "--directory", "none", cwd=folder)
    assert process.returncode == 2
    assert "takes rows of shape (5,), and a row of the data has the shape (4,)" in process.stderr
    assert not (folder / "none").exists()


SCRIPT = """
import keras_tuner, keras, automl

class Net(keras_tuner.HyperModel):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def build(self, hp):
        model = keras.Sequential([keras.layers.Dense(self.width, hp.Choice("a", ["relu", "elu"])),
                                  keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Choice("batch", [8, 16]), **kwargs)

stops = [keras.callbacks.EarlyStopping("val_loss", patience=1)]
run = automl.search("iris", space=Net(9), trials=2, epochs=2, workers=1, directory="python",
                    objective=keras_tuner.Objective("val_accuracy", "max"), batch_size=24,
                    cv="none", finalists=0,
                    callbacks=stops, executions_per_trial=2)
print(len(run.leaderboard()), sorted(run.best.config), run.record.objective,
      len(run.best.record.result.executions))
"""
RESUMED = SCRIPT.replace('"python"', '"resumed"').replace(
    "print(", "run = run.resume(trials=3, space=Net(9), callbacks=stops)\nprint("
)


@pytest.mark.parametrize(
    ("script", "rows"),
    [
        pytest.param(SCRIPT, 5, id="searched"),
        pytest.param(RESUMED, 6, id="and resumed", marks=pytest.mark.slow),
    ],
)
def test_from_python_with_a_hypermodel_of_the_running_script(
    script: str, rows: int, folder: Path
) -> None:
    (folder / "script.py").write_text(script)
    process = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    told = process.stdout.splitlines()[-1]
    assert told == f"{rows} ['a', 'batch', 'batch_size'] accuracy 2"
