"""Ranges that depend on other hyperparameters: each one found, or said that the first counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automl.models.hyper import build_hyper
from automl.models.hyper_ranges import AGAIN, DEPENDS
from automl.models.hyper_tracing import MOST_BUILDS, Trace
from automl.space.fit_options import FitOptions
from automl.space.keras_tuner import HyperBuilder, hyper_space, remarks
from tests.models.test_hyper_tracing import MODEL, space_of


def rows_of(declare: Callable[[Any], Any], name: str) -> list[tuple[str, str, str]]:
    rows = [row for row in space_of(declare).describe() if row.name == name]
    assert all(row.help == "" for row in rows)
    return [(row.values, row.default, row.condition) for row in rows]


def test_a_bound_that_is_another_value():
    assert rows_of(lambda hp: hp.Int("b", 1, hp.Int("a", 1, 3)), "b") == [
        ("1", "1", "a == 1"),
        ("1..2", "1", "a == 2"),
        ("1..3", "1", "a == 3"),
    ]


def test_choices_a_scale_a_step_a_default_a_kind():
    def choices(hp: Any) -> None:
        is_sgd = hp.Choice("optimizer", ["sgd", "adam", "nadam"]) == "sgd"
        hp.Choice("rate", [0.1, 0.01] if is_sgd else [0.001, 0.0001])

    assert rows_of(choices, "rate") == [
        ("0.1, 0.01", "0.1", 'optimizer == "sgd"'),
        ("0.001, 0.0001", "0.001", 'optimizer in ("adam", "nadam")'),
    ]

    def scale(hp: Any) -> None:
        hp.Float("f", 0.1, 1.0, sampling="log" if hp.Boolean("is_log") else "linear")

    assert rows_of(scale, "f") == [
        ("0.1..1.0, log", "0.1", "is_log"),
        ("0.1..1.0", "0.1", "not is_log"),
    ]
    assert rows_of(lambda hp: hp.Int("n", 0, 40, step=hp.Choice("s", [10, 20])), "n") == [
        ("0..40, step 10", "0", "s == 10"),
        ("0..40, step 20", "0", "s == 20"),
    ]
    assert rows_of(lambda hp: hp.Int("n", 1, 9, default=hp.Int("a", 1, 2)), "n") == [
        ("1..9", "1", "a == 1"),
        ("1..9", "2", "a == 2"),
    ]

    def kind(hp: Any) -> None:
        hp.Int("x", 1, 5) if hp.Boolean("number") else hp.Choice("x", ["a", "b"])

    assert rows_of(kind, "x") == [("1..5", "1", "number"), ("a, b", "a", "not number")]


def test_layers_that_narrow_one_after_another():
    def declare(hp: Any) -> None:
        width = 64
        for layer in range(3):
            width = hp.Int(f"units_{layer}", 16, width, step=16)

    space = space_of(declare)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        config = space.sample(rng)
        assert config["units_0"] >= config["units_1"] >= config["units_2"]
        seen.add((config["units_0"], config["units_1"], config["units_2"]))
    assert len(seen) == 20  # as many as there are


def test_inside_a_scope_both_conditions_hold():
    def declare(hp: Any) -> None:
        kind = hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["a"]):
            if kind == "a":
                hp.Int("m", 1, hp.Int("n", 1, 2))

    assert rows_of(declare, "m") == [
        ("1", "1", 'kind == "a" and n == 1'),
        ("1..2", "1", 'kind == "a" and n == 2'),
    ]


def test_the_hyperparameter_that_decides_is_told_from_others():
    def declare(hp: Any) -> None:
        a, b, c = hp.Boolean("a"), hp.Boolean("b"), hp.Boolean("c")
        hp.Int("n", 1, 9 if b else 3)
        assert isinstance(a, bool) and isinstance(c, bool)

    assert rows_of(declare, "n") == [("1..9", "1", "b"), ("1..3", "1", "not b")]


@pytest.mark.parametrize(
    "declare",
    [
        lambda hp: hp.Int("b", 1, hp.Int("a", 100, 1000)),
        lambda hp: hp.Float("b", 0.0, hp.Float("a", 0.1, 1.0)),
        lambda hp: hp.Int("b", 1, hp.Int("a", 1, 3) + hp.Int("c", 1, 3)),
    ],
    ids=["a wide integer", "a float", "two together"],
)
def test_of_what_many_values_decide_a_share_is_searched(declare: Callable[[Any], Any]):
    space = space_of(declare)
    assert "b" not in space.names
    (row,) = [row for row in space.describe() if row.name == "b.share"]
    assert (row.values, row.default, row.condition) == ("0.0..1.0", "0.0", "")
    assert remarks(space) == [f"b.share: {row.help}."]
    bounds: list[tuple[float, float, float]] = []

    def build(hp: Any) -> Any:
        declare(hp)
        declared = hp.space[-1]
        bounds.append((declared.min_value, hp.get("b"), declared.max_value))
        return MODEL

    rng = np.random.default_rng(0)
    for config in [space.defaults(), *(space.sample(rng) for _ in range(40))]:
        built = build_hyper(HyperBuilder(build), dict(config), (2,), 1)
        assert built.hp.scaled == {"b": bounds[-1][1]}
        assert (built.found(), built.notes()) == ([], [])
    assert all(low <= value <= high for low, value, high in bounds)
    assert bounds[0][1] == bounds[0][0]  # the default
    assert (
        any(value == high for _, value, high in bounds) or bounds[0][2] > 50 or "." in str(bounds)
    )


def test_shares_reach_both_ends_in_every_kind():
    def declare(hp: Any) -> None:
        top = hp.Float("top", 10.0, 90.0)
        hp.Int("i", 1, int(top))
        hp.Int("s", 0, int(top), step=5)
        hp.Int("l", 1, int(top), sampling="log")
        hp.Float("f", 0.1, top, sampling="log", default=1.0)
        hp.Choice("c", list(range(int(top))), default=3)

    space = space_of(declare)
    assert space.names == ("top", "i.share", "s.share", "l.share", "f.share", "c.share")

    def build(hp: Any) -> Any:
        declare(hp)
        return MODEL

    def built(**config: float) -> dict[str, Any]:
        values = {name.replace("_", "."): value for name, value in config.items()}
        scaled: dict[str, Any] = build_hyper(HyperBuilder(build), values, (2,), 1).hp.scaled
        return scaled

    ends = {f"{name}_share": 0.0 for name in "islfc"}
    assert built(top=22.0, **ends) == {"i": 1, "s": 0, "l": 1, "f": 0.1, "c": 0}
    last = built(top=22.0, **dict.fromkeys(ends, 1.0))
    assert last == {"i": 22, "s": 20, "l": 22, "f": pytest.approx(22.0), "c": 21}
    default = build_hyper(HyperBuilder(build), dict(space.defaults()), (2,), 1).hp.scaled
    assert default == {"i": 1, "s": 0, "l": 1, "f": pytest.approx(1.0), "c": 3}


def test_a_chain_of_ranges_that_wide_values_decide():
    def declare(hp: Any) -> None:
        width = 512
        for layer in range(3):
            width = hp.Int(f"units_{layer}", 16, width)

    space = space_of(declare)
    assert space.names == ("units_0", "units_1.share", "units_2.share")


def test_a_default_that_many_values_decide_is_no_range():
    space = space_of(lambda hp: hp.Int("b", 1, 9, default=1 + int(8 * hp.Float("a", 0.1, 1.0))))
    assert space.names == ("a", "b")
    assert remarks(space) == []


def test_a_parent_of_a_condition_is_no_share_and_said():
    def declare(hp: Any) -> None:
        value = hp.Int("b", 1, 1 + int(8 * hp.Float("a", 0.1, 1.0)))
        with hp.conditional_scope("b", [1]):
            if value == 1:
                hp.Boolean("c")

    space = space_of(declare)
    assert remarks(space) == [f"b: {DEPENDS}."]


def test_a_name_used_again_in_one_model_is_said():
    space = space_of(lambda hp: (hp.Int("units", 8, 16), hp.Int("units", 32, 64)))
    assert [(row.values, row.help) for row in space.describe()] == [("8..16", AGAIN)]
    same = space_of(lambda hp: (hp.Int("units", 8, 16), hp.Int("units", 8, 16)))
    assert remarks(same) == []


def test_taking_ranges_apart_is_bounded():
    def declare(hp: Any) -> Any:
        numbers = [hp.Int(f"n_{i}", 1, 8) for i in range(30)]
        for i in range(30):
            hp.Int(f"m_{i}", 1, numbers[i])
        return MODEL

    trace = Trace(declare)
    trace.explore()
    trace.hyperparameters()
    assert trace.builds <= 2 * MOST_BUILDS + 30


def test_a_value_outside_the_builder_s_range_is_noted_by_the_trial():
    def build(hp: Any) -> Any:
        hp.Int("b", 1, 500 if hp.Int("a", 1, 1000) < 500 else 2)
        return MODEL

    space = hyper_space(build)
    built = build_hyper(HyperBuilder(build), {"a": 700, "b": 400}, (2,), 1)
    (note,) = built.notes()
    assert "'b' in a range that does not hold every trial's value" in note
    assert build_hyper(HyperBuilder(build), {"a": 7, "b": 400}, (2,), 1).notes() == []
    settled = HyperBuilder(build, FitOptions(settled=("b",)))  # somebody has set it so
    assert build_hyper(settled, {"a": 700, "b": 400}, (2,), 1).notes() == []
    assert remarks(space) == []
