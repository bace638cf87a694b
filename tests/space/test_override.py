"""Fixing, narrowing and restricting hyperparameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.space import Boolean, Choice, Float, Int, Ref, SearchSpace, tied
from automl.space import training_hyperparameters as training

depth = Int("depth", 0, 5, default=2)


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@pytest.fixture
def space() -> SearchSpace:
    return SearchSpace(
        "s",
        [
            depth,
            Int("width", 16, 512, step=16, log=True, default=128, when=depth > 0),
            Float("rate", 0.05, 0.6, default=0.2),
            Choice("activation", ["relu", "elu", "tanh"]),
            Choice("batch_size", [16, 32, 64], default=32),
            Choice("limit", [None, 0.5, 1.0]),
            Boolean("skip"),
            Choice("kernel", [(3, 3), (5, 5)]),
        ],
        build,
    )


def row(space: SearchSpace, name: str) -> tuple[str, str]:
    (found,) = [row for row in space.describe() if row.name == name]
    return found.values, found.default


@pytest.mark.parametrize(
    ("name", "change", "values", "default"),
    [
        ("depth", "3", "3", "3"),
        ("depth", 3, "3", "3"),
        ("depth", "1:4", "1..4", "2"),
        ("depth", "3:", "3..5", "3"),
        ("depth", ":1", "0..1", "1"),
        ("depth", "1,4", "1, 4", "1"),
        ("width", "64:256", "64..256, step 16, log", "128"),
        ("width", "60:250", "64..240, step 16, log", "128"),
        ("width", "100", "100", "100"),
        ("width", [32, 64], "32, 64", "64"),
        ("rate", "0.1:0.15", "0.1..0.15", "0.15"),
        ("rate", "1e-1", "0.1", "0.1"),
        ("activation", "elu", "elu", "elu"),
        ("activation", "tanh,relu", "relu, tanh", "relu"),
        ("activation", "tanh, elu", "elu, tanh", "tanh"),
        ("activation", ["elu", "tanh"], "elu, tanh", "elu"),
        ("batch_size", "64", "64", "64"),
        ("batch_size", 48, "48", "48"),
        ("batch_size", "512", "512", "512"),
        ("batch_size", "20:100", "32, 64", "32"),
        ("limit", "none", "None", "None"),
        ("limit", None, "None", "None"),
        ("limit", "1", "1.0", "1.0"),
        ("limit", "0.5,none", "None, 0.5", "None"),
        ("skip", "true", "True", "True"),
        ("skip", True, "True", "True"),
        ("kernel", "(5, 5)", "(5, 5)", "(5, 5)"),
        ("kernel", (5, 5), "(5, 5)", "(5, 5)"),
        ("kernel", [5, 5], "(5, 5)", "(5, 5)"),
    ],
)
def test_changes(space: SearchSpace, name: str, change: Any, values: str, default: str) -> None:
    changed = space.override({name: change})
    assert row(changed, name) == (values, default)
    assert space.hash() != changed.hash()
    assert SearchSpace.from_json(changed.to_json()).hash() == changed.hash()
    assert changed.configuration(changed.defaults()) == changed.defaults()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dept": 3}, "Search space 's' has no hyperparameter 'dept'; did you mean 'depth'?"),
        ({"depth": 9}, "'depth' cannot be set to 9; its range is 0..5."),
        ({"depth": "9"}, "'depth' cannot be set to 9; its range is 0..5."),
        ({"depth": "2.5"}, "'depth' cannot be set to 2.5; its range is 0..5."),
        ({"depth": "deep"}, "'depth' cannot be set to deep; its range is 0..5."),
        ({"depth": True}, "'depth' cannot be set to True; its range is 0..5."),
        ({"depth": "3:9"}, "'depth' cannot be set to 3:9; its range is 0..5."),
        ({"depth": "4:2"}, "'depth' cannot be narrowed to 4:2; write low:high with two numbers"),
        ({"depth": "a:b"}, "'depth' cannot be narrowed to a:b; write low:high"),
        ({"depth": "1,9"}, "'depth' cannot be set to 1,9; its range is 0..5."),
        ({"depth": ""}, "'depth' cannot be set to ; its range is 0..5."),
        ({"width": "65:70"}, "'width' cannot be set to 65:70; its range is 16..512, step 16, log."),
        ({"rate": "nan"}, "'rate' cannot be set to nan; its range is 0.05..0.6."),
        ({"activation": "gelu"}, "'activation' cannot be set to gelu; its options are relu, elu"),
        ({"activation": []}, "'activation' cannot be set to no value at all; give at least one."),
        ({"batch_size": "0"}, "'batch_size' cannot be set to 0; its options are 16, 32, 64."),
        ({"batch_size": -8}, "'batch_size' cannot be set to -8; its options are 16, 32, 64."),
        ({"batch_size": "32.5"}, "'batch_size' cannot be set to 32.5; its options are"),
        ({"batch_size": "1:9"}, "'batch_size' cannot be set to 1:9; its options are 16, 32, 64."),
        ({"batch_size": "48,64"}, "'batch_size' cannot be set to 48,64; its options are"),
        ({"skip": 1}, "'skip' cannot be set to 1; its options are False, True."),
    ],
)
def test_wrong_changes_are_named(space: SearchSpace, change: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        space.override(change)
    assert str(caught.value).startswith(message)


@given(st.data())
def test_a_change_never_leaves_the_range(any_spaces: Any, data: st.DataObject) -> None:
    space = data.draw(any_spaces)
    parameter = data.draw(st.sampled_from(space.hyperparameters))
    values = list(parameter.grid_values(4))
    chosen = data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))
    kinds = [chosen[0]] if len(chosen) == 1 else [chosen]
    if not isinstance(parameter, Choice):
        kinds.append(f"{min(chosen)!r}:{max(chosen)!r}")
    changed = space.override({parameter.key: data.draw(st.sampled_from(kinds))})
    rng = np.random.default_rng(0)
    for config in [changed.defaults(), *(changed.sample(rng) for _ in range(10))]:
        assert space.configuration(config) == config
        if parameter.active(config):
            value = config[parameter.name]
            if isinstance(parameter, Choice):
                assert value in chosen
            else:
                assert min(chosen) <= value <= max(chosen)
    assert changed.count() <= space.count()


@pytest.fixture
def tied_space() -> SearchSpace:
    optimizer = Choice("optimizer", ["sgd", "adam"])
    rates = tied(
        "learning_rate",
        optimizer,
        {
            "sgd": Float("learning_rate", 1e-3, 0.5, log=True, default=1e-2),
            "adam": Float("learning_rate", 1e-5, 1e-2, log=True, default=1e-3),
        },
    )
    return SearchSpace("s", [optimizer, rates], build)


@pytest.mark.parametrize(
    ("change", "sgd", "adam"),
    [
        ("0.005", "0.005", "0.005"),
        ("0.1", "0.1", "0.1"),  # fits sgd only; adam follows
        ("1e-4", "0.0001", "0.0001"),
        ("0.002:0.4", "0.002..0.4, log", "0.002..0.01, log"),
        ("0.1:0.4", "0.1..0.4, log", "0.1..0.4, log"),
    ],
)
def test_a_tied_name_is_changed_everywhere(
    tied_space: SearchSpace, change: str, sgd: str, adam: str
) -> None:
    changed = tied_space.override({"learning_rate": change})
    assert [row.values for row in changed.describe()[1:]] == [sgd, adam]
    assert [row.condition for row in changed.describe()[1:]] == [
        'optimizer == "sgd"',
        'optimizer == "adam"',
    ]


def test_one_variant_of_a_tied_name(tied_space: SearchSpace) -> None:
    changed = tied_space.override({"learning_rate[adam]": "0.001"})
    assert [row.values for row in changed.describe()[1:]] == ["0.001..0.5, log", "0.001"]


def test_a_tied_name_has_limits(tied_space: SearchSpace) -> None:
    with pytest.raises(SpaceError) as caught:
        tied_space.override({"learning_rate": 7})
    assert str(caught.value) == (
        "'learning_rate' cannot be set to 7; its ranges are learning_rate[sgd] 0.001..0.5, log; "
        "learning_rate[adam] 1e-05..0.01, log."
    )


def test_weight_decay_can_be_switched_off_by_its_name() -> None:
    space = SearchSpace("s", [training(optimizers=["adamw"])], build)
    for change in ("0", "0.01"):
        changed = space.override({"weight_decay": change})
        rng = np.random.default_rng(0)
        assert {changed.sample(rng).weight_decay for _ in range(20)} == {float(change)}
    with pytest.raises(SpaceError, match="'weight_decay' cannot be set to 5"):
        space.override({"weight_decay": "5"})


def test_a_restricted_parent_may_leave_conditions_behind(space: SearchSpace) -> None:
    optimizers = training()
    changed = SearchSpace("s", optimizers, build).override({"optimizer": "adam"})
    assert "momentum" not in changed.defaults()
    assert SearchSpace.from_json(changed.to_json()).hash() == changed.hash()
    assert space.override({"depth": 0}).defaults().get("width") is None


def test_conditions_still_read_a_number_that_became_a_list() -> None:
    width = Int("width", 1, 9, when=Ref("depth") > 2)
    space = SearchSpace("s", [depth, width], build).override({"depth": "1,4"})
    assert [config.active("width") for config in space.grid()] == [False] + [True] * 9
    assert SearchSpace.from_json(space.to_json()).count() == 10


def test_reference_and_builder_stay() -> None:
    space = SearchSpace("s", [depth], build).with_reference("mine.py:space")
    changed = space.override({"depth": 1})
    assert changed.reference == "mine.py:space"
    assert changed.build is build


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        (
            {"batch_size": "20:100"},
            ["batch_size=20:100 makes no range: batch_size is a choice of 16, 32, 64, of which "
             "32, 64 lie in it."],
        ),
        ({"batch_size": ":20"}, ["batch_size=:20 makes no range: batch_size is a choice of 16, 32, "
                                 "64, of which 16 lies in it."]),
        ({"batch_size": "32,64"}, []),
        ({"batch_size": 48, "width": "64:256", "activation": "elu", "depth": [1, 2]}, []),
    ],
)  # fmt: skip
def test_a_range_on_a_choice_of_numbers_is_said_to_make_none(
    space: SearchSpace, changes: dict[str, Any], notes: list[str]
) -> None:
    from automl.space.override import narrowing_notes

    assert narrowing_notes(space.hyperparameters, changes) == notes


WIDTHS = [(32, 128, 128), (24, 48, 96), ((1, 2), (3, 4)), ("relu", "elu"), (7,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, [0]) for text in ("(32, 128, 128)", "(32,128,128)", "[32, 128,128]")),
        *((text, [0]) for text in ("32,128,128", " 32, 128, 128 ")),
        *((text, [2]) for text in ("((1, 2), (3, 4))", "[[1,2],[3,4]]", "(1,2),(3,4)")),
        *((text, [3]) for text in ('("relu", "elu")', "['relu','elu']", "relu,elu")),
        *((text, [4]) for text in ("(7,)", "(7)", "[7]", "7")),
        ("(24,48,96),(32,128,128)", [0, 1]),
        ("[[1,2],[3,4]], (7,), [24, 48, 96]", [1, 2, 4]),
    ],
)
def test_tuples_are_read_however_they_are_spelt(text: str, expected: list[int]) -> None:
    made = SearchSpace("s", [Choice("w", WIDTHS)], build).override({"w": text})
    [parameter] = made.hyperparameters
    assert isinstance(parameter, Choice)
    assert list(parameter.options) == [WIDTHS[i] for i in expected]


def test_tuples_of_anything_are_read_and_what_merely_resembles_them_is_not() -> None:
    options = [(None, True), ("a b", "c"), ("ab", "c"), (32, 6), ()]
    space = SearchSpace("s", [Choice("w", options)], build)
    read = {"[null,true]": 0, "None,True": 0, "(a b, c)": 1, "ab,c": 2, "(32,6)": 3, "()": 4}
    for text, place in read.items():
        [parameter] = space.override({"w": text}).hyperparameters
        assert isinstance(parameter, Choice)
        assert parameter.options == (options[place],)
    for text in ("(32,64", "(32,6", "32,6)", ""):
        with pytest.raises(SpaceError, match="'w' cannot be set to"):
            space.override({"w": text})


@pytest.mark.parametrize("text", ["32", "(1,2)", "(32,128", "32,128,128,", "128,128,32", ""])
def test_what_is_no_tuple_of_the_options_is_refused(text: str) -> None:
    with pytest.raises(SpaceError, match="'w' cannot be set to"):
        SearchSpace("s", [Choice("w", WIDTHS)], build).override({"w": text})
