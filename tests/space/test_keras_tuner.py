"""Builders in KerasTuner's form: recognized, picked from files, referred to, without Keras."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from automl.errors import SpaceError
from automl.space import SearchSpace, find_space
from automl.space.keras_tuner import (
    BuiltElsewhere,
    HyperBuilder,
    hyper_space,
    is_hyper,
    is_untraced,
    reference_to,
    space_of,
)
from automl.space.registry import NEEDS_KERAS

HYPERMODEL = '''"""Mine."""
import keras_tuner


class Net(keras_tuner.HyperModel):
    """Nets of mine."""

    def build(self, hp):
        return None
'''


@pytest.fixture(autouse=True)
def the_path_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text(text)
    return path


def build(hp: Any) -> Any:
    """Nothing."""


def test_what_is_a_builder() -> None:
    assert is_hyper(build)
    assert is_hyper(lambda hp, more=1, *, most=2: None)
    assert is_hyper(partial(lambda width, hp: None, 8))
    assert is_hyper(Nets().net)
    for other in (lambda: None, lambda a, b: None, 3, "build", int, SearchSpace):
        assert not is_hyper(other)


class Nets:
    """Holds a builder; no hypermodel."""

    def net(self, hp: Any) -> Any:
        """A net."""


def objective(trial: Any) -> float:
    return float(trial.suggest_float("x", 0.0, 1.0))


def test_a_method_and_partial_arguments_have_a_name() -> None:
    assert hyper_space(Nets().net).name == "net"
    assert hyper_space(partial(partial(build), hp=1)).name == "build"
    assert reference_to(partial(build)) is None


LIBRARIES = """
import keras, keras_tuner, optuna
from automl.errors import SpaceError
from automl.space.keras_tuner import space_of

class Net(keras.Model):
    pass

class Mine(keras_tuner.RandomSearch):
    pass

model = keras.Sequential([keras.layers.Dense(1)])
for given in (keras_tuner.RandomSearch, Mine, keras_tuner.oracles.RandomSearchOracle,
              keras_tuner.HyperParameters(), optuna.create_study(), model, Net, model.layers[0]):
    try:
        space_of(given)
    except SpaceError as error:
        print(error)
