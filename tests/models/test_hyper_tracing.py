"""Tracing: every hyperparameter of a `build(hp)` is found, as what it is and with its condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from automl.errors import SpaceError
from automl.models import hyper_tracing
from automl.models.hyper import build_hyper
from automl.models.hyper_tracing import Trace, traced
from automl.space import Boolean, Choice, Float, Int, SearchSpace
from automl.space.keras_tuner import HyperBuilder, hyper_space

MODEL = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def space_of(declare: Callable[[Any], Any]) -> SearchSpace:
    """The space of a builder that declares hyperparameters and returns always the same model."""

    def build(hp: Any) -> Any:
        declare(hp)
        return MODEL

    return traced(hyper_space(build))


def rows_of(space: SearchSpace) -> list[tuple[str, str, str, str, str]]:
    return [(r.name, r.kind, r.values, r.default, r.condition) for r in space.describe()]


def test_every_kind_with_its_range_and_default():
    def declare(hp: Any) -> None:
        hp.Int("plain", 2, 9)
        hp.Int("stepped", 32, 512, step=32, default=64)
        hp.Int("log", 1, 1000, sampling="log")
        hp.Int("times_two", 2, 40, step=2, sampling="log", default=8)
        hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.2)
        hp.Float("rate", 1e-4, 1e-1, sampling="log", default=1e-2)
        hp.Float("times_ten", 0.001, 10, step=10, sampling="log")
        hp.Float("reverse", 1.0, 100.0, sampling="reverse_log")
        hp.Float("reverse_stepped", 1.0, 8.0, step=2, sampling="reverse_log")
        hp.Choice("word", ["a", "b"], default="b")
        hp.Choice("number", [3, 1, 2], ordered=False)
        hp.Boolean("flag")
        hp.Boolean("set", default=True)
        hp.Fixed("fixed", 7)

    assert rows_of(space_of(declare)) == [
        ("plain", "int", "2..9", "2", ""),
        ("stepped", "int", "32..512, step 32", "64", ""),
        ("log", "int", "1..1000, log", "1", ""),
        ("times_two", "choice", "2, 4, 8, 16, 32", "8", ""),
        ("dropout", "float", "0.0..0.5, step 0.1", "0.2", ""),
        ("rate", "float", "0.0001..0.1, log", "0.01", ""),
        ("times_ten", "choice", "0.001, 0.01, 0.1, 1.0, 10.0", "0.001", ""),
        ("reverse", "float", "1.0..100.0", "1.0", ""),
        ("reverse_stepped", "choice", "1.0, 5.0, 7.0, 8.0", "1.0", ""),
        ("word", "choice", "a, b", "b", ""),
        ("number", "choice", "3, 1, 2", "3", ""),
        ("flag", "boolean", "False, True", "False", ""),
        ("set", "boolean", "False, True", "True", ""),
        ("fixed", "choice", "7", "7", ""),
    ]


def test_a_default_that_is_no_value_becomes_the_nearest():
    def declare(hp: Any) -> None:
        hp.Int("units", 32, 512, step=32, default=100)
        hp.Float("rate", 0.1, 0.2, default=0.5)
        hp.Int("times_two", 2, 40, step=2, sampling="log", default=10)

    assert [row[3] for row in rows_of(space_of(declare))] == ["96", "0.2", "8"]


def test_conditional_scopes_become_conditions_also_nested():
    def declare(hp: Any) -> None:
        kind = hp.Choice("kind", ["linear", "dense", "conv"])
        with hp.conditional_scope("kind", ["dense", "conv"]):
            if kind in ("dense", "conv"):
                hp.Int("units", 4, 8)
                deep = hp.Boolean("deep")
                with hp.conditional_scope("deep", [True]):
                    if deep:
                        hp.Int("more", 1, 3)
        hp.Float("slope", 0.0, 1.0, parent_name="kind", parent_values=["linear"])

    assert rows_of(space_of(declare)) == [
        ("kind", "choice", "linear, dense, conv", "linear", ""),
        ("slope", "float", "0.0..1.0", "0.0", 'kind == "linear"'),
        ("units", "int", "4..8", "4", 'kind in ("dense", "conv")'),
        ("deep", "boolean", "False, True", "False", 'kind in ("dense", "conv")'),
        ("more", "int", "1..3", "1", 'kind in ("dense", "conv") and deep'),
    ]


def test_scopes_on_numbers_are_entered():
    def declare(hp: Any) -> None:
        units = hp.Int("units", 10, 1000)
        with hp.conditional_scope("units", [500, 501]):
            if units in (500, 501):
                hp.Boolean("special")

    assert rows_of(space_of(declare))[-1] == (
        "special", "boolean", "False, True", "False", "units in (500, 501)",
    )  # fmt: skip


def test_plain_branches_and_loops_are_found_and_always_active():
    def declare(hp: Any) -> None:
        for layer in range(hp.Int("layers", 1, 20)):
            hp.Int(f"units_{layer}", 8, 64)
        if hp.Choice("optimizer", ["adam", "sgd"]) == "sgd" and hp.Boolean("nesterov"):
            hp.Float("momentum", 0.0, 1.0)
        if hp.Int("blocks", 1, 4) == 3:
            hp.Boolean("at_three")
        if hp.Float("dropout", 0.0, 0.5) > 0:
            hp.Boolean("spatial")

    space = space_of(declare)
    assert {f"units_{layer}" for layer in range(20)} <= set(space.names)
    assert {"nesterov", "momentum", "at_three", "spatial"} <= set(space.names)
    assert all(parameter.condition is None for parameter in space.hyperparameters)
    for seed in range(20):
        assert set(space.sample(np.random.default_rng(seed))) == set(space.names)


def test_one_name_in_exclusive_scopes_has_a_label_and_a_value_of_its_own():
    def declare(hp: Any) -> None:
        kind = hp.Choice("kind", ["a", "b", "c"])
        for name, low in (("a", 1), ("b", 100)):
            with hp.conditional_scope("kind", [name]):
                if kind == name:
                    hp.Int("units", low, low + 5)

    space = space_of(declare)
    assert [p.key for p in space.hyperparameters] == ["kind", "units", "units[2]"]
    assert space.configuration({"kind": "b"})["units"] == 100
    assert "units" not in space.configuration({"kind": "c"})


def test_of_two_that_overlap_the_first_gives_the_value_as_in_kerastuner():
    def declare(hp: Any) -> None:
        kind = hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["a"]):
            hp.Int("units", 1, 5)
        hp.Int("units", 10, 50)
        if kind == "b":
            hp.Int("units", 7, 8)  # KerasTuner takes the range that was declared before

    space = space_of(declare)
    assert rows_of(space)[1:] == [
        ("units", "int", "1..5", "1", 'kind == "a"'),
        ("units", "int", "10..50", "10", 'kind != "a"'),
    ]


def test_the_builder_gets_the_values_of_every_configuration_traced():
    seen: list[dict[str, Any]] = []

    def build(hp: Any) -> Any:
        kind = hp.Choice("kind", ["a", "b"])
        got = {"kind": kind, "n": hp.Int("n", 1, 3)}
        with hp.conditional_scope("kind", ["b"]):
            if kind == "b":
                got["width"] = hp.Int("width", 8, 64, step=8)
        with hp.name_scope("head"):
            got["head/rate"] = hp.Float("rate", 0.1, 0.9)
        seen.append(got)
        return MODEL

    space = traced(hyper_space(build))
    rng = np.random.default_rng(0)
    for config in (space.sample(rng) for _ in range(30)):
        built = build_hyper(HyperBuilder(build), config, (2,), 1)
        assert seen[-1] == dict(config)
        assert built.found() == []


def test_what_the_configuration_does_not_have_is_reported_with_its_default():
    def build(hp: Any) -> Any:
        if hp.Int("a", 0, 1000) == 77:
            hp.Int("rare", 3, 9, default=4)
        return MODEL

    space = traced(hyper_space(build))
    assert space.names == ("a",)
    found = build_hyper(HyperBuilder(build), {"a": 77}, (2,), 1).found()
    assert [(p.name, p.default, p.to_json()["low"]) for p in found] == [("rare", 4, 3)]
    assert space.extended(found).names == ("a", "rare")


def test_values_that_cannot_be_built_are_passed_over():
    def declare(hp: Any) -> None:
        a, b = hp.Choice("a", [1, 2, 3]), hp.Choice("b", [1, 2, 3])
        if a == b == 2:
            raise ValueError("not these two")
        if a == 2:
            hp.Boolean("two_a")
        if b == 2:
            hp.Boolean("two_b")
        if a == 3:
            raise SystemExit

    assert space_of(declare).names == ("a", "b", "two_a", "two_b")


def test_models_are_built_few_times_and_never_without_end():
    def many(hp: Any) -> Any:
        for number in range(12):
            hp.Choice(f"choice_{number}", list(range(6)))
        return MODEL

    trace = Trace(many)
    trace.explore()
    assert trace.builds == 6  # one for each value, not one for each value of each

    def endless(hp: Any) -> Any:
        depth = 0
        while hp.Boolean(f"deeper_{depth}"):
            depth += 1
        return MODEL

    trace = Trace(endless)
    trace.explore()
    assert trace.builds == hyper_tracing.MOST_BUILDS


def test_hypermodels_and_classes_of_them():
    class Mine(keras_tuner.HyperModel):
        """Mine."""

        def __init__(self, classes: int = 3) -> None:
            super().__init__()
            self.classes = classes

        def declare_hyperparameters(self, hp: Any) -> None:
            hp.Int("declared", 1, 2)

        def build(self, hp: Any) -> Any:
            assert self.classes == 3
            hp.Int("built", 1, 2)
            return MODEL

    for source in (Mine, Mine()):
        space = traced(hyper_space(source))
        assert (space.name, space.description) == ("Mine", "Mine.")
        assert space.names == ("declared", "built")
    assert traced(hyper_space(Mine)).hash() == traced(hyper_space(Mine())).hash()


def test_a_class_that_needs_a_shape_and_classes_gets_the_data_s():
    class Images(keras_tuner.HyperModel):
        def __init__(self, input_shape: Any, classes: int) -> None:
            super().__init__()
            self.made_for = (input_shape, classes)

        def build(self, hp: Any) -> Any:
            return MODEL

    made = build_hyper(HyperBuilder(Images), {}, (8, 8, 1), 5)
    assert made.hypermodel.made_for == ((8, 8, 1), 5)
    assert traced(hyper_space(Images)).names == ()


def test_errors_say_what_to_do():
    class Needs(keras_tuner.HyperModel):
        def __init__(self, tokens: int) -> None:
            super().__init__()

        def build(self, hp: Any) -> Any:
            return MODEL

    def raises(hp: Any) -> Any:
        return 1 / 0

    with pytest.raises(SpaceError, match=r"Needs cannot be made .*file\.py:hypermodel"):
        traced(hyper_space(Needs))
    with pytest.raises(SpaceError, match=r"raises fails with its defaults .*ZeroDivisionError"):
        traced(hyper_space(raises))
    with pytest.raises(SpaceError, match=r"returned nothing; .* has to return a keras\.Model"):
        traced(hyper_space(lambda hp: None))


def test_kinds_are_those_of_a_space():
    space = space_of(lambda hp: (hp.Int("i", 1, 2), hp.Float("f", 0, 1), hp.Boolean("b"),
                                 hp.Choice("c", [1.5])))  # fmt: skip
    assert [type(p) for p in space.hyperparameters] == [Int, Float, Boolean, Choice]
