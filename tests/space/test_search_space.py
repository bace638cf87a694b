"""Search spaces as a whole: defaults, samples, given values, JSON, hash, description."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.space import Choice, Float, Int, SearchSpace

depth = Int("depth", 0, 3, default=2, help="hidden layers", source="a book")
width = Int("width", 16, 64, step=16, log=True, default=32, when=depth > 0)
kind = Choice("kind", ["none", "batch"], when=depth > 0, otherwise="none")
place = Choice("place", ["before", "after"], when=(depth > 1) & (kind != "none"))


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@pytest.fixture
def space() -> SearchSpace:
    return SearchSpace("s", [place, depth, width, kind], build)


@given(st.data(), st.integers(0, 2**32))
def test_every_sampled_configuration_is_valid(
    any_spaces: Any, data: st.DataObject, seed: int
) -> None:
    space = data.draw(any_spaces)
    rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
    for config in [space.defaults(), *(space.sample(rng) for _ in range(5))]:
        assert space.configuration(config) == config
        assert space.configuration(json.loads(json.dumps(config.to_json()))) == config
        for parameter in space.hyperparameters:
            if parameter.active(config):
                assert parameter.contains(config[parameter.name])
        active = {p.name for p in space.hyperparameters if p.active(config)}
        assert set(config) == active
    assert [space.sample(again) for _ in range(2)] == [
        space.sample(np.random.default_rng(seed)),
        space.sample(_moved_on(space, seed)),
    ]


def _moved_on(space: SearchSpace, seed: int) -> np.random.Generator:
    rng = np.random.default_rng(seed)
    space.sample(rng)
    return rng


@given(st.data())
def test_the_json_round_trip_keeps_everything(any_spaces: Any, data: st.DataObject) -> None:
    space = data.draw(any_spaces)
    form = json.loads(json.dumps(space.to_json(), allow_nan=False))
    again = SearchSpace.from_json(form, build)
    assert again.hash() == space.hash()
    assert again.to_json() == space.to_json()
    assert again.describe() == space.describe()
    assert again.defaults() == space.defaults()
    assert again.sample(np.random.default_rng(3)) == space.sample(np.random.default_rng(3))
    for parameter in space.hyperparameters:
        config = space.defaults()
        if not config.active(parameter.name):
            assert getattr(config, parameter.name, "none") == getattr(
                again.defaults(), parameter.name, "none"
            )


def test_the_hash_changes_with_what_is_searched_and_not_with_the_words(space: SearchSpace) -> None:
    def hash_with(**changes: Any) -> str:
        options = {"default": 2, "help": "hidden layers", "source": "a book", **changes}
        first = Int("depth", 0, 3, **options)
        return SearchSpace("s", [place, first, width, kind], build).hash()

    assert hash_with() == hash_with(help="other words", source="another book") == space.hash()
    assert len({space.hash(), hash_with(default=1), hash_with(step=2, default=2)}) == 3
    assert len(space.hash()) == 64


def test_what_is_no_space_in_json_is_refused(space: SearchSpace) -> None:
    with pytest.raises(SpaceError, match="not the JSON form of a search space"):
        SearchSpace.from_json({"name": "s"})
    form = space.to_json()
    form["hyperparameters"][0]["kind"] = "complex"
    with pytest.raises(SpaceError, match="'complex' is not a kind of hyperparameter"):
        SearchSpace.from_json(form)
    form = space.to_json()
    form["hyperparameters"][0]["colour"] = "red"
    with pytest.raises(SpaceError, match="colour"):
        SearchSpace.from_json(form)


def test_given_values_are_completed_by_defaults(space: SearchSpace) -> None:
    assert space.configuration({"kind": "batch"}) == {
        "depth": 2,
        "width": 32,
        "kind": "batch",
        "place": "before",
    }
    assert space.configuration({"depth": 0}) == {"depth": 0}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dept": 1}, "Search space 's' has no hyperparameter 'dept'; did you mean 'depth'?"),
        ({"depth": 7}, "7 is not a value of 'depth'; expected an integer 0..3."),
        ({"width": 33}, "33 is not a value of 'width'; expected an integer 16..64, step 16, log."),
        ({"kind": "group"}, "\"group\" is not a value of 'kind'; expected one of none, batch."),
        (
            {"depth": 1, "kind": "batch", "place": "after"},
            "'place' was given a value but is inactive beside the other values: it is active when "
            'depth > 1 and kind != "none"; leave it out.',
        ),
    ],
)
def test_wrong_values_are_named(space: SearchSpace, values: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        space.configuration(values)
    assert str(caught.value) == message


def test_recorded_values_are_taken_as_they_are(space: SearchSpace) -> None:
    config = space.configuration({"depth": 9, "old": [1, 2]}, check=False)
    assert config == {"depth": 9, "width": 32, "kind": "none", "old": (1, 2)}


def test_it_describes_itself(space: SearchSpace) -> None:
    rows = {row.name: row for row in space.describe()}
    assert list(rows) == ["depth", "width", "kind", "place"]
    assert (rows["depth"].kind, rows["depth"].values, rows["depth"].default) == ("int", "0..3", "2")
    assert (rows["depth"].help, rows["depth"].source) == ("hidden layers", "a book")
    assert rows["depth"].condition == ""
    assert rows["width"].values == "16..64, step 16, log"
    assert rows["place"].condition == 'depth > 1 and kind != "none"'
    assert rows["kind"].default == "none"


def test_the_description_is_the_first_line_of_the_builders_module(space: SearchSpace) -> None:
    assert space.description == (__doc__ or "").split("\n")[0]
    assert SearchSpace("s", [depth], build, description="Mine.").description == "Mine."


def test_spaces_are_composed_of_fragments() -> None:
    def fragment(prefix: str) -> list[Any]:
        count = Int(f"{prefix}_depth", 0, 2)
        return [count, [Float(f"{prefix}_rate", 0.0, 0.5, when=count > 0)]]

    space = SearchSpace("s", [fragment("deep"), fragment("wide"), (depth,)], build)
    assert space.names == ("deep_depth", "deep_rate", "wide_depth", "wide_rate", "depth")


def test_importing_the_language_imports_no_heavy_library() -> None:
    code = (
        "import sys, automl.space; "
        "print([m for m in ('optuna', 'numpy', 'pandas', 'tensorflow', 'keras') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
