"""Checking a space without building it, and the file that people start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl.errors import SpaceError
from automl.space import Choice, Int, Ref, SearchSpace, find_space, list_spaces
from automl.space.check import check_space
from automl.space.template import template_text

depth = Int("depth", 0, 3)


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


@pytest.mark.parametrize("name", [entry.name for entry in list_spaces()])
def test_installed_spaces_pass(name: str) -> None:
    assert len(check_space(find_space(name))) == 3


def test_it_says_what_was_found() -> None:
    lines = check_space(SearchSpace("s", [depth], build), samples=50)
    assert lines[0] == "ok: s: 1 hyperparameters, 4 configurations"
    assert lines[1] == "ok: sampled 50 configurations, 4 of them different, all valid"


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            SearchSpace("s", [depth, Int("n", 1, 2, when=(depth > 2) & (depth < 2))], build),
            "'n' can never be active: no configuration has depth > 2 and depth < 2",
        ),
        (
            SearchSpace(
                "s",
                [
                    depth,
                    Choice("kind", ["a", "b"], when=depth == 0),
                    Int("n", 1, 2, when=(Ref("kind") == "b") & (depth > 1)),
                ],
                build,
            ),
            "'n' can never be active",
        ),
        (SearchSpace("s", [depth], lambda config: config), "cannot be called as build(config, "),
        (SearchSpace("s", [depth], None), "has no builder"),
    ],
)
def test_what_is_wrong_is_named(space: SearchSpace, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        check_space(space)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["mine", "Größe 2", 'with "quotes"', "back\\slash"])
def test_the_file_to_start_from_passes_its_own_check(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(template_text(name), encoding="utf-8")
    space = find_space(str(path))
    assert space.name == name
    assert len(check_space(space)) == 3
    assert 15 <= len(template_text(name).splitlines()) <= 25


@pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(SpaceError, match="cannot name a search space"):
        template_text(name)


def test_the_file_to_start_from_builds(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    path = tmp_path / "mine.py"
    path.write_text(template_text("mine"), encoding="utf-8")
    space = find_space(str(path))
    assert space.build is not None
    inputs = keras.Input((4,))
    assert space.build(space.defaults(), inputs, None).shape == (None, 64)
