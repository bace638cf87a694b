"""Each list of names has one home, and a new name takes one file there, or two."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import compute_metrics, resolve_objective
from automl.data.task import Task
from automl.models import schedules as made_schedules
from automl.models.blocks import DenseStyle, dense_stack, make_initializer
from automl.models.losses import make_loss
from automl.models.optimizers import make_optimizer
from automl.models.schedules import make_schedule
from automl.space import SearchSpace, training, training_hyperparameters
from automl.space.choice import Choice
from automl.space.dense import activation_hyperparameters
from automl.training.kernel.codes import SLOTS, Clipping, Flow, LossKind, OperationKind, Rule
from automl.training.scoring import is_light
from automl.vocabulary import activations, inputs, layers, losses, metrics, optimizers, schedules
from automl.vocabulary.activations import Activation
from automl.vocabulary.directions import MINIMIZE
from automl.vocabulary.metric import Metric
from automl.vocabulary.optimizers import Optimizer
from automl.vocabulary.ranges import Range
from automl.vocabulary.task_kinds import TaskKind

PACKAGE = Path(__file__).parents[2] / "automl"
SOURCE = PACKAGE / "training/kernel/source"
RANGES = (*optimizers.RATES, *optimizers.DETAILS, optimizers.DECAY, *schedules.SCHEDULE_RANGES)
NAMES = {
    "optimizers": {*optimizers.OPTIMIZERS},
    "clipping": {*optimizers.CLIPPING},
    "schedules": {*schedules.SCHEDULES},
    "hyperparameters": {one.name for one in RANGES},
    "activations": {*activations.ACTIVATIONS},
    "initializers": {*activations.INITIALIZERS},
    "normalizations": {layers.NONE, *layers.NORMALIZATIONS},
    "input normalizations": {*layers.INPUT_NORMALIZATIONS},
    "dropouts": {layers.NONE, *layers.DROPOUTS},
    "regularizers": {layers.NONE, *layers.REGULARIZERS},
    "losses": {*losses.REGRESSION_LOSSES},
    "crossentropies": {*losses.CROSSENTROPIES},
    "inputs": {*inputs.INPUTS},
    "metrics": {name for metric in metrics.METRICS.values() for name in metric.spellings},
}
#: What each schedule does, a function by its name: a test below has one for each.
DONE = {("models/schedules.py", "schedules")}
#: Names of one list that literals may hold outside of the vocabulary; a third makes a list.
FEW = 2


def listed(node: ast.AST) -> list[set[str]]:
    """The words of a tuple, list, set or dictionary that stands in the code."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        groups = [node.elts]
    elif isinstance(node, ast.Dict):
        groups = [[key for key in node.keys if key is not None], node.values]
    else:
        return []
    return [
        {one.value for one in group if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        for group in groups
    ]


#: The vocabulary, and the suites for plug-ins, whose spaces choose from it as a user's do.
HOMES = ("vocabulary/", "testing/")
#: Everything that is listed in the rest of the package: file, line and words.
LISTED = [
    (file, node.lineno, words)  # type: ignore[attr-defined]
    for path in sorted(PACKAGE.rglob("*.py"))
    if not (file := path.relative_to(PACKAGE).as_posix()).startswith(HOMES)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    for words in listed(node)
    if len(words) > FEW
]


@pytest.mark.parametrize("what", NAMES)
def test_names_are_listed_in_the_vocabulary_only(what: str) -> None:
    found = [
        f"{file}:{line}: {sorted(words & NAMES[what])}"
        for file, line, words in LISTED
        if len(words & NAMES[what]) > FEW and (file, what) not in DONE
    ]
    assert found == []


def test_a_list_elsewhere_is_found() -> None:
    (words,) = listed(ast.parse('("sgd", "adam", "lion")').body[0].value)  # type: ignore[attr-defined]
    assert len(words & NAMES["optimizers"]) > FEW


# ---- the kernel's numbers


def c_enumeration(name: str) -> dict[str, int]:
    text = (SOURCE / "kernel.h").read_text(encoding="utf-8")
    (body,) = re.findall(rf"enum {name} {{([^}}]*)}}", text)
    return {key: int(number) for key, number in re.findall(r"(\w+) = (\d+)", body)}


@pytest.mark.parametrize(
    ("name", "codes"),
    [("kind", OperationKind), ("loss", LossKind), ("optimizer", Rule), ("flow", Flow)],
)
def test_the_kernels_numbers_are_those_of_its_header(name: str, codes: Any) -> None:
    assert c_enumeration(name) == {code.name: code.value for code in codes}


def test_the_kernels_clipping_and_slots_are_those_of_its_sources() -> None:
    in_c = c_enumeration("clipping")
    assert {key.removeprefix("BY_").removesuffix("_CLIPPING"): n for key, n in in_c.items()} == {
        "NO" if code is Clipping.NONE else code.name: code.value for code in Clipping
    }
    assert {code.name.lower() for code in Clipping} == {"none", *optimizers.CLIPPING}
    text = (SOURCE / "checks.c").read_text(encoding="utf-8")
    (kept,) = re.findall(r"int kept\[\] = {([^}]*)}", text)
    assert [int(number) for number in kept.split(",")] == [SLOTS[rule] for rule in Rule]


def test_the_kernel_has_names_of_the_vocabulary() -> None:
    kernel = {rule.name.lower() for rule in Rule}
    assert kernel <= {*optimizers.OPTIMIZERS}
    after_prelu = {kind.name.lower() for kind in OperationKind if kind >= OperationKind.PRELU}
    assert after_prelu <= {*activations.ACTIVATIONS}
    assert {loss.name.lower() for loss in LossKind if loss <= LossKind.HUBER} == {
        *losses.REGRESSION_LOSSES
    }


# ---- every entry is whole


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_every_optimizer_has_one_learning_rate_and_arguments_that_keras_knows(name: str) -> None:
    assert sum(name in one.of for one in optimizers.RATES) == 1
    made = make_optimizer({"optimizer": name})
    for argument in optimizers.OPTIMIZERS[name].arguments:
        assert hasattr(made, argument)
    for one in optimizers.DETAILS:
        assert name not in one.of or one.name in optimizers.OPTIMIZERS[name].arguments


def test_every_schedule_is_made_and_every_range_belongs_to_options_that_are_there() -> None:
    for name in schedules.SCHEDULES:
        assert make_schedule({"schedule": name}, 3, 4).rates(1).shape == (3,)
    for one in RANGES:
        assert {*one.of} <= {*optimizers.OPTIMIZERS, *schedules.SCHEDULES}
        assert one.low <= one.default <= one.high


# ---- what a new one takes: each of these tests changes at most two files' tables


def test_an_activation_takes_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Activation("softplus", initializer="lecun_normal", saturating=True)
    monkeypatch.setitem(activations.ACTIVATIONS, "softplus", new)  # type: ignore[arg-type]
    choices = [one for one in activation_hyperparameters() if one.name == "activation"]
    assert any("softplus" in one.options for one in choices if isinstance(one, Choice))
    assert make_initializer("auto", "softplus") == "lecun_normal"
    out = dense_stack(keras.Input((3,)), [4], DenseStyle(activation="softplus"))
    assert out.shape == (None, 4)


def test_an_activation_with_a_layer_takes_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Activation("bounded", layer="ReLU")
    monkeypatch.setitem(activations.ACTIVATIONS, "bounded", new)  # type: ignore[arg-type]
    out = dense_stack(keras.Input((3,)), [4], DenseStyle(activation="bounded"))
    assert out.shape == (None, 4)


def test_an_optimizer_takes_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    new = Optimizer("lamb", "Lamb", {"beta_1": 0.8}, rate=3e-3)
    monkeypatch.setitem(optimizers.OPTIMIZERS, "lamb", new)  # type: ignore[arg-type]
    what = Range("learning_rate", ("lamb",), 1e-4, 1e-2, 2e-3, help="h", source="s", log=True)
    monkeypatch.setattr(training, "RATES", (*optimizers.RATES, what))  # the same file's table
    made = training_hyperparameters(optimizers=["lamb", "adam"])
    config = SearchSpace("s", made, lambda *_: None).defaults()
    assert config["optimizer"] == "lamb" and config["learning_rate"] == 2e-3
    optimizer = make_optimizer({"optimizer": "lamb"})
    assert type(optimizer) is keras.optimizers.Lamb and optimizer.beta_1 == 0.8
    assert float(optimizer.learning_rate) == pytest.approx(3e-3)


def test_a_loss_takes_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(losses.REGRESSION_LOSSES, "log_cosh", losses.Loss("log_cosh", "LogCosh"))  # type: ignore[arg-type]
    task = Task(TaskKind.REGRESSION, 1, ("y",))
    assert type(make_loss(task, {"loss": "log_cosh"})) is keras.losses.LogCosh


def test_a_metric_takes_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def worst(truth: Any, predictions: Any, weight: Any) -> float:
        return float(np.abs(truth - predictions).max())

    new = Metric(
        "worst",
        {TaskKind.REGRESSION: worst},
        MINIMIZE,
        shown=True,
        every_epoch=True,
        sklearn=("max_error",),
    )
    monkeypatch.setitem(metrics.METRICS, "worst", new)  # type: ignore[arg-type]
    task = Task(TaskKind.REGRESSION, 1, ("y",))
    found = compute_metrics(task, np.zeros((3, 1)), np.array([[1.0], [4.0], [2.0]]))
    assert found["worst"] == 4.0 and is_light("worst")
    objective = resolve_objective("max_error", task)
    assert (objective.name, objective.direction) == ("worst", "minimize")


def test_a_schedule_takes_two_files(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (*schedules.SCHEDULES, "halved")
    for module in (training, made_schedules):  # both have it from the vocabulary
        monkeypatch.setattr(module, "SCHEDULES", names)
    monkeypatch.setitem(
        made_schedules._CURVES, "halved", lambda value, epoch, total: lambda steps: 0.5**steps
    )
    space = SearchSpace("s", training_hyperparameters(schedules=["halved"]), lambda *_: None)
    config = {**space.defaults(), "learning_rate": 1.0}
    assert make_schedule(config, 3, 2).rates(1).tolist() == [1.0, 0.5, 0.25]
