"""Private parts of libraries: used in one place each, there in the version that is installed."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna
import pytest
import tensorflow as tf

from automl.models import keras_private
from automl.training import tensorflow_private
from automl.tuning import optuna_private
from automl.vocabulary.keras_functions import keras_options_of

ROOT = Path(__file__).parents[1]
BOUNDED = ("tensorflow", "keras", "keras-tuner", "optuna", "ray", "scipy")
#: Where private names may stand: one module a library, and what derives from a library's classes.
PRIVATE = {
    "vocabulary/keras_functions.py",
    "vocabulary/sklearn_private.py",
    "training/tensorflow_private.py",
    "models/keras_private.py",
    "models/keras_tuner_package.py",
    "tuning/optuna_private.py",
    "engines/ray_private.py",
}
DERIVED = {
    "models/optimizers.py": keras.optimizers.SGD,
    "training/flat_updates.py": keras.optimizers.SGD,
    "models/hyper_ranges.py": None,
    "tuning/storage.py": optuna.storages.JournalStorage,
    "tuning/samplers/study_view.py": None,
}
FILES = sorted((ROOT / "automl").rglob("*.py"))
TREES = {
    path.relative_to(ROOT / "automl").as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in FILES
}


def _own_names() -> set[str]:
    """Private names that this package defines itself."""
    names: set[str] = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                    names.add(node.attr)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(node.target.id)
            elif isinstance(node, ast.Assign):
                names.update(t.id for t in node.targets if isinstance(t, ast.Name))
    return names


OWN = _own_names() | {"_exit"}  # os._exit is a public name of Python's
#: Names of our own that Optuna's studies and trials have too.
AMBIGUOUS = {"study", "trial"}


def _foreign(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(r"_[a-z]\w*", node.attr):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if node.attr not in OWN or owner in AMBIGUOUS:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr"):
            word = getattr(node.args[1], "value", None)
            if re.fullmatch(r"_[a-z]\w*", str(word)) and word not in OWN:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom | ast.Import):
            named = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
            parts = named.split(".")
            private = [part for part in parts[1:] if part.startswith("_")] and parts[0] != "automl"
            if private or ".src" in named or named.startswith("tensorflow.python"):
                found.append(f"line {node.lineno}: import {named}")
    return found


@pytest.mark.parametrize("file", TREES)
def test_private_names_of_libraries_stand_in_one_place(file: str) -> None:
    if file not in PRIVATE and file not in DERIVED:
        assert _foreign(TREES[file]) == []


@pytest.mark.parametrize("file", [name for name, base in DERIVED.items() if base is not None])
def test_what_derived_classes_use_is_there(file: str, tmp_path: Path) -> None:
    made: Any = DERIVED[file]
    if made is keras.optimizers.SGD:
        made = keras.optimizers.SGD(momentum=0.9)
        made.build([keras.Variable(np.zeros(2, np.float32))])
        ftrl = keras.optimizers.Ftrl()
        ftrl.build([keras.Variable(np.zeros(2, np.float32))])
        adam = keras.optimizers.Adam()
        adam.build([keras.Variable(np.zeros(2, np.float32))])
        given = {*dir(made), *dir(ftrl), *dir(adam)}
    else:
        backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "unused.log"))
        given = {*dir(made), *vars(made.__new__(made)), *_assigned(made), "_backend"}
        assert backend is not None
    for line in _foreign(TREES[file]):
        name = line.rpartition(".")[2]
        assert name in given, f"{file} {line}: {version('keras')}, {version('optuna')}"


def _assigned(kind: type) -> set[str]:
    import inspect

    return set(re.findall(r"self\.(_\w+)", inspect.getsource(inspect.getmodule(kind) or kind)))


@pytest.mark.parametrize("name", BOUNDED)
def test_a_library_whose_private_parts_are_used_has_an_upper_bound(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (needed,) = [
        line for line in project["project"]["dependencies"] if re.split(r"[\[>]", line)[0] == name
    ]
    assert re.search(r",<\d", needed), needed
    bound = tuple(map(int, needed.rpartition("<")[2].split(".")))
    installed = tuple(int(part) for part in version(name).split(".")[: len(bound)])
    assert installed < bound, f"{name} {version(name)} is beyond {needed}"


@pytest.fixture(scope="module")
def model() -> keras.Model:
    inputs = keras.Input((3,))
    inner = keras.Sequential([keras.layers.Dense(2)])
    made = keras.Model(inputs, keras.layers.Dense(1)(inner(inputs)))
    made.compile(keras.optimizers.AdamW(), keras.losses.BinaryCrossentropy(from_logits=True))
    return made


def test_keras(model: keras.Model) -> None:
    assert len(keras_private.layers_of(model)) >= 4
    assert keras_private.calls_of(model.layers[-1])[0].output_tensors
    assert len(list(keras_private.nodes_of(model))) == 3
    assert keras_private.operation_of(model.outputs[0]) is model.layers[-1]
    assert keras_private.made_from(model.outputs[0]) is model.layers[-1].input
    assert type(model) is keras_private.functional_class()
    assert keras_private.functional_of(model.layers[1]) is not model.layers[1]
    assert keras_private.compile_arguments(model)["loss"] is model.loss
    assert keras_options_of(model.loss)["from_logits"] is True
    model.optimizer.build(model.trainable_variables)
    assert keras_private.decays(model.optimizer, model.trainable_variables[0])
    assert not keras_private.has_schedule(model.optimizer)
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    assert keras_private.has_schedule(keras.optimizers.SGD(decay))
    before = np.array(keras_private.global_seed().value)
    keras.random.normal((1,))
    assert not np.array_equal(before, np.array(keras_private.global_seed().value))


def test_keras_forgets_what_compiling_put_on() -> None:
    inputs = keras.Input((3,))
    made = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    made.compile("adam", "mse", metrics=["mae"])
    for name in ("_compile_loss", "_compile_metrics", "_compile_config", "_loss_tracker"):
        assert getattr(made, name) is not None
    keras_private.forget_compilation(made)
    assert not made.compiled


def test_tensorflow() -> None:
    signature = (tf.TensorSpec((), tf.float32),)
    graph = tensorflow_private.trace_function(lambda x: x * 2.0, signature, None)
    assert float(graph(tf.constant(3.0))) == 6.0
    assert tensorflow_private.functions_of(graph.graph) is not None
    assert isinstance(tensorflow_private.registered_gradients(), dict)

    @tf.custom_gradient
    def twice(x: Any) -> Any:
        return x * 2.0, lambda dy: dy * 2.0

    before = set(tensorflow_private.registered_gradients())
    tensorflow_private.trace_function(twice, signature, None)
    new = set(tensorflow_private.registered_gradients()) - before
    assert any(name.startswith("CustomGradient-") for name in new)


def test_optuna() -> None:
    study = optuna.create_study()
    trial = study.ask()
    assert optuna_private.storage_of(study).get_n_trials(optuna_private.study_id(study)) == 1
    assert optuna_private.trial_id(trial) == 0
    assert optuna_private.contains(optuna.distributions.IntDistribution(1, 3), 2.0)
    assert isinstance(optuna_private.JournalStorageReplayResult, type)


def test_ray() -> None:
    from ray._private import ray_constants
    from ray._private.node import Node

    from automl.engines.ray_private import (
        node_of_this_process,
        on_loopback,
        stdout_deduplicator,
    )

    assert node_of_this_process() is None
    assert {"dead_processes", "kill_all_processes", "raylet_socket_name"} <= set(dir(Node))
    before = ray_constants.ENABLE_RAY_CLUSTER
    with on_loopback():
        assert ray_constants.ENABLE_RAY_CLUSTER is False
    assert ray_constants.ENABLE_RAY_CLUSTER is before

    assert stdout_deduplicator is not None


def test_keras_tuner() -> None:
    from automl.models.keras_tuner_package import efficientnets, kinds

    assert "B0" in efficientnets()
    assert kinds.Choice and kinds.Boolean


def test_scipy() -> None:
    from scipy.linalg import cython_blas

    assert "sgemm" in cython_blas.__pyx_capi__