"""


def test_what_comes_from_other_tools_is_called_what_it_is() -> None:
    process = subprocess.run(
        [sys.executable, "-c", LIBRARIES], capture_output=True, text=True, check=True
    )
    told = process.stdout.splitlines()
    for line, what in zip(
        told,
        (
            "RandomSearch is a tuner of KerasTuner's, whose place automl.search takes",
            "Mine is a tuner of KerasTuner's",
            "is an oracle of KerasTuner's; choose a sampler",
            "is hyperparameters without a model",
            "is a study of Optuna's",
            "is a model of Keras's, with nothing to choose; give a function build(hp)",
            "Net is a class of Keras's",
            "is a layer of Keras's",
        ),
        strict=True,
    ):
        assert what in line


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (objective, "asks for values as an objective function of Optuna's does"),
        (Nets, "Nets is a class, but no keras_tuner.HyperModel; derive it from that"),
        (lambda: None, "takes (), but a builder is called as build(hp)"),
        (lambda a, b: None, "takes (a, b), but a builder is called as build(hp)"),
        (lambda config, inputs, task: None, "give SearchSpace("),
    ],
)
def test_functions_and_classes_that_are_no_builders(given: Any, told: str) -> None:
    with pytest.raises(SpaceError) as caught:
        space_of(given)
    assert told in str(caught.value)


def test_hypermodels_and_their_classes_are_builders(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HYPERMODEL}\n\nmade = Net()\n")
    for name in ("Net", "made"):
        space = find_space(f"{path}:{name}")
        assert is_untraced(space)
        assert (space.name, space.description) == ("Net", "Nets of mine.")
        assert space.reference == f"{path}:{name}"
        assert space.inputs == "array"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def build(hp):\n    pass\n", "build"),
        ("def helper(x):\n    pass\n\ndef net(hp):\n    pass\n", "net"),
        (f"{HYPERMODEL}\n\nmade = Net()\n", "made"),
        (HYPERMODEL, "Net"),
        (
            "from automl.space import SearchSpace\n\ndef build(hp):\n    pass\n\n"
            "space = SearchSpace('s', [], lambda c, i, t: i)\n",
            "space",
        ),
    ],
)
def test_the_only_one_in_a_file_needs_no_name(text: str, name: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    assert find_space(str(path)).reference == f"{path}:{name}"


def test_several_need_a_name(tmp_path: Path) -> None:
    path = written(tmp_path, "def a(hp):\n    pass\n\ndef b(hp):\n    pass\n")
    with pytest.raises(SpaceError, match=rf"several search spaces; say which: {path}:a or "):
        find_space(str(path))
    assert find_space(f"{path}:b").name == "b"


def test_what_is_neither_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "def two(a, b):\n    pass\n")
    with pytest.raises(
        SpaceError, match=r"two in .* takes \(a, b\), but a builder is called as build"
    ):
        find_space(f"{path}:two")
    with pytest.raises(SpaceError, match="3 is no search space; give a name, a file"):
        space_of(3)


def test_a_value_named_like_a_configuration_s_own_is_fine_here() -> None:
    from automl.space import Int

    grown = hyper_space(build).extended([Int("values", 1, 3), Int("get", 1, 3)])
    assert dict(grown.defaults()) == {"values": 2, "get": 2}


def test_references_lead_back_to_the_same_object(tmp_path: Path) -> None:
    assert reference_to(build) == f"{__name__}:build"
    assert space_of(build).reference == f"{__name__}:build"
    assert reference_to(lambda hp: None) is None
    path = written(tmp_path, "def build(hp):\n    pass\n")
    found = find_space(f"{path}:build").build
    assert isinstance(found, HyperBuilder)
    assert reference_to(found.source) == f"{path}:build"


@pytest.mark.parametrize(
    ("guard", "told"), [("if __name__ == '__main__':\n    ", "script.py:build"), ("", "None")]
)
def test_a_script_is_referred_to_only_where_loading_does_not_run_it(
    guard: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "from automl.space.keras_tuner import reference_to\n\n"
        f"def build(hp):\n    pass\n\n{guard}print(reference_to(build))\n"
    )
    process = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert process.stdout.strip().endswith(told)


def test_a_builder_under_the_guard_has_no_reference(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "from automl.space.keras_tuner import reference_to\n\n"
        "def other():\n    build = 1\n\n"
        "if __name__ == '__main__':\n"
        "    def build(hp):\n        pass\n\n    print(reference_to(build))\n"
    )
    process = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "None"


OF_A_METHOD = """
from functools import partial
import keras_tuner
from automl.space.keras_tuner import module_of, space_of

class Net(keras_tuner.HyperModel):
    def build(self, hp):
        pass

def build(hp, depth):
    pass

assert module_of(space_of(Net().build).build) == __name__
assert module_of(space_of(partial(build, depth=1)).build) == __name__
"""


def test_the_module_of_a_method_or_partial_is_its_author_s(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(OF_A_METHOD)
    process = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True)
    assert process.returncode == 0, process.stderr


WITHOUT_KERAS = """
import sys
from automl.space.registry import find_space
asked = []
space = find_space(sys.argv[1], lambda reference: asked.append(reference))
print(space, *asked)
assert not {"keras", "tensorflow", "keras_tuner"} & set(sys.modules)
assert len(sys.meta_path) == len(set(map(id, sys.meta_path)))
"""


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (HYPERMODEL, True),
        ("import helper\n\ndef net(hp):\n    pass\n", True),
        (
            "try:\n    import tensorflow\nexcept Exception:\n    pass\n\ndef net(hp):\n    pass\n",
            True,
        ),
        ("def net(hp):\n    import keras\n", False),
    ],
)
def test_a_process_without_keras_asks_another_one(text: str, asks: bool, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    (tmp_path / "helper.py").write_text("import keras.layers\n")
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, str(path)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout.split()[0] == ("None" if asks else "SearchSpace('net',")
    assert (str(path) in process.stdout) is asks


def test_a_module_of_kerastuner_is_asked_for_elsewhere() -> None:
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, "keras_tuner.applications:HyperResNet"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert process.stdout.split() == ["None", "keras_tuner.applications:HyperResNet"]


def test_a_builder_elsewhere_is_not_called_here() -> None:
    with pytest.raises(SpaceError, match="in worker processes only"):
        BuiltElsewhere("file.py:net")(None, None, None)
    assert "spaces show" in NEEDS_KERAS
