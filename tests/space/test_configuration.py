"""Configurations: reading active and inactive values, freezing, saving."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from automl.errors import SpaceError
from automl.space import Choice, Configuration, Int, SearchSpace


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@pytest.fixture
def config() -> Configuration:
    depth = Int("depth", 0, 3, default=0)
    space = SearchSpace(
        "s",
        [
            depth,
            Int("width", 1, 9, when=depth > 0),
            Choice("shape", ["flat", "round"], when=depth > 1, otherwise=None),
            Choice("kernel", [(3, 3), (5, 5)]),
        ],
        build,
    )
    return space.defaults()


def test_it_is_a_mapping_of_the_active_values(config: Configuration) -> None:
    assert dict(config) == {"depth": 0, "kernel": (3, 3)}
    assert config.get("width", 7) == 7
    assert config.active("depth")
    assert not config.active("width")
    with pytest.raises(KeyError):
        config["width"]


def test_an_inactive_one_reads_as_its_otherwise(config: Configuration) -> None:
    assert config.shape is None


def test_an_inactive_one_without_otherwise_names_its_condition(config: Configuration) -> None:
    with pytest.raises(SpaceError, match="'width' is inactive here: it is active when depth > 0"):
        _ = config.width
    assert getattr(config, "width", None) is None


def test_an_unknown_one_shows_the_nearest_names(config: Configuration) -> None:
    with pytest.raises(SpaceError, match="no hyperparameter 'widht'; did you mean 'width'"):
        _ = config.widht
    assert not hasattr(config, "widht")


def test_it_cannot_be_changed(config: Configuration) -> None:
    with pytest.raises(AttributeError):
        config.depth = 3
    with pytest.raises(TypeError):
        config.active_values["depth"] = 3  # type: ignore[index]


def test_it_is_a_value() -> None:
    first, second = Configuration({"a": 1, "b": (2, 3)}), Configuration({"b": (2, 3), "a": 1})
    assert first == second
    assert hash(first) == hash(second)
    assert first == {"a": 1, "b": (2, 3)}
    assert first != Configuration({"a": 2, "b": (2, 3)})
    assert first != 1
    assert copy.copy(first) == first


def test_its_json_form_has_lists_and_scalars_only(config: Configuration) -> None:
    assert json.loads(json.dumps(config.to_json())) == {"depth": 0, "kernel": [3, 3]}
